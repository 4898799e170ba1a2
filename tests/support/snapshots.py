"""Made-up selections for the pure rules: one prompt, responses a, b, c, a few people."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from annotations.datasets import package
from annotations.datasets.manifest import Edition
from annotations.datasets.pairs import Record
from annotations.datasets.records import of_part
from annotations.datasets.snapshot import (
    FlagFact,
    JudgementFact,
    Keys,
    Part,
    PartText,
    PromptFact,
    ResponseFact,
    RewriteFact,
    Selection,
    part_of,
)
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


SCALES = {f"{cohort}@1": {"heard": (1, 5), "calm": (1, 5)} for cohort in ROLES}


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
    known = {r.id: r for r in responses or [response(n) for n in "abc"]}
    by_id = {j.id: j for j in judgements}
    parts: list[PartText] = []
    for one in sorted(prompts or [prompt()]):
        judged = [j for j in judgements if j.prompt_id == one.id]
        if not judged:
            continue
        parts.append(
            PartText(
                json.dumps(one),
                lines([*r[:-1], r.model.id] for r in known.values() if r.prompt_id == one.id),
                lines(judged),
                lines(r for r in rewrites or [] if by_id[r.judgement_id].prompt_id == one.id),
                lines(f for f in flags or [] if known[f.response_id].prompt_id == one.id),
            )
        )
    return Selection(
        study={"id": "study", "slug": "made-up", "title": "Made-up study"},
        purpose=purpose,
        parts=parts,
        models={r.model.id: r.model for r in known.values()},
        granting={person: f"record of {person}" for person in sorted(people)},
        consent_versions=[{"number": 1, "language": "en", "sha256": "0" * 64}],
        held_out_groups=frozenset(p.split_group for p in prompts or [] if p.held_out),
        scales=SCALES,
    )


def lines(facts: Iterable[Sequence[Any]]) -> str:
    """As the database would say them."""
    return "\n".join(json.dumps(fact) for fact in facts)


def parts_of(chosen: Selection) -> list[Part]:
    """What the builder reads from a selection."""
    return [part_of(text.values(), chosen.models) for text in chosen.parts]


KEYS = Keys(b"secret", "hash")


def made(
    chosen: Selection, config: str, *cohorts: str, find_personal_data: Any = lambda text: False
) -> tuple[list[Record], dict[str, int]]:
    """(records, those to be listed apart too; dropped by reason) of one config."""
    found, dropped = [], Counter[str]()
    for part in parts_of(chosen):
        for one in of_part(part, chosen, cohorts, KEYS, find_personal_data):
            if one.config == config:
                found += [one.record] if one.record else []
                dropped.update([str(one.reason)] if one.reason else [])
    return found, dict(dropped)


def preferences(chosen: Selection) -> tuple[list[Record], dict[str, int]]:
    """(records or contested pairs, dropped by reason) of the comparisons."""
    return made(chosen, "preference")


def winner(record: Record) -> str:
    return str(record["meta"]["chosen_response_id"])


def built(chosen: Selection, folder: Path, **changes: Any) -> package.Package:
    """The whole package in a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    values: dict[str, Any] = {
        "secret": b"made-up secret",
        "folder": folder,
        "edition": Edition(1),
        "find_personal_data": lambda texts: frozenset(),
        "progress": lambda done, total: None,
    }
    return package.build(chosen, **values | changes)
