"""Builds the folder of a release from a selection: same inputs, same bytes, no clock.

Two releases of the same inputs have the same data files, byte for byte, whatever else was written
in the study between them. README.md and manifest.json differ in the release's number and parent,
and in the counts of what was left out if those have changed.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Iterable, Set
from contextlib import closing
from dataclasses import dataclass, field
from operator import itemgetter
from pathlib import Path
from typing import Any

from annotations.datasets.plumbing.dataset_card import dataset_card
from annotations.datasets.plumbing.files import FileEntry, HashedFile, as_line, sync_to_disk
from annotations.datasets.plumbing.first_pass import FirstPass
from annotations.datasets.plumbing.interleaved import InterleavedFiles
from annotations.datasets.plumbing.judgement_files import JudgementFiles
from annotations.datasets.plumbing.layout import move_to_hashed_folder
from annotations.datasets.plumbing.manifest import MANIFEST, Edition, as_json, describe
from annotations.datasets.plumbing.retraction_signing import RetractionSigner
from annotations.datasets.plumbing.schemas import schemas
from annotations.datasets.plumbing.selection import Selection
from annotations.datasets.plumbing.text_lines import TextLines
from annotations.datasets.plumbing.writers import BackgroundWriter, ConfigFiles, TextFiles
from annotations.datasets.policy.imported import imported_in, imported_record
from annotations.datasets.policy.judgement_rows import Attachments, RatingStatements
from annotations.datasets.policy.pseudonyms import Pseudonyms
from annotations.datasets.policy.record_fields import Record
from annotations.datasets.policy.records import candidates_of
from annotations.datasets.policy.rewrites import HasPersonalData
from annotations.datasets.policy.snapshot import JudgedPrompt, JudgementSnapshot
from annotations.datasets.policy.splits import SPLITS, split_of
from annotations.datasets.policy.texts import texts_of
from annotations.rules.releases import BY_COHORT, CONFIGS, IN_SOME, POLICY, of_cohort
from annotations.rules.states import ReleasePurpose
from codesign.shared.batches import without_collector

Progress = Callable[[int, int], None]
"""Called with (judgements written, judgements in all)."""

ScanTexts = Callable[[Iterable[str]], Set[str]]
"""Returns those of the texts that contain personal data."""


class NothingToRelease(Exception):
    """No judgement is eligible; `dropped` has the number of judgements by reason."""

    def __init__(self, dropped: Counter[str]) -> None:
        super().__init__("nothing to release")
        self.dropped = dropped


@dataclass
class Package:
    """What was built."""

    manifest: dict[str, Any]
    manifest_sha256: str
    member_rows: Counter[str]
    """Member → records and rows that are based on their work."""


@dataclass
class _Config:
    """One config of a release while it is written."""

    schema_name: str
    dropped: Counter[str] = field(default_factory=Counter)
    """What is left out, by reason."""
    files: dict[str, Any] = field(default_factory=dict)
    """Split → its `TextFiles` or `JudgementFiles`.

    They are made with the first row, because `datasets` refuses to load an empty split.
    """

    def rows(self) -> dict[str, int]:
        """Split → rows."""
        return {split: self.files[split].rows for split in SPLITS if split in self.files}


class _Builder:
    """One build: the files of all configs, and the counts over them."""

    def __init__(
        self,
        selection: Selection,
        first_pass: FirstPass,
        pseudonyms: Pseudonyms,
        folder: Path,
        has_personal_data: HasPersonalData,
        background: BackgroundWriter,
    ) -> None:
        self.selection = selection
        self.pseudonyms = pseudonyms
        self.folder = folder
        self.has_personal_data = has_personal_data
        self.background = background
        self.schemas = schemas(rated=selection.thresholds.median is not None)
        self.rating_statements = RatingStatements(selection.rubrics)
        self.member_rows: Counter[str] = Counter()
        self.contested = HashedFile(folder, "contested.jsonl")
        self.listed: Counter[str] = Counter()
        """Lines of contested.jsonl by reason."""
        cohorts = sorted(first_pass.provenance.cohorts)
        self.cohorts = cohorts if len(cohorts) > 1 else []
        """Those with files of their own; a single cohort's would equal those of all."""
        evaluating = selection.purpose == ReleasePurpose.EVALUATION
        self.configs = {
            config: _Config(config)
            for config in CONFIGS
            if config not in IN_SOME or (config == "comparisons" and evaluating)
        }
        for config in BY_COHORT:
            for cohort in self.cohorts:
                self.configs[of_cohort(config, cohort)] = _Config(config)
        self.configs["judgements"].dropped = first_pass.dropped_rows

    def write(self, judged_prompt: JudgedPrompt, eligible: list[JudgementSnapshot]) -> None:
        """Write everything that a prompt gives."""
        prompt = judged_prompt.prompt
        split = split_of(
            study_id=self.selection.study["id"],
            split_group=prompt.split_group,
            held_out=prompt.held_out,
        )
        for file, record in self._records(judged_prompt):
            if file == "contested":
                self.contested.write(as_line(record).encode())
                self.listed[record["meta"]["kind"]] += 1
            else:
                self._text_files(file, split).add(record)
        self._write_judgements(judged_prompt, eligible, split)
        shown = {response_id for one in eligible for response_id in one.order_shown}
        shown |= self._write_imported(judged_prompt, split)
        if shown:
            self._write_texts(judged_prompt, shown, split)

    def _records(self, judged_prompt: JudgedPrompt) -> list[tuple[str, Record]]:
        """(config or "contested", record), sorted by both; what is left out is counted."""
        records: list[tuple[str, Record]] = []
        for candidate in candidates_of(
            judged_prompt, self.selection, self.cohorts, self.pseudonyms, self.has_personal_data
        ):
            if candidate.reason:
                self.configs[candidate.config].dropped[candidate.reason] += 1
            if candidate.record:
                file = "contested" if candidate.reason else candidate.config
                records.append((file, candidate.record))
                self.member_rows.update(candidate.members)
        return sorted(records, key=lambda one: (one[0], one[1]["record_id"]))

    def _text_files(self, name: str, split: str) -> TextFiles:
        config = self.configs[name]
        if split not in config.files:
            schema = self.schemas[config.schema_name]
            interleaved = config.schema_name == "unpaired_preference"
            files_class = InterleavedFiles if interleaved else TextFiles
            config.files[split] = files_class(self._config_files(name, split, schema), schema)
        text_files: TextFiles = config.files[split]
        return text_files

    def _judgement_files(self, split: str) -> JudgementFiles:
        config = self.configs["judgements"]
        if split not in config.files:
            files = self._config_files("judgements", split, self.schemas["judgements"])
            purpose = self.selection.purpose
            config.files[split] = JudgementFiles(files, self.pseudonyms, purpose)
        judgement_files: JudgementFiles = config.files[split]
        return judgement_files

    def _config_files(self, name: str, split: str, schema: Any) -> ConfigFiles:
        return ConfigFiles(self.folder, name, split, schema, self.background)

    def _write_judgements(
        self, judged_prompt: JudgedPrompt, eligible: list[JudgementSnapshot], split: str
    ) -> None:
        """Write rows of `judgements`, in the order of the judgements' names in this release."""
        if not eligible:
            return
        files = self._judgement_files(split)
        dropped = self.configs["judgements"].dropped
        attachments = Attachments(judged_prompt, self.rating_statements)
        named = {self.pseudonyms.name("judgement", one.id): one for one in eligible}
        for name, judgement in sorted(named.items()):
            rows = files.add(name, judgement, attachments, dropped)
            self.member_rows[judgement.member_id] += rows

    def _write_imported(self, judged_prompt: JudgedPrompt, split: str) -> set[str]:
        """Write the imported judgements; return the ids of their responses."""
        records = []
        for one, reason in imported_in(judged_prompt, self.selection):
            config = self.configs.setdefault("imported", _Config("imported"))
            if reason:
                config.dropped[reason] += 1
            else:
                records.append(imported_record(judged_prompt, one))
        for record in sorted(records, key=itemgetter("record_id")):
            self._text_files("imported", split).add(record)
        return {record["response_id"] for record in records}

    def _write_texts(self, judged_prompt: JudgedPrompt, shown: set[str], split: str) -> None:
        """Write the prompt and the responses that other rows name by their ids."""
        lines = TextLines(judged_prompt.prompt)
        for text, reason in texts_of(judged_prompt, shown):
            if reason:
                self.configs["texts"].dropped[reason] += 1
            else:
                self._text_files("texts", split).add_line(lines.line(text))

    def schemas_of_configs(self) -> dict[str, Any]:
        """Config → its Arrow schema."""
        return {name: self.schemas[one.schema_name] for name, one in self.configs.items()}

    def close(self) -> list[FileEntry]:
        """Finish all files."""
        self.contested.close()
        entries = [self.contested.entry()]
        for config in self.configs.values():
            for files in config.files.values():
                entries += files.close()
        return entries


def build(
    selection: Selection,
    *,
    secret: bytes,
    folder: Path,
    edition: Edition,
    scan_texts: ScanTexts,
    progress: Progress,
) -> Package:
    """Write the files of a release into an empty folder.

    `secret` is the study's, for pseudonyms and signatures. Raises NothingToRelease.
    """
    rules = f"{POLICY} {edition.code_version}"
    with (
        without_collector(),
        closing(FirstPass(selection, folder=folder, rules=rules)) as first_pass,
    ):
        total = first_pass.provenance.judgements
        if not (total or first_pass.provenance.imported):
            raise NothingToRelease(first_pass.dropped_judgements)
        pseudonyms = Pseudonyms(secret, first_pass.selection_hash, selection.linkable)
        has_personal_data = scan_texts(first_pass.rewrites()).__contains__
        with closing(BackgroundWriter()) as background:
            builder = _Builder(
                selection, first_pass, pseudonyms, folder, has_personal_data, background
            )
            done = 0
            for judged_prompt, eligible in first_pass.judged_prompts():
                builder.write(judged_prompt, eligible)
                done += len(eligible)
                progress(done, total)
            return _finish(builder, edition, first_pass)


def _finish(builder: _Builder, edition: Edition, first_pass: FirstPass) -> Package:
    """Write the card and the manifest, and wait until everything is on the disk."""
    folder = builder.folder
    data, entries = move_to_hashed_folder(folder, builder.close())
    manifest = describe(
        builder.selection,
        edition,
        selection_hash=first_pass.selection_hash,
        provenance=first_pass.provenance,
        rows={name: config.rows() for name, config in builder.configs.items()},
        dropped={name: config.dropped for name, config in builder.configs.items()},
        listed=builder.listed,
        data=data,
        signer=RetractionSigner(builder.pseudonyms.secret),
    )
    with closing(HashedFile(folder, "README.md")) as readme:
        readme.write(dataset_card(manifest, builder.schemas_of_configs()).encode())
    entries.append(readme.entry())
    manifest["files"] = [entry._asdict() for entry in sorted(entries)]
    content = as_json(manifest)
    (folder / MANIFEST).write_bytes(content)
    for path in [*folder.rglob("*"), folder]:
        path.chmod(0o700 if path.is_dir() else 0o600)  # whatever the umask
        sync_to_disk(path)
    return Package(manifest, hashlib.sha256(content).hexdigest(), builder.member_rows)
