"""Builds the folder of a release from a selection: same inputs, same bytes, no clock.

Two releases of the same inputs have the same data files, byte for byte, whatever else was written
in the study between them. README.md and manifest.json differ in the release's number and parent,
and in the counts of what stayed out where that has changed.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from annotations.datasets import formats, judgements
from annotations.datasets.card import card
from annotations.datasets.consensus import Outcome
from annotations.datasets.facts import JudgementFact, Keys, Selection
from annotations.datasets.manifest import (
    MANIFEST,
    Edition,
    as_json,
    code_version,
    describe,
    files_of,
)
from annotations.datasets.pairs import Record, records_of_pairs
from annotations.datasets.rewrites import FindPersonalData, records_of_rewrites
from annotations.datasets.screening import Screening
from annotations.datasets.splits import SPLITS, split_of
from annotations.rules.releases import CONFIGS, POLICY

Progress = Callable[[int, int], None]
"""Called with (judgements written, judgements in all)."""


class NothingToRelease(Exception):
    """No judgement is left; `dropped` says why, by reason."""

    def __init__(self, dropped: Counter[str]) -> None:
        super().__init__("nothing to release")
        self.dropped = dropped


@dataclass
class Package:
    """What was built."""

    manifest: dict[str, Any]
    manifest_sha256: str
    member_rows: Counter[str]


@dataclass
class _Builder:
    """One build; its parts share what they count."""

    selection: Selection
    keys: Keys
    folder: Path
    find_personal_data: FindPersonalData
    dropped: dict[str, Counter[str]] = field(
        default_factory=lambda: {config: Counter() for config in CONFIGS}
    )
    rows: dict[str, dict[str, int]] = field(default_factory=dict)
    member_rows: Counter[str] = field(default_factory=Counter)
    contested: list[Record] = field(default_factory=list)

    def split_of(self, prompt_id: str) -> str:
        group = self.selection.prompts[prompt_id].split_group
        return split_of(study_id=self.selection.study["id"], split_group=group)

    def texts(self, screening: Screening) -> dict[str, list[Record]]:
        """Records of `preference` and `sft`; who is in them is counted."""
        found: dict[str, list[Record]] = {"preference": [], "sft": []}
        dropped = self.dropped["preference"]
        for pair, record, result in records_of_pairs(self.selection, screening, dropped):
            where = self.contested if result is Outcome.CONTESTED else found["preference"]
            where.append(record)
            self.member_rows.update(judgement.member_id for judgement in pair.judged())
        for rewritten in records_of_rewrites(
            self.selection, screening, self.keys, self.find_personal_data, self.dropped["sft"]
        ):
            found["preference"].append(rewritten.preference)
            found["sft"].append(rewritten.sft)
            self.member_rows[rewritten.judgement.member_id] += 2
        return found

    def write(self, config: str, by_split: dict[str, Any]) -> None:
        """Write the splits that hold something: `datasets` refuses to load an empty one."""
        self.rows[config] = {
            split: formats.write(self.folder, config, split, by_split[split])
            for split in SPLITS
            if split in by_split
        }


def build(
    selection: Selection,
    *,
    secret: bytes,
    folder: Path,
    edition: Edition,
    find_personal_data: FindPersonalData,
    progress: Progress,
) -> Package:
    """Write the files of a release into an empty folder."""
    screening, attached = Screening(selection), judgements.Attached(selection)
    lost = Counter[str]()
    kept = judgements.screen(selection, screening, attached, lost)
    if not kept:
        raise NothingToRelease(Counter(_reasons(selection, screening)))
    keys = Keys(secret, selection.fingerprint(kept, rules=f"{POLICY} {code_version()}"))
    builder = _Builder(selection, keys, folder, find_personal_data)
    builder.dropped["judgements"] = lost
    for config, records in builder.texts(screening).items():
        builder.write(config, _split_records(builder, records))
    by_split: dict[str, list[JudgementFact]] = {}
    for judgement in kept:
        by_split.setdefault(builder.split_of(judgement.prompt_id), []).append(judgement)
    written = Counter[str]()

    def rows_of(split: str) -> Iterator[judgements.Row]:
        made = judgements.rows(by_split[split], selection, screening, attached, keys, lost)
        for judgement, rows in made:
            builder.member_rows[judgement.member_id] += len(rows)
            written["judgements"] += 1
            progress(written["judgements"], len(kept))
            yield from rows

    builder.write("judgements", {split: rows_of(split) for split in by_split})
    return _finish(builder, edition, kept)


def _reasons(selection: Selection, screening: Screening) -> Iterator[str]:
    for judgement in selection.judgements:
        if reason := screening.of_judgement(judgement):
            yield reason


def _split_records(builder: _Builder, records: list[Record]) -> dict[str, list[Record]]:
    by_split: dict[str, list[Record]] = {}
    for record in sorted(records, key=lambda r: (r["meta"]["prompt_id"], r["record_id"])):
        by_split.setdefault(builder.split_of(record["meta"]["prompt_id"]), []).append(record)
    return by_split


def _finish(builder: _Builder, edition: Edition, kept: list[JudgementFact]) -> Package:
    """Contested pairs, card and manifest, then everything onto the disk."""
    folder = builder.folder
    contested = sorted(builder.contested, key=lambda r: r["record_id"])
    (folder / "contested.jsonl").write_text(
        "".join(map(formats.as_line, contested)), encoding="utf-8"
    )
    manifest = describe(
        builder.selection,
        edition,
        selection_hash=builder.keys.selection_hash,
        kept=kept,
        rows=builder.rows,
        dropped=builder.dropped,
        contested=len(contested),
    )
    (folder / "README.md").write_text(card(manifest), encoding="utf-8")
    manifest["files"] = files_of(folder)
    content = as_json(manifest)
    (folder / MANIFEST).write_bytes(content)
    for path in [*folder.rglob("*"), folder]:
        path.chmod(0o700 if path.is_dir() else 0o600)  # whatever the umask
        formats.to_disk(path)
    return Package(manifest, hashlib.sha256(content).hexdigest(), builder.member_rows)
