"""The model card that lies with an adapter. No clock and no paths: same run, same bytes."""

from dataclasses import dataclass
from typing import Any

_METHODS = {
    "sft": "Supervised fine-tuning (SFT)",
    "dpo": "Direct Preference Optimization (DPO)",
    "kto": "Kahneman-Tversky Optimization (KTO)",
    "reward": "Reward modelling",
}


SCORES = {
    "loss": "Loss",
    "reward_accuracy": "Share of pairs whose chosen reply scores higher",
    "reward_margin": "Mean difference between chosen and rejected reply",
    "token_accuracy": "Share of tokens predicted",
}
"""What validation measures, in words."""


@dataclass(frozen=True)
class CardFacts:
    """What a model card says. `records` are those trained on, after the left-out ones."""

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
    """`records` measured on, `of` so many in the release, `scores`; None where it has none."""
    lora_r: int = 0


def render(facts: CardFacts) -> str:
    """The README.md of an adapter folder, with a Hub model card's front matter."""
    sections = [
        _front(facts),
        f"# {facts.base_name}, tuned with {_METHODS[facts.method]}",
        "A LoRA adapter trained on judgements that people with lived experience and clinicians "
        "gave with their consent. It is made for research and for the next blind comparison with "
        "its parent. It is not a medical device and no substitute for care.",
        "## Where it comes from\n\n" + _table(_origin(facts)),
        "## Parameters\n\n" + _table(_params(facts) | _run(facts)),
        "## Validation\n\n" + _validation(facts),
        "## System message\n\nTrain and ask with the same one:\n\n> " + facts.system_message,
        "## Withdrawal\n\nPeople may withdraw what they gave. It is then absent from later "
        "releases, but weights already trained may not be reversible: see the retraction list of "
        "the release.",
    ]
    return "\n\n".join(sections) + "\n"


def _validation(facts: CardFacts) -> str:
    """What was measured, on how many records; or that nothing could be."""
    if facts.validation is None:
        return (
            "The release has no validation records that this method can be measured on, so there "
            "is no number."
        )
    n, of = facts.validation["records"], facts.validation["of"]
    rows = {SCORES[name]: f"{value:.4f}" for name, value in facts.validation["scores"].items()}
    return (
        f"Measured once, after training, on {n} of the {of} records of the release's validation "
        f"split (n = {n}). Nothing was learnt from them.\n\n{_table(rows)}"
    )


def _params(facts: CardFacts) -> dict[str, str]:
    return {name: f"{value:g}" for name, value in (facts.params | {"lora_r": facts.lora_r}).items()}


def _front(facts: CardFacts) -> str:
    return "\n".join(
        (
            "---",
            f"base_model: {facts.base_name}",
            "library_name: peft",
            "tags:",
            "- codesign",
            "- lora",
            f"- {facts.method}",
            "---",
        )
    )


def _origin(facts: CardFacts) -> dict[str, str]:
    rows = {
        "Base model": facts.base_name,
        "Base weights, SHA-256": facts.base_sha256,
        "Parent adapter, SHA-256": facts.parent_sha256,
        "Dataset release": facts.release_name,
        "Release manifest, SHA-256": facts.release_sha256,
        "Records trained on": str(facts.records),
    }
    rows |= {f"Left out: {reason}": str(n) for reason, n in sorted(facts.left_out.items())}
    return {name: value for name, value in rows.items() if value}


def _run(facts: CardFacts) -> dict[str, str]:
    return {"seed": str(facts.seed), "threads": str(facts.threads)} | facts.versions


def _table(rows: dict[str, str]) -> str:
    return "\n".join(("| | |", "|---|---|", *(f"| {k} | {v} |" for k, v in rows.items())))
