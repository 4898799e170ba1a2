"""How far the seats of a round have followed it."""

from __future__ import annotations

import uuid

from django.db.models import QuerySet, Sum

from annotations.models import Round, RoundOffering, RoundTally, Task


def how_many_tasks(*, round: Round) -> int:
    """From the tallies: a million are not counted."""
    return int(RoundTally.objects.filter(round=round).aggregate(n=Sum("tasks"))["n"] or 0)


def next_tasks(*, progress: RoundOffering, most: int) -> tuple[QuerySet[Task], uuid.UUID | None]:
    """The next tasks of a round in the order of their prompts, which an index holds.

    And the prompt of the last of them; None where these are all that are left.
    """
    tasks = Task.objects.filter(round=progress.round)
    if progress.after:
        tasks = tasks.filter(prompt_id__gt=progress.after)
    ordered = tasks.order_by("prompt_id").values_list("prompt_id", flat=True)
    last = ordered[most - 1 : most].first()
    return (tasks.filter(prompt_id__lte=last) if last else tasks), last
