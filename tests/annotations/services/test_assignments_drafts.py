"""A draft that goes on after a stop, under the replies as they stood."""

from __future__ import annotations

import pytest

from annotations.contract.unchecked import UncheckedSubmission
from annotations.services import assignments, submissions
from codesign.shared.actors import Actor
from tests.factories.annotations import judge, judging_round, lease

pytestmark = pytest.mark.django_db


def test_a_continued_draft_keeps_the_order_of_replies() -> None:
    """A comment such as “reply A is cold” said the opposite when the replies changed places."""
    member = judge()
    judging_round(member.cohort)
    first = lease(member)
    for _ in range(6):  # by chance alone both orders would come
        submissions.save_draft(
            actor=Actor.of(member.user),
            assignment_id=first.id,
            sent=UncheckedSubmission({"comment": "Reply A is cold."}),
        )
        assignments.stop(actor=Actor.of(member.user), assignment_id=first.id)
        again = lease(member)
        assert again.id != first.id
        assert again.draft == {"comment": "Reply A is cold."}
        assert (again.order_shown, again.propensity) == (first.order_shown, first.propensity)
        first = again
