"""Records the ranks, scores and spans of an imported file, apart from the work of members."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from uuid import UUID

from annotations.rules.imported import ImportedKind, ImportedStatement
from annotations.services.imported import Recorder
from codesign.shared.actors import Actor
from codesign.studies.models import Study
from modelhub.rules.imports import ResponseRow


class FileMarks:
    """Records the marks of one file, a batch of responses at a time."""

    def __init__(self, *, actor: Actor, study: Study, source: str) -> None:
        self._actor, self._study, self._source = actor, study, source
        self._recorder: Recorder | None = None

    def add(self, written: Iterable[tuple[UUID, ResponseRow]]) -> None:
        """Record ranks, scores and spans of responses that were just written."""
        marked = [(id_, row) for id_, row in written if row.rank or row.marks]
        if not marked:
            return
        if self._recorder is None:
            self._recorder = Recorder(actor=self._actor, study=self._study, source=self._source)
        self._recorder.add(_statements(marked))

    def finish(self) -> None:
        """Record the import in the audit trail, if there were any marks."""
        if self._recorder is not None:
            self._recorder.finish()


def _statements(marked: Iterable[tuple[UUID, ResponseRow]]) -> Iterator[ImportedStatement]:
    for id_, row in marked:
        if row.rank:
            yield ImportedStatement(id_, ImportedKind.RANK, float(row.rank))
        for mark in row.marks:
            yield ImportedStatement(id_, *mark)
