"""Which prompts a round may be filled with."""

from __future__ import annotations

import uuid
from collections.abc import Sequence

from django.db.models import Exists, OuterRef, QuerySet

from annotations.models import Prompt, RoundFilling, Task
from annotations.rules.states import Waiting

JOB = "round_filling"
"""The kind of job that fills a round."""


def candidates(*, study_id: uuid.UUID, which: str, categories: Sequence[str]) -> QuerySet[Prompt]:
    """Prompts in use, of these kinds; those for comparisons between models are never among them."""
    found = Prompt.objects.for_judging().filter(study_id=study_id, category__in=categories)
    if which == Waiting.NOT_ASKED:
        found = found.exclude(Exists(Task.objects.filter(prompt=OuterRef("id"))))
    return found.defer("messages")


def next_prompts(*, filling: RoundFilling, after: str) -> QuerySet[Prompt]:
    """What is left to look at after a prompt, by id, but for what the round holds already."""
    found = candidates(
        study_id=filling.round.study_id, which=filling.which, categories=filling.categories
    )
    if after:
        found = found.filter(id__gt=uuid.UUID(after))
    here = Task.objects.filter(prompt=OuterRef("id"), round=filling.round_id)
    return found.exclude(Exists(here)).order_by("id")
