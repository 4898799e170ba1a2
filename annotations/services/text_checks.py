"""Scan prompts and responses for personal data, once for each, and decide on what was found.

Rewrites are scanned when a release is built. Prompts and responses do not change between releases,
so the result is stored with them (standards 7.5).
"""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from annotations.datasets.plumbing.personal_data_scan import with_personal_data
from annotations.models import Prompt, Response
from annotations.permissions import CLEAR_TEXTS
from annotations.queries import text_checks as queries
from annotations.queries.helplines import numbers_known_to
from annotations.queries.text_checks import Kind
from annotations.rules.text_kinds import SCAN_STATES, TEXT_STATES, TextCheck
from annotations.rules.texts import first_check
from codesign.audit import services as audit
from codesign.audit.registry import action
from codesign.shared.actors import Actor
from codesign.shared.errors import Conflict, Invalid
from codesign.shared.transition import Move, machine, machine_of_items, move_items, transition
from codesign.studies.models import Study
from codesign.studies.permissions import require

TEXT_DECIDED = action(
    "annotations.text_decided", gettext_lazy("cleared a text or kept it out of releases")
)
AT_ONCE = 10_000
"""Texts in memory. Results are stored after each such batch."""


def look(*, study: Study, going_on: Callable[[], None]) -> None:
    """Scan the unchecked texts of judged prompts for personal data.

    `going_on` is called from time to time; an exception that it raises stops the scan. Raises
    ScanFailed.
    """
    for kind in Kind:
        while rows := queries.not_looked_at(kind=kind, study_id=study.id, most=AT_ONCE):
            suspicious = {id: text for id, text in rows if first_check(text) != TextCheck.CLEAR}
            matches = with_personal_data(
                suspicious.values(), helplines=numbers_known_to(study), on_progress=going_on
            )
            hits = [id for id, text in suspicious.items() if text in matches]
            clear = {id for id, _ in rows}.difference(hits)
            for ids, state in ((hits, TextCheck.FOUND), (clear, TextCheck.CLEAR)):
                texts = queries.table(kind).filter(id__in=ids)
                move_items(texts, field="text_check", old=TextCheck.UNCHECKED, to=state)


@transaction.atomic
def decide(
    *, actor: Actor, study: Study, kind: Kind, text_id: uuid.UUID, state: str, seen: str
) -> None:
    """Clear a text with possible personal data or keep it out of releases.

    Applies to identical texts of the study too. `seen` is the state that the page showed. Repeating
    a decision changes nothing.
    """
    require(actor, CLEAR_TEXTS, study)
    if state not in (TextCheck.CLEARED, TextCheck.KEPT_OUT):
        raise Invalid(_("Unknown decision."), {"state": [_("Choose one of the decisions.")]})
    row = queries.one(kind=kind, study_id=study.id, text_id=text_id)
    same = _same(kind, study, row).select_for_update(no_key=True, of=("self",)).order_by("id")
    locked = {one.id: one for one in same}
    row = locked[row.id]
    if row.text_check == state:
        return
    if row.text_check != seen:
        raise Conflict(
            _("Somebody else decided on this text in the meantime. Please check it again.")
        )
    transition(
        row,
        field="text_check",
        to=state,
        actor=actor,
        write=lambda: queries.table(kind).filter(id__in=locked).update(text_check=state),
        kind=kind,
        study_id=study.id,
        texts=len(locked),
    )


def _log(move: Move) -> None:
    """Record one event for all rows with the same text."""
    data = dict(move.data)
    audit.record(
        actor=move.actor,
        action=TEXT_DECIDED,
        study_id=data.pop("study_id"),
        about=(str(data.pop("kind")), move.row.id, ""),
        data={"from": move.old, "to": move.new, **data},
    )


for _model in (Prompt, Response):
    machine(_model, TEXT_STATES, log=_log, field="text_check")
    machine_of_items(
        _model,
        SCAN_STATES,
        field="text_check",
        module=__name__,
        logged_by="the job of the release that scans the texts",
    )


def _same(kind: Kind, study: Study, row: Any) -> QuerySet[Any]:
    """Return the rows with the same text in which personal data was found too."""
    if kind is Kind.PROMPT:
        rows: QuerySet[Any] = Prompt.objects.filter(study=study, content_hash=row.content_hash)
    else:
        rows = Response.objects.filter(prompt__study=study, text_hash=row.text_hash, text=row.text)
    return rows.exclude(text_check__in=(TextCheck.UNCHECKED, TextCheck.CLEAR))
