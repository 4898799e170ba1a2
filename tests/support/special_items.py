"""Training and attention rounds with their expected answers, and draws that lead to a check."""

from __future__ import annotations

from typing import Any

from annotations.contract.unchecked import UncheckedSubmission
from annotations.models import Assignment, Round, Seat
from annotations.queries import special_items as queries
from annotations.rules.states import Ask, RoundKind
from annotations.services import rounds, special_items
from codesign.shared.actors import SYSTEM
from codesign.studies.models import Cohort, Member
from tests.factories.annotations import PromptFactory, ResponseFactory, lease, make_rubric, send
from tests.factories.compensation import set_rate

ASKS = (Ask.RATING, Ask.RANKING)


def special_round(
    cohort: Cohort, kind: RoundKind, *, tasks: int = 2, opened: bool = True, **prompt: Any
) -> Round:
    study = cohort.study
    if not cohort.pay_rates.exists():
        set_rate(cohort)
    chosen = PromptFactory.create_batch(tasks, study=study, **prompt)
    for one in chosen:
        ResponseFactory.create_batch(2, prompt=one)
    plan = rounds.CohortPlan(cohort, make_rubric(study), ASKS, 1)
    made = special_items.plan_round(
        actor=SYSTEM,
        study=study,
        kind=kind,
        title="Special",
        cohorts=[plan],
        external_ids=[one.external_id for one in chosen],
    )
    if opened:
        answer_all(made)
        rounds.open_round(actor=SYSTEM, round=made)
    return made


def answer_all(made: Round) -> None:
    for seat in queries.items_of(round=made):
        item = queries.item_in(study_id=made.study_id, seat_id=seat.id)
        special_items.expect(
            actor=SYSTEM, seat=item, sent=UncheckedSubmission(expected(item)), explanation="Warm."
        )


def expected(seat: Seat) -> dict[str, Any]:
    first, second = sorted(str(one.id) for one in seat.task.responses.all())
    return {
        "ratings": [
            {"response": id, "criterion": key, "score": 4}
            for id in (first, second)
            for key in ("heard", "usable")
        ],
        "ranking": [[first], [second]],
    }


def work(member: Member, texts: int) -> None:
    for number in range(texts):
        held = lease(member)
        send(held, key=f"{held.id} {number}")


def lead_aside(member: Member) -> None:
    """As if the draw of the last lease had said so."""
    last = Assignment.objects.filter(member=member).latest("leased_at")
    Assignment.objects.filter(id=last.id).update(check_after=True)
