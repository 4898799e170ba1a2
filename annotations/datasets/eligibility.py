"""The first way through a selection: what may be released, its name, and what the manifest says.

Parts go to a file without a name, from which the second way through reads them: the names of
people and records hang on a hash over everything, so that nothing can be written before all is
read, and what was read stays the same although the study goes on. The accepted rewrites go to
another, in which personal data is looked for before anything is written.
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

from annotations.datasets import judgements
from annotations.datasets.screening import Screening
from annotations.datasets.snapshot import Fingerprint, JudgementFact, Part, Selection, part_of
from annotations.registry import ModelName
from annotations.rules.states import RewriteState

LENGTH = 8
"""Bytes that say how long what follows is."""


@dataclass
class Kept:
    """What the manifest says about the judgements that are released."""

    judgements: int = 0
    examples: int = 0
    people: dict[str, tuple[str, set[str]]] = field(default_factory=dict)
    """cohort → its role and its people"""
    consent_versions: set[int] = field(default_factory=set)
    rubrics: set[str] = field(default_factory=set)
    models: set[ModelName] = field(default_factory=set)

    def add(self, part: Part, judgement: JudgementFact) -> None:
        """Count one in."""
        self.judgements += 1
        self.examples += judgement.example
        self.people.setdefault(judgement.cohort, (judgement.role, set()))[1].add(
            judgement.member_id
        )
        self.consent_versions.add(judgement.consent_version)
        self.rubrics.add(judgement.rubric)
        self.models.update(part.responses[response].model for response in judgement.order_shown)

    def members(self) -> list[str]:
        """Everybody in it."""
        return sorted({member for _, people in self.people.values() for member in people})

    def versions(self, selection: Selection) -> list[dict[str, Any]]:
        """The consent versions that they signed."""
        return [v for v in selection.consent_versions if v["number"] in self.consent_versions]


class Sifted:
    """A selection after the first way through."""

    def __init__(self, selection: Selection, *, folder: Path, rules: str) -> None:
        self.kept = Kept()
        self.dropped: Counter[str] = Counter()
        """Rows of `judgements` that stay out."""
        self.dropped_judgements: Counter[str] = Counter()
        self._models = selection.models
        self._file, self._rewrites = _scratch(folder), _texts(folder)
        try:
            self.selection_hash = self._read(selection, rules)
        except BaseException:
            self.close()
            raise

    def _read(self, selection: Selection, rules: str) -> str:
        """All of it, once; its hash."""
        fingerprint = Fingerprint()
        for text in selection.parts:
            values = text.values()
            part = part_of(values, self._models)
            kept = self._sift(part, selection)
            fingerprint.add(text, part, kept)
            ids = {one.id for one in kept}
            places = [n for n, one in enumerate(part.judgements) if one.id in ids]
            self._keep(places, values)
        return fingerprint.close(
            dict(selection.study),
            selection.purpose,
            rules,
            list(selection.least),
            {member: selection.granting[member] for member in self.kept.members()},
            self.kept.versions(selection),
            {rubric: selection.scales.get(rubric) for rubric in sorted(self.kept.rubrics)},
            sorted((model.id, model.name) for model in self.kept.models),
        )

    def _keep(self, *values: Any) -> None:
        """For the second way through, in half the time that JSON takes to be read again."""
        data = marshal.dumps(values)
        self._file.write(len(data).to_bytes(LENGTH) + data)

    def _sift(self, part: Part, selection: Selection) -> list[JudgementFact]:
        screening = Screening(part, selection)
        kept = judgements.screen(part, screening, self.dropped, self.dropped_judgements)
        for judgement in kept:
            self.kept.add(part, judgement)
        for rewrite in part.rewrites:
            if rewrite.state == RewriteState.ACCEPTED:
                self._rewrites.write(json.dumps(rewrite.text) + "\n")
        return kept

    def rewrites(self) -> Iterator[str]:
        """The texts of all accepted rewrites."""
        self._rewrites.seek(0)
        return map(json.loads, self._rewrites)

    def parts(self) -> Iterator[tuple[Part, list[JudgementFact]]]:
        """Each part again, with the judgements of it that are released."""
        self._file.seek(0)
        while size := self._file.read(LENGTH):
            data = self._file.read(int.from_bytes(size))
            places, values = marshal.loads(data)  # noqa: S302  # our own, and nobody else's
            part = part_of(values, self._models)
            yield part, [part.judgements[place] for place in places]

    def close(self) -> None:
        """Give the files back."""
        self._file.close()
        self._rewrites.close()


def _scratch(folder: Path) -> IO[bytes]:
    """A file without a name, in the folder's own file system."""
    return tempfile.TemporaryFile(dir=folder)


def _texts(folder: Path) -> IO[str]:
    """The same for text."""
    return tempfile.TemporaryFile("w+", dir=folder, encoding="utf-8", newline="\n")
