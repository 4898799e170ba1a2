"""Reads imported prompts that wait for a coordinator."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Exists, Min, OuterRef, Prefetch, QuerySet

from annotations.models import Prompt, Response, Round, Task
from annotations.models.querysets import in_use
from annotations.queries.progress import cost_of_a_prompt
from annotations.queries.prompts import prompts_of
from codesign.jobs.models import Job
from codesign.jobs.rules import UNFINISHED
from codesign.shared.money import format_money
from modelhub.models import WaitingPrompt
from modelhub.queries.generation import open_judging_round

KIND = "let_judge"
"""The kind of job that makes tasks of waiting prompts."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """How many prompts wait, and what judging all of them costs at current rates."""

    prompts: int
    judgements: int
    pay: str
    """In words; empty without pay rates."""
    round: Round
    being_added: bool


def waiting(*, study_id: uuid.UUID) -> QuerySet[WaitingPrompt]:
    """Return the waiting prompts of a study that can still be judged."""
    return WaitingPrompt.objects.filter(in_use("prompt"), study_id=study_id, prompt__held_out=False)


def waiting_since(*, study_id: uuid.UUID) -> datetime | None:
    """Return when the prompt was imported that waits longest; None if no prompt waits."""
    since: datetime | None = waiting(study_id=study_id).aggregate(since=Min("created_at"))["since"]
    return since


def to_judge(*, round: Round) -> QuerySet[Prompt]:
    """Return the waiting prompts that are not in the round, by external id, with their replies."""
    made = Task.objects.filter(round=round, prompt_id=OuterRef("prompt_id"))
    ids = waiting(study_id=round.study_id).exclude(Exists(made)).values("prompt_id")
    replies = Prefetch("responses", Response.objects.in_use().order_by("id"), to_attr="in_use")
    return prompts_of(study_id=round.study_id).filter(id__in=ids).prefetch_related(replies)


def waiting_now(*, study_id: uuid.UUID) -> Waiting | None:
    """Return what waits for a coordinator's decision, or None. Three queries, or one for None."""
    round = open_judging_round(study_id=study_id)
    if round is None:
        return None
    made = Task.objects.filter(round=round, prompt_id=OuterRef("prompt_id"))
    prompts = waiting(study_id=study_id).exclude(Exists(made)).count()
    if not prompts:
        return None
    judgements, pay = cost_of_a_prompt(round=round)
    amounts = [format_money(minor * prompts, currency) for currency, minor in pay.items()]
    jobs = Job.objects.filter(kind=KIND, subject_id=round.id, state__in=UNFINISHED)
    return Waiting(prompts, judgements * prompts, " + ".join(amounts), round, jobs.exists())
