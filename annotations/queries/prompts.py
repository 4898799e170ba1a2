"""Queries for prompts and their responses, without models. Callers check permissions."""

from __future__ import annotations

import uuid

from django.db.models import Count, OuterRef, Prefetch, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.utils.translation import gettext as _

from annotations.models import Prompt, Response
from codesign.shared.errors import NotFound


def prompts_of(*, study_id: uuid.UUID) -> QuerySet[Prompt]:
    """Return all prompts of a study, including withdrawn ones, by external id (indexed)."""
    return Prompt.objects.filter(study_id=study_id).order_by("external_id")


def with_replies(*, study_id: uuid.UUID) -> QuerySet[Prompt]:
    """Return the same with the number of `replies` in use, counted only for the rows read."""
    replies = Response.objects.in_use().filter(prompt=OuterRef("id")).order_by()
    count = replies.values("prompt").annotate(n=Count("id")).values("n")
    return prompts_of(study_id=study_id).annotate(replies=Coalesce(Subquery(count), 0))


def prompt_in(*, study_id: uuid.UUID, prompt_id: uuid.UUID) -> Prompt:
    """Return a prompt of a study and its responses, in an order that does not reveal models."""
    replies = Prefetch("responses", Response.objects.order_by("id"))
    prompt = (
        Prompt.objects.select_related("study")
        .prefetch_related(replies)
        .filter(study_id=study_id, id=prompt_id)
        .first()
    )
    if prompt is None:
        raise NotFound(_("This study has no such prompt."))
    return prompt


def response_in(*, study_id: uuid.UUID, response_id: uuid.UUID) -> Response:
    """Return a response to a prompt of a study."""
    response = (
        Response.objects.select_related("prompt__study")
        .filter(prompt__study_id=study_id, id=response_id)
        .first()
    )
    if response is None:
        raise NotFound(_("This study has no such response."))
    return response
