"""Looking for personal data in prompts and responses, once for each; deciding on what was found.

Rewrites are looked at when a release is built. Prompts and responses stay the same from release to
release, so what was found is kept with them (standards 7.5).
"""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any

from django.db import transaction
from django.db.models import QuerySet

from annotations.datasets.plumbing.personal_data_scan import with_personal_data
from annotations.models import Prompt, Response
from annotations.permissions import CLEAR_TEXTS
from annotations.queries import text_checks as queries
from annotations.queries.helplines import helpline_numbers
from annotations.queries.text_checks import Kind
from annotations.rules.text_kinds import TEXT_STATES, TextCheck
from annotations.rules.texts import first_check
from codesign.audit import services as audit
from codesign.audit.registry import action
from codesign.shared.actors import Actor
from codesign.shared.errors import Conflict, Invalid
from codesign.studies.models import Study
from codesign.studies.permissions import require

TEXT_DECIDED = action("annotations.text_decided", "cleared a text or kept it out of releases")
AT_ONCE = 10_000
"""Texts in memory; what was found in so many is kept even if the next are not looked at."""


def look(*, study: Study, going_on: Callable[[], None]) -> None:
    """Look for personal data in every text of judged prompts that nobody has looked at.

    `going_on` is called now and then; what it raises ends the looking. Raises ScanFailed.
    """
    for kind in Kind:
        while rows := queries.not_looked_at(kind=kind, study_id=study.id, most=AT_ONCE):
            worth = {id: text for id, text in rows if first_check(text) != TextCheck.CLEAR}
            found = with_personal_data(
                worth.values(), helplines=helpline_numbers(), on_progress=going_on
            )
            hits = [id for id, text in worth.items() if text in found]
            unseen = queries.table(kind).filter(text_check=TextCheck.UNCHECKED)
            unseen.filter(id__in=hits).update(text_check=TextCheck.FOUND)
            clear = {id for id, _ in rows}.difference(hits)
            unseen.filter(id__in=clear).update(text_check=TextCheck.CLEAR)


@transaction.atomic
def decide(
    *, actor: Actor, study: Study, kind: Kind, text_id: uuid.UUID, state: str, seen: str
) -> None:
    """Clear a text in which something was found, or keep it out; of its twins in the study too.

    `seen` is the state that was shown. Asking for what is the case already changes nothing.
    """
    require(actor, CLEAR_TEXTS, study)
    if state not in (TextCheck.CLEARED, TextCheck.KEPT_OUT):
        raise Invalid("There is no such decision.", {"state": ["Choose one of the decisions."]})
    row = queries.one(kind=kind, study_id=study.id, text_id=text_id)
    same = _same(kind, study, row).select_for_update(no_key=True, of=("self",)).order_by("id")
    states = {one.id: one.text_check for one in same}
    old = states[row.id]
    if old == state:
        return
    if old != seen:
        raise Conflict("Somebody decided on this text meanwhile. Please look at it again.")
    TEXT_STATES.check(old, state)
    queries.table(kind).filter(id__in=states).update(text_check=state)
    audit.record(
        actor=actor,
        action=TEXT_DECIDED,
        study_id=study.id,
        about=(str(kind), row.id, ""),
        data={"from": old, "to": state, "texts": len(states)},
    )


def _same(kind: Kind, study: Study, row: Any) -> QuerySet[Any]:
    """The rows with the very same text, in which something was found too."""
    if kind is Kind.PROMPT:
        found: QuerySet[Any] = Prompt.objects.filter(study=study, content_hash=row.content_hash)
    else:
        found = Response.objects.filter(prompt__study=study, text_hash=row.text_hash, text=row.text)
    return found.exclude(text_check__in=(TextCheck.UNCHECKED, TextCheck.CLEAR))
