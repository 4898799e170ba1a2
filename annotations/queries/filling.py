"""Queries for prompts that a round can be filled with."""

from __future__ import annotations

import uuid
from collections.abc import Sequence

from django.db.models import Exists, OuterRef, QuerySet

from annotations.models import Prompt, RoundFilling, Task
from annotations.rules.states import WITH_ANSWERS, Waiting

JOB = "round_filling"
"""The kind of job that fills a round."""


def candidates(*, study_id: uuid.UUID, which: str, categories: Sequence[str]) -> QuerySet[Prompt]:
    """Return prompts in use of these categories, without held-out ones."""
    prompts = Prompt.objects.for_judging().filter(study_id=study_id, category__in=categories)
    if which == Waiting.NOT_ASKED:
        prompts = prompts.exclude(Exists(Task.objects.filter(prompt=OuterRef("id"))))
    else:
        apart = Task.objects.filter(prompt=OuterRef("id"), round__kind__in=WITH_ANSWERS)
        prompts = prompts.exclude(Exists(apart))
    return prompts.defer("messages")


def next_prompts(*, filling: RoundFilling, after: str) -> QuerySet[Prompt]:
    """Return the candidates after a prompt, by id, that are not in the round yet."""
    prompts = candidates(
        study_id=filling.round.study_id, which=filling.which, categories=filling.categories
    )
    if after:
        prompts = prompts.filter(id__gt=uuid.UUID(after))
    here = Task.objects.filter(prompt=OuterRef("id"), round=filling.round_id)
    return prompts.exclude(Exists(here)).order_by("id")
