"""Queries for the tasks of a round whose seats have to be offered or withdrawn."""

from __future__ import annotations

import uuid

from django.db.models import QuerySet, Sum

from annotations.models import Round, RoundCounter, Task

JOB = "round_offering"
"""The kind of job that offers seats or stops offering them."""


def how_many_tasks(*, round: Round) -> int:
    """Return the number of tasks of a round, from the counters."""
    return int(RoundCounter.objects.filter(round=round).aggregate(n=Sum("tasks"))["n"] or 0)


def next_tasks(*, round: Round, after: str, most: int) -> tuple[QuerySet[Task], uuid.UUID | None]:
    """Return the next tasks of a round after a prompt, in the order of prompts (indexed).

    Also returns the prompt of the last of them, or None if no tasks follow.
    """
    tasks = Task.objects.filter(round=round)
    if after:
        tasks = tasks.filter(prompt_id__gt=uuid.UUID(after))
    ordered = tasks.order_by("prompt_id").values_list("prompt_id", flat=True)
    last = ordered[most - 1 : most].first()
    return (tasks.filter(prompt_id__lte=last) if last else tasks), last
