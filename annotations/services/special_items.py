"""Lease training items and hidden checks, and keep their expected answers.

They use a seat that others use too (`ItemKind`), so that no vote is counted for them. Whether one
of them may be next is known from the last assignment (`leads_aside`), so that no other lease looks
for them. No task is locked: a text is withdrawn under a lock on every member who may get it.

Nothing that a person or the API sees tells that a text is a repeat or an attention item.
"""

from __future__ import annotations

import secrets
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from annotations.contract.unchecked import UncheckedSubmission
from annotations.models import Assignment, ExpectedAnswer, Prompt, Response, Round, Seat, Task
from annotations.permissions import MANAGE_ROUNDS
from annotations.queries import load, rubrics
from annotations.queries import special_items as queries
from annotations.rules.model_markup import readable
from annotations.rules.states import (
    WITH_ANSWERS,
    AssignmentState,
    ItemKind,
    RoundKind,
)
from annotations.services import rounds, seats
from codesign.audit import services as audit
from codesign.audit.registry import action
from codesign.shared.actors import Actor
from codesign.shared.errors import Invalid
from codesign.studies.models import Member, Study
from codesign.studies.permissions import require

ANSWER_KEPT = action(
    "annotations.expected_answer_kept", gettext_lazy("stored the expected answer to a text")
)
MOST_PROMPTS = 50
"""Prompts of one round with expected answers."""


@dataclass(frozen=True)
class Special:
    """A text that is leased aside of the queue, and an earlier lease of it to continue."""

    seat: seats.FirstSeat
    kind: ItemKind
    begun: Assignment | None


def next_for(*, member: Member, last: Assignment | None, now: datetime) -> Special | None:
    """Return the training item or hidden check that a locked member gets next, if any.

    New members get training items. After an assignment that was drawn to lead to a check, they get
    a repeat or an attention item.
    """
    light = load.is_after_heaviest(member, last, now=now)
    if last and _stopped(last) and (again := lease_again(member=member, begun=last, light=light)):
        return again
    if last is None or last.item_kind == ItemKind.TRAINING:
        return _shared(member, RoundKind.TRAINING, light=light)
    if not last.check_after:
        return None
    tries = [_attention, _repeat]
    if secrets.randbelow(2):
        tries.reverse()
    return tries[0](member, light=light) or tries[1](member, light=light)


def put_off_for(*, member: Member, last: Assignment, now: datetime) -> Special | None:
    """Return a training item or hidden check that a locked member put off until a day like this."""
    light = load.is_after_heaviest(member, last, now=now)
    for begun in queries.put_off_before(member_id=member.id, now=now):
        if again := lease_again(member=member, begun=begun, light=light):
            return again
    return None


def _stopped(last: Assignment) -> bool:
    """Return whether this is a special text whose lease ended before anything was sent."""
    expired = last.state == AssignmentState.EXPIRED and last.later_until is None
    return expired and not last.holds_seat


def lease_again(*, member: Member, begun: Assignment, light: bool = False) -> Special | None:
    """Return the text of an earlier assignment that held no seat, to continue it."""
    task = Task.objects.select_related("prompt").get(id=begun.task_id)
    allowed = queries.may_continue(member, begun, light=light)
    if not (allowed and seats.may_be_judged(task=task)):
        return None
    kind = ItemKind(begun.item_kind)
    return _special(member, task_id=task.id, seat_id=begun.seat_id, kind=kind, begun=begun)


def _attention(member: Member, *, light: bool) -> Special | None:
    return _shared(member, RoundKind.ATTENTION, light=light)


def _shared(member: Member, kind: RoundKind, *, light: bool) -> Special | None:
    for seat in queries.shared_seats(member, kind, light=light)[:MOST_PROMPTS]:
        if seats.may_be_judged(task=seat.task):
            item = ItemKind(str(kind))
            begun = queries.begun_of(member, task_id=seat.task_id, kind=item)
            return _special(member, task_id=seat.task_id, seat_id=seat.id, kind=item, begun=begun)
    return None


def _repeat(member: Member, *, light: bool) -> Special | None:
    judged = queries.repeatable(member, light=light)
    while judged:
        one = judged.pop(secrets.randbelow(len(judged)))
        if seats.may_be_judged(task=one.task):
            kind = ItemKind.REPEAT
            return _special(member, task_id=one.task_id, seat_id=one.seat_id, kind=kind, begun=None)
    return None


def _special(
    member: Member, *, task_id: uuid.UUID, seat_id: int, kind: ItemKind, begun: Assignment | None
) -> Special:
    seat = seats.FirstSeat(
        seat_id=seat_id,
        task_id=task_id,
        number=1,
        round_id=Seat.objects.values_list("task__round_id", flat=True).get(id=seat_id),
        taken=True,
        begun_id=begun.id if begun else None,
        paid_before=Assignment.objects.skips_undone()
        .filter(member_id=member.id, task_id=task_id, item_kind=kind)
        .exists(),
        asked_first=queries.asks_first(member, task_id=task_id),
    )
    return Special(seat, kind, begun)


@transaction.atomic
def plan_round(
    *,
    actor: Actor,
    study: Study,
    kind: RoundKind,
    title: str,
    cohorts: Sequence[rounds.CohortPlan],
    external_ids: Sequence[str],
) -> Round:
    """Create a training or attention round on some prompts, two different replies of each.

    A prompt of such a round is in no other round.
    """
    require(actor, MANAGE_ROUNDS, study)
    if kind not in WITH_ANSWERS:
        raise Invalid(_("Choose a training or an attention round."))
    names = list(dict.fromkeys(external_ids))
    if not 0 < len(names) <= MOST_PROMPTS:
        sentence = _("Choose from 1 to %(most)d prompts.") % {"most": MOST_PROMPTS}
        raise Invalid(sentence, {"prompts": [sentence]})
    prompts = Prompt.objects.for_judging().filter(study=study, external_id__in=names)
    items = [(prompt, _two_replies(prompt)) for prompt in prompts.order_by("external_id")]
    usable = {prompt.external_id for prompt, replies in items if len(replies) == 2}
    if lacking := [name for name in names if name not in usable]:
        sentence = _("No prompt in use with two different replies: %(names)s.")
        problem = sentence % {"names": ", ".join(lacking)}
        raise Invalid(problem, {"prompts": [problem]})
    made = rounds.make_round(actor=actor, study=study, kind=kind, title=title, cohorts=cohorts)
    rounds.add_tasks(actor=actor, round=made, items=items)
    return made


def _two_replies(prompt: Prompt) -> list[Response]:
    replies: dict[str, Response] = {}
    for response in prompt.responses.in_use().order_by("-created_at", "-id"):
        replies.setdefault(response.text_hash, response)
    return list(replies.values())[:2]


@transaction.atomic
def expect(
    *, actor: Actor, seat: Seat, sent: UncheckedSubmission, explanation: str
) -> ExpectedAnswer:
    """Store the expected answer to a text of a training or attention round, and why.

    It is checked like a submission, and replaces an earlier one.
    """
    study = seat.task.round.study
    require(actor, MANAGE_ROUNDS, study)
    plan = rubrics.plan_of(seat.task.round_id, seat.cohort_id)
    words = rubrics.rubric_in(plan.rubric_id, study.language)
    submission = sent.checked(
        words.asked(
            texts={str(one.id): readable(one.text).text for one in seat.task.responses.all()},
            asks=plan.asks,
            turns=words.turns_of(seat.task.prompt.messages),
        )
    )
    answers = submission.model_dump(
        mode="json",
        include={"ratings", "turn_ratings", "ranking", "strength", "all_harmful", "why"},
    )
    kept, _made = ExpectedAnswer.objects.update_or_create(
        seat=seat, defaults={"answers": answers, "explanation": explanation.strip()}
    )
    audit.record(
        actor=actor,
        action=ANSWER_KEPT,
        study_id=study.id,
        about=("task", seat.task_id, seat.task.prompt.external_id),
        data={"cohort": seat.cohort.key},
    )
    return kept
