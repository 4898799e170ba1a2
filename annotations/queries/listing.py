"""Filtered lists of the API, for the staff of a study.

Callers check permissions. Models are unknown here, so callers that filter by model pass the sources
of its responses.
"""

from __future__ import annotations

import uuid
from typing import Any

from django.db.models import Exists, OuterRef, Prefetch, Q, QuerySet
from django.utils.translation import gettext as _

from annotations.models import Flag, Judgement, Prompt, Response, Round, RoundCohort, Task
from annotations.models.querysets import in_use, withdrawn
from annotations.queries.progress import rounds_of
from annotations.queries.prompts import prompts_of
from annotations.rules.states import InUse, ItemKind
from codesign.consent.models import not_taken_back
from codesign.shared.errors import Invalid
from codesign.shared.lookups import Asked, matching
from codesign.studies.models import Cohort

Sources = QuerySet[Any, uuid.UUID]


def prompts(*, study_id: uuid.UUID, asked: Asked, sources: Sources | None) -> QuerySet[Prompt]:
    """Return prompts of a study by external id; with `sources`, those with such a response."""
    wanted = matching(
        asked,
        category="category",
        language="language",
        intensity="intensity",
        held_out="held_out",
        since="created_at__gte",
    )
    prompts = prompts_of(study_id=study_id).filter(wanted, _in_use(asked))
    if "topic" in asked:
        prompts = prompts.filter(topics__contains=[asked["topic"]])
    if "round" in asked:
        tasks = Task.objects.filter(round_id=_round(study_id, asked), prompt_id=OuterRef("id"))
        prompts = prompts.filter(Exists(tasks))
    if sources is not None:
        answers = Response.objects.filter(prompt_id=OuterRef("id"), source__in=sources)
        prompts = prompts.filter(Exists(answers))
    return prompts


def responses(*, study_id: uuid.UUID, asked: Asked, sources: Sources | None) -> QuerySet[Response]:
    """Return responses to prompts of a study, in an order that reveals nothing."""
    responses = Response.objects.filter(
        _about_prompt(asked, "prompt"),
        matching(asked, origin="origin", prompt="prompt_id", since="created_at__gte"),
        _in_use(asked),
        prompt__study_id=study_id,
    )
    if "round" in asked:
        responses = responses.filter(tasks__round_id=_round(study_id, asked))
    if sources is not None:
        responses = responses.filter(source__in=sources)
    return responses.order_by("id")


def judgements(
    *, study_id: uuid.UUID, asked: Asked, sources: Sources | None
) -> QuerySet[Judgement]:
    """Return the latest judgements whose consent was not withdrawn, in an order without time.

    Everything that the API shows is loaded. Free text is never read.
    """
    judgements = (
        Judgement.objects.latest_revisions()
        .filter(
            _about_prompt(asked, "assignment__prompt"),
            matching(asked, prompt="assignment__prompt_id", since="submitted_at__gte"),
            not_taken_back("consent_record"),
            assignment__study_id=study_id,
            assignment__item_kind=ItemKind.ORDINARY,
        )
        .select_related("assignment__task", "member__cohort")
        .prefetch_related(Prefetch("flags", Flag.objects.defer("note").order_by("id")))
        .defer("comment")
    )
    if "round" in asked:
        judgements = judgements.filter(assignment__task__round_id=_round(study_id, asked))
    if "cohort" in asked:
        judgements = judgements.filter(member__cohort_id=_cohort(study_id, asked))
    if sources is not None:
        shown = Response.objects.filter(tasks=OuterRef("assignment__task_id"), source__in=sources)
        judgements = judgements.filter(Exists(shown))
    return judgements.order_by("id")


def rounds(*, study_id: uuid.UUID, asked: Asked) -> QuerySet[Round]:
    """Return rounds of a study, newest first, with the plans of their cohorts."""
    plans = RoundCohort.objects.select_related("cohort", "rubric").order_by("cohort__position")
    wanted = matching(asked, state="state", kind="kind", since="created_at__gte")
    rounds = rounds_of(study_id=study_id).filter(wanted)
    return rounds.prefetch_related(Prefetch("cohorts", plans))


def _about_prompt(asked: Asked, path: str) -> Q:
    topics = {f"{path}__topics__contains": [asked["topic"]]} if "topic" in asked else {}
    return matching(asked, category=f"{path}__category") & Q(**topics)


def _in_use(asked: Asked) -> Q:
    if "state" not in asked:
        return Q()
    return in_use() if asked["state"] == InUse.IN_USE else withdrawn()


def _round(study_id: uuid.UUID, asked: Asked) -> uuid.UUID:
    """Return the id of the round asked for. Raises Invalid if the study has no such round."""
    round_id: uuid.UUID = asked["round"]
    if not Round.objects.filter(study_id=study_id, id=round_id).exists():
        raise Invalid(_("This study has no such round."), {"round": [_("Unknown round.")]})
    return round_id


def _cohort(study_id: uuid.UUID, asked: Asked) -> uuid.UUID:
    keys = dict(Cohort.objects.filter(study_id=study_id).values_list("key", "id"))
    if asked["cohort"] not in keys:
        sentence = _("Use one of: %(keys)s.") % {"keys": ", ".join(sorted(keys))}
        raise Invalid(_("This study has no such cohort."), {"cohort": [sentence]})
    return keys[asked["cohort"]]
