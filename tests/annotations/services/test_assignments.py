"""Leases: what comes next, how they end, what they keep."""

from __future__ import annotations

import uuid
from datetime import timedelta

import pytest
from django.conf import settings
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from annotations.contract.skip import Skip
from annotations.contract.unchecked import UncheckedSubmission
from annotations.models import Assignment, Judgement, Response, Seat
from annotations.queries import assignments as queries
from annotations.rules import sittings
from annotations.rules.states import AssignmentState, SeatState
from annotations.services import assignments, prompts, rounds, submissions
from annotations.tasks import expire_leases
from codesign.audit.models import Event
from codesign.compensation.queries import ledger
from codesign.consent import services as consent
from codesign.consent.rules import WithdrawalLevel
from codesign.shared.actors import SYSTEM, Actor
from codesign.shared.errors import Conflict, NoConsent
from codesign.studies import services as studies
from codesign.studies.models import Member, Study
from codesign.studies.rules import StudyState
from tests.factories.annotations import (
    SOURCE_A,
    SOURCE_B,
    add_task,
    answers,
    judge,
    judging_round,
    lease,
    send,
)
from tests.factories.compensation import set_rate
from tests.factories.consent import publish, sign
from tests.factories.studies import CohortFactory

pytestmark = pytest.mark.django_db
SOURCE_C = uuid.UUID("cccccccc-0000-4000-8000-000000000003")


def keep(held: Assignment, comment: str) -> None:
    sent = UncheckedSubmission({"comment": comment})
    submissions.save_draft(actor=actor(held.member), assignment_id=held.id, sent=sent)


def skip(held: Assignment, reason: str) -> submissions.Skipped:
    said = Skip.read(reason=reason)
    return submissions.skip(actor=actor(held.member), assignment_id=held.id, skip=said)


def actor(member: Member) -> Actor:
    return Actor.of(member.user)


def ask(member: Member) -> Assignment | None:
    return assignments.lease(actor=actor(member), slug=member.study.slug).assignment


def let_expire(assignment: Assignment) -> None:
    Assignment.objects.filter(id=assignment.id).update(expires_at=timezone.now())


@pytest.fixture
def member() -> Member:
    return judge()


def test_the_task_nearest_to_completion_comes_first(member: Member) -> None:
    made = judging_round(member.cohort, tasks=6, overlap=3)
    begun = lease(judge(cohort=member.cohort))
    assert lease(member).task_id == begun.task_id
    assert Seat.objects.get(task=begun.task_id, offered=True).number == 3
    assert made.tasks.count() == 6


def test_a_lease_keeps_the_terms_in_force(member: Member) -> None:
    judging_round(member.cohort)
    held = lease(member)
    assert member.cohort is not None
    set_rate(member.cohort, 500)
    send(held)
    assert ledger.balances(member_id=member.id) == {"GBP": 80}
    assert held.rubric.version == 1
    assert held.expires_at - held.leased_at == timedelta(minutes=settings.ASSIGNMENT_LEASE_MINUTES)
    assert held.propensity == 0.5


def test_cohorts_have_seats_of_their_own(member: Member) -> None:
    clinicians = CohortFactory.create(study=member.study, role="clinician")
    clinician = judge(cohort=clinicians)
    judging_round(member.cohort, clinicians, tasks=1, overlap=1)
    assert lease(member).task_id == lease(clinician).task_id
    assert Seat.objects.filter(state=SeatState.LEASED).count() == 2


@pytest.mark.parametrize("state", [StudyState.PAUSED, StudyState.CLOSED])
def test_nothing_is_leased_in_a_study_that_is_not_open(member: Member, state: StudyState) -> None:
    judging_round(member.cohort, tasks=3)
    held = lease(member)
    studies.change_state(actor=SYSTEM, study=member.study, state=state)
    assert lease(member) == held
    assert send(held).next is None


def test_nothing_is_leased_without_a_pay_rate(member: Member) -> None:
    judging_round(member.cohort, opened=True)
    Study.objects.update(state=StudyState.OPEN)
    assert member.cohort is not None
    other = CohortFactory.create(study=member.study)
    assert ask(judge(cohort=other)) is None


def test_a_new_material_consent_is_needed_first(member: Member) -> None:
    judging_round(member.cohort, tasks=2)
    held = lease(member)
    publish(member.study)
    with pytest.raises(NoConsent, match="sign the consent"):
        send(held)
    with pytest.raises(NoConsent, match="sign the consent"):
        ask(member)
    sign(member)
    assert send(held).next is not None


def test_sittings(member: Member) -> None:
    judging_round(member.cohort, tasks=4)
    first = lease(member)
    second = send(first).next
    assert second is not None
    assert second.sitting == first.sitting
    assert queries.how_many_wait(member) == 2
    skip(second, "other")
    third = lease(member)
    assignments.stop(actor=actor(member), assignment_id=third.id)
    Assignment.objects.update(ended_at=timezone.now() - timedelta(minutes=31))
    assert lease(member).sitting != first.sitting


def test_an_expired_lease_goes_to_others_and_its_draft_stays(member: Member) -> None:
    judging_round(member.cohort)
    held = lease(member)
    keep(held, "so far")
    expire_leases()
    assert Assignment.objects.get().state == AssignmentState.LEASED
    let_expire(held)
    expire_leases()
    held.refresh_from_db()
    assert (held.state, held.draft) == (AssignmentState.EXPIRED, {"comment": "so far"})
    again = lease(member)
    assert (again.task_id, again.draft) == (held.task_id, {"comment": "so far"})
    assert again.id != held.id


def test_a_new_lease_ends_the_expired_one(member: Member) -> None:
    judging_round(member.cohort)
    held = lease(member)
    let_expire(held)
    assert lease(member).id != held.id
    assert Event.objects.filter(about_id=held.id, data__why="time over").exists()


def test_late_work_is_accepted_while_a_seat_is_free(member: Member) -> None:
    judging_round(member.cohort, tasks=2, overlap=2)
    held = lease(member)
    let_expire(held)
    expire_leases()
    other = lease(judge(cohort=member.cohort))
    assert other.seat_id == held.seat_id
    assert send(held).next is not None
    assert ledger.balances(member_id=member.id) == {"GBP": 80}
    seats = Seat.objects.filter(task=held.task_id).order_by("number")
    assert [(seat.state, seat.offered) for seat in seats] == [("leased", False), ("filled", False)]


def test_late_work_whose_seat_is_taken_is_refused_and_its_draft_stays(member: Member) -> None:
    judging_round(member.cohort)
    held = lease(member)
    keep(held, "mine")
    let_expire(held)
    expire_leases()
    lease(judge(cohort=member.cohort))
    with pytest.raises(Conflict, match="no longer assigned"):
        send(held)
    held.refresh_from_db()
    assert (held.state, held.draft) == (AssignmentState.EXPIRED, {"comment": "mine"})
    assert Judgement.objects.count() == 0


def test_late_work_on_a_withdrawn_prompt_is_refused(member: Member) -> None:
    judging_round(member.cohort)
    held = lease(member)
    let_expire(held)
    expire_leases()
    prompts.withdraw_prompt(actor=SYSTEM, prompt=held.prompt)
    with pytest.raises(Conflict, match="no longer assigned"):
        send(held)
    assert not Seat.objects.filter(offered=True).exists()


def test_late_work_while_holding_another(member: Member) -> None:
    judging_round(member.cohort, tasks=1, overlap=2)
    late = lease(member)
    let_expire(late)
    expire_leases()
    Seat.objects.filter(task=late.task_id).update(offered=False)
    judging_round(member.cohort, tasks=1)
    held = lease(member)
    assert send(late).next == held


def test_late_work_continues_the_current_sitting(member: Member) -> None:
    judging_round(member.cohort, tasks=1, overlap=2)
    late = lease(member)
    let_expire(late)
    expire_leases()
    Assignment.objects.update(ended_at=timezone.now() - timedelta(minutes=31))
    Seat.objects.filter(task=late.task_id).update(offered=False)
    judging_round(member.cohort, tasks=2)
    first = lease(member)
    second = send(first).next
    assert second is not None
    assignments.stop(actor=actor(member), assignment_id=second.id)
    third = send(late).next
    assert third is not None
    assert third.sitting == first.sitting != late.sitting


def test_late_work_after_the_same_task_came_again(member: Member) -> None:
    judging_round(member.cohort, tasks=1, overlap=2)
    late = lease(member)
    let_expire(late)
    again = lease(member)
    assert again.task_id == late.task_id
    assert send(late).next is None
    with pytest.raises(Conflict, match="already sent"):
        send(again)
    assert Seat.objects.filter(state=SeatState.FILLED).count() == 1


def test_stopping_gives_the_task_back(member: Member) -> None:
    judging_round(member.cohort)
    held = lease(member)
    assignments.stop(actor=actor(member), assignment_id=held.id)
    assignments.stop(actor=actor(member), assignment_id=held.id)
    assert Seat.objects.get().offered
    assert queries.held(actor=actor(member), slug=member.study.slug) is None
    assert ledger.balances(member_id=member.id) == {}


@pytest.mark.parametrize("level", list(WithdrawalLevel))
def test_withdrawing_between_lease_and_submit(member: Member, level: WithdrawalLevel) -> None:
    """standards 2.8: at once, whatever the level."""
    judging_round(member.cohort)
    held = lease(member)
    consent.withdraw(actor=actor(member), member=member, level=level)
    assert Seat.objects.get().offered
    with pytest.raises(NoConsent, match="sign the consent"):
        send(held)
    sign(member)
    with pytest.raises(Conflict, match="no longer assigned"):
        send(held)
    assert ask(member) is None
    assert ask(judge(cohort=member.cohort)) is not None


def test_a_skip_is_final_for_the_prompt_and_paid(member: Member) -> None:
    judging_round(member.cohort)
    held = lease(member)
    skipped = skip(held, "other")
    assert (skipped.next, skipped.paid, skipped.held, skipped.rest) == (None, True, False, False)
    response = Response.objects.filter(prompt=held.prompt)
    second = judging_round(member.cohort, tasks=0)
    rounds.add_tasks(actor=SYSTEM, round=second, items=[(held.prompt, list(response))])
    assert ask(member) is None
    assert ledger.balances(member_id=member.id) == {"GBP": 80}
    assert ask(judge(cohort=member.cohort)) is not None


def test_a_withdrawal_deletes_drafts(member: Member) -> None:
    judging_round(member.cohort, tasks=2)
    stopped = lease(member)
    keep(stopped, "one")
    assignments.stop(actor=actor(member), assignment_id=stopped.id)
    held = lease(member)
    keep(held, "two")
    consent.withdraw(actor=actor(member), member=member)
    kept = Assignment.objects.values_list("draft", "draft_saved_at")
    assert list(kept) == [(None, None), (None, None)]


def test_not_today_is_paid_once_a_day_of_the_person(member: Member) -> None:
    judging_round(member.cohort, tasks=5)
    member.user.timezone = "Pacific/Auckland"
    member.user.save()

    def not_today() -> bool:
        held = lease(member)
        skip(held, "not_today")
        held.refresh_from_db()
        return held.skip_paid

    assert (not_today(), not_today()) == (True, False)
    held = lease(member)
    skip(held, "too_close")
    midnight = sittings.start_of_day(now=timezone.now(), zone="Pacific/Auckland")
    Assignment.objects.filter(skip_reason="not_today").update(
        ended_at=midnight - timedelta(seconds=1)
    )
    assert not_today()
    assert ledger.balances(member_id=member.id) == {"GBP": 3 * 80}


def test_order_is_balanced_for_each_person_and_pair() -> None:
    """A-left minus B-left is never above 1, over many leases of three models and skips between."""
    cohort = CohortFactory.create()
    people = [judge(cohort=cohort) for _ in range(2)]
    made = judging_round(cohort, tasks=0, overlap=2)
    for left, right in ((SOURCE_A, SOURCE_B), (SOURCE_B, SOURCE_C), (SOURCE_C, SOURCE_A)) * 8:
        add_task(made, sources=(left, right))
    for member in people:
        balance: dict[frozenset[uuid.UUID], int] = {}
        held = ask(member)
        number = 0
        while held is not None:
            source = dict(
                Response.objects.filter(prompt=held.prompt_id).values_list("id", "source")
            )
            left, right = (source[id] for id in held.order_shown)
            pair = frozenset((left, right))
            balance[pair] = balance.get(pair, 0) + (1 if left < right else -1)
            assert abs(balance[pair]) <= 1
            number += 1
            held = skip(held, "dont_know").next if number % 4 == 0 else send(held).next
        assert number == 24


def test_active_time_is_bounded_by_the_time_since_shown(member: Member) -> None:
    judging_round(member.cohort, tasks=2)
    held = lease(member)
    Assignment.objects.update(first_shown_at=timezone.now() - timedelta(seconds=20))
    judgement = send(held, active_seconds=3000).judgement
    assert 20_000 <= judgement.active_ms < 25_000


def test_a_submission_is_stored_as_sent(member: Member) -> None:
    judging_round(member.cohort)
    held = lease(member)
    first, second = (str(id) for id in held.order_shown)
    judgement = send(
        held,
        ranking=[[second], [first]],
        strength=2,
        rewrites=[{"response": first, "text": "A better reply."}],
        highlights=[{"response": first, "start": 0, "end": 4, "label": "kind"}],
        flags=[{"response": second, "harm": "sycophancy", "severity": 2, "note": "flattery"}],
        comment="Thank you.",
    ).judgement
    judgement.refresh_from_db()
    assert judgement.ranking == [[second], [first]]
    assert (judgement.strength, judgement.comment) == (2, "Thank you.")
    assert judgement.highlights[0]["end"] == 4
    assert len(judgement.ratings) == 4
    assert str(judgement.rewrites.get().response_id) == first
    assert judgement.flags.get().harm == "sycophancy"
    assert judgement.consent_record.member_id == member.id


def test_example_judgements_are_marked_and_not_paid(member: Member) -> None:
    judging_round(member.cohort)
    held = lease(member)
    sent = submissions.submit(
        actor=actor(member),
        assignment_id=held.id,
        sent=UncheckedSubmission(answers(held)),
        idempotency_key="example",
        example=True,
    )
    assert sent.judgement.example
    assert Assignment.objects.get().example
    assert ledger.balances(member_id=member.id) == {}


def test_progress_costs_the_same_for_many_tasks(member: Member) -> None:
    counts = []
    for tasks in (2, 9):
        judging_round(member.cohort, tasks=tasks)
        with CaptureQueriesContext(connection) as captured:
            queries.how_many_wait(member)
        counts.append(len(captured))
    assert counts[0] == counts[1] <= 4
