"""Create rounds, add tasks to them, open and close them."""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.db import transaction
from django.db.models import Count
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from annotations.models import (
    Prompt,
    Response,
    Round,
    RoundCohort,
    Rubric,
    Seat,
    Task,
    TaskResponse,
)
from annotations.permissions import MANAGE_ROUNDS
from annotations.queries import round_costs, special_items
from annotations.rules.drawing import MOST_REPLIES, Candidate, draw
from annotations.rules.special_items import MOST_CHECKS
from annotations.rules.states import (
    ROUND_STATES,
    WITH_ANSWERS,
    Ask,
    RoundKind,
    RoundState,
    SeatState,
)
from annotations.services import offering
from codesign.audit import services as audit
from codesign.audit.registry import action
from codesign.compensation.queries import budgets, floors, pay_rates
from codesign.shared.access import Permission
from codesign.shared.actors import Actor
from codesign.shared.batches import batched
from codesign.shared.errors import Conflict, Invalid
from codesign.shared.money import format_money
from codesign.shared.transition import Move, machine, transition
from codesign.studies.models import Cohort, Study
from codesign.studies.permissions import require

ROUND_MADE = action("annotations.round_made", gettext_lazy("created a round"))
ROUND_MOVED = action("annotations.round_moved", gettext_lazy("opened or closed a round"))
TASKS_ADDED = action("annotations.tasks_added", gettext_lazy("added tasks to a round"))

BATCH = 2_000
"""Tasks that are written in one batch."""
Item = tuple[Prompt, Sequence[Response]]
"""A prompt and its different responses, which become one task."""


@dataclass(frozen=True)
class CohortPlan:
    """What a cohort is asked, its rubric, and the number of people who judge each task."""

    cohort: Cohort
    rubric: Rubric
    asks: Sequence[str]
    overlap: int


@transaction.atomic
def make_round(
    *,
    actor: Actor,
    study: Study,
    kind: RoundKind,
    title: str,
    cohorts: Sequence[CohortPlan],
    parent: Round | None = None,
    id: uuid.UUID | None = None,
    check_every: int | None = None,
    permission: Permission = MANAGE_ROUNDS,
) -> Round:
    """Create a planned round. Its plan cannot be changed afterwards.

    With `check_every`, one in this number of its leases leads to a hidden check.
    `permission` replaces the usual one if the round is part of something else.
    """
    require(actor, permission, study)
    _check_plans(study, cohorts)
    _check_kind(kind, cohorts, check_every)
    made = Round.objects.create(
        id=id or uuid.uuid4(),
        study=study,
        kind=kind,
        title=title,
        parent=parent,
        check_every=check_every,
    )
    RoundCohort.objects.bulk_create(
        RoundCohort(
            round=made,
            cohort=plan.cohort,
            rubric=plan.rubric,
            asks=list(plan.asks),
            overlap=plan.overlap,
        )
        for plan in cohorts
    )
    audit.record(
        actor=actor,
        action=ROUND_MADE,
        study_id=study.id,
        about=("round", made.id, title),
        data={"kind": kind, "overlap": {plan.cohort.key: plan.overlap for plan in cohorts}},
    )
    return made


def _check_plans(study: Study, plans: Sequence[CohortPlan]) -> None:
    if not plans:
        sentence = _("Choose at least one cohort.")
        raise Invalid(sentence, {"cohorts": [sentence]})
    for plan in plans:
        if plan.cohort.study_id != study.id or plan.rubric.study_id != study.id:
            raise Invalid(_("The cohort and the rubric must belong to this study."))
        if plan.overlap < 1:
            raise Invalid(
                _("Each task needs at least one seat."), {"overlap": [_("Must be at least 1.")]}
            )
        if not plan.asks or set(plan.asks) - set(Ask) or len(set(plan.asks)) < len(plan.asks):
            raise Invalid(
                _("Choose what to ask."), {"asks": [_("Choose from the list, each only once.")]}
            )


def _check_kind(kind: RoundKind, plans: Sequence[CohortPlan], check_every: int | None) -> None:
    """Check what only some kinds of rounds may ask."""
    if check_every is not None and (kind != RoundKind.JUDGING or check_every < MOST_CHECKS):
        sentence = _("Hidden checks are for judging rounds, at most one in %(n)d texts.")
        problem = sentence % {"n": MOST_CHECKS}
        raise Invalid(problem, {"check_every": [problem]})
    for plan in plans if kind in WITH_ANSWERS else ():
        if plan.overlap != 1 or set(plan.asks) - {Ask.RATING, Ask.RANKING}:
            raise Invalid(
                _("A round with expected answers asks for ratings and comparisons alone."),
                {"asks": [_("Choose ratings or comparisons.")]},
            )


@transaction.atomic
def open_round(*, actor: Actor, round: Round, permission: Permission = MANAGE_ROUNDS) -> Round:
    """Open a round, so that its seats are offered.

    Refused if a cohort has no rate, or one below a floor, or if the budget does not cover it.
    """
    locked = _move(actor, round, RoundState.OPEN, permission)
    _check_pay(locked)
    _check_budget(locked)
    _check_answers(locked)
    offering.follow(actor=actor, round=locked)
    return locked


def _check_pay(round: Round) -> None:
    """Check that every cohort has a pay rate, because people must know the pay beforehand.

    A floor may have risen since the rate was set.
    """
    now = timezone.now()
    rates = pay_rates.rates_in_force(study_id=round.study_id, at=now)
    for plan in round.cohorts.select_related("cohort"):
        rate = rates.get(plan.cohort_id)
        if rate is None or rate.amount_minor <= 0:
            raise Conflict(
                _("%(cohort)s has no pay rate yet. Set one under Pay, then open the round.")
                % {"cohort": plan.cohort.title}
            )
        if low := floors.why_below(
            study=round.study,
            amount_minor=rate.amount_minor,
            currency=rate.currency,
            estimated_seconds=rate.estimated_seconds,
            on=now.date(),
        ):
            raise Conflict(f"{plan.cohort.title}: {low}")


def _check_budget(round: Round) -> None:
    """Check that what is left of the budget covers the round."""
    if not budgets.funds_by_currency(study_id=round.study_id):
        return  # the cost of a large round takes long to add up
    cost = round_costs.cost_of(round=round)
    for code in cost.not_covered:
        raise Conflict(
            _(
                "This round costs %(cost)s, and %(left)s is left of the budget. Raise the budget"
                " under Pay, or take fewer texts."
            )
            % {
                "cost": format_money(cost.totals[code], code),
                "left": format_money(max(cost.funds[code].left, 0), code),
            }
        )


def _check_answers(round: Round) -> None:
    """Check that every text of a training or attention round has an expected answer."""
    if round.kind in WITH_ANSWERS and (lacking := special_items.without_answers(round=round)):
        sentence = ngettext(
            "%(n)d text has no expected answer yet. Write it, then open the round.",
            "%(n)d texts have no expected answers yet. Write them, then open the round.",
            lacking,
        )
        raise Conflict(sentence % {"n": lacking})


@transaction.atomic
def close_round(*, actor: Actor, round: Round) -> Round:
    """Close a round. Assignments that people have open can still be sent, and are paid."""
    locked = _move(actor, round, RoundState.CLOSED)
    offering.follow(actor=actor, round=locked)
    return locked


def _move(
    actor: Actor, round: Round, state: RoundState, permission: Permission = MANAGE_ROUNDS
) -> Round:
    require(actor, permission, round.study)
    locked = (
        Round.objects.select_for_update(no_key=True, of=("self",))
        .select_related("study")
        .get(id=round.id)
    )
    transition(locked, to=state, actor=actor)
    return locked


def _log(move: Move) -> None:
    audit.record(
        actor=move.actor,
        action=ROUND_MOVED,
        study_id=move.row.study_id,
        about=("round", move.row.id, move.row.title),
        data={"from": move.old, "to": move.new},
    )


machine(Round, ROUND_STATES, log=_log)


def locked_round(*, round_id: uuid.UUID) -> Round:
    """Return the round, locked until the transaction ends.

    Code that adds the prompts which a round does not have yet takes this lock first, because a
    worker, a generation run and an import can do so at the same time.
    """
    return Round.objects.select_for_update(no_key=True).get(id=round_id)


def round_if_free(*, round_id: uuid.UUID) -> Round | None:
    """The round, locked likewise; None where somebody else has it, as an import for minutes."""
    free = Round.objects.select_for_update(no_key=True, skip_locked=True)
    return free.filter(id=round_id).first()


def items_to_compare(*, prompts: Iterable[Prompt], responses: Iterable[Response]) -> list[Item]:
    """Return the prompts that have at least two different responses, with those.

    Of responses with the same text, the first one is used.
    """
    by_prompt: dict[uuid.UUID, dict[str, Response]] = defaultdict(dict)
    for response in responses:
        by_prompt[response.prompt_id].setdefault(response.text_hash, response)
    return [
        (prompt, list(by_prompt[prompt.id].values()))
        for prompt in prompts
        if len(by_prompt[prompt.id]) > 1
    ]


@transaction.atomic
def add_tasks(*, actor: Actor, round: Round, items: Iterable[Item]) -> list[Task]:
    """Add prompts with their responses to a round. In an open round, seats are offered at once.

    If a prompt has more responses than people can compare, some are drawn: see `place`.
    """
    require(actor, MANAGE_ROUNDS, round.study)
    locked = locked_round(round_id=round.id)
    plans = list(locked.cohorts.all())
    made: list[Task] = []
    for batch in batched(items, BATCH):
        made += place(round=locked, plans=plans, batch=batch)
    audit.record(
        actor=actor,
        action=TASKS_ADDED,
        study_id=locked.study_id,
        about=("round", locked.id, locked.title),
        data={"tasks": len(made)} | _how_drawn(made),
    )
    return made


def _how_drawn(made: Sequence[Task]) -> dict[str, int]:
    drawn = sum(task.drawn_from is not None for task in made)
    return {"drawn": drawn} if drawn else {}


def place(
    *,
    round: Round,
    plans: Sequence[RoundCohort],
    batch: Sequence[Item],
    most: int = MOST_REPLIES,
) -> list[Task]:
    """Create tasks and seats in a round. The caller has locked the round and records the event.

    A task shows at most `most` responses. If a prompt has more, they are drawn evenly over the
    models, and the others are left for later rounds. The seed is the round and the first prompt.
    """
    for prompt, responses in batch:
        _check_item(round, prompt, responses)
    prompt_ids = [prompt.id for prompt, _ in batch]
    if len(set(prompt_ids)) < len(batch) or round.tasks.filter(prompt__in=prompt_ids).exists():
        raise Conflict(_("A prompt can be in a round only once."))
    shared = round.kind in WITH_ANSWERS
    _check_apart(prompt_ids, shared=shared)
    drawn = _draw(round, batch, most=min(most, MOST_REPLIES))
    tasks = Task.objects.bulk_create(
        Task(
            round=round,
            prompt=prompt,
            drawn_from=len(responses) if len(shown) < len(responses) else None,
        )
        for (prompt, responses), shown in zip(batch, drawn, strict=True)
    )
    TaskResponse.objects.bulk_create(
        TaskResponse(task=task, response_id=response_id, position=position)
        for task, shown in zip(tasks, drawn, strict=True)
        for position, response_id in enumerate(shown)
    )
    Seat.objects.bulk_create(
        Seat(
            task=task,
            cohort_id=plan.cohort_id,
            number=number,
            first=round.kind == RoundKind.EVALUATION,
            state=SeatState.SHARED if shared else SeatState.FREE,
            offered=round.state == RoundState.OPEN and number == 1 and not shared,
        )
        for task in tasks
        for plan in plans
        for number in range(1, plan.overlap + 1)
    )
    return tasks


def _check_apart(prompt_ids: Sequence[uuid.UUID], *, shared: bool) -> None:
    """Refuse prompts in a round with expected answers and in another round.

    People who have read what was expected would judge them otherwise.
    """
    elsewhere = Task.objects.filter(prompt__in=prompt_ids)
    elsewhere = elsewhere if shared else elsewhere.filter(round__kind__in=WITH_ANSWERS)
    if elsewhere.exists():
        raise Conflict(_("A prompt of a training or attention round can be in no other round."))


def _draw(round: Round, batch: Sequence[Item], *, most: int) -> list[list[uuid.UUID]]:
    """Return the ids of the responses that each task of a batch shows."""
    crowded = [prompt.id for prompt, responses in batch if len(responses) > most]
    asked: dict[uuid.UUID, int] = {}
    if crowded:
        shown = TaskResponse.objects.filter(response__prompt__in=crowded).values("response_id")
        asked = dict(shown.annotate(n=Count("id")).values_list("response_id", "n"))
    candidates = [
        [Candidate(one.id, one.source, asked.get(one.id, 0)) for one in responses]
        for _, responses in batch
    ]
    return draw(candidates, most=most, seed=f"{round.id}/{batch[0][0].id}" if batch else "")


def _check_item(round: Round, prompt: Prompt, responses: Sequence[Response]) -> None:
    """Refuse tasks that would leak evaluation data into training, or that make no sense."""
    ids: set[uuid.UUID] = {response.id for response in responses}
    if prompt.study_id != round.study_id:
        raise Invalid(_("This prompt belongs to another study."))
    if prompt.held_out is not (round.kind == RoundKind.EVALUATION):
        raise Invalid(_("Held-out prompts can only be in evaluation rounds, and others cannot."))
    if not ids or len(ids) < len(responses):
        raise Invalid(_("A task needs at least one response, and each response only once."))
    if any(response.prompt_id != prompt.id for response in responses):
        raise Invalid(_("The responses of a task must belong to its prompt."))
    if prompt.withdrawn_at or any(response.withdrawn_at for response in responses):
        raise Invalid(_("Withdrawn prompts and responses cannot be judged."))
