"""Builds the folder of a release from a selection: same inputs, same bytes, no clock.

Two releases of the same inputs have the same data files, byte for byte, whatever else was written
in the study between them. README.md and manifest.json differ in the release's number and parent,
and in the counts of what stayed out where that has changed.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Iterable, Set
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from annotations.datasets import formats, records, unpaired
from annotations.datasets.dataset_card import card
from annotations.datasets.eligibility import Sifted
from annotations.datasets.formats import Background, FileFact, Files, HashedFile, TextFiles
from annotations.datasets.judgements import Attached, JudgementFiles
from annotations.datasets.layout import settle
from annotations.datasets.manifest import MANIFEST, Edition, as_json, describe
from annotations.datasets.pairs import Record
from annotations.datasets.rewrites import FindPersonalData
from annotations.datasets.signing import Signer
from annotations.datasets.snapshot import JudgementFact, Keys, Part, Selection
from annotations.datasets.splits import SPLITS, split_of
from annotations.rules.releases import BY_COHORT, CONFIGS, POLICY, of_cohort
from codesign.shared.batches import without_collector

Progress = Callable[[int, int], None]
"""Called with (judgements written, judgements in all)."""

FindInAll = Callable[[Iterable[str]], Set[str]]
"""Given texts, those of them that hold personal data."""


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
class _Config:
    """One config of a release while it is written: its splits and what stays out of it."""

    kind: str
    dropped: Counter[str] = field(default_factory=Counter)
    files: dict[str, Any] = field(default_factory=dict)
    """split → its files; made with the first row, since `datasets` refuses to load an empty one."""

    def rows(self) -> dict[str, int]:
        """split → rows."""
        return {split: self.files[split].rows for split in SPLITS if split in self.files}


class _Builder:
    """One build; its parts share what they count."""

    def __init__(
        self,
        selection: Selection,
        sifted: Sifted,
        keys: Keys,
        folder: Path,
        find: FindPersonalData,
        background: Background,
    ) -> None:
        self.selection = selection
        self.keys = keys
        self.folder = folder
        self.find_personal_data = find
        self.background = background
        self.member_rows: Counter[str] = Counter()
        self.contested = HashedFile(folder, "contested.jsonl")
        self.listed: Counter[str] = Counter()
        """Lines of contested.jsonl by reason."""
        self.cohorts = sorted(sifted.kept.people) if len(sifted.kept.people) > 1 else []
        names = [(config, config) for config in CONFIGS]
        names += [(of_cohort(c, cohort), c) for c in BY_COHORT for cohort in self.cohorts]
        self.configs = {name: _Config(kind) for name, kind in names}
        self.configs["judgements"].dropped = sifted.dropped

    def write(self, part: Part, kept: list[JudgementFact]) -> None:
        """Everything that a prompt gives."""
        group = part.prompt.split_group
        split = split_of(study_id=self.selection.study["id"], split_group=group)
        found: list[tuple[str, str, Record]] = []
        for made in records.of_part(
            part, self.selection, self.cohorts, self.keys, self.find_personal_data
        ):
            if made.reason:
                self.configs[made.config].dropped[made.reason] += 1
            if made.record:
                name = "contested" if made.reason else made.config
                found.append((name, made.record["record_id"], made.record))
                self.member_rows.update(made.members)
        for name, _, record in sorted(found, key=lambda one: one[:2]):
            if name == "contested":
                self.contested.write(formats.as_line(record).encode())
                self.listed[record["meta"]["kind"]] += 1
            else:
                self._texts(name, split).add(record)
        self._judgements(part, kept, split)

    def _texts(self, name: str, split: str) -> TextFiles:
        config = self.configs[name]
        if split not in config.files:
            schema = formats.schemas()[config.kind]
            make = unpaired.ApartFiles if config.kind == "unpaired_preference" else TextFiles
            config.files[split] = make(self._files(name, split, schema), schema)
        files: TextFiles = config.files[split]
        return files

    def _files(self, name: str, split: str, schema: Any) -> Files:
        return Files(self.folder, name, split, schema, self.background)

    def _judgements(self, part: Part, kept: list[JudgementFact], split: str) -> None:
        config = self.configs["judgements"]
        if kept and split not in config.files:
            files = self._files("judgements", split, formats.schemas()["judgements"])
            config.files[split] = JudgementFiles(files, self.keys, self.selection.purpose)
        attached = Attached(part)
        for name, judgement in sorted((self.keys.name("judgement", j.id), j) for j in kept):
            made = config.files[split].add(name, judgement, attached, config.dropped)
            self.member_rows[judgement.member_id] += made

    def close(self) -> list[FileFact]:
        """End all files."""
        self.contested.close()
        found = [self.contested.fact()]
        for config in self.configs.values():
            for split in config.files.values():
                found += split.close()
        return found


def build(
    selection: Selection,
    *,
    secret: bytes,
    folder: Path,
    edition: Edition,
    find_personal_data: FindInAll,
    progress: Progress,
) -> Package:
    """Write the files of a release into an empty folder."""
    rules = f"{POLICY} {edition.code_version}"
    with without_collector(), closing(Sifted(selection, folder=folder, rules=rules)) as sifted:
        total = sifted.kept.judgements
        if not total:
            raise NothingToRelease(sifted.dropped_judgements)
        keys = Keys(secret, sifted.selection_hash)
        personal = find_personal_data(sifted.rewrites()).__contains__
        with closing(Background()) as background:
            builder = _Builder(selection, sifted, keys, folder, personal, background)
            done = 0
            for part, kept in sifted.parts():
                builder.write(part, kept)
                done += len(kept)
                progress(done, total)
            return _finish(builder, edition, sifted)


def _finish(builder: _Builder, edition: Edition, sifted: Sifted) -> Package:
    """Card and manifest, then everything onto the disk."""
    folder = builder.folder
    data, files = settle(folder, builder.close())
    manifest = describe(
        builder.selection,
        edition,
        selection_hash=sifted.selection_hash,
        kept=sifted.kept,
        rows={name: config.rows() for name, config in builder.configs.items()},
        dropped={name: config.dropped for name, config in builder.configs.items()},
        listed=builder.listed,
        data=data,
        signer=Signer(builder.keys.secret),
    )
    with closing(HashedFile(folder, "README.md")) as readme:
        readme.write(card(manifest).encode())
    files.append(readme.fact())
    manifest["files"] = [file._asdict() for file in sorted(files)]
    content = as_json(manifest)
    (folder / MANIFEST).write_bytes(content)
    for path in [*folder.rglob("*"), folder]:
        path.chmod(0o700 if path.is_dir() else 0o600)  # whatever the umask
        formats.to_disk(path)
    return Package(manifest, hashlib.sha256(content).hexdigest(), builder.member_rows)
