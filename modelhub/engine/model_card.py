"""The model card of an adapter. It has no time and no paths, so equal runs give equal bytes."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import yaml

_METHODS = {
    "sft": "Supervised fine-tuning (SFT)",
    "dpo": "Direct Preference Optimization (DPO)",
    "kto": "Kahneman-Tversky Optimization (KTO)",
    "reward": "Reward modelling",
}


SCORES = {
    "loss": "Loss",
    "reward_accuracy": "Share of pairs whose chosen response scores higher",
    "reward_margin": "Mean difference between chosen and rejected response",
    "token_accuracy": "Share of tokens predicted correctly",
}
"""Names of the validation scores."""


@dataclass(frozen=True)
class CardFacts:
    """The content of a model card. `records` is the number of training records that were used."""

    method: str
    base_name: str
    base_sha256: str
    parent_sha256: str
    release_name: str
    release_sha256: str
    records: int
    left_out: dict[str, int]
    params: dict[str, float]
    seed: int
    threads: int
    system_message: str
    versions: dict[str, str]
    validation: dict[str, Any] | None = None
    """`records` that were measured, `of` usable records, and `scores`; None without records."""
    lora_r: int = 0
    base_revision: str = ""
    parent_name: str = ""
    processes: int = 1
    precision: str = ""


def render(facts: CardFacts) -> str:
    """Return the README.md of an adapter folder, with the front matter of a Hub model card."""
    sections = [
        _front(facts),
        f"# {facts.base_name}, tuned with {_METHODS[facts.method]}",
        "A LoRA adapter trained on judgements that people with lived experience and clinicians "
        "gave with their consent. It is for research and for a blind comparison with its parent. "
        "It is not a medical device and not a substitute for care.",
        "## Origin\n\n" + _table(_origin(facts)),
        "## Parameters\n\n" + _table(_params(facts) | _run(facts)),
        "## Validation\n\n" + _validation(facts),
        "## System message\n\nUse the model with the system message of its training:\n\n> "
        + facts.system_message,
        "## Withdrawal\n\nPeople may withdraw their judgements. Later releases do not include "
        "them, but they cannot be removed from trained weights. See the retraction list of the "
        "study.",
    ]
    return "\n\n".join(sections) + "\n"


def _validation(facts: CardFacts) -> str:
    """Return the validation scores with the number of records."""
    if facts.validation is None:
        return "The release has no validation records for this method, so nothing was measured."
    n, of = facts.validation["records"], facts.validation["of"]
    rows = {SCORES[name]: f"{value:.4f}" for name, value in facts.validation["scores"].items()}
    return (
        f"Measured once, after training, on {n} of the {of} records of the release's validation "
        f"split (n = {n}), which were not used for training.\n\n{_table(rows)}"
    )


def _params(facts: CardFacts) -> dict[str, str]:
    return {name: f"{value:g}" for name, value in (facts.params | {"lora_r": facts.lora_r}).items()}


def front_matter(matter: Mapping[str, Any]) -> str:
    """Return what the Hub reads at the top of a card, as YAML, in which any name is safe."""
    text = yaml.safe_dump(dict(matter), sort_keys=False, allow_unicode=True, width=10_000)
    return f"---\n{text}---"


def _front(facts: CardFacts) -> str:
    return front_matter(
        {
            "base_model": facts.base_name,
            "library_name": "peft",
            "tags": ["codesign", "lora", facts.method],
        }
    )


def _origin(facts: CardFacts) -> dict[str, str]:
    rows = {
        "Base model": facts.base_name,
        "Base revision": facts.base_revision,
        "Base weights, SHA-256": facts.base_sha256,
        "Parent model": facts.parent_name,
        "Parent adapter, SHA-256": facts.parent_sha256,
        "Dataset release": facts.release_name,
        "Release manifest, SHA-256": facts.release_sha256,
        "Records trained on": str(facts.records),
    }
    rows |= {f"Left out: {reason}": str(n) for reason, n in sorted(facts.left_out.items())}
    return {name: value for name, value in rows.items() if value}


def _run(facts: CardFacts) -> dict[str, str]:
    run = {"seed": str(facts.seed), "threads": str(facts.threads)}
    run |= {"processes": str(facts.processes), "precision": facts.precision}
    return {name: value for name, value in run.items() if value} | facts.versions


def _table(rows: dict[str, str]) -> str:
    return "\n".join(("| | |", "|---|---|", *(f"| {k} | {v} |" for k, v in rows.items())))
