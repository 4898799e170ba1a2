"""Progress of the judging in a study, by cohort and by round."""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from django.db import connection
from django.db.models import Count, OuterRef, Q, QuerySet, Subquery, Sum
from django.utils import timezone
from django.utils.translation import gettext as _

from annotations.models import Assignment, Round, RoundCohort, RoundCounter, Rubric
from annotations.rules.states import RoundKind, RoundState, SeatState
from codesign.compensation.queries import pay_rates
from codesign.consent import queries as consent
from codesign.enrolment import queries as enrolment
from codesign.shared.errors import NotFound
from codesign.studies.models import Cohort, Member


@dataclass(frozen=True, slots=True)
class CohortProgress:
    """The progress of a cohort: its people, who has signed, and its seats with a judgement."""

    title: str
    people: int
    signed: int
    done: int
    total: int
    examples: int


def judged_by_cohort(*, study_id: uuid.UUID) -> list[CohortProgress]:
    """Return the progress of every cohort of a study, in order; four queries."""
    seats = _seats(RoundCounter.objects.filter(round__study_id=study_id))
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
    """Return whether a study has any judgements."""
    seats = _seats(RoundCounter.objects.filter(round__study_id=study_id))
    return any(judged for judged, _total in seats.values())


def _seats(tallies: QuerySet[RoundCounter]) -> dict[uuid.UUID, tuple[int, int]]:
    """Return cohort id → (seats with a judgement, seats)."""
    sums = tallies.values("cohort_id").annotate(done=Sum("judged"), total=Sum("seats"))
    rows = sums.values_list("cohort_id", "done", "total")
    return {cohort_id: (done, total) for cohort_id, done, total in rows if cohort_id}


@dataclass(frozen=True, slots=True)
class Journey:
    """The number of people of a cohort at each stage. Each number is part of the one before it.

    Members who were removed from the study are not counted.
    """

    title: str
    invited: int
    """Open invitations, and members."""
    joined: int
    signed: int
    """Their consent is in force now."""
    judging: int
    """Signed, and sent at least one judgement that is not an example."""
    to_sign_again: int
    left: int


def journeys(*, study_id: uuid.UUID) -> list[Journey]:
    """Return the stages from invitation to judging for every cohort, in order; three queries."""
    mine = Assignment.objects.filter(member_id=OuterRef("id"))
    # ordered so that PostgreSQL uses the index by member
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
    journeys = []
    for cohort in Cohort.objects.filter(study_id=study_id):
        joined, has_signed, judging, sign_again, left = people.get(cohort.id, (0, 0, 0, 0, 0))
        journeys.append(
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
    return journeys


def rounds_of(*, study_id: uuid.UUID) -> QuerySet[Round]:
    """Return rounds of a study, newest first, with `prompts`, `seats` and `judged`; one query."""
    return (
        Round.objects.filter(study_id=study_id)
        .annotate(
            prompts=Sum("counters__tasks", default=0),
            seats=Sum("counters__seats", default=0),
            judged=Sum("counters__judged", default=0),
        )
        .order_by("-created_at", "id")
    )


@dataclass(frozen=True, slots=True)
class CohortPart:
    """What a cohort is asked in a round, and its seats with a judgement."""

    cohort: Cohort
    rubric: Rubric
    asks: list[str]
    overlap: int
    done: int
    total: int
    signed: int
    """Number of people who may judge now."""


def parts_of(*, round: Round) -> list[CohortPart]:
    """Return every cohort of a round, in order; three queries."""
    seats = _seats(RoundCounter.objects.filter(round=round))
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
    """Return (judgements, currency → pay in minor units) of one more prompt, at current rates.

    For two responses; `compensation.rules.pay_for` says what more of them pay.
    """
    rates = pay_rates.rates_in_force(study_id=round.study_id, at=timezone.now())
    pay: Counter[str] = Counter()
    judgements = 0
    for cohort_id, overlap in round.cohorts.values_list("cohort_id", "overlap"):
        judgements += overlap
        if rate := rates.get(cohort_id):
            pay[rate.currency] += overlap * rate.amount_minor
    return judgements, dict(pay)


def plans_for_judging(*, study_id: uuid.UUID) -> dict[uuid.UUID, RoundCohort]:
    """Return cohort id → its plan in a judging round that is not closed, preferably an open one.

    Each has its round, and its rubric with the texts; three queries.
    """
    plans = RoundCohort.objects.filter(round__study_id=study_id, round__kind=RoundKind.JUDGING)
    by_cohort: dict[uuid.UUID, RoundCohort] = {}
    for plan in (
        plans.exclude(round__state=RoundState.CLOSED)
        .select_related("round", "rubric")
        .prefetch_related("rubric__criteria__texts")
        .order_by("round__created_at", "id")
    ):
        if plan.cohort_id not in by_cohort or plan.round.state == RoundState.OPEN:
            by_cohort[plan.cohort_id] = plan
    return by_cohort


def last_plans(*, study_id: uuid.UUID) -> dict[uuid.UUID, RoundCohort]:
    """Return cohort id → its plan in its newest judging round."""
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
    """Yield a sentence for each round whose counters differ from its tasks and seats.

    For the log and the terminal.
    """
    with connection.cursor() as cursor:
        cursor.execute(COUNTED)
        for (round_id,) in cursor.fetchall():
            yield f"the counters of round {round_id} differ from its tasks and seats"


def round_in(*, study_id: uuid.UUID, round_id: uuid.UUID) -> Round:
    """Return a round of a study."""
    rounds = Round.objects.select_related("study", "filling")
    round = rounds.filter(study_id=study_id, id=round_id).first()
    if round is None:
        raise NotFound(_("This study has no such round."))
    return round
