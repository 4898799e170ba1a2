"""Filling in the judging page, as a browser would send it."""

from __future__ import annotations

from typing import Any

from django.test import Client
from django.urls import reverse

from annotations.contract.unchecked import UncheckedSubmission
from annotations.models import Assignment, Flag, Rewrite
from annotations.rules.states import AssignmentState, Harm
from annotations.services import assignments, submissions
from codesign.shared.actors import Actor
from codesign.studies.models import Cohort, Member
from tests.factories.annotations import answers


def signed_in(member: Member) -> Client:
    client = Client()
    client.force_login(member.user)
    return client


def cohort_of(member: Member) -> Cohort:
    """Return the cohort of a member who judges."""
    assert member.cohort is not None
    return member.cohort


def judge_url(member: Member) -> str:
    return reverse("annotations:judge", kwargs={"slug": member.study.slug})


def one_url(assignment: Assignment) -> str:
    return reverse(
        "annotations:judge-one",
        kwargs={"slug": assignment.study.slug, "assignment_id": assignment.id},
    )


def held(member: Member) -> Assignment:
    return Assignment.objects.get(member=member, state=AssignmentState.LEASED)


def filled(assignment: Assignment, *, score: int = 4, **changes: Any) -> dict[str, str]:
    """Return the form of “Send and go on” with every required field; None removes a field."""
    keys = assignment.rubric.criteria.values_list("key", flat=True)
    letters = "ABCDEFG"[: len(assignment.order_shown)]
    fields: dict[str, Any] = {f"rating-{letter}-{key}": score for letter in letters for key in keys}
    fields |= {"comparison": "A2", "active_seconds": "30", "key": f"key-{assignment.id}"}
    fields |= {"do": "send", "comment": ""}
    fields |= {k if k in fields else k.replace("_", "-"): v for k, v in changes.items()}
    return {name: str(value) for name, value in fields.items() if value is not None}


def judged(
    member: Member, *, text: str = "That sounds heavy. I am here.", comment: str = ""
) -> tuple[Rewrite, Flag]:
    """Send the member's next assignment; return its rewrite and its flag."""
    actor = Actor.of(member.user)
    assignment = assignments.lease(actor=actor, slug=member.study.slug).assignment
    assert assignment is not None
    first, second = (str(one) for one in assignment.order_shown)
    sent = submissions.submit(
        actor=actor,
        assignment_id=assignment.id,
        sent=UncheckedSubmission(
            answers(
                assignment,
                comment=comment,
                rewrites=[{"response": first, "text": text}],
                flags=[
                    {
                        "response": second,
                        "harm": Harm.DIAGNOSING,
                        "severity": 2,
                        "note": "It labels.",
                    }
                ],
            )
        ),
        idempotency_key=str(assignment.id),
    )
    return sent.judgement.rewrites.get(), sent.judgement.flags.get()
