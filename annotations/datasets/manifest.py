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
from annotations.datasets.eligibility import Kept
from annotations.datasets.layout import DataFolder
from annotations.datasets.signing import Signer
from annotations.datasets.snapshot import Selection
from annotations.datasets.splits import SALT, TEST_FROM, VALIDATION_FROM
from annotations.registry import ModelName
from annotations.rules.releases import LISTED, POLICY, Dropped, purposes_needed
from annotations.rules.states import RoundKind

MANIFEST = "manifest.json"
FORMAT = 3
"""2 kept data files at paths that all releases shared."""
POLICY_SAYS: Mapping[str, str] = {
    "name": POLICY,
    "weight": "cohorts count equally, not heads: p = (w + t/2 + 1/2) / (n + 1) in each, then mean",
    "pairs": "one record per pair of responses; every pair of a ranking is a vote, and each of a"
    " ranking of k weighs 2/k, tied pairs too, so that all of them weigh k - 1",
    "ties": "make no record",
    "contested": "cohorts lean to opposite sides, and on both sides one has a 90% interval (of its"
    " people, one vote each) clear of 1/2: listed, not pooled",
    "undecided": "cohorts lean to opposite sides, and a side has no cohort of three votes, so that"
    " no interval could be clear: listed, not pooled",
    "cycle": "the pooled votes on a prompt prefer a to b, b to c and c to a (a strongly connected"
    " component; the same text is one): all its pairs are listed, none is a record",
    "least": "a preference of a lower p or margin than asked for (`least`) makes no record",
    "unpaired": "cohort median score from 3/4 of the scale up is good, to 1/4 bad, and a text that"
    " was found harmful; all cohorts that scored it agree",
    "by_cohort": "the same rules with one cohort's votes and scores, where there are several",
    "all_harmful": "no record if a clinician, or half of all who judged, found harm in both,"
    " whatever those who found it consent to",
    "texts": "a prompt or response that looks as if it held personal data makes no record of text"
    " until a coordinator clears it",
    "flags": "an undecided report keeps a record out; a harmful text is never chosen",
    "rewrites": "accepted, changed in more than capitals, spaces and punctuation, clear of personal"
    " data; preferred to its original alone",
    "rows": "unweighted; no row is repeated",
}


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
    kept: Kept,
    rows: Mapping[str, Mapping[str, int]],
    dropped: Mapping[str, Mapping[str, int]],
    listed: Mapping[str, int],
    data: DataFolder,
    signer: Signer,
) -> dict[str, Any]:
    """The manifest, but for its list of files."""
    about: dict[str, Any] = {
        "format": FORMAT,
        "study": dict(selection.study),
        "release": edition.number,
        "purpose": selection.purpose,
        "policy": dict(POLICY_SAYS),
        "least": selection.least._asdict(),
        "query": {
            "judgements": "one per assignment",
            "rounds": [str(RoundKind.JUDGING)],
            "held_out_prompts": False,
            "consent_in_force": [str(p) for p in purposes_needed(selection.purpose)],
        },
        "selection_hash": selection_hash,
        "example_judgements": kept.examples,
        "judgements": kept.judgements,
        "people": _people(kept),
        "consent_versions": kept.versions(selection),
        "rubric_versions": sorted(kept.rubrics),
        "code_version": edition.code_version,
        "models": _models(kept.models),
        "splits": _splits(),
        "data": data._asdict(),
        "rows": {config: dict(counts) for config, counts in rows.items()},
        "dropped": {config: dict(sorted(counts.items())) for config, counts in dropped.items()},
        **_listed(listed),
        "retractions": _retractions(selection.study["slug"], signer),
    }
    if edition.parent:
        about["parent"] = dict(edition.parent)
    return about


def _people(kept: Kept) -> dict[str, Any]:
    """How many people of each cohort are in it."""
    return {
        cohort: {"role": role, "people": len(members)}
        for cohort, (role, members) in sorted(kept.people.items())
    }


def _listed(counts: Mapping[str, int]) -> dict[str, Any]:
    """How many pairs are in `contested.jsonl`, by reason."""
    by_reason = {str(why): counts.get(why, 0) for why in LISTED}
    return {"contested": by_reason[Dropped.CONTESTED], "listed": by_reason}


def _retractions(slug: str, signer: Signer) -> dict[str, Any]:
    """Where what must be dropped later is listed, and how to check that the list is ours."""
    return {
        "address": f"/api/v1/studies/{slug}/retractions/",
        "signed": "each entry: Ed25519, base64url, over its RFC 8785 JSON without `signature`",
        "key": signer.public_key(),
    }


def _splits() -> dict[str, Any]:
    """How prompts were divided: by what, and percent of each part."""
    return {
        "by": "split_group",
        "salt": SALT,
        "train": VALIDATION_FROM,
        "validation": TEST_FROM - VALIDATION_FROM,
        "test": 100 - TEST_FROM,
    }


def _models(models: Iterable[ModelName]) -> list[dict[str, str]]:
    """Who wrote the responses: hidden while judging, told here (standards 1.6)."""
    known = sorted((m.name, m.id) for m in models if m.id)
    return [{"id": id_, "name": name} for name, id_ in known]


def as_json(manifest: Mapping[str, Any]) -> bytes:
    """The bytes of `manifest.json`, always the same for the same content."""
    return (json.dumps(manifest, indent=2, ensure_ascii=False) + "\n").encode()
