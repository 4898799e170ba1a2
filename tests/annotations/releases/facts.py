"""Made-up selections for the pure rules: one prompt, responses a, b, c, a few people."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

from annotations.datasets import package
from annotations.datasets.facts import (
    FlagFact,
    JudgementFact,
    PromptFact,
    ResponseFact,
    RewriteFact,
    Selection,
)
from annotations.datasets.manifest import Edition
from annotations.datasets.pairs import Record, records_of_pairs
from annotations.datasets.screening import Screening
from annotations.registry import ModelName

ROLES = {"lived": "panelist", "clinical": "clinician"}


def prompt(name: str = "p", **changes: Any) -> PromptFact:
    values: dict[str, Any] = {
        "id": name,
        "messages": [{"role": "user", "content": f"Question {name}"}],
        "category": "education",
        "topics": ["sleep"],
        "intensity": 1,
        "language": "en",
        "held_out": False,
        "split_group": f"group-{name}",
        "withdrawn": False,
    }
    return PromptFact(**values | changes)


def response(name: str, prompt_id: str = "p", **changes: Any) -> ResponseFact:
    values: dict[str, Any] = {
        "id": name,
        "prompt_id": prompt_id,
        "text": f"Text of {name}",
        "origin": "ai",
        "withdrawn": False,
        "model": ModelName("model-1", "Small model"),
    }
    return ResponseFact(**values | changes)


def judgement(person: str, ranking: list[list[str]], **changes: Any) -> JudgementFact:
    """By `lived-1`, `clinical-2` …: the cohort is in the name."""
    cohort = person.split("-")[0]
    values: dict[str, Any] = {
        "id": f"judgement of {person}",
        "member_id": person,
        "record_id": f"record of {person}",
        "record_withdrawn": False,
        "consent_version": 1,
        "cohort": cohort,
        "role": ROLES[cohort],
        "round_id": "round",
        "round_kind": "judging",
        "prompt_id": "p",
        "rubric": f"{cohort}@1",
        "repeat": 0,
        "order_shown": ["a", "b"],
        "propensity": 0.5,
        "ratings": [],
        "ranking": ranking,
        "strength": None,
        "all_harmful": False,
        "highlights": [],
        "active_ms": 1000,
        "example": False,
    }
    return JudgementFact(**values | changes)


def selection(
    judgements: list[JudgementFact],
    *,
    prompts: list[PromptFact] | None = None,
    responses: list[ResponseFact] | None = None,
    rewrites: list[RewriteFact] | None = None,
    flags: list[FlagFact] | None = None,
    granting: set[str] | None = None,
    purpose: str = "training",
) -> Selection:
    """Everybody grants unless `granting` says who does."""
    people = {j.member_id for j in judgements} if granting is None else granting
    return Selection(
        study={"id": "study", "slug": "made-up", "title": "Made-up study"},
        purpose=purpose,
        prompts={p.id: p for p in prompts or [prompt()]},
        responses={r.id: r for r in responses or [response(n) for n in "abc"]},
        judgements=judgements,
        rewrites=rewrites or [],
        flags=flags or [],
        granting={person: f"record of {person}" for person in sorted(people)},
        consent_versions=[{"number": 1, "language": "en", "sha256": "0" * 64}],
    )


def preferences(chosen: Selection) -> tuple[list[Record], dict[str, int]]:
    """(records or contested pairs, dropped by reason) of the comparisons."""
    dropped: Counter[str] = Counter()
    made = records_of_pairs(chosen, Screening(chosen), dropped)
    return [record for _, record, _ in made], {str(k): v for k, v in dropped.items()}


def winner(record: Record) -> str:
    return str(record["meta"]["chosen_response_id"])


def built(chosen: Selection, folder: Path, **changes: Any) -> package.Package:
    """The whole package in a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    values: dict[str, Any] = {
        "secret": b"made-up secret",
        "folder": folder,
        "edition": Edition(1),
        "find_personal_data": lambda text: False,
        "progress": lambda done, total: None,
    }
    return package.build(chosen, **values | changes)
