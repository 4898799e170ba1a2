"""Which prompts a round may be filled with, and how far it is."""

from __future__ import annotations

import uuid
from collections.abc import Sequence

from django.db.models import Exists, OuterRef, QuerySet

from annotations.models import Prompt, RoundFilling, Task
from annotations.rules.states import FillingState, Waiting


def candidates(*, study_id: uuid.UUID, which: str, categories: Sequence[str]) -> QuerySet[Prompt]:
    """Prompts in use, of these kinds; those for comparisons between models are never among them."""
    found = Prompt.objects.for_judging().filter(study_id=study_id, category__in=categories)
    if which == Waiting.NOT_ASKED:
        found = found.exclude(Exists(Task.objects.filter(prompt=OuterRef("id"))))
    return found.defer("messages")


def next_prompts(*, filling: RoundFilling) -> QuerySet[Prompt]:
    """What is left to look at, by id; what another way brought into the round is in it already."""
    found = candidates(
        study_id=filling.round.study_id, which=filling.which, categories=filling.categories
    )
    if filling.after:
        found = found.filter(id__gt=filling.after)
    here = Task.objects.filter(prompt=OuterRef("id"), round=filling.round_id)
    return found.exclude(Exists(here)).order_by("id")


def filling_now() -> QuerySet[RoundFilling]:
    """Every filling that has not ended."""
    return RoundFilling.objects.filter(state=FillingState.FILLING)


def locked(*, skip: bool = False) -> QuerySet[RoundFilling]:
    """Fillings, locked until the transaction ends; with `skip` only those that nobody holds."""
    return RoundFilling.objects.select_for_update(no_key=True, of=("self",), skip_locked=skip)
