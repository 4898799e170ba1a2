"""Lists for the staff of a study, narrowed by what a program asks for.

Doors check who may see them. Models are unknown here: whoever knows them passes the sources of the
responses that are wanted.
"""

from __future__ import annotations

import uuid
from typing import Any

from django.db.models import Exists, OuterRef, Prefetch, Q, QuerySet

from annotations.models import Flag, Judgement, Prompt, Response, Round, RoundCohort, Task
from annotations.models.querysets import in_use, withdrawn
from annotations.queries.progress import rounds_of
from annotations.queries.prompts import prompts_of
from annotations.rules.states import InUse
from codesign.consent.models import not_taken_back
from codesign.shared.errors import Invalid
from codesign.shared.lookups import Asked, matching
from codesign.studies.models import Cohort

Sources = QuerySet[Any, uuid.UUID]


def prompts(*, study_id: uuid.UUID, asked: Asked, sources: Sources | None) -> QuerySet[Prompt]:
    """Prompts of a study by external id, with a response of `sources` where these are given."""
    wanted = matching(
        asked,
        category="category",
        language="language",
        intensity="intensity",
        held_out="held_out",
        since="created_at__gte",
    )
    found = prompts_of(study_id=study_id).filter(wanted, _in_use(asked))
    if "topic" in asked:
        found = found.filter(topics__contains=[asked["topic"]])
    if "round" in asked:
        tasks = Task.objects.filter(round_id=_round(study_id, asked), prompt_id=OuterRef("id"))
        found = found.filter(Exists(tasks))
    if sources is not None:
        answers = Response.objects.filter(prompt_id=OuterRef("id"), source__in=sources)
        found = found.filter(Exists(answers))
    return found


def responses(*, study_id: uuid.UUID, asked: Asked, sources: Sources | None) -> QuerySet[Response]:
    """Responses to prompts of a study, in an order that tells nothing."""
    found = Response.objects.filter(
        _about_prompt(asked, "prompt"),
        matching(asked, origin="origin", prompt="prompt_id", since="created_at__gte"),
        _in_use(asked),
        prompt__study_id=study_id,
    )
    if "round" in asked:
        found = found.filter(tasks__round_id=_round(study_id, asked))
    if sources is not None:
        found = found.filter(source__in=sources)
    return found.order_by("id")


def judgements(
    *, study_id: uuid.UUID, asked: Asked, sources: Sources | None
) -> QuerySet[Judgement]:
    """Judgements under a consent that was not taken back, in an order that tells no time.

    With what showing them needs; nobody's free text is read.
    """
    found = (
        Judgement.objects.filter(
            _about_prompt(asked, "assignment__prompt"),
            matching(asked, prompt="assignment__prompt_id", since="submitted_at__gte"),
            not_taken_back("consent_record"),
            assignment__study_id=study_id,
        )
        .select_related("assignment__task", "member__cohort")
        .prefetch_related(Prefetch("flags", Flag.objects.defer("note").order_by("id")))
        .defer("comment")
    )
    if "round" in asked:
        found = found.filter(assignment__task__round_id=_round(study_id, asked))
    if "cohort" in asked:
        found = found.filter(member__cohort_id=_cohort(study_id, asked))
    if sources is not None:
        shown = Response.objects.filter(tasks=OuterRef("assignment__task_id"), source__in=sources)
        found = found.filter(Exists(shown))
    return found.order_by("id")


def rounds(*, study_id: uuid.UUID, asked: Asked) -> QuerySet[Round]:
    """Rounds of a study, newest first, with what each cohort is asked."""
    plans = RoundCohort.objects.select_related("cohort", "rubric").order_by("cohort__position")
    wanted = matching(asked, state="state", kind="kind", since="created_at__gte")
    found = rounds_of(study_id=study_id).filter(wanted)
    return found.prefetch_related(Prefetch("cohorts", plans))


def _about_prompt(asked: Asked, path: str) -> Q:
    topics = {f"{path}__topics__contains": [asked["topic"]]} if "topic" in asked else {}
    return matching(asked, category=f"{path}__category") & Q(**topics)


def _in_use(asked: Asked) -> Q:
    if "state" not in asked:
        return Q()
    return in_use() if asked["state"] == InUse.IN_USE else withdrawn()


def _round(study_id: uuid.UUID, asked: Asked) -> uuid.UUID:
    """The round asked for, which must be one of this study: a typo is no empty list."""
    round_id: uuid.UUID = asked["round"]
    if not Round.objects.filter(study_id=study_id, id=round_id).exists():
        raise Invalid("There is no such round in this study.", {"round": ["Unknown round."]})
    return round_id


def _cohort(study_id: uuid.UUID, asked: Asked) -> uuid.UUID:
    keys = dict(Cohort.objects.filter(study_id=study_id).values_list("key", "id"))
    if asked["cohort"] not in keys:
        sentence = f"Use one of: {', '.join(sorted(keys))}."
        raise Invalid("There is no such cohort in this study.", {"cohort": [sentence]})
    return keys[asked["cohort"]]
