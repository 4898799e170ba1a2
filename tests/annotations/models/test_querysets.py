"""Rules about rows, each against every row that it could meet."""

from __future__ import annotations

import itertools
from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from annotations.models import (
    Assignment,
    DatasetRelease,
    Flag,
    Prompt,
    Response,
    Rewrite,
    Round,
    Seat,
    SeenInReview,
    TaskResponse,
    TopicChoice,
)
from annotations.models.querysets import in_use, withdrawn
from annotations.rules.states import (
    AssignmentState,
    FlagState,
    PayCheck,
    ReleasePurpose,
    ReleaseState,
    RewriteState,
    RoundKind,
    RoundState,
    SeatState,
)
from annotations.rules.topics import Choice
from codesign.consent.rules import Purpose
from codesign.studies.models import Member
from tests.factories.annotations import (
    PromptFactory,
    ResponseFactory,
    add_task,
    judge,
    judging_round,
    lease,
    send,
)
from tests.factories.studies import StudyFactory

pytestmark = pytest.mark.django_db


def test_prompts_in_use_for_judging_and_for_comparisons() -> None:
    study = StudyFactory.create()
    made = {
        (held_out, gone): PromptFactory.create(
            study=study, held_out=held_out, withdrawn_at=timezone.now() if gone else None
        )
        for held_out, gone in itertools.product([False, True], repeat=2)
    }
    prompts = Prompt.objects.filter(study=study)
    assert set(prompts.in_use()) == {made[False, False], made[True, False]}
    assert set(prompts.for_judging()) == {made[False, False]}
    assert set(prompts.for_comparisons()) == {made[True, False]}


def test_texts_in_use_by_their_own_row_and_by_a_path() -> None:
    person = judge()
    judging_round(person.cohort)
    first, second = Response.objects.order_by("id")
    Response.objects.filter(id=first.id).update(withdrawn_at=timezone.now())
    assert list(Response.objects.in_use()) == [second]
    assert TaskResponse.objects.get(in_use("response")).response == second
    assert TaskResponse.objects.get(withdrawn("response")).response == first
    assert list(Response.objects.filter(withdrawn())) == [first]


@pytest.mark.parametrize("state", RoundState)
@pytest.mark.parametrize("kind", RoundKind)
def test_rounds_for_judging_and_open_ones(kind: RoundKind, state: RoundState) -> None:
    Round.objects.create(study=StudyFactory.create(), kind=kind, title="Any", state=state)
    assert Round.objects.judging().exists() == (kind == RoundKind.JUDGING)
    assert Round.objects.open().exists() == (state == RoundState.OPEN)


def waiting_for(member: Member) -> int:
    return Seat.objects.waiting_for(member_id=member.id, cohort_id=member.cohort_id).count()


@pytest.mark.parametrize(
    ("state", "had"), [(state, state != AssignmentState.EXPIRED) for state in AssignmentState]
)
def test_a_seat_waits_for_members_new_to_its_prompt(state: AssignmentState, had: bool) -> None:
    person = judge()
    judging_round(person.cohort, overlap=2)
    other = judge(cohort=person.cohort)
    held = lease(person)
    skipped = state == AssignmentState.SKIPPED
    Assignment.objects.filter(id=held.id).update(
        state=state, skip_reason="other" if skipped else ""
    )
    assert waiting_for(person) == (not had)
    assert waiting_for(other) == 1


@pytest.mark.parametrize("choice", [None, *Choice])
def test_a_seat_waits_unless_one_of_its_topics_is_never_wanted(choice: Choice | None) -> None:
    person = judge()
    made = judging_round(person.cohort, tasks=0)
    add_task(made, topics=["sleep", "bereavement"])
    if choice:
        TopicChoice.objects.create(member=person, topic="bereavement", choice=choice)
    TopicChoice.objects.create(member=person, topic="work", choice=Choice.NEVER)
    TopicChoice.objects.create(
        member=judge(cohort=person.cohort), topic="sleep", choice=Choice.NEVER
    )
    assert waiting_for(person) == (choice != Choice.NEVER)


@pytest.mark.parametrize(("hours", "waits"), [(None, 1), (-1, 1), (1, 0)])
def test_a_seat_waits_once_the_day_of_a_put_off_task_has_come(
    hours: int | None, waits: int
) -> None:
    person = judge()
    judging_round(person.cohort)
    until = None if hours is None else timezone.now() + timedelta(hours=hours)
    Assignment.objects.filter(id=lease(person).id).update(state="expired", later_until=until)
    Seat.objects.update(state=SeatState.FREE, offered=True)
    assert waiting_for(person) == waits
    assert waiting_for(judge(cohort=person.cohort)) == 1


@pytest.mark.parametrize("intensity", [1, 2, 3])
def test_seats_of_the_highest_intensity(intensity: int) -> None:
    made = judging_round(judge().cohort, tasks=0)
    add_task(made, intensity=intensity)
    assert Seat.objects.not_heaviest().count() == (intensity < 3)


def test_a_skip_for_today_is_not_one_for_good() -> None:
    person = judge()
    judging_round(person.cohort)
    one = Assignment.objects.filter(id=lease(person).id)
    one.update(state="skipped", skip_reason="not_today", later_until=timezone.now())
    assert not one.skipped_for_good().exists()
    assert not one.had().exists()


def test_a_seat_does_not_wait_for_members_who_reviewed_its_prompt() -> None:
    person = judge()
    made = judging_round(person.cohort)
    assert waiting_for(person) == 1
    SeenInReview.objects.create(member=person, prompt=made.tasks.get().prompt)
    assert waiting_for(person) == 0


@pytest.mark.parametrize("tests", [True, False])
def test_evaluation_seats_wait_for_members_who_allow_evaluation(tests: bool) -> None:
    granted = [Purpose.TAKE_PART, *([Purpose.EVALUATION] if tests else [])]
    person = judge(granted=granted)
    judging_round(person.cohort, kind=RoundKind.EVALUATION)
    assert waiting_for(person) == tests
    offered = Seat.objects.offered_to(member_id=person.id, cohort_id=person.cohort_id)
    assert offered.count() == 1


def is_stored(**fields: Any) -> bool:
    """Store these fields of the one assignment; False where the database refuses them."""
    try:
        with transaction.atomic():
            Assignment.objects.update(**fields)
    except IntegrityError:
        return False
    return True


def test_work_that_is_paid_held_or_ended() -> None:
    """Every state, skip and pay check that the database allows, against the rule in plain words."""
    person = judge()
    judging_round(person.cohort)
    lease(person)
    checked = 0
    for state, skip_paid, check, example in itertools.product(
        AssignmentState, [False, True], PayCheck, [False, True]
    ):
        reason = "other" if state == AssignmentState.SKIPPED else ""
        fields = {"state": state, "skip_paid": skip_paid, "pay_check": check}
        if not is_stored(**fields, skip_reason=reason, example=example):
            continue
        checked += 1
        submitted, skipped = (
            state == one for one in (AssignmentState.SUBMITTED, AssignmentState.SKIPPED)
        )
        worked = submitted or skip_paid
        credited = check not in (PayCheck.HELD, PayCheck.NOT_PAID)
        assert Assignment.objects.paid().exists() == (worked and credited and not example)
        assert Assignment.objects.pay_held().exists() == (check == PayCheck.HELD)
        assert Assignment.objects.ended().exists() == (submitted or skipped)
        assert Assignment.objects.submitted().exists() == submitted
        assert Assignment.objects.skipped_for_good().exists() == skipped
        assert Assignment.objects.leased().exists() == (state == AssignmentState.LEASED)
        assert Assignment.objects.had().exists() == (state != AssignmentState.EXPIRED)
        assert Assignment.objects.by_people().exists() != example
    assert checked > 20


def test_work_without_pay_is_not_paid_work() -> None:
    person = judge()
    judging_round(person.cohort)
    send(lease(person))
    assert Assignment.objects.paid().count() == 1
    assert not Assignment.objects.filter(amount_minor=0).paid().exists()


def reviewed() -> tuple[Rewrite, Flag]:
    """A rewrite and a flag on one response."""
    person = judge()
    judging_round(person.cohort)
    held = lease(person)
    about = str(held.order_shown[0])
    flag = {"response": about, "harm": "other", "severity": 1, "note": ""}
    send(held, rewrites=[{"response": about, "text": "A kinder reply."}], flags=[flag])
    return Rewrite.objects.get(), Flag.objects.get()


@pytest.mark.parametrize("state", RewriteState)
def test_rewrites_are_open_until_decided(state: RewriteState) -> None:
    reviewed()
    Rewrite.objects.update(state=state)
    assert Rewrite.objects.open().exists() == (state == RewriteState.PENDING)
    assert Rewrite.objects.decided().exists() == (state != RewriteState.PENDING)


@pytest.mark.parametrize("state", FlagState)
def test_flags_are_open_until_decided(state: FlagState) -> None:
    reviewed()
    Flag.objects.update(state=state)
    still_open = state in (FlagState.REPORTED, FlagState.TRIAGED)
    assert Flag.objects.open().exists() == still_open
    assert Flag.objects.decided().exists() != still_open


@pytest.mark.parametrize(("reply", "prompt"), list(itertools.product([False, True], repeat=2)))
def test_reviews_of_texts_in_use(reply: bool, prompt: bool) -> None:
    rewrite, _flag = reviewed()
    gone = timezone.now()
    if reply:
        Response.objects.filter(id=rewrite.response_id).update(withdrawn_at=gone)
    if prompt:
        Prompt.objects.filter(id=rewrite.response.prompt_id).update(withdrawn_at=gone)
    assert Rewrite.objects.of_texts_in_use().exists() == (not reply and not prompt)
    assert Flag.objects.of_texts_in_use().exists() == (not reply and not prompt)


@pytest.mark.parametrize("state", ReleaseState)
def test_releases_that_are_built_frozen_or_valid(state: ReleaseState) -> None:
    study = StudyFactory.create()
    DatasetRelease.objects.create(
        study=study, number=1, purpose=ReleasePurpose.TRAINING, state=state
    )
    releases = DatasetRelease.objects.filter(study=study)
    building = state in (ReleaseState.QUEUED, ReleaseState.BUILDING)
    assert releases.unfinished().exists() == building
    has_files = state in (ReleaseState.FROZEN, ReleaseState.SUPERSEDED)
    assert releases.frozen().exists() == has_files
    valid = releases.valid_for(ReleasePurpose.TRAINING)
    assert valid.exists() == (state == ReleaseState.FROZEN)
    assert not releases.valid_for(ReleasePurpose.EVALUATION).exists()


def test_a_response_of_a_withdrawn_prompt_is_in_use() -> None:
    """What may be given to people asks of both: `in_use("prompt")`."""
    response = ResponseFactory.create(prompt__withdrawn_at=timezone.now())
    assert list(Response.objects.in_use()) == [response]
    assert not Response.objects.filter(in_use("prompt")).exists()
