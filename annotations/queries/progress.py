"""How far the judging of a study is, for its coordinator's home."""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from django.db import connection
from django.db.models import Count, OuterRef, Q, QuerySet, Subquery, Sum
from django.utils import timezone

from annotations.models import Assignment, Round, RoundCohort, RoundTally, Rubric
from annotations.rules.states import RoundKind, RoundState, SeatState
from codesign.compensation import queries as compensation
from codesign.consent import queries as consent
from codesign.enrolment import queries as enrolment
from codesign.shared.errors import NotFound
from codesign.studies.models import Cohort, Member


@dataclass(frozen=True, slots=True)
class CohortProgress:
    """One cohort: who has signed, and how many of its seats hold a judgement."""

    title: str
    people: int
    signed: int
    done: int
    total: int
    examples: int


def judged_by_cohort(*, study_id: uuid.UUID) -> list[CohortProgress]:
    """Every cohort of a study in its order; four queries, however many there are."""
    seats = _seats(RoundTally.objects.filter(round__study_id=study_id))
    people = {
        cohort_id: (signed, everybody)
        for cohort_id, signed, everybody in consent.with_state(
            Member.objects.current().filter(study_id=study_id)
        )
        .values("cohort_id")
        .annotate(
            signed=Count("id", filter=Q(consent_state=consent.ConsentState.SIGNED)),
            everybody=Count("id"),
        )
        .values_list("cohort_id", "signed", "everybody")
    }
    examples = dict(
        Assignment.objects.submitted()
        .filter(study_id=study_id, example=True)
        .values("member__cohort_id")
        .annotate(n=Count("id"))
        .values_list("member__cohort_id", "n")
    )
    return [
        CohortProgress(
            title=cohort.title,
            people=people.get(cohort.id, (0, 0))[1],
            signed=people.get(cohort.id, (0, 0))[0],
            done=seats.get(cohort.id, (0, 0))[0],
            total=seats.get(cohort.id, (0, 0))[1],
            examples=examples.get(cohort.id, 0),
        )
        for cohort in Cohort.objects.filter(study_id=study_id)
    ]


def has_judgements(*, study_id: uuid.UUID) -> bool:
    """Whether anything in a study has been judged."""
    seats = _seats(RoundTally.objects.filter(round__study_id=study_id))
    return any(judged for judged, _total in seats.values())


def _seats(tallies: QuerySet[RoundTally]) -> dict[uuid.UUID, tuple[int, int]]:
    """cohort id → (seats that hold a judgement, seats)."""
    sums = tallies.values("cohort_id").annotate(done=Sum("judged"), total=Sum("seats"))
    found = sums.values_list("cohort_id", "done", "total")
    return {cohort_id: (done, total) for cohort_id, done, total in found if cohort_id}


@dataclass(frozen=True, slots=True)
class Journey:
    """How far the people of a cohort came: each number is part of the one before it.

    Whoever was taken out of the study is not among them.
    """

    title: str
    invited: int
    """Invitations that wait, and everybody who is in."""
    joined: int
    signed: int
    """Their consent is in force now."""
    judging: int
    """They have signed, and sent at least one judgement; examples made by a program aside."""
    to_sign_again: int
    left: int


def journeys(*, study_id: uuid.UUID) -> list[Journey]:
    """From invitation to judging for every cohort in its order; three queries, however many."""
    mine = Assignment.objects.filter(member_id=OuterRef("id"))
    # by an index of their own: not of everybody's until one is theirs
    sent = mine.submitted().by_people().order_by("-leased_at")
    signed = Q(consent_state=consent.ConsentState.SIGNED)
    again = Q(consent_state=consent.ConsentState.TO_SIGN_AGAIN)
    rows = (
        consent.with_state(Member.objects.current().filter(study_id=study_id))
        .annotate(sent_last=Subquery(sent.values("id")[:1]))
        .values("cohort_id")
        .annotate(
            joined=Count("id"),
            signed=Count("id", filter=signed),
            judging=Count("id", filter=signed & Q(sent_last__isnull=False)),
            again=Count("id", filter=again),
            left=Count("id", filter=Q(consent_state=consent.ConsentState.LEFT)),
        )
        .values_list("cohort_id", "joined", "signed", "judging", "again", "left")
    )
    people = {cohort_id: counts for cohort_id, *counts in rows}
    waiting = enrolment.waiting_by_cohort(study_id=study_id)
    found = []
    for cohort in Cohort.objects.filter(study_id=study_id):
        joined, has_signed, judging, sign_again, left = people.get(cohort.id, (0, 0, 0, 0, 0))
        found.append(
            Journey(
                title=cohort.title,
                invited=joined + waiting.get(cohort.id, 0),
                joined=joined,
                signed=has_signed,
                judging=judging,
                to_sign_again=sign_again,
                left=left,
            )
        )
    return found


def rounds_of(*, study_id: uuid.UUID) -> QuerySet[Round]:
    """Rounds of a study, newest first, with their `prompts`, `seats` and `judged`; one query."""
    return (
        Round.objects.filter(study_id=study_id)
        .annotate(
            prompts=Sum("tallies__tasks", default=0),
            seats=Sum("tallies__seats", default=0),
            judged=Sum("tallies__judged", default=0),
        )
        .order_by("-created_at", "id")
    )


@dataclass(frozen=True, slots=True)
class CohortPart:
    """What a cohort is asked in a round, and how many of its seats hold a judgement."""

    cohort: Cohort
    rubric: Rubric
    asks: list[str]
    overlap: int
    done: int
    total: int
    signed: int
    """People who may judge now."""


def parts_of(*, round: Round) -> list[CohortPart]:
    """Every cohort of a round in its order; three queries, however many there are."""
    seats = _seats(RoundTally.objects.filter(round=round))
    signed = dict(
        consent.with_state(Member.objects.current().filter(study_id=round.study_id))
        .values("cohort_id")
        .annotate(n=Count("id", filter=Q(consent_state=consent.ConsentState.SIGNED)))
        .values_list("cohort_id", "n")
    )
    plans = round.cohorts.select_related("cohort", "rubric").order_by("cohort__position")
    return [
        CohortPart(
            cohort=plan.cohort,
            rubric=plan.rubric,
            asks=plan.asks,
            overlap=plan.overlap,
            done=seats.get(plan.cohort_id, (0, 0))[0],
            total=seats.get(plan.cohort_id, (0, 0))[1],
            signed=signed.get(plan.cohort_id, 0),
        )
        for plan in plans
    ]


def cost_of_a_prompt(*, round: Round) -> tuple[int, dict[str, int]]:
    """(judgements, currency → pay in minor units) of one more prompt, at the rates of now.

    With two replies; `compensation.rules.pay_for` says what more of them pay.
    """
    rates = compensation.rates_in_force(study_id=round.study_id, at=timezone.now())
    pay: Counter[str] = Counter()
    judgements = 0
    for cohort_id, overlap in round.cohorts.values_list("cohort_id", "overlap"):
        judgements += overlap
        if rate := rates.get(cohort_id):
            pay[rate.currency] += overlap * rate.amount_minor
    return judgements, dict(pay)


def plans_for_judging(*, study_id: uuid.UUID) -> dict[uuid.UUID, RoundCohort]:
    """cohort id → its plan in a round of judging that is not closed, an open one before others.

    With the round, and the rubric with its words; three queries.
    """
    plans = RoundCohort.objects.filter(round__study_id=study_id, round__kind=RoundKind.JUDGING)
    found: dict[uuid.UUID, RoundCohort] = {}
    for plan in (
        plans.exclude(round__state=RoundState.CLOSED)
        .select_related("round", "rubric")
        .prefetch_related("rubric__criteria__texts")
        .order_by("round__created_at", "id")
    ):
        if plan.cohort_id not in found or plan.round.state == RoundState.OPEN:
            found[plan.cohort_id] = plan
    return found


def last_plans(*, study_id: uuid.UUID) -> dict[uuid.UUID, RoundCohort]:
    """cohort id → what it was asked in the newest round of judging that it took part in."""
    plans = RoundCohort.objects.filter(round__study_id=study_id, round__kind=RoundKind.JUDGING)
    return {plan.cohort_id: plan for plan in plans.order_by("round__created_at", "id")}


COUNTED = f"""
    SELECT DISTINCT round_id FROM (
      SELECT round_id, cohort_id, tasks, seats, judged FROM annotations_roundtally
      UNION ALL SELECT round_id, NULL, -count(*), 0, 0 FROM annotations_task GROUP BY 1
      UNION ALL SELECT t.round_id, s.cohort_id, 0, -count(*),
        -count(*) FILTER (WHERE s.state = '{SeatState.FILLED}')
      FROM annotations_seat s JOIN annotations_task t ON t.id = s.task_id GROUP BY 1, 2
    ) both_sides
    GROUP BY round_id, cohort_id HAVING (sum(tasks), sum(seats), sum(judged)) <> (0, 0, 0)
    ORDER BY 1
"""  # noqa: S608


def rounds_miscounted() -> Iterator[str]:
    """A sentence for each round whose tallies are not what counting its tasks and seats says."""
    with connection.cursor() as cursor:
        cursor.execute(COUNTED)
        for (round_id,) in cursor.fetchall():
            yield f"The tallies of round {round_id} differ from its tasks and seats."


def round_in(*, study_id: uuid.UUID, round_id: uuid.UUID) -> Round:
    """One round of that study."""
    rounds = Round.objects.select_related("study", "filling", "offering")
    found = rounds.filter(study_id=study_id, id=round_id).first()
    if found is None:
        raise NotFound("There is no such round in this study.")
    return found
