"""Queries for split groups: their prompts and the reasons."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field

from django.db.models import Count, F, Q, QuerySet, Window
from django.db.models.functions import RowNumber
from django.http import QueryDict

from annotations.models import Prompt, SplitGroupReason
from annotations.permissions import SEE_GROUPS
from codesign.shared.actors import Actor
from codesign.shared.keyset import Page, page_of
from codesign.studies.models import Study
from codesign.studies.permissions import require

SHOWN = 3
"""Number of prompts that are shown of a group."""
SAME_TEXT = "same_text"
"""A reason besides those of `Why`. It is not recorded, because the texts show it."""


@dataclass(frozen=True, slots=True)
class Group:
    """A split group. If any prompt is `held_out`, none of the group is used for training."""

    split_group: uuid.UUID
    prompts: int
    held_out: int
    reasons: Sequence[str]
    shown: Sequence[Prompt] = field(default_factory=list)

    @property
    def more(self) -> int:
        """Return the number of prompts that are not shown."""
        return self.prompts - len(self.shown)


def groups_of(*, actor: Actor, study: Study, asked: QueryDict, size: int) -> Page:
    """Return a page of groups with at least two prompts, the largest first; four queries."""
    require(actor, SEE_GROUPS, study)
    counted = (
        Prompt.objects.filter(study=study)
        .order_by()
        .values("split_group")
        .annotate(prompts=Count("*"), held=Count("held_out", filter=Q(held_out=True)))
        .filter(prompts__gt=1)
        .values_list("split_group", "prompts", "held", named=True)
    )
    page = page_of(counted, by=["-prompts", "-split_group"], asked=asked, size=size)
    ids = [row.split_group for row in page]
    reasons, shown = _reasons(study, ids), _shown(study, ids)
    groups = [
        Group(id, prompts, held, sorted(reasons.get(id, ())), shown.get(id, []))
        for id, prompts, held in page
    ]
    return Page(groups, previous=page.previous, next=page.next)


def _reasons(study: Study, ids: Sequence[uuid.UUID]) -> dict[uuid.UUID, set[str]]:
    """Return group → reasons; none for groups that are older than the recording of reasons."""
    by_group: dict[uuid.UUID, set[str]] = {}
    kept = SplitGroupReason.objects.filter(study=study, split_group__in=ids)
    for group, why in kept.values_list("split_group", "reason").distinct():
        by_group.setdefault(group, set()).add(why)
    texts = (
        _of(study, ids).values("split_group").annotate(texts=Count("content_hash", distinct=True))
    )
    for group in texts.filter(texts__lt=Count("*")).values_list("split_group", flat=True):
        by_group.setdefault(group, set()).add(SAME_TEXT)
    return by_group


def _shown(study: Study, ids: Sequence[uuid.UUID]) -> dict[uuid.UUID, list[Prompt]]:
    """Return group → its first prompts, held-out ones before others."""
    place = Window(
        RowNumber(),
        partition_by=F("split_group"),
        order_by=[F("held_out").desc(), F("external_id").asc()],
    )
    by_group: dict[uuid.UUID, list[Prompt]] = {}
    for prompt in _of(study, ids).annotate(place=place).filter(place__lte=SHOWN).order_by("place"):
        by_group.setdefault(prompt.split_group, []).append(prompt)
    return by_group


def _of(study: Study, ids: Sequence[uuid.UUID]) -> QuerySet[Prompt]:
    return Prompt.objects.filter(study=study, split_group__in=ids).order_by()
