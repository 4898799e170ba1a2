"""What a release says about itself to a program: `manifest.json`."""

from __future__ import annotations

import functools
import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import codesign
from annotations.datasets.facts import JudgementFact, Selection
from annotations.datasets.splits import SALT, TEST_FROM, VALIDATION_FROM
from annotations.rules.releases import POLICY, purposes_needed
from annotations.rules.states import RoundKind

MANIFEST = "manifest.json"
POLICY_SAYS: Mapping[str, str] = {
    "name": POLICY,
    "weight": "cohorts count equally, not heads: p = (w + t/2 + 1/2) / (n + 1) in each, then mean",
    "pairs": "one record per pair of responses; of longer rankings, neighbouring groups",
    "ties": "make no record",
    "contested": "cohorts opposed, both 90% intervals clear of 1/2: listed, not pooled",
    "all_harmful": "no record if a clinician, or half of all who judged, found harm in both",
    "flags": "an undecided report keeps a record out; a harmful text is never chosen",
    "rewrites": "accepted, changed, clear of personal data; preferred to its original alone",
    "rows": "unweighted; no row is repeated",
}


@dataclass(frozen=True)
class Edition:
    """Which release this is: its number, and the one of the same purpose before it."""

    number: int
    parent: Mapping[str, Any] | None = None


@functools.cache
def code_version() -> str:
    """The version of Codesign, and a hash of the rules that made the records."""
    digest = hashlib.sha256()
    for source in sorted(Path(__file__).parent.glob("*.py")):
        digest.update(source.name.encode() + b"\0" + source.read_bytes() + b"\0")
    return f"{codesign.__version__}+{digest.hexdigest()[:12]}"


def describe(
    selection: Selection,
    edition: Edition,
    *,
    selection_hash: str,
    kept: Iterable[JudgementFact],
    rows: Mapping[str, Mapping[str, int]],
    dropped: Mapping[str, Mapping[str, int]],
    contested: int,
) -> dict[str, Any]:
    """The manifest, but for its list of files."""
    judgements = list(kept)
    used = {judgement.consent_version for judgement in judgements}
    about: dict[str, Any] = {
        "format": 1,
        "study": dict(selection.study),
        "release": edition.number,
        "purpose": selection.purpose,
        "policy": dict(POLICY_SAYS),
        "query": {
            "judgements": "latest revision",
            "rounds": [str(RoundKind.JUDGING)],
            "held_out_prompts": False,
            "consent_in_force": [str(p) for p in purposes_needed(selection.purpose)],
        },
        "selection_hash": selection_hash,
        "example_judgements": sum(judgement.example for judgement in judgements),
        "judgements": len(judgements),
        "people": _people(judgements),
        "consent_versions": [v for v in selection.consent_versions if v["number"] in used],
        "rubric_versions": sorted({judgement.rubric for judgement in judgements}),
        "code_version": code_version(),
        "models": _models(selection, judgements),
        "splits": _splits(),
        "rows": {config: dict(counts) for config, counts in rows.items()},
        "dropped": {config: dict(sorted(counts.items())) for config, counts in dropped.items()},
        "contested": contested,
    }
    if edition.parent:
        about["parent"] = dict(edition.parent)
    return about


def _splits() -> dict[str, Any]:
    """How prompts were divided: by what, and percent of each part."""
    return {
        "by": "split_group",
        "salt": SALT,
        "train": VALIDATION_FROM,
        "validation": TEST_FROM - VALIDATION_FROM,
        "test": 100 - TEST_FROM,
    }


def _people(judgements: Iterable[JudgementFact]) -> dict[str, dict[str, Any]]:
    """cohort → its role and how many of its people are in the release."""
    found: dict[str, tuple[str, set[str]]] = {}
    for judgement in judgements:
        found.setdefault(judgement.cohort, (judgement.role, set()))[1].add(judgement.member_id)
    return {
        cohort: {"role": role, "people": len(members)}
        for cohort, (role, members) in sorted(found.items())
    }


def _models(selection: Selection, judgements: Iterable[JudgementFact]) -> list[dict[str, str]]:
    """Who wrote the responses: hidden while judging, told here (standards 1.6)."""
    shown = {response for judgement in judgements for response in judgement.order_shown}
    models = {selection.responses[response].model for response in shown}
    return [{"id": m.id, "name": m.name} for m in sorted(models, key=lambda m: m.name) if m.id]


def files_of(folder: Path) -> list[dict[str, Any]]:
    """Path, size and SHA-256 of every file below a folder, but for the manifest itself."""
    found = []
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        if path.is_file() and name != MANIFEST:
            with path.open("rb") as handle:
                digest = hashlib.file_digest(handle, "sha256").hexdigest()
            found.append({"path": name, "bytes": path.stat().st_size, "sha256": digest})
    return found


def as_json(manifest: Mapping[str, Any]) -> bytes:
    """The bytes of `manifest.json`, always the same for the same content."""
    return (json.dumps(manifest, indent=2, ensure_ascii=False) + "\n").encode()
