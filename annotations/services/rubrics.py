"""Create versions of rubrics."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from django.db import transaction
from django.db.models import Max
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from annotations.models import Criterion, PassageLabel, Reason, Rubric, RubricText
from annotations.permissions import MANAGE_ROUNDS
from annotations.queries import rubrics as queries
from annotations.rules.rubric_content import problem_with, whole_criterion, whole_words
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
    reasons: Sequence[Mapping[str, Any]] = (),
    labels: Sequence[Mapping[str, Any]] = (),
    template: str = "",
) -> Rubric:
    """Create the next version of a rubric. Earlier versions never change.

    `rules.rubric_content` describes criteria, reasons and labels; keys that a scale does not need
    may be missing. Without labels, passages get the standard ones. `template` is the name of the
    template that it started from.
    """
    require(actor, MANAGE_ROUNDS, study)
    criteria = [whole_criterion(one, language) for one in criteria]
    reasons = [whole_words(one) for one in reasons]
    labels = [whole_words(one) for one in labels]
    if problem := problem_with(criteria, reasons, labels):
        raise Invalid(problem, {"criteria": [problem]})
    lock_study(study_id=study.id)
    last = Rubric.objects.filter(study=study, key=key).aggregate(n=Max("version"))["n"] or 0
    rubric = Rubric.objects.create(
        study=study, key=key, title=title, version=last + 1, template=template
    )
    _write_criteria(rubric, language, criteria)
    Reason.objects.bulk_create(
        Reason(**row) for row in _in_each_language(rubric, language, reasons)
    )
    PassageLabel.objects.bulk_create(
        PassageLabel(**row) for row in _in_each_language(rubric, language, labels)
    )
    audit.record(
        actor=actor,
        action=RUBRIC_MADE,
        study_id=study.id,
        about=("rubric", rubric.id, f"{key} {rubric.version}"),
        data={"criteria": [criterion["key"] for criterion in criteria]},
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
    reasons: Sequence[Mapping[str, Any]] = (),
    labels: Sequence[Mapping[str, Any]] = (),
    template: str = "",
    key: str = "",
    after: int = 0,
) -> Rubric:
    """Create a rubric, or with `key` the next version. `after` is the version that was edited.

    A repeated request creates one version. Raises Conflict if somebody else has created a version
    in the meantime.
    """
    require(actor, MANAGE_ROUNDS, study)
    lock_study(study_id=study.id)
    criteria = [whole_criterion(one, language) for one in criteria]
    reasons = [whole_words(one) for one in reasons]
    labels = [whole_words(one) for one in labels]
    for rubric in queries.newest_of(study_id=study.id):
        if rubric.key != key if key else rubric.title != title:
            continue
        if _content_of(rubric) == (title, criteria, reasons, labels):
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
        reasons=reasons,
        labels=labels,
        template=template,
    )


@transaction.atomic
def translate_rubric(
    *,
    actor: Actor,
    rubric: Rubric,
    language: str,
    texts: Mapping[str, Mapping[str, Any]],
    reasons: Mapping[str, str],
    labels: Mapping[str, str],
) -> Rubric:
    """Create the next version of a rubric, with its words in one more language.

    `texts` has `{"title", "help", "anchors"}` for each criterion; `reasons` and `labels` have a
    title for each reason and label. Raises Conflict if `rubric` is not the newest version.
    """
    newest = queries.newest(study_id=rubric.study_id, key=rubric.key)
    if newest.id != rubric.id:
        raise Conflict(_("There is a newer version. Translate that one."))
    criteria = queries.criteria_of(newest)
    short = [(queries.reasons_of(newest), reasons), (queries.labels_of(newest), labels)]
    written = queries.language_of(newest)
    if language == written or {one["key"] for one in criteria} != texts.keys():
        problem = _("A translation needs another language, and words for every question.")
        raise Invalid(problem, {"texts": [problem]})
    for one in criteria:
        one["texts"] = {**one["texts"], language: dict(texts[one["key"]])}
    for rows, titles in short:
        for one in rows:
            one["texts"] = {**one["texts"], language: titles[one["key"]]}
    return make_rubric(
        actor=actor,
        study=newest.study,
        key=newest.key,
        title=newest.title,
        language=written,
        criteria=criteria,
        reasons=short[0][0],
        labels=short[1][0],
        template=newest.template,
    )


def _content_of(rubric: Rubric) -> tuple[str, *tuple[list[dict[str, Any]], ...]]:
    return (
        rubric.title,
        queries.criteria_of(rubric),
        queries.reasons_of(rubric),
        queries.labels_of(rubric),
    )


def _keys_of(study: Study) -> set[str]:
    return set(Rubric.objects.filter(study=study).values_list("key", flat=True))


def _write_criteria(rubric: Rubric, language: str, criteria: Sequence[Mapping[str, Any]]) -> None:
    rows: dict[str, Criterion] = {}
    for position, criterion in enumerate(criteria):
        scale, condition = criterion["scale"], criterion["only_if"]
        rows[criterion["key"]] = Criterion(
            rubric=rubric,
            key=criterion["key"],
            position=position,
            scale_kind=scale["kind"],
            scale_min=scale["min"],
            scale_max=scale["max"],
            unsure=scale["unsure"],
            points=scale["points"],
            only_if=rows[condition["criterion"]] if condition else None,
            only_if_scores=condition["scores"] if condition else [],
            turns=criterion["turns"],
        )
    Criterion.objects.bulk_create(rows.values())
    first = {
        one["key"]: (language, {**one, "anchors": one["scale"]["anchors"]}) for one in criteria
    }
    words = [(key, *text) for key, text in first.items()]
    words += [(one["key"], *other) for one in criteria for other in one["texts"].items()]
    RubricText.objects.bulk_create(
        RubricText(
            criterion=rows[key],
            language=of,
            title=text["title"],
            question=text["help"],
            anchors=text["anchors"],
        )
        for key, of, text in words
    )


def _in_each_language(
    rubric: Rubric, language: str, short: Sequence[Mapping[str, Any]]
) -> Iterator[dict[str, Any]]:
    """Yield the columns of the rows of reasons or labels."""
    for position, one in enumerate(short):
        for of, title in [(language, one["title"]), *one["texts"].items()]:
            yield {
                "rubric": rubric,
                "key": one["key"],
                "position": position,
                "language": of,
                "title": title,
            }
