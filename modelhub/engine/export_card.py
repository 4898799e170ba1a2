"""The files that explain an exported model: its card, its licence, and its lineage for programs.

They contain no times and no paths of this server, so that equal models give equal bytes. The card
of a merged model names the number type in which models generate on this machine.
"""

import json
from collections.abc import Mapping
from typing import Any

from modelhub.engine.model_card import front_matter

CARD = "README.md"
LINEAGE = "lineage.json"
LICENCE = "LICENSE"
ADAPTER_CONFIG = "adapter_config.json"
_USE_ADAPTER = """\
from peft import PeftModel
from transformers import AutoModelForCausalLM, AutoTokenizer

base = AutoModelForCausalLM.from_pretrained("{base}", dtype="float32"{revision})
model = PeftModel.from_pretrained(base, "path/to/this/folder")
tokenizer = AutoTokenizer.from_pretrained("path/to/this/folder")"""
_USE_MERGED = """\
from transformers import AutoModelForCausalLM, AutoTokenizer

model = AutoModelForCausalLM.from_pretrained("path/to/this/folder")
tokenizer = AutoTokenizer.from_pretrained("path/to/this/folder")"""
_MERGED = "The adapter is merged into the base model, and the result is saved in fp32."
_COMPARED = """\
The machine that exported this model generates in {number_type}. If the responses that people
compared were generated there, they were generated in that type."""
_COMPARED_IN_FP32 = """\
Keep fp32 when you convert the model: rounded to bf16, it may generate other texts."""
_COMPARED_IN_BF16 = """\
Load the model with `dtype="bfloat16"` to get the same texts: in fp32, it may generate others."""


def config_for_others(config: Mapping[str, Any], base: Mapping[str, str]) -> bytes:
    """Return `adapter_config.json` with a base that other people can download."""
    changed = {
        **config,
        "base_model_name_or_path": base["name"],
        "revision": base["revision"] or None,
    }
    return (json.dumps(changed, indent=2, sort_keys=True) + "\n").encode()


def lineage_file(lineage: Mapping[str, Any]) -> bytes:
    """Return `lineage.json`."""
    return (json.dumps(lineage, indent=2, ensure_ascii=False) + "\n").encode()


def licence_file(lineage: Mapping[str, Any]) -> bytes:
    """Return `LICENSE`: the licence of the base, and the consent that binds the trained part."""
    base = lineage["base"]
    licence = base["licence"] or "unknown to Codesign; ask the publisher of the base model"
    text = f"""\
# Licence

The base model `{base["name"]}` keeps its own licence: {licence}.

The trained part was trained on judgements of people who consented to these uses only:
{_purposes(lineage)}. Do not use it for anything else, and do not try to identify these people. Stop
using it if the study informs you that one of them has withdrawn. For any other use, ask the study:
{_contacts(lineage)}.
"""
    return text.encode()


def card(lineage: Mapping[str, Any], *, body: str, merged: bool, rounds: bool = False) -> bytes:
    """Return the model card. `body` is the card that the training wrote.

    `rounds` is whether generation on this machine rounds merged models to bf16 (decision 7).
    """
    base, scores = lineage["base"], lineage["model"]["kind"] == "scorer"
    use = _USE_MERGED if merged else _USE_ADAPTER
    revision = f', revision="{base["revision"]}"' if base["revision"] else ""
    code = use.format(base=base["name"], revision=revision)
    if scores:
        code = code.replace("AutoModelForCausalLM", "AutoModelForSequenceClassification")
        if not merged:
            code = code.replace('dtype="float32"', 'dtype="float32", num_labels=1')
    types = _number_types(scores, rounds) if merged else ""
    sections = [
        _front(lineage, merged=merged, scores=scores),
        _without_front(body).rstrip("\n"),
        f"## How to load it\n\n{types}```python\n{code}\n```",
        f"## Base model\n\n{_base(base)}",
        f"## Lineage\n\n{_ancestors(lineage)}",
        f"## Dataset releases and consent\n\n{_releases(lineage)}",
        f"## Licence\n\nSee `{LICENCE}`. Base model: {base['licence'] or 'unknown'}.",
    ]
    return ("\n\n".join(sections) + "\n").encode()


def _number_types(scores: bool, rounds: bool) -> str:
    """Return a paragraph on the number types of a merged model: saved, and used to generate."""
    if scores:  # a reward model generates nothing
        return f"{_MERGED}\n\n"
    compared = _COMPARED.format(number_type="bf16" if rounds else "fp32")
    advice = _COMPARED_IN_BF16 if rounds else _COMPARED_IN_FP32
    return f"{_MERGED} {compared}\n{advice}\n\n"


def _front(lineage: Mapping[str, Any], *, merged: bool, scores: bool) -> str:
    return front_matter(
        {
            "base_model": lineage["base"]["name"],
            "base_model_relation": "merge" if merged else "adapter",
            "library_name": "transformers" if merged else "peft",
            "pipeline_tag": "text-classification" if scores else "text-generation",
            "license": "other",
            "license_name": "study-consent-and-base-model",
            "license_link": LICENCE,
            "tags": ["codesign", "lora", lineage["model"]["method"]],
        }
    )


def _without_front(text: str) -> str:
    """Return a card without its front matter."""
    if not text.startswith("---\n"):
        return text
    return text.partition("\n---\n")[2].lstrip("\n")


def _base(base: Mapping[str, str]) -> str:
    where = f"`{base['name']}`"
    if base["revision"]:
        where += f", revision `{base['revision']}`"
    sentences = [f"{where}. Licence: {base['licence'] or 'unknown'}."]
    if base["note"]:
        sentences.append(base["note"])
    return "\n\n".join(sentences)


def _ancestors(lineage: Mapping[str, Any]) -> str:
    steps = [lineage["model"], *lineage["ancestors"]]
    lines = []
    for step in steps:
        how = f", trained with {step['method']}" if step.get("method") else ""
        lines.append(f"1. `{step['name']}` ({step['kind']}{how})")
    return "From this model to its first ancestor:\n\n" + "\n".join(lines)


def _releases(lineage: Mapping[str, Any]) -> str:
    if not lineage["releases"]:
        return "No release is recorded."
    rows = ["| release | purpose | consent to | people | judgements | manifest, SHA-256 |"]
    rows.append("|---|---|---|---|---|---|")
    for release in lineage["releases"]:
        people = ", ".join(f"{name}: {count}" for name, count in release["people"].items())
        rows.append(
            f"| {release['study']}, release {release['number']} | {release['purpose']} "
            f"| {', '.join(release['consent_purposes'])} | {people or '–'} "
            f"| {release['judgements']} | {release['manifest_sha256'] or '–'} |"
        )
    return "\n".join(rows)


def _purposes(lineage: Mapping[str, Any]) -> str:
    purposes = {name for release in lineage["releases"] for name in release["consent_purposes"]}
    return ", ".join(sorted(purposes)) or "none recorded"


def _contacts(lineage: Mapping[str, Any]) -> str:
    contacts = {release["contact"] for release in lineage["releases"]}
    return ", ".join(sorted(contacts)) or "no address known"
