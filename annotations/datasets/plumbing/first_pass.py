"""The first pass over a selection: finds what is eligible, hashes it and keeps it for the second.

The names of people and records depend on a hash over everything, so nothing can be written before
all of it has been read. Each prompt is kept in a scratch file, from which the second pass reads it:
what was read stays the same although people go on judging. Accepted rewrites are kept in another
scratch file, because they are scanned for personal data before anything is written.
"""

from __future__ import annotations

import json
import marshal
import tempfile
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

from annotations.datasets.plumbing.selection import Selection, SelectionHash
from annotations.datasets.plumbing.snapshot_json import parse
from annotations.datasets.policy.eligibility import why_not_in_judgements
from annotations.datasets.policy.imported import imported_in
from annotations.datasets.policy.judgement_rows import eligible_judgements
from annotations.datasets.policy.snapshot import (
    ImportedSnapshot,
    JudgedPrompt,
    JudgementSnapshot,
)
from annotations.registry import ModelName
from annotations.rules.states import RewriteState
from annotations.rules.text_kinds import Origin

SIZE_BYTES = 8
"""Length of the number before each block that says how long the block is."""


@dataclass
class Cohort:
    """The people of one cohort whose work is in a release."""

    role: str
    members: set[str] = field(default_factory=set)


@dataclass
class Provenance:
    """Where the released judgements come from, for the manifest."""

    judgements: int = 0
    examples: int = 0
    cohorts: dict[str, Cohort] = field(default_factory=dict)
    consent_versions: set[int] = field(default_factory=set)
    rubrics: set[str] = field(default_factory=set)
    models: set[ModelName] = field(default_factory=set)
    by_people: bool = False
    """Whether people wrote some of the responses that were judged."""
    languages: set[str] = field(default_factory=set)
    imported: Counter[str] = field(default_factory=Counter)
    """Source → statements that came with an import."""

    def add(self, judged_prompt: JudgedPrompt, judgement: JudgementSnapshot) -> None:
        """Count one judgement."""
        self.judgements += 1
        self.languages.add(judged_prompt.prompt.language)
        self.examples += judgement.example
        cohort = self.cohorts.setdefault(judgement.cohort, Cohort(judgement.role))
        cohort.members.add(judgement.member_id)
        self.consent_versions.add(judgement.consent_version)
        self.rubrics.add(judgement.rubric)
        responses = [judged_prompt.responses[shown] for shown in judgement.order_shown]
        self.models.update(response.model for response in responses)
        self.by_people |= any(response.origin == Origin.HUMAN for response in responses)

    def add_imported(self, judged_prompt: JudgedPrompt, one: ImportedSnapshot) -> None:
        """Count one statement that came with an import."""
        self.imported[one.source] += 1
        self.languages.add(judged_prompt.prompt.language)
        response = judged_prompt.responses[one.response_id]
        self.models.add(response.model)
        self.by_people |= response.origin == Origin.HUMAN

    def members(self) -> list[str]:
        """Everybody whose work is in the release."""
        return sorted({member for cohort in self.cohorts.values() for member in cohort.members})

    def versions(self, selection: Selection) -> list[dict[str, Any]]:
        """The consent versions that they signed."""
        return [v for v in selection.consent_versions if v["number"] in self.consent_versions]


class FirstPass:
    """A selection after it has been read once."""

    def __init__(self, selection: Selection, *, folder: Path, rules: str) -> None:
        self.provenance = Provenance()
        self.dropped_rows: Counter[str] = Counter()
        """Rows of `judgements` that are left out, by reason."""
        self.dropped_judgements: Counter[str] = Counter()
        self._models = selection.models
        self._prompts, self._rewrites = _binary_scratch(folder), _text_scratch(folder)
        try:
            self.selection_hash = self._read(selection, rules)
        except BaseException:
            self.close()
            raise

    def _read(self, selection: Selection, rules: str) -> str:
        """Read the selection once and return its hash."""
        selection_hash = SelectionHash()
        for text in selection.prompts:
            values = text.values()
            judged_prompt = parse(values, self._models)
            eligible = self._eligible(judged_prompt, selection)
            imported = self._imported(judged_prompt, selection)
            selection_hash.add(text, judged_prompt, eligible, imported)
            ids = {judgement.id for judgement in eligible}
            judgements = enumerate(judged_prompt.judgements)
            self._keep([place for place, one in judgements if one.id in ids], values)
        provenance = self.provenance
        return selection_hash.close(
            dict(selection.study),
            selection.purpose,
            rules,
            [*selection.thresholds.asked().values()],
            {member: selection.granting[member] for member in provenance.members()},
            provenance.versions(selection),
            {rubric: selection.scales.get(rubric) for rubric in sorted(provenance.rubrics)},
            sorted((model.id, model.name) for model in provenance.models),
            *_known(selection, provenance.rubrics),
            *_linkable(selection, provenance),
        )

    def _keep(self, eligible_places: list[int], values: list[Any]) -> None:
        """For the second pass; marshal is read again in half the time of JSON."""
        block = marshal.dumps((eligible_places, values))
        self._prompts.write(len(block).to_bytes(SIZE_BYTES) + block)

    def _eligible(
        self, judged_prompt: JudgedPrompt, selection: Selection
    ) -> list[JudgementSnapshot]:
        eligible = eligible_judgements(
            judged_prompt,
            why_not_in_judgements(judged_prompt, selection),
            self.dropped_rows,
            self.dropped_judgements,
        )
        for judgement in eligible:
            self.provenance.add(judged_prompt, judgement)
        for rewrite in judged_prompt.rewrites:
            if rewrite.state == RewriteState.ACCEPTED:
                self._rewrites.write(json.dumps(rewrite.text) + "\n")
        return eligible

    def _imported(
        self, judged_prompt: JudgedPrompt, selection: Selection
    ) -> list[ImportedSnapshot]:
        released = [one for one, reason in imported_in(judged_prompt, selection) if not reason]
        for one in released:
            self.provenance.add_imported(judged_prompt, one)
        return released

    def rewrites(self) -> Iterator[str]:
        """The texts of all accepted rewrites."""
        self._rewrites.seek(0)
        return map(json.loads, self._rewrites)

    def judged_prompts(self) -> Iterator[tuple[JudgedPrompt, list[JudgementSnapshot]]]:
        """The second pass: each prompt again, and those of its judgements that are released."""
        self._prompts.seek(0)
        while size := self._prompts.read(SIZE_BYTES):
            block = self._prompts.read(int.from_bytes(size))
            eligible_places, values = marshal.loads(block)  # noqa: S302  # this process wrote it
            judged_prompt = parse(values, self._models)
            yield judged_prompt, [judged_prompt.judgements[place] for place in eligible_places]

    def close(self) -> None:
        """Delete the scratch files."""
        self._prompts.close()
        self._rewrites.close()


def _known(selection: Selection, rubrics: set[str]) -> list[dict[str, Any]]:
    """What the selection knows of the released rubrics, if anything."""
    known = {name: one for name, one in sorted(selection.rubrics.items()) if name in rubrics}
    return [known] if known else []


def _linkable(selection: Selection, provenance: Provenance) -> list[list[str]]:
    """The released people with one name in all releases, if there are any."""
    linkable = sorted(selection.linkable.intersection(provenance.members()))
    return [linkable] if linkable else []


def _binary_scratch(folder: Path) -> IO[bytes]:
    """A file without a name, in the file system of the release."""
    return tempfile.TemporaryFile(dir=folder)


def _text_scratch(folder: Path) -> IO[str]:
    """The same for lines of text."""
    return tempfile.TemporaryFile("w+", dir=folder, encoding="utf-8", newline="\n")
