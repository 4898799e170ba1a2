"""Create versions of rubrics."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django.db import transaction
from django.db.models import Max
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from annotations.models import Criterion, Rubric, RubricText
from annotations.permissions import MANAGE_ROUNDS
from annotations.queries import rubrics as queries
from codesign.audit import services as audit
from codesign.audit.registry import action
from codesign.shared.actors import Actor
from codesign.shared.errors import Conflict, Invalid
from codesign.shared.keys import free_key
from codesign.studies.locks import lock_study
from codesign.studies.models import Study
from codesign.studies.permissions import require

RUBRIC_MADE = action("annotations.rubric_made", gettext_lazy("created a version of a rubric"))


@transaction.atomic
def make_rubric(
    *,
    actor: Actor,
    study: Study,
    key: str,
    title: str,
    language: str,
    criteria: Sequence[Mapping[str, Any]],
) -> Rubric:
    """Create the next version of a rubric. Earlier versions never change.

    A criterion is `{"key", "title", "help", "scale": {"kind", "min", "max", "anchors"}}`.
    """
    require(actor, MANAGE_ROUNDS, study)
    keys = [criterion["key"] for criterion in criteria]
    if not keys or len(set(keys)) != len(keys):
        problem = _("A rubric needs at least one criterion, and each needs its own key.")
        raise Invalid(problem, {"criteria": [problem]})
    lock_study(study_id=study.id)
    last = Rubric.objects.filter(study=study, key=key).aggregate(n=Max("version"))["n"] or 0
    rubric = Rubric.objects.create(study=study, key=key, title=title, version=last + 1)
    _write_criteria(rubric, language, criteria)
    audit.record(
        actor=actor,
        action=RUBRIC_MADE,
        study_id=study.id,
        about=("rubric", rubric.id, f"{key} {rubric.version}"),
        data={"criteria": keys},
    )
    return rubric


@transaction.atomic
def write_rubric(
    *,
    actor: Actor,
    study: Study,
    title: str,
    language: str,
    criteria: Sequence[Mapping[str, Any]],
    key: str = "",
    after: int = 0,
) -> Rubric:
    """Create a rubric, or with `key` the next version. `after` is the version that was edited.

    A repeated request creates one version. Raises Conflict if somebody else has created a version
    in the meantime.
    """
    require(actor, MANAGE_ROUNDS, study)
    lock_study(study_id=study.id)
    for rubric in queries.newest_of(study_id=study.id):
        if rubric.key != key if key else rubric.title != title:
            continue
        if (rubric.title, queries.criteria_of(rubric)) == (title, [*criteria]):
            return rubric
        if key and rubric.version != after:
            raise Conflict(
                _(
                    "Somebody else has saved version %(n)d in the meantime. Save again to make"
                    " yours the next one."
                )
                % {"n": rubric.version}
            )
    return make_rubric(
        actor=actor,
        study=study,
        key=key or free_key(title, taken=_keys_of(study), instead="questions"),
        title=title,
        language=language,
        criteria=criteria,
    )


def _keys_of(study: Study) -> set[str]:
    return set(Rubric.objects.filter(study=study).values_list("key", flat=True))


def _write_criteria(rubric: Rubric, language: str, criteria: Sequence[Mapping[str, Any]]) -> None:
    made = Criterion.objects.bulk_create(
        Criterion(
            rubric=rubric,
            key=criterion["key"],
            position=position,
            scale_kind=criterion["scale"]["kind"],
            scale_min=criterion["scale"]["min"],
            scale_max=criterion["scale"]["max"],
        )
        for position, criterion in enumerate(criteria)
    )
    RubricText.objects.bulk_create(
        RubricText(
            criterion=row,
            language=language,
            title=criterion["title"],
            question=criterion.get("help", ""),
            anchors=criterion["scale"].get("anchors", {}),
        )
        for row, criterion in zip(made, criteria, strict=True)
    )
