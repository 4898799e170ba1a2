"""Sending a rewrite back with a note, and deciding on several items at once."""

from __future__ import annotations

import uuid

import pytest

from annotations.contract.unchecked import UncheckedSubmission
from annotations.models import Flag, ReviewDecision, Rewrite
from annotations.queries import own_judgements
from annotations.queries import review as queries
from annotations.queries.review import Kind
from annotations.rules.states import FlagState, RewriteState
from annotations.services import corrections, review
from codesign.shared.actors import SYSTEM, Actor
from codesign.shared.errors import Invalid, NotPermitted
from codesign.studies.models import Member
from codesign.studies.rules import Role
from tests.factories.annotations import answers, judge, judging_round
from tests.factories.studies import staff
from tests.support.judging_page import cohort_of, judged
from tests.support.release_study import Story, release, rows

pytestmark = pytest.mark.django_db


@pytest.fixture
def member() -> Member:
    member = judge()
    judging_round(cohort_of(member), tasks=3, overlap=2)
    return member


def send_back(rewrite: Rewrite, note: str = "Please keep the question.") -> None:
    review.decide(
        actor=Actor.of(staff(rewrite.judgement.assignment.study).user),
        kind=Kind.REWRITES,
        item_id=rewrite.id,
        state=RewriteState.SENT_BACK,
        note=note,
    )


def test_the_author_reads_the_note_and_may_correct(member: Member) -> None:
    rewrite, _flag = judged(member)
    actor = Actor.of(member.user)
    assignment = rewrite.judgement.assignment
    assert own_judgements.sent_back(actor=actor, member=member) == []
    send_back(rewrite)
    assert own_judgements.sent_back(actor=actor, member=member) == [assignment.id]
    own = own_judgements.own_judgement(actor=actor, assignment_id=assignment.id)
    assert own.sent_back == ["Please keep the question."]
    changed = [{"response": str(rewrite.response_id), "text": "What happened?"}]
    corrections.correct(
        actor=actor,
        assignment_id=assignment.id,
        revision=2,
        sent=UncheckedSubmission(answers(assignment, rewrites=changed)),
    )
    assert own_judgements.sent_back(actor=actor, member=member) == []
    item = queries.next_waiting(actor=SYSTEM, study_id=member.study_id, kind=Kind.REWRITES)
    assert item is not None
    assert item.rewrite == "What happened?"


def test_what_was_left_as_it_was_stays_sent_back(member: Member) -> None:
    rewrite, _flag = judged(member)
    send_back(rewrite)
    assignment = rewrite.judgement.assignment
    same = [{"response": str(rewrite.response_id), "text": rewrite.text}]
    corrections.correct(
        actor=Actor.of(member.user),
        assignment_id=assignment.id,
        revision=2,
        sent=UncheckedSubmission(answers(assignment, rewrites=same)),
    )
    own = own_judgements.own_judgement(actor=Actor.of(member.user), assignment_id=assignment.id)
    assert own.sent_back == ["Please keep the question."]


@pytest.mark.parametrize("note", ["", "  ", "\u200b"])
def test_sending_back_needs_a_note(member: Member, note: str) -> None:
    rewrite, _flag = judged(member)
    with pytest.raises(Invalid, match="Write a note"):
        send_back(rewrite, note)


def test_a_note_that_only_its_reviewer_sees_is_not_shown(member: Member) -> None:
    rewrite, _flag = judged(member)
    send_back(rewrite, "I want to kill myself.")
    own = own_judgements.own_judgement(
        actor=Actor.of(member.user), assignment_id=rewrite.judgement.assignment_id
    )
    assert own.sent_back == [""]


def test_what_was_sent_back_waits_for_nobody_and_is_not_released() -> None:
    story = Story()
    judgement = story.judge(story.member(), story.prompt())
    story.rewrite(judgement, "Kinder words that went back", state="sent_back")
    actor = Actor.of(story.coordinator.user)
    assert queries.counts(actor=actor, study_id=story.study.id).rewrites == 0
    assert not rows(release(story.study), "sft")


def test_several_decisions_at_once_leave_what_was_decided_meanwhile(member: Member) -> None:
    flags = [judged(member)[1] for _ in range(3)]
    actor = Actor.of(staff(member.study).user)
    review.decide(actor=actor, kind=Kind.FLAGS, item_id=flags[0].id, state=FlagState.DISMISSED)
    ids = [*(one.id for one in flags), uuid.uuid4()]
    decided = review.decide_all(actor=actor, kind=Kind.FLAGS, item_ids=ids, state=FlagState.UPHELD)
    assert decided == (2, 2)
    states = dict(Flag.objects.values_list("id", "state"))
    assert [states[one.id] for one in flags] == ["dismissed", "upheld", "upheld"]
    assert ReviewDecision.objects.count() == 3


def test_others_may_not_decide(member: Member) -> None:
    _rewrite, flag = judged(member)
    for other in (judge(cohort=cohort_of(member)), staff(member.study, Role.AUDITOR)):
        with pytest.raises(NotPermitted, match="does not include"):
            review.decide_all(
                actor=Actor.of(other.user),
                kind=Kind.FLAGS,
                item_ids=[flag.id],
                state=FlagState.UPHELD,
            )
