"""Reading prompts and the replies to them; no model is named. Doors check who may see them."""

from __future__ import annotations

import uuid

from django.db.models import Count, OuterRef, Prefetch, QuerySet, Subquery
from django.db.models.functions import Coalesce

from annotations.models import Prompt, Response
from codesign.shared.errors import NotFound


def prompts_of(*, study_id: uuid.UUID) -> QuerySet[Prompt]:
    """Every prompt of a study, pulled ones too, by its external id, which is indexed."""
    return Prompt.objects.filter(study_id=study_id).order_by("external_id")


def with_replies(*, study_id: uuid.UUID) -> QuerySet[Prompt]:
    """The same, each with how many `replies` are in use, counted for those that are read."""
    replies = Response.objects.in_use().filter(prompt=OuterRef("id")).order_by()
    count = replies.values("prompt").annotate(n=Count("id")).values("n")
    return prompts_of(study_id=study_id).annotate(replies=Coalesce(Subquery(count), 0))


def prompt_in(*, study_id: uuid.UUID, prompt_id: uuid.UUID) -> Prompt:
    """One prompt of that study with its responses, in no order that tells who wrote them."""
    replies = Prefetch("responses", Response.objects.order_by("id"))
    found = (
        Prompt.objects.select_related("study")
        .prefetch_related(replies)
        .filter(study_id=study_id, id=prompt_id)
        .first()
    )
    if found is None:
        raise NotFound("There is no such prompt in this study.")
    return found


def response_in(*, study_id: uuid.UUID, response_id: uuid.UUID) -> Response:
    """One response to a prompt of that study."""
    found = (
        Response.objects.select_related("prompt__study")
        .filter(prompt__study_id=study_id, id=response_id)
        .first()
    )
    if found is None:
        raise NotFound("There is no such response in this study.")
    return found
