"""Records ranks, scores, labels and spans that were made elsewhere and came with an import."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping, Sequence

from django.db import transaction
from django.db.models.functions import Length
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from annotations.models import ImportedJudgement, Response
from annotations.permissions import ADD_PROMPTS
from annotations.rules.imported import (
    ImportedStatement,
    source_problem,
    statement_problem,
)
from codesign.audit import services as audit
from codesign.audit.registry import action
from codesign.shared.actors import Actor
from codesign.shared.batches import batched
from codesign.shared.errors import Invalid
from codesign.shared.visible import seen
from codesign.studies.models import Study
from codesign.studies.permissions import require

BATCH = 1_000
IMPORTED = action(
    "annotations.judgements_imported", gettext_lazy("imported judgements that were made elsewhere")
)


@transaction.atomic
def record_imported_judgements(
    *, actor: Actor, study: Study, statements: Iterable[ImportedStatement], source: str
) -> int:
    """Record statements on responses of a study. Return how many were new.

    `source` names where they were made, such as a data set and its version; releases show it. A
    statement that is already recorded changes nothing, so that a file can be imported again.
    Raises Invalid, and records nothing, if one is wrong.
    """
    recorder = Recorder(actor=actor, study=study, source=source)
    recorder.add(statements)
    return recorder.finish()


class Recorder:
    """Records statements in parts, for imports that hold few of them in memory.

    The caller is in a transaction, and calls `finish` at the end of it.
    """

    def __init__(self, *, actor: Actor, study: Study, source: str) -> None:
        require(actor, ADD_PROMPTS, study)
        if problem := source_problem(source):
            raise Invalid(problem)
        self._actor, self._study, self._source, self._count = actor, study, seen(source), 0

    def add(self, statements: Iterable[ImportedStatement]) -> None:
        """Record statements; raises Invalid if one is wrong."""
        for batch in batched(statements, BATCH):
            self._count += _write(self._study, self._source, batch)

    def finish(self) -> int:
        """Record the import in the audit trail, and return how many statements were new."""
        if self._count:
            audit.record(
                actor=self._actor,
                action=IMPORTED,
                study_id=self._study.id,
                about=("study", self._study.id, self._study.title),
                data={"statements": self._count, "source": self._source},
            )
        return self._count


def _write(study: Study, source: str, batch: Sequence[ImportedStatement]) -> int:
    ids = {statement.response_id for statement in batch}
    lengths = _lengths(study, ids)
    known = _known(source, ids)
    new: list[ImportedJudgement] = []
    for statement in batch:
        if statement.response_id not in lengths:
            raise Invalid(_("An imported judgement must be of a response of this study."))
        if problem := statement_problem(statement, length=lengths[statement.response_id]):
            raise Invalid(problem)
        key = statement._replace(value=0)
        if key not in known:
            new.append(ImportedJudgement(study=study, source=source, **statement._asdict()))
        if known.setdefault(key, statement.value) != statement.value:
            raise Invalid(_("A response has two different ranks or scores of one kind and rater."))
    ImportedJudgement.objects.bulk_create(new, ignore_conflicts=True)
    return len(new)


def _lengths(study: Study, ids: set[uuid.UUID]) -> Mapping[uuid.UUID, int]:
    """Return response id → characters of its text, for those that are of the study."""
    responses = Response.objects.filter(id__in=ids, prompt__study=study)
    return dict(responses.values_list("id", Length("text")))


def _known(source: str, ids: set[uuid.UUID]) -> dict[ImportedStatement, float]:
    """Return statement without its value → value, of the recorded statements on these responses."""
    rows = ImportedJudgement.objects.filter(response_id__in=ids, source=source)
    statements = map(ImportedStatement._make, rows.values_list(*ImportedStatement._fields))
    return {statement._replace(value=0): statement.value for statement in statements}
