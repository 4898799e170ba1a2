"""Made-up selections for the pure rules: one prompt, responses a, b, c, a few people."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from annotations.datasets.plumbing import build
from annotations.datasets.plumbing.manifest import Edition
from annotations.datasets.plumbing.selection import Selection
from annotations.datasets.plumbing.snapshot_json import JudgedPromptJson, parse
from annotations.datasets.policy.pseudonyms import Pseudonyms
from annotations.datasets.policy.record_fields import Record
from annotations.datasets.policy.records import candidates_of
from annotations.datasets.policy.snapshot import (
    FlagSnapshot,
    JudgedPrompt,
    JudgementSnapshot,
    PromptSnapshot,
    ResponseSnapshot,
    RewriteSnapshot,
)
from annotations.registry import ModelName

ROLES = {"lived": "panelist", "clinical": "clinician"}


def prompt(name: str = "p", **changes: Any) -> PromptSnapshot:
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
    return PromptSnapshot(**values | changes)


def response(name: str, prompt_id: str = "p", **changes: Any) -> ResponseSnapshot:
    values: dict[str, Any] = {
        "id": name,
        "prompt_id": prompt_id,
        "text": f"Text of {name}",
        "origin": "ai",
        "withdrawn": False,
        "model": ModelName("model-1", "Small model"),
    }
    return ResponseSnapshot(**values | changes)


def judgement(person: str, ranking: list[list[str]], **changes: Any) -> JudgementSnapshot:
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
    return JudgementSnapshot(**values | changes)


SCALES = {f"{cohort}@1": {"heard": (1, 5), "calm": (1, 5)} for cohort in ROLES}


def selection(
    judgements: list[JudgementSnapshot],
    *,
    prompts: list[PromptSnapshot] | None = None,
    responses: list[ResponseSnapshot] | None = None,
    rewrites: list[RewriteSnapshot] | None = None,
    flags: list[FlagSnapshot] | None = None,
    granting: set[str] | None = None,
    purpose: str = "training",
) -> Selection:
    """Everybody grants unless `granting` says who does."""
    people = {j.member_id for j in judgements} if granting is None else granting
    known = {r.id: r for r in responses or [response(n) for n in "abc"]}
    by_id = {j.id: j for j in judgements}
    judged_prompts: list[JudgedPromptJson] = []
    for one in sorted(prompts or [prompt()]):
        judged = [j for j in judgements if j.prompt_id == one.id]
        if not judged:
            continue
        judged_prompts.append(
            JudgedPromptJson(
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
        prompts=judged_prompts,
        models={r.model.id: r.model for r in known.values()},
        granting={person: f"record of {person}" for person in sorted(people)},
        consent_versions=[{"number": 1, "language": "en", "sha256": "0" * 64}],
        held_out_groups=frozenset(p.split_group for p in prompts or [] if p.held_out),
        scales=SCALES,
    )


def lines(rows: Iterable[Sequence[Any]]) -> str:
    """Rows as the database returns them."""
    return "\n".join(json.dumps(row) for row in rows)


def judged_prompts_of(chosen: Selection) -> list[JudgedPrompt]:
    """What the builder reads from a selection."""
    return [parse(text.values(), chosen.models) for text in chosen.prompts]


PSEUDONYMS = Pseudonyms(b"secret", "hash")


def made(
    chosen: Selection, config: str, *cohorts: str, has_personal_data: Any = lambda text: False
) -> tuple[list[Record], dict[str, int]]:
    """(records and listed pairs, number left out by reason) of one config."""
    records, dropped = [], Counter[str]()
    for judged_prompt in judged_prompts_of(chosen):
        for candidate in candidates_of(
            judged_prompt, chosen, cohorts, PSEUDONYMS, has_personal_data
        ):
            if candidate.config == config:
                records += [candidate.record] if candidate.record else []
                dropped.update([str(candidate.reason)] if candidate.reason else [])
    return records, dict(dropped)


def preferences(chosen: Selection) -> tuple[list[Record], dict[str, int]]:
    """(records and listed pairs, number left out by reason) of `preference`."""
    return made(chosen, "preference")


def winner(record: Record) -> str:
    return str(record["meta"]["chosen_response_id"])


def built(chosen: Selection, folder: Path, **changes: Any) -> build.Package:
    """The whole package in a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    values: dict[str, Any] = {
        "secret": b"made-up secret",
        "folder": folder,
        "edition": Edition(1, code_version="made-up version"),
        "scan_texts": lambda texts: frozenset(),
        "progress": lambda done, total: None,
    }
    return build.build(chosen, **values | changes)
