"""Add prompts and responses, assign their split groups, and withdraw them."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from annotations.models import Prompt, Response, RoundCohort, Task
from annotations.permissions import ADD_PROMPTS, WITHDRAW_TEXTS
from annotations.queries import assignments as queries
from annotations.rules.prompts import PromptRow, RowProblem, row_problem
from annotations.services import assignments, seats
from annotations.services.intake import (
    Intake,
    NewResponse,
    RowsRefused,
    write_responses,
)
from annotations.services.late_grouping import group_late, record_ungrouped
from codesign.audit import services as audit
from codesign.audit.registry import action
from codesign.shared.actors import Actor
from codesign.shared.advisory_locks import Lock, try_lock_until_commit
from codesign.shared.batches import batched
from codesign.shared.errors import Conflict
from codesign.studies.models import Study
from codesign.studies.permissions import require

BATCH = 500
PROMPT_WITHDRAWN = action("annotations.prompt_pulled", gettext_lazy("withdrew a prompt"))
RESPONSE_WITHDRAWN = action("annotations.response_pulled", gettext_lazy("withdrew a response"))


@dataclass(frozen=True, slots=True)
class AddedPrompts:
    """The result of an import: line → prompt, for each row that is in the study now."""

    by_line: dict[int, Prompt]
    made: int
    already_there: int
    problems: list[RowProblem]


@transaction.atomic
def add_prompts(
    *, actor: Actor, study: Study, rows: Iterable[PromptRow], skip_bad: bool = False
) -> AddedPrompts:
    """Add prompts to a study and assign their split groups, see `Intake`.

    Raises RowsRefused and adds nothing if a row is invalid, unless `skip_bad` is set.
    """
    intake = Intake(actor=actor, study=study)
    at_line: dict[int, uuid.UUID] = {}
    for batch in batched(_fine(rows, intake.problems), BATCH):
        prompts = zip(batch, intake.add_prompts(intake.ready(batch)), strict=True)
        at_line.update((row.line, prompt.id) for row, prompt in prompts if prompt)
    if intake.problems and not skip_bad:
        raise RowsRefused(intake.problems)
    intake.settle()
    stored = Prompt.objects.in_bulk(at_line.values())
    by_line = {line: stored[prompt_id] for line, prompt_id in at_line.items()}
    return AddedPrompts(by_line, intake.made, intake.already_there, intake.problems)


def _fine(rows: Iterable[PromptRow], problems: list[RowProblem]) -> Iterator[PromptRow]:
    for row in rows:
        if problem := row_problem(row):
            problems.append(RowProblem(row.line, problem))
        else:
            yield row


@transaction.atomic
def add_responses(*, actor: Actor, study: Study, new: Sequence[NewResponse]) -> list[Response]:
    """Write responses, in order. Prompts with an identical response join one split group.

    Never waits for an import. During one, the groups are joined after it, see `late_grouping`.
    """
    require(actor, ADD_PROMPTS, study)
    ids = write_responses(study=study, new=new)
    texts = {id: one.text for id, one in zip(ids, new, strict=True)}
    record_ungrouped(study=study, texts=texts)
    if try_lock_until_commit(Lock.SPLIT_GROUPS, study.id):
        group_late(study=study)
    made = Response.objects.in_bulk(ids)
    return [made[response_id] for response_id in ids]


@transaction.atomic
def withdraw_prompt(*, actor: Actor, prompt: Prompt) -> Prompt:
    """Withdraw a prompt: it is no longer assigned to people or answered by runs.

    Members with a lease on it get another task. Their draft and earlier judgements stay.
    """
    require(actor, WITHDRAW_TEXTS, prompt.study)
    _lock_who_may_hold(prompt)
    prompt = Prompt.objects.select_for_update(no_key=True).get(id=prompt.id)
    if prompt.withdrawn_at:
        raise Conflict(_("This prompt is already withdrawn."))
    prompt.withdrawn_at = timezone.now()
    prompt.save(update_fields=["withdrawn_at"])
    seats.offer_none_of(tasks=prompt.tasks.all())
    held = queries.leased().filter(prompt=prompt)
    assignments.return_leases(actor=actor, leases=held, why="prompt pulled")
    audit.record(
        actor=actor,
        action=PROMPT_WITHDRAWN,
        study_id=prompt.study_id,
        about=("prompt", prompt.id, prompt.external_id),
    )
    return prompt


@transaction.atomic
def withdraw_response(*, actor: Actor, response: Response) -> Response:
    """Withdraw a response: it is no longer judged, and new releases do not contain it.

    Tasks have a fixed set of responses, so all tasks with this response end too.
    """
    prompt = response.prompt
    require(actor, WITHDRAW_TEXTS, prompt.study)
    _lock_who_may_hold(prompt)
    response = Response.objects.select_for_update(no_key=True, of=("self",)).get(id=response.id)
    if response.withdrawn_at:
        raise Conflict(_("This response is already withdrawn."))
    response.withdrawn_at = timezone.now()
    response.save(update_fields=["withdrawn_at"])
    tasks = Task.objects.filter(task_responses__response=response)
    held = queries.leased().filter(task__in=tasks)
    assignments.return_leases(actor=actor, leases=held, why="response pulled")
    seats.offer_none_of(tasks=tasks)
    audit.record(
        actor=actor,
        action=RESPONSE_WITHDRAWN,
        study_id=prompt.study_id,
        about=("response", response.id, prompt.external_id),
    )
    return response


def _lock_who_may_hold(prompt: Prompt) -> None:
    """Lock members by id, then tasks by id, in the order that `seats` documents."""
    tasks = Task.objects.filter(prompt=prompt)
    cohorts = RoundCohort.objects.filter(round__in=tasks.values("round")).values("cohort")
    seats.lock_members(cohorts=cohorts)
    seats.lock_tasks(tasks=tasks)
