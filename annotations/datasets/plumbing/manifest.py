"""`manifest.json`: what a release says about itself to programs."""

from __future__ import annotations

import functools
import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import codesign
from annotations.datasets.plumbing.first_pass import Provenance
from annotations.datasets.plumbing.layout import DataFolder
from annotations.datasets.plumbing.retraction_signing import RetractionSigner
from annotations.datasets.plumbing.selection import Selection
from annotations.datasets.policy.description import BEST_RATED, POLICY_DESCRIPTION
from annotations.datasets.policy.splits import SALT, TEST_FROM, VALIDATION_FROM
from annotations.registry import ModelName
from annotations.rules.releases import LISTED, DropReason, purposes_needed
from annotations.rules.states import ReleasePurpose, RoundKind

MANIFEST = "manifest.json"
FORMAT = 3
"""In format 2, the data files of all releases had the same paths."""


@dataclass(frozen=True)
class Edition:
    """Which release this is, and which version of the code builds it.

    The version is an input like any other: with the same one, the same selection gives the same
    bytes.
    """

    number: int
    code_version: str
    """See `code_version()`; every name in a release depends on it."""
    parent: Mapping[str, Any] | None = None
    """The release of the same purpose before this one."""


@functools.cache
def code_version() -> str:
    """The version of Codesign, and a hash of the code that makes releases, policy and plumbing."""
    package = Path(__file__).parent.parent
    digest = hashlib.sha256()
    for source in sorted(package.rglob("*.py")):
        name = source.relative_to(package).as_posix()
        digest.update(name.encode() + b"\0" + source.read_bytes() + b"\0")
    return f"{codesign.__version__}+{digest.hexdigest()[:12]}"


def describe(
    selection: Selection,
    edition: Edition,
    *,
    selection_hash: str,
    provenance: Provenance,
    rows: Mapping[str, Mapping[str, int]],
    dropped: Mapping[str, Mapping[str, int]],
    listed: Mapping[str, int],
    data: DataFolder,
    signer: RetractionSigner,
) -> dict[str, Any]:
    """Return the manifest, without its list of files."""
    manifest: dict[str, Any] = {
        "format": FORMAT,
        "study": dict(selection.study),
        "release": edition.number,
        "purpose": selection.purpose,
        "policy": _policy(selection),
        "least": selection.thresholds.asked(),
        "query": _query(selection.purpose),
        "selection_hash": selection_hash,
        "example_judgements": provenance.examples,
        "judgements": provenance.judgements,
        "people": _people(provenance),
        "one_pseudonym_in_all_releases": len(selection.linkable.intersection(provenance.members())),
        "consent_versions": provenance.versions(selection),
        "rubric_versions": sorted(provenance.rubrics),
        "rubrics": _rubrics(selection, provenance),
        "code_version": edition.code_version,
        "models": _models(provenance.models),
        "languages": sorted(provenance.languages),
        "splits": _splits(),
        "data": data._asdict(),
        "rows": {config: dict(counts) for config, counts in rows.items()},
        "dropped": {config: dict(sorted(counts.items())) for config, counts in dropped.items()},
        **_listed(listed),
        "retractions": _retractions(selection.study["slug"], signer),
    }
    return manifest | _optional_parts(edition, provenance)


def _policy(selection: Selection) -> dict[str, str]:
    asks_for_best = selection.thresholds.median is not None
    return {**POLICY_DESCRIPTION, **(BEST_RATED if asks_for_best else {})}


def _optional_parts(edition: Edition, provenance: Provenance) -> dict[str, Any]:
    """The parts that not every release has: responses by people, imported judgements, a parent."""
    imported = dict(sorted(provenance.imported.items()))
    return {
        **({"responses_by_people": True} if provenance.by_people else {}),
        **({"imported": imported} if imported else {}),
        **({"parent": dict(edition.parent)} if edition.parent else {}),
    }


def _rounds(purpose: str) -> list[RoundKind]:
    """The kinds of rounds whose judgements a release for this purpose contains."""
    evaluating = purpose == ReleasePurpose.EVALUATION
    return [RoundKind.JUDGING, *([RoundKind.EVALUATION] if evaluating else [])]


def _query(purpose: str) -> dict[str, Any]:
    """The rules by which judgements were selected."""
    return {
        "judgements": "one per assignment",
        "rounds": [str(kind) for kind in _rounds(purpose)],
        "held_out_prompts": purpose == ReleasePurpose.EVALUATION,
        "consent_in_force": [str(needed) for needed in purposes_needed(purpose)],
    }


def _rubrics(selection: Selection, provenance: Provenance) -> dict[str, Any]:
    """What the released rubrics ask: scales, points, conditions, reasons."""
    known = sorted(selection.rubrics.items())
    return {name: dict(rubric) for name, rubric in known if name in provenance.rubrics}


def _people(provenance: Provenance) -> dict[str, Any]:
    """How many people of each cohort have work in the release."""
    return {
        name: {"role": cohort.role, "people": len(cohort.members)}
        for name, cohort in sorted(provenance.cohorts.items())
    }


def _listed(counts: Mapping[str, int]) -> dict[str, Any]:
    """How many pairs are in `contested.jsonl`, by reason."""
    by_reason = {str(reason): counts.get(reason, 0) for reason in LISTED}
    return {"contested": by_reason[DropReason.CONTESTED], "listed": by_reason}


def _retractions(slug: str, signer: RetractionSigner) -> dict[str, Any]:
    """Where retractions are listed, and the key to check their signatures with."""
    return {
        "address": f"/api/v1/studies/{slug}/retractions/",
        "signed": "each entry: Ed25519, base64url, over its RFC 8785 JSON without `signature`",
        "key": signer.public_key(),
    }


def _splits() -> dict[str, Any]:
    """By what prompts were split, and the percentage of each split."""
    return {
        "by": "split_group",
        "salt": SALT,
        "train": VALIDATION_FROM,
        "validation": TEST_FROM - VALIDATION_FROM,
        "test": 100 - TEST_FROM,
    }


def _models(models: Iterable[ModelName]) -> list[dict[str, str]]:
    """The models that wrote the responses: hidden while judging, named here (standards 1.6)."""
    known = sorted((model for model in models if model.id), key=lambda m: (m.name, m.id))
    return [{"id": model.id, "name": model.name} for model in known]


def as_json(manifest: Mapping[str, Any]) -> bytes:
    """The bytes of `manifest.json`, the same for the same content."""
    return (json.dumps(manifest, indent=2, ensure_ascii=False) + "\n").encode()
