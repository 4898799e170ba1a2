"""The tasks of a round whose seats are still to follow it."""

from __future__ import annotations

import uuid

from django.db.models import QuerySet, Sum

from annotations.models import Round, RoundTally, Task

JOB = "round_offering"
"""The kind of job that lets seats follow."""


def how_many_tasks(*, round: Round) -> int:
    """From the tallies: a million are not counted."""
    return int(RoundTally.objects.filter(round=round).aggregate(n=Sum("tasks"))["n"] or 0)


def next_tasks(*, round: Round, after: str, most: int) -> tuple[QuerySet[Task], uuid.UUID | None]:
    """The next tasks of a round after a prompt, in the order of their prompts (which has an index).

    And the prompt of the last of them; None where no more are left after these.
    """
    tasks = Task.objects.filter(round=round)
    if after:
        tasks = tasks.filter(prompt_id__gt=uuid.UUID(after))
    ordered = tasks.order_by("prompt_id").values_list("prompt_id", flat=True)
    last = ordered[most - 1 : most].first()
    return (tasks.filter(prompt_id__lte=last) if last else tasks), last
