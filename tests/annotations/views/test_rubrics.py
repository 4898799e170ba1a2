"""Writing questions on a page; a change is the next version."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from annotations.models import Criterion, Rubric
from annotations.queries import rubrics as queries
from codesign.studies.models import Study
from tests.factories.annotations import make_rubric
from tests.factories.studies import StudyFactory, staff
from tests.support.counting import queries_of
from tests.support.rubric_forms import question, written

pytestmark = pytest.mark.django_db


@pytest.fixture
def study(client: Client) -> Study:
    made = StudyFactory.create()
    client.force_login(staff(made).user)
    return made


def at(name: str, study: Study, **keys: str) -> str:
    return reverse(f"annotations:{name}", kwargs={"slug": study.slug} | keys)


def test_questions_are_written_and_their_next_version_keeps_its_keys(
    client: Client, study: Study
) -> None:
    answer = client.post(at("rubric-new", study), written(question(0, "Kind"), question(1, "Kind")))
    assert answer.headers["Location"] == at("rubrics", study)
    first = Rubric.objects.get()
    assert (first.key, first.version) == ("how-it-feels", 1)
    assert [c.key for c in first.criteria.all()] == ["kind", "kind_2"]
    assert not queries.without_words(first)
    page = client.get(at("rubric", study, key="how-it-feels")).content.decode()
    assert 'value="kind_2"' in page
    changed = written(question(0, "Warm", key="kind_2"), question(1, "Clear"), after="1")
    assert client.post(at("rubric", study, key="how-it-feels"), changed).status_code == 302
    second = Rubric.objects.get(version=2)
    assert [c.key for c in second.criteria.all()] == ["kind_2", "clear"]
    assert first.criteria.count() == 2
    assert client.post(at("rubric-new", study), written(question(0, "Else"))).status_code == 302
    assert set(Rubric.objects.values_list("key", flat=True)) == {"how-it-feels", "how-it-feels-2"}


def test_an_earlier_version_saved_as_new_is_a_new_rubric(client: Client, study: Study) -> None:
    """It is no double click: what is asked under that name by now is something else."""
    client.post(at("rubric-new", study), written(question(0, "Kind")))
    renamed = written(question(0, "Kind", key="kind"), title="Kindness", after="1")
    client.post(at("rubric", study, key="how-it-feels"), renamed)
    client.post(at("rubric-new", study), written(question(0, "Kind")))
    made = Rubric.objects.order_by("key", "version").values_list("key", "version", "title")
    assert list(made) == [
        ("how-it-feels", 1, "How it feels"),
        ("how-it-feels", 2, "Kindness"),
        ("how-it-feels-2", 1, "How it feels"),
    ]


@pytest.mark.parametrize(
    ("sent", "says"),
    [
        (written(question(0, "Kind", anchor_3="")), "Please fill this in."),
        (written(question(0, "")), "Please fill this in."),
        (written(question(0, "Kind", anchor_1="x" * 61)), "Please keep this to 60 characters"),
        (written(question(0, "Kind"), title=""), "Please fill this in."),
        (written(), "Write at least one question."),
    ],
)
def test_an_incomplete_rubric_is_refused_and_keeps_the_input(
    sent: dict[str, Any], says: str, client: Client, study: Study
) -> None:
    answer = client.post(at("rubric-new", study), sent)
    assert answer.status_code == 400
    page = answer.content.decode()
    assert says in page
    assert sent.get("questions-0-question", "") in page
    assert not Rubric.objects.exists()


def test_adding_a_question_keeps_the_text_without_errors(client: Client, study: Study) -> None:
    sent = written(question(0, "Kind", anchor_3=""), more="1")
    answer = client.post(at("rubric-new", study), sent)
    assert answer.status_code == 200
    page = answer.content.decode()
    assert "Was it Kind?" in page
    assert "How it feels" in page
    assert "Please fill this in." not in page
    assert 'name="questions-TOTAL_FORMS" value="2"' in page


@pytest.mark.parametrize("name", sorted(queries.examples()))
def test_an_example_can_be_saved_unchanged(name: str, client: Client, study: Study) -> None:
    page = client.get(f"{at('rubric-new', study)}?example={name}")
    assert queries.examples()[name]["title"] in page.content.decode()
    criteria = queries.examples()[name]["criteria"]
    sent = written(
        *(
            question(
                n,
                one["title"],
                key=one["key"],
                **{f"anchor_{score}": words for score, words in one["scale"]["anchors"].items()},
            )
            for n, one in enumerate(criteria)
        )
    )
    assert client.post(at("rubric-new", study), sent).status_code == 302
    made = [(c.key, c.texts.get().anchors) for c in Criterion.objects.order_by("position")]
    assert made == [(one["key"], one["scale"]["anchors"]) for one in criteria]


def test_rubrics_of_another_study_are_not_found(client: Client, study: Study) -> None:
    foreign = make_rubric(StudyFactory.create())
    assert client.get(at("rubric", study, key=foreign.key)).status_code == 404
    assert (
        at("rubric", study, key=foreign.key)
        not in client.get(at("rubrics", study)).content.decode()
    )
    assert client.get(f"{at('rubric-new', study)}?example=none").status_code == 404


def test_the_list_makes_constant_queries(client: Client, study: Study) -> None:
    make_rubric(study)
    few = queries_of(client, at("rubrics", study))
    for number in range(3):
        client.post(at("rubric-new", study), written(question(0, f"Kind {number}")))
    make_rubric(study, keys=["a", "b", "c"])
    assert queries_of(client, at("rubrics", study)) == few
