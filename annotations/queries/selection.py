"""Reads what a dataset release may be made of, as plain values."""

from __future__ import annotations

from typing import Any

from django.db.models import Exists, OuterRef, Q

from annotations.datasets.facts import (
    FlagFact,
    JudgementFact,
    PromptFact,
    ResponseFact,
    RewriteFact,
    Selection,
)
from annotations.models import Flag, Judgement, Prompt, Response, Rewrite
from annotations.registry import ModelName, model_names
from annotations.rules.releases import purposes_needed
from codesign.consent import queries as consent
from codesign.consent.models import ConsentVersion
from codesign.studies.models import Study

JUDGEMENT = (
    "id",
    "member_id",
    "consent_record_id",
    "consent_record__withdrawal__id",
    "consent_record__version__number",
    "assignment__seat__cohort__key",
    "assignment__seat__cohort__role",
    "assignment__task__round_id",
    "assignment__task__round__kind",
    "assignment__prompt_id",
    "assignment__rubric__key",
    "assignment__rubric__version",
    "assignment__repeat",
    "assignment__order_shown",
    "assignment__propensity",
    "ratings",
    "ranking",
    "strength",
    "all_harmful",
    "highlights",
    "active_ms",
    "example",
)


def selection(*, study: Study, purpose: str) -> Selection:
    """What is in the study now. Consent is read last: who withdraws meanwhile is out.

    A constant number of queries. Memory grows with the judgements, about 2 kB for each.
    """
    judgements = _judgements(study)
    prompts = _prompts(study)
    return Selection(
        study={"id": str(study.id), "slug": study.slug, "title": study.title},
        purpose=purpose,
        prompts=prompts,
        responses=_responses(study),
        judgements=judgements,
        rewrites=_rewrites(study),
        flags=_flags(study),
        consent_versions=_versions(study),
        granting=granting(study=study, purpose=purpose),
    )


def granting(*, study: Study, purpose: str) -> dict[str, str]:
    """member id → id of the signature in force, of everybody who allows this purpose now."""
    members = consent.members_granting(study_id=study.id, purposes=purposes_needed(purpose))
    return {str(member): str(record) for member, record in members.items()}


def _prompts(study: Study) -> dict[str, PromptFact]:
    return {
        str(prompt.id): PromptFact(
            id=str(prompt.id),
            messages=[{"role": m["role"], "content": m["content"]} for m in prompt.messages],
            category=prompt.category,
            topics=prompt.topics,
            intensity=prompt.intensity,
            language=prompt.language,
            held_out=prompt.held_out,
            split_group=str(prompt.split_group),
            withdrawn=prompt.withdrawn_at is not None,
        )
        for prompt in Prompt.objects.filter(study=study).defer("sketch")
    }


def _responses(study: Study) -> dict[str, ResponseFact]:
    rows = list(Response.objects.filter(prompt__study=study))
    names = model_names(row.source for row in rows)
    return {
        str(row.id): ResponseFact(
            id=str(row.id),
            prompt_id=str(row.prompt_id),
            text=row.text,
            origin=row.origin,
            withdrawn=row.withdrawn_at is not None,
            model=names.get(row.source, ModelName()),
        )
        for row in rows
    }


def _latest(study: Study, judgement: str = "") -> Q:
    """The latest revision of each judgement counts; `judgement` is the way to it."""
    newer = Judgement.objects.filter(
        assignment_id=OuterRef(f"{judgement}assignment_id"),
        revision__gt=OuterRef(f"{judgement}revision"),
    )
    return Q(~Exists(newer), **{f"{judgement}assignment__study": study})


def _judgements(study: Study) -> list[JudgementFact]:
    rows = Judgement.objects.filter(_latest(study)).order_by("id").values_list(*JUDGEMENT)
    return [_judgement(*row) for row in rows]


def _judgement(*row: Any) -> JudgementFact:
    value = dict(zip(JUDGEMENT, row, strict=True))
    return JudgementFact(
        id=str(value["id"]),
        member_id=str(value["member_id"]),
        record_id=str(value["consent_record_id"]),
        record_withdrawn=value["consent_record__withdrawal__id"] is not None,
        consent_version=value["consent_record__version__number"],
        cohort=value["assignment__seat__cohort__key"],
        role=value["assignment__seat__cohort__role"],
        round_id=str(value["assignment__task__round_id"]),
        round_kind=value["assignment__task__round__kind"],
        prompt_id=str(value["assignment__prompt_id"]),
        rubric=f"{value['assignment__rubric__key']}@{value['assignment__rubric__version']}",
        repeat=value["assignment__repeat"],
        order_shown=[str(response) for response in value["assignment__order_shown"]],
        propensity=value["assignment__propensity"],
        ratings=value["ratings"],
        ranking=value["ranking"],
        strength=value["strength"],
        all_harmful=value["all_harmful"],
        highlights=value["highlights"],
        active_ms=value["active_ms"],
        example=value["example"],
    )


def _rewrites(study: Study) -> list[RewriteFact]:
    rows = Rewrite.objects.filter(_latest(study, "judgement__")).order_by("id")
    return [
        RewriteFact(str(row.judgement_id), str(row.response_id), row.text, row.state)
        for row in rows
    ]


def _flags(study: Study) -> list[FlagFact]:
    """All flags, those of earlier revisions too: a harm that was found stays found."""
    rows = Flag.objects.filter(judgement__assignment__study=study).order_by("id")
    return [
        FlagFact(str(row.judgement_id), str(row.response_id), row.harm, row.severity, row.state)
        for row in rows
    ]


def _versions(study: Study) -> list[dict[str, Any]]:
    rows = ConsentVersion.objects.filter(study=study).order_by("number", "language")
    return [
        {"number": row.number, "language": row.language, "sha256": row.content_hash} for row in rows
    ]
