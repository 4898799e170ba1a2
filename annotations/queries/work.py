"""The work that the ledger must credit, and one piece of it for the staff."""

from __future__ import annotations

import uuid
from collections.abc import Iterator

from django.urls import reverse
from django.utils.translation import gettext as _

from annotations.models import Assignment
from annotations.queries.assignments import shown_to
from annotations.queries.own_judgements import as_sent, latest_of
from annotations.queries.shown import ShownAssignment
from codesign.shared.errors import NotFound


def paid_work() -> Iterator[tuple[uuid.UUID, int, str]]:
    """Yield (assignment, minor units, currency) of all paid judgements and skips, by id.

    Work whose pay is held or was refused is not included.
    """
    return (
        Assignment.objects.paid()
        .order_by("id")
        .values_list("id", "amount_minor", "currency")
        .iterator()
    )


def page_of(slug: str, assignment_id: uuid.UUID) -> str:
    """Return the address at which the staff of a study reads a piece of work."""
    return reverse("annotations:work", kwargs={"slug": slug, "assignment_id": assignment_id})


def one(*, study_id: uuid.UUID, assignment_id: uuid.UUID) -> tuple[Assignment, ShownAssignment]:
    """Return finished work of a study, as it was shown, with the answers that were chosen.

    What the person wrote is left out: rewrites, comments, notes and reports have their own review,
    which keeps private what its author keeps private (decision 24). Raises NotFound.
    """
    rows = Assignment.objects.ended().filter(study_id=study_id, id=assignment_id)
    assignment = rows.select_related("member__study", "member__cohort", "prompt").first()
    if assignment is None:
        raise NotFound(_("This study has no such work."))
    shown = shown_to(assignment.member.study, assignment)
    judgement = latest_of(assignment=assignment)
    written = {"rewrites": [], "highlights": [], "flags": [], "comment": ""}
    shown["draft"] = {**as_sent(judgement=judgement), **written} if judgement else None
    return assignment, shown
