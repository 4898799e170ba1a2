"""Judgements that were made elsewhere are recorded apart from the work of members."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.db.utils import ProgrammingError

from annotations.models import ImportedJudgement, Judgement
from annotations.queries.progress import has_judgements
from annotations.rules.imported import ImportedStatement
from annotations.services.imported import record_imported_judgements
from codesign.audit.models import Event
from codesign.compensation.models import Transfer
from codesign.shared.actors import Actor
from codesign.shared.errors import Invalid, NotPermitted
from codesign.studies.rules import Role
from tests.factories.studies import staff
from tests.support.release_study import Story

pytestmark = pytest.mark.django_db
SOURCE = "A made-up forum, 2024"


@pytest.fixture
def story() -> Story:
    return Story()


def record(story: Story, *statements: ImportedStatement, **changes: Any) -> int:
    values: dict[str, Any] = {
        "actor": Actor.of(story.coordinator.user),
        "study": story.study,
        "statements": statements,
        "source": SOURCE,
    }
    return record_imported_judgements(**values | changes)


def test_a_ranking_is_recorded_once_and_not_as_work_of_a_member(story: Story) -> None:
    prompt = story.prompt()
    first, second = story.responses(prompt)
    for _time in range(2):
        record(
            story,
            ImportedStatement(first.id, "rank", 2.0),
            ImportedStatement(second.id, "rank", 1.0),
        )
    stored = ImportedJudgement.objects.order_by("value").values_list(
        "response_id", "kind", "value", "source", "rater"
    )
    assert list(stored) == [
        (second.id, "rank", 1.0, SOURCE, 1),
        (first.id, "rank", 2.0, SOURCE, 1),
    ]
    assert not Judgement.objects.exists()
    assert not Transfer.objects.exists()
    assert not has_judgements(study_id=story.study.id)
    event = Event.objects.get(action="annotations.judgements_imported")
    assert event.data == {"statements": 2, "source": SOURCE}


def test_scores_and_spans_of_several_raters_are_kept_apart(story: Story) -> None:
    first, _second = story.responses(story.prompt())
    score = ImportedStatement(first.id, "score", 4.0, "helpful")
    span = ImportedStatement(first.id, "span", criterion="warm", start=0, end=3)
    assert record(story, score, score._replace(rater=2, value=2.0), span) == 3
    assert record(story, score, span, span._replace(start=1)) == 1


def test_nothing_is_recorded_if_one_is_wrong(story: Story) -> None:
    first, second = story.responses(story.prompt())
    rank = ImportedStatement(first.id, "rank")
    elsewhere = Story().prompt().responses.first()
    assert elsewhere
    for wrong, says in (
        (rank._replace(value=0.0), "A rank must be"),
        (ImportedStatement(second.id, "span", start=0, end=10_000), "inside the response"),
        (rank._replace(response_id=elsewhere.id), "of this study"),
        (rank._replace(value=2.0), "two different"),
    ):
        with pytest.raises(Invalid, match=says):
            record(story, rank, wrong)
    with pytest.raises(Invalid, match="Name the source"):
        record(story, rank, source="")
    assert not ImportedJudgement.objects.exists()


def test_a_later_file_cannot_contradict_an_earlier_one(story: Story) -> None:
    first, _second = story.responses(story.prompt())
    rank = ImportedStatement(first.id, "rank")
    assert record(story, rank) == 1
    with pytest.raises(Invalid, match="two different"):
        record(story, rank._replace(value=2.0))
    assert record(story, rank._replace(value=2.0), source="Another forum") == 1


@pytest.mark.parametrize("role", [Role.SAFETY_LEAD, Role.AUDITOR])
def test_other_staff_are_refused(story: Story, role: Role) -> None:
    first, _second = story.responses(story.prompt())
    somebody = Actor.of(staff(story.study, role).user)
    with pytest.raises(NotPermitted, match="Your role"):
        record(story, ImportedStatement(first.id, "rank"), actor=somebody)
    engineer = Actor.of(staff(story.study, Role.ML_ENGINEER).user)
    assert record(story, ImportedStatement(first.id, "rank"), actor=engineer) == 1


def test_the_database_refuses_changes_of_recorded_rows(story: Story) -> None:
    first, _second = story.responses(story.prompt())
    record(story, ImportedStatement(first.id, "rank"))
    with pytest.raises(ProgrammingError, match="Cannot update"), transaction.atomic():
        ImportedJudgement.objects.update(value=9.0)
    for name, changes in (
        ("once", {}),
        ("value_in_range", {"rater": 2, "value": float("nan")}),
        ("value_in_range", {"rater": 2, "value": 0.5}),
        ("spans_have_places", {"rater": 2, "kind": "span"}),
        ("spans_have_places", {"rater": 2, "start": 1, "end": 2}),
        ("has_source", {"source": ""}),
        ("kind_known", {"kind": "vote"}),
    ):
        values = {
            "study": story.study,
            "response": first,
            "source": SOURCE,
            "rater": 1,
            "kind": "rank",
            "value": 1.0,
        }
        with pytest.raises(IntegrityError, match=name), transaction.atomic():
            ImportedJudgement.objects.create(**values | changes)
