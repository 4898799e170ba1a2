"""What the database keeps of a rubric, whatever wrote it."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import DatabaseError, transaction

from annotations.models import Criterion, Rubric
from annotations.queries import rubrics as queries
from annotations.services import rubrics
from codesign.shared.actors import SYSTEM, Actor
from codesign.shared.errors import Conflict, Invalid, NotPermitted
from codesign.studies.rules import Role
from tests.factories.studies import StudyFactory, staff
from tests.support.kinds_rubric import CRITERIA, REASONS, kinds_rubric

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    "wrong",
    [
        {"scale_kind": "stars"},
        {"scale_min": 5, "scale_max": 5},
        {"scale_max": 99},
        {"scale_kind": "yes_no", "scale_min": 0, "scale_max": 2},
        {"scale_kind": "points", "scale_min": 0, "scale_max": 1},
        {"scale_kind": "points", "scale_min": 0, "scale_max": 1, "points": 0},
        {"scale_kind": "points", "scale_min": 0, "scale_max": 1, "points": 11},
        {"points": 3},
        {"only_if_scores": [1]},
        {"scale_kind": "category", "scale_min": 0, "scale_max": 3},
        {"scale_kind": "category", "scale_min": 1, "scale_max": 11},
    ],
)
def test_a_criterion_that_makes_no_sense_is_refused(wrong: dict[str, Any]) -> None:
    rubric = Rubric.objects.create(study=StudyFactory.create(), key="bare", title="Bare")
    with pytest.raises(DatabaseError, match="violates check"), transaction.atomic():
        Criterion.objects.create(rubric=rubric, key="a", position=0, **wrong)
    Criterion.objects.create(rubric=rubric, key="a", position=0)


def test_a_condition_names_an_earlier_criterion_of_its_rubric() -> None:
    study = StudyFactory.create()
    one, two = (Rubric.objects.create(study=study, key=key, title=key) for key in ("one", "two"))
    later = Criterion.objects.create(rubric=one, key="later", position=5)
    for rubric, position in ((one, 5), (one, 4), (two, 6)):
        with pytest.raises(DatabaseError, match="depends on an earlier one"), transaction.atomic():
            Criterion.objects.bulk_create(
                [
                    Criterion(
                        rubric=rubric,
                        key=f"odd-{position}",
                        position=position if position != 5 else 3,
                        only_if=later,
                        only_if_scores=[1],
                    )
                ]
            )
    Criterion.objects.create(rubric=one, key="last", position=6, only_if=later, only_if_scores=[1])


def test_a_version_is_whole_and_read_as_it_was_written() -> None:
    rubric = kinds_rubric(StudyFactory.create())
    newest = queries.newest(study_id=rubric.study_id, key="kinds")
    again = rubrics.write_rubric(
        actor=SYSTEM,
        study=rubric.study,
        title="Every kind",
        language="en",
        criteria=CRITERIA,
        reasons=REASONS,
        key="kinds",
        after=1,
    )
    assert again == newest
    words = queries.rubric_in(rubric.id, "en")
    assert words.weights == {"heard": 1, "advice": 0, "risk": 1, "asks": 5, "blames": -10}
    with pytest.raises(Invalid, match="its own key"):
        rubrics.make_rubric(
            actor=SYSTEM,
            study=rubric.study,
            key="kinds",
            title="Twice",
            language="en",
            criteria=CRITERIA,
            reasons=[*REASONS, REASONS[0]],
        )


def test_only_the_newest_version_is_translated_and_only_by_coordinators() -> None:
    rubric = kinds_rubric(StudyFactory.create())
    texts = {
        one["key"]: {"title": "Uno", "help": "¿Sí?", "anchors": {"0": "No", "1": "Sí"}}
        for one in CRITERIA
    }
    asked: dict[str, Any] = {"language": "es", "texts": texts, "reasons": {"warm": "Cálida"}}
    asked["reasons"]["safe"] = "Segura"
    asked["labels"] = {}
    with pytest.raises(NotPermitted, match="Your role"):
        rubrics.translate_rubric(
            actor=Actor.of(staff(rubric.study, Role.AUDITOR).user), rubric=rubric, **asked
        )
    with pytest.raises(Invalid, match="another language"):
        rubrics.translate_rubric(actor=SYSTEM, rubric=rubric, **asked | {"language": "en"})
    second = rubrics.translate_rubric(actor=SYSTEM, rubric=rubric, **asked)
    with pytest.raises(Conflict, match="newer version"):
        rubrics.translate_rubric(actor=SYSTEM, rubric=rubric, **asked)
    assert [title for _key, title in queries.rubric_in(second.id, "es").reasons] == [
        "Cálida",
        "Segura",
    ]
