"""Example judgements: fills free seats with the same services that people use.

They are marked on every row, unpaid, and named in every release that contains them.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from dataclasses import dataclass

from annotations.contract.unchecked import UncheckedSubmission
from annotations.models import Assignment
from annotations.queries import rubrics
from annotations.queries import simulated_judgements as queries
from annotations.queries.review import Kind
from annotations.rules import simulated_judgements as rules
from annotations.rules.states import FlagState, RewriteState
from annotations.services import assignments, review, submissions
from codesign.consent import queries as consent
from codesign.consent.rules import Purpose
from codesign.shared.actors import SYSTEM, Actor
from codesign.studies.models import Member, Study
from codesign.studies.queries import members_of
from codesign.studies.rules import JUDGING, Role

NOTE = "Example decision, made by a program."


@dataclass
class Seeded:
    """What was added, and what is left."""

    judgements: int = 0
    reviewed: int = 0
    people: int = 0
    left_alone: int = 0
    free_seats: int = 0


def seed_judgements(*, study: Study) -> Seeded:
    """Judge everything that can be judged now, on behalf of each consented member in turn.

    Members who hold an assignment are skipped, because they may be working on it. A later call
    continues and changes nothing that exists.
    """
    seeded = Seeded()
    granting = consent.members_granting(study_id=study.id, purposes=[Purpose.TAKE_PART])
    members = [
        member
        for member in members_of(study_id=study.id)
        if member.id in granting and set(member.roles) & JUDGING
    ]
    holding: dict[uuid.UUID, tuple[Member, Assignment]] = {}
    for member in members:
        lease = assignments.lease(actor=Actor.of(member.user), slug=study.slug)
        if lease.assignment and lease.created:
            holding[member.id] = (member, lease.assignment)
        seeded.left_alone += bool(lease.assignment and not lease.created)
    seeded.people = len(holding)
    while holding:
        for member, assignment in list(holding.values()):
            following = _judge(member, assignment)
            seeded.judgements += 1
            if following is None:
                del holding[member.id]
            else:
                holding[member.id] = (member, following)
    seeded.reviewed = _review(study)
    seeded.free_seats = queries.free_seats(study_id=study.id)
    return seeded


def _judge(member: Member, assignment: Assignment) -> Assignment | None:
    words = rubrics.rubric_in(assignment.rubric_id, member.study.language)
    body = rules.answers(
        person=member.user.email,
        prompt=assignment.prompt.external_id,
        responses=[
            rules.Shown(str(id), assignment.responses[id].text_hash)
            for id in assignment.order_shown
        ],
        scales={c.key: (c.scale.minimum, c.scale.maximum) for c in words.criteria},
        asks=assignment.asks,
        conditions=words.conditions,
        turns=words.turns_of(assignment.prompt.messages),
        each_turn=words.each_turn,
    )
    sent = submissions.submit(
        actor=Actor.of(member.user),
        assignment_id=assignment.id,
        sent=UncheckedSubmission(body),
        idempotency_key=f"example-{assignment.id}",
        example=True,
    )
    return sent.next


def _review(study: Study) -> int:
    """Decide on most example rewrites and flags, as the study's coordinator if there is one."""
    reviewer = _reviewer(study)
    verdicts: list[tuple[Kind, uuid.UUID, str]] = [
        (Kind.REWRITES, rewrite.id, rules.review_of_rewrite(rewrite.text))
        for rewrite in queries.rewrites_to_review(study_id=study.id)
    ]
    verdicts += [
        (Kind.FLAGS, flag.id, rules.review_of_flag(flag.response.text_hash, flag.harm))
        for flag in queries.flags_to_review(study_id=study.id)
    ]
    waiting = (RewriteState.PENDING, FlagState.REPORTED)
    decided = [verdict for verdict in verdicts if verdict[2] not in waiting]
    for kind, item_id, state in decided:
        review.decide(
            actor=reviewer, kind=kind, item_id=item_id, state=state, note=NOTE, example=True
        )
    return len(decided)


def _reviewer(study: Study) -> Actor:
    coordinators: Iterator[Member] = (
        member for member in members_of(study_id=study.id) if member.has_role(Role.COORDINATOR)
    )
    coordinator = next(coordinators, None)
    return Actor.of(coordinator.user) if coordinator else SYSTEM
