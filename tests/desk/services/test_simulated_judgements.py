"""Example judgements: everywhere marked, unpaid, by consented members, and done once."""

from __future__ import annotations

from collections import Counter

import pytest
from django.core.management import CommandError, call_command

from annotations.models import Assignment, Flag, Judgement, ReviewDecision, Rewrite, Seat
from annotations.queries.sittings import last_sitting
from annotations.rules import simulated_judgements as rules
from annotations.rules.states import Ask, AssignmentState, SeatState
from annotations.services import assignments
from codesign.compensation.models import Transfer
from codesign.desk.services.simulated_judgements import seed_judgements
from codesign.shared.actors import Actor
from codesign.studies.models import Cohort
from tests.factories.annotations import ASKS, judge, judging_round
from tests.factories.studies import CohortFactory, MemberFactory, staff
from tests.support.turns_rubric import turns_round

pytestmark = pytest.mark.django_db
SCALES = {"heard": (1, 5), "usable": (1, 5)}


@pytest.fixture
def cohort() -> Cohort:
    return CohortFactory.create()


def test_every_free_seat_is_filled_and_every_row_marked(cohort: Cohort) -> None:
    for _ in range(3):
        judge(cohort=cohort)
    unsigned = MemberFactory.create(cohort=cohort)
    staff(cohort.study)
    judging_round(cohort, tasks=12, overlap=2)
    made = seed_judgements(study=cohort.study)
    assert (made.judgements, made.people, made.free_seats) == (24, 3, 0)
    assert set(Seat.objects.values_list("state", flat=True)) == {SeatState.FILLED}
    assert set(Assignment.objects.values_list("example", flat=True)) == {True}
    assert set(Judgement.objects.values_list("example", flat=True)) == {True}
    assert set(ReviewDecision.objects.values_list("example", flat=True)) <= {True}
    assert not Judgement.objects.filter(member=unsigned).exists()
    assert not Transfer.objects.exists()
    assert not Assignment.objects.filter(state=AssignmentState.LEASED).exists()


def test_each_turn_of_a_conversation_is_judged(cohort: Cohort) -> None:
    judge(cohort=cohort)
    turns_round(cohort)
    assert seed_judgements(study=cohort.study).judgements == 1
    ratings = Judgement.objects.get().turn_ratings
    assert ratings
    assert {one["turn"] for one in ratings} == {1, 2}


def test_called_again_it_changes_nothing(cohort: Cohort) -> None:
    for _ in range(2):
        judge(cohort=cohort)
    judging_round(cohort, tasks=10, overlap=2)
    first = seed_judgements(study=cohort.study)
    counts = (Judgement.objects.count(), ReviewDecision.objects.count())
    again = seed_judgements(study=cohort.study)
    assert first.judgements == 20
    assert (again.judgements, again.reviewed) == (0, 0)
    assert (Judgement.objects.count(), ReviewDecision.objects.count()) == counts


def test_rewrites_and_flags_are_there_and_most_are_decided(cohort: Cohort) -> None:
    for _ in range(3):
        judge(cohort=cohort)
    judging_round(cohort, tasks=30, overlap=3)
    made = seed_judgements(study=cohort.study)
    assert made.judgements == 90
    assert 6 <= Rewrite.objects.count() <= 40
    assert Flag.objects.exists()
    for model in (Rewrite, Flag):
        assert not model._default_manager.filter(example=False).exists()
    assert Rewrite.objects.filter(state="accepted").count() > Rewrite.objects.count() / 2
    assert ReviewDecision.objects.count() == made.reviewed > 0


def test_members_with_an_assignment_are_skipped(cohort: Cohort) -> None:
    busy, free = judge(cohort=cohort), judge(cohort=cohort)
    judging_round(cohort, tasks=3, overlap=2)
    mine = assignments.lease(actor=Actor.of(busy.user), slug=cohort.study.slug).assignment
    assert mine is not None
    made = seed_judgements(study=cohort.study)
    assert (made.people, made.left_alone, made.judgements, made.free_seats) == (1, 1, 3, 2)
    mine.refresh_from_db()
    assert (mine.state, mine.example) == (AssignmentState.LEASED, False)
    assert not Judgement.objects.exclude(member=free).exists()


def test_the_command_says_what_it_did(cohort: Cohort, capsys: pytest.CaptureFixture[str]) -> None:
    judge(cohort=cohort)
    judging_round(cohort, tasks=2, overlap=2)
    call_command("seed_judgements", cohort.study.slug)
    said = capsys.readouterr().out
    assert "2 example judgements by 1 people" in said
    assert "2 seats are still free" in said
    with pytest.raises(CommandError, match="no study called"):
        call_command("seed_judgements", "nowhere")


def answers(person: str, prompt: str = "p") -> dict[str, object]:
    shown = [rules.Shown("a", "hash-a"), rules.Shown("b", "hash-b")]
    return rules.answers(
        person=person, prompt=prompt, responses=shown, scales=SCALES, asks=[str(a) for a in ASKS]
    )


def test_the_same_people_answer_the_same_whatever_the_order_shown() -> None:
    assert answers("x") == answers("x")
    assert answers("x") != answers("y")
    shown = [rules.Shown("b", "hash-b"), rules.Shown("a", "hash-a")]
    turned = rules.answers(
        person="x", prompt="p", responses=shown, scales=SCALES, asks=[str(a) for a in ASKS]
    )
    assert turned == answers("x")


def test_people_mostly_agree() -> None:
    agree = 0
    for prompt in map(str, range(100)):
        first = Counter(str(answers(str(n), prompt).get("ranking")) for n in range(5))
        agree += first.most_common(1)[0][1] >= 3
    assert agree > 70


def test_nothing_is_answered_that_was_not_asked() -> None:
    shown = [rules.Shown("a", "hash-a")]
    body = rules.answers(person="x", prompt="p", responses=shown, scales=SCALES, asks=[Ask.RATING])
    assert set(body) == {"comment", "active_seconds", "ratings"}


def test_examples_show_no_work_and_no_pay(cohort: Cohort) -> None:
    member = judge(cohort=cohort)
    judging_round(cohort, tasks=2)
    seed_judgements(study=cohort.study)
    sitting = last_sitting(actor=Actor.of(member.user), member=member)
    assert (sitting.done, sitting.earned) == (0, 0)
