"""The files that explain an exported model: its card, its licence, and its lineage for programs.

They have no time and no paths of this server, so that equal models give equal bytes. The card of a
merged model says in which number type this machine writes.
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
_MERGED_SAYS = "The adapter is merged into the base model, and the sum is saved in fp32."
_COMPARED = """\
On the machine of this export, models write in {number_type}. That is what people compared if their
responses were written there."""
_COMPARED_IN_FP32 = """\
Keep fp32 when you convert the model: rounded to bf16, it may write other texts."""
_COMPARED_IN_BF16 = """\
Load it with `dtype="bfloat16"` to get that model: in fp32, it may write other texts."""


def config_for_others(config: Mapping[str, Any], base: Mapping[str, str]) -> bytes:
    """Return `adapter_config.json` with a base that other people can find."""
    resolvable = {
        **config,
        "base_model_name_or_path": base["name"],
        "revision": base["revision"] or None,
    }
    return (json.dumps(resolvable, indent=2, sort_keys=True) + "\n").encode()


def lineage_file(lineage: Mapping[str, Any]) -> bytes:
    """Return `lineage.json`."""
    return (json.dumps(lineage, indent=2, ensure_ascii=False) + "\n").encode()


def licence_file(lineage: Mapping[str, Any]) -> bytes:
    """Return `LICENSE`: the licence of the base, and the consent that binds the trained part."""
    base = lineage["base"]
    known = base["licence"] or "not known to Codesign; ask whoever published the base model"
    text = f"""\
# Licence

The base model `{base["name"]}` keeps its own licence: {known}.

The trained part comes from judgements that people gave for research, with consent to these uses
only: {_purposes(lineage)}. Use it for nothing else, do not try to find out who they are, and stop
using it if the study tells you that somebody has withdrawn. For any other use, ask the study:
{_contacts(lineage)}.
"""
    return text.encode()


def card(lineage: Mapping[str, Any], *, body: str, merged: bool, rounds: bool = False) -> bytes:
    """Return the model card. `body` is the card that the training wrote.

    `rounds` is whether generation rounds merged models to bf16 here (decision 7).
    """
    base, scores = lineage["base"], lineage["model"]["kind"] == "scorer"
    use = _USE_MERGED if merged else _USE_ADAPTER
    revision = f', revision="{base["revision"]}"' if base["revision"] else ""
    code = use.format(base=base["name"], revision=revision)
    if scores:
        code = code.replace("AutoModelForCausalLM", "AutoModelForSequenceClassification")
        if not merged:
            code = code.replace('dtype="float32"', 'dtype="float32", num_labels=1')
    sections = [
        _front(lineage, merged=merged, scores=scores),
        _without_front(body).rstrip("\n"),
        f"## How to load it\n\n{_numbers(scores, rounds) if merged else ''}```python\n{code}\n```",
        f"## Base model\n\n{_base(base)}",
        f"## Lineage\n\n{_ancestors(lineage)}",
        f"## Dataset releases and consent\n\n{_releases(lineage)}",
        f"## Licence\n\nSee `{LICENCE}`. Base model: {base['licence'] or 'unknown'}.",
    ]
    return ("\n\n".join(sections) + "\n").encode()


def _numbers(scores: bool, rounds: bool) -> str:
    """Return in which number type a merged model is saved and was compared."""
    if scores:  # people compare no scores
        return f"{_MERGED_SAYS}\n\n"
    compared = _COMPARED.format(number_type="bf16" if rounds else "fp32")
    advice = _COMPARED_IN_BF16 if rounds else _COMPARED_IN_FP32
    return f"{_MERGED_SAYS} {compared}\n{advice}\n\n"


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
    return "From this model to the first:\n\n" + "\n".join(lines)


def _releases(lineage: Mapping[str, Any]) -> str:
    if not lineage["releases"]:
        return "No release is recorded."
    rows = ["| release | purpose | consent to | people | judgements | manifest, SHA-256 |"]
    rows.append("|---|---|---|---|---|---|")
    for one in lineage["releases"]:
        people = ", ".join(f"{name}: {count}" for name, count in one["people"].items())
        rows.append(
            f"| {one['study']}, release {one['number']} | {one['purpose']} "
            f"| {', '.join(one['consent_purposes'])} | {people or '–'} | {one['judgements']} "
            f"| {one['manifest_sha256'] or '–'} |"
        )
    return "\n".join(rows)


def _purposes(lineage: Mapping[str, Any]) -> str:
    found = {name for one in lineage["releases"] for name in one["consent_purposes"]}
    return ", ".join(sorted(found)) or "none recorded"


def _contacts(lineage: Mapping[str, Any]) -> str:
    return ", ".join(sorted({one["contact"] for one in lineage["releases"]})) or "no address known"
