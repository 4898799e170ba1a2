"""Writing questions on a page; a change is the next version."""

from __future__ import annotations

from html import unescape
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils.html import escape

from annotations.models import Rubric
from annotations.queries import rubrics as queries
from annotations.rules.rubric_content import whole_criterion
from codesign.studies.models import Study
from codesign.studies.rules import Role
from tests.factories.annotations import make_rubric
from tests.factories.studies import StudyFactory, staff
from tests.journeys.visitor import forms_of
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


def form_of(client: Client, url: str) -> dict[str, Any]:
    """What a browser sends from the form of a page without any change."""
    forms = forms_of(client.get(url).content.decode())
    return next(form for form in forms if "title" in form.values).values


@pytest.mark.parametrize("name", sorted(queries.templates()))
def test_a_template_can_be_saved_unchanged(name: str, client: Client, study: Study) -> None:
    template = queries.templates()[name]
    url = f"{at('rubric-new', study)}?example={name}"
    page = client.get(url).content.decode()
    for said in (template.title, template.citation, template.licence):
        assert escape(said) in page
    assert client.post(url, form_of(client, url)).status_code == 302
    rubric = queries.newest_of(study_id=study.id).get()
    assert rubric.template == f"{name}@1"
    assert queries.criteria_of(rubric) == [whole_criterion(one, "en") for one in template.criteria]
    titles = [reason["title"] for reason in queries.reasons_of(rubric)]
    assert titles == [reason["title"] for reason in template.reasons]
    assert not queries.without_words(rubric)
    for role in ("panelist", "clinician"):
        seen = client.get(f"{at('rubric-preview', study, key=rubric.key)}?as={role}")
        assert escape(template.criteria[-1]["title"]) in seen.content.decode()


def test_each_kind_of_question_is_written_and_previewed(client: Client, study: Study) -> None:
    advice = question(0, "Advice", kind="yes_no", anchor_3="")
    risk = question(
        1, "Risk", lowest="0", highest="2", unsure="on", anchor_0="None", only_after="1"
    )
    met = question(2, "Asks", kind="points", points="-4")
    often = question(3, "Often", only_after="2", only_answers="2, not sure")
    sent = written(
        advice, risk | {"questions-1-only_answers": "Yes, 99"}, met, often, reasons="Warm\n\nWarm"
    )
    shown = client.post(at("rubric-new", study), sent | {"preview": "1"})
    page = unescape(shown.content.decode())
    assert shown.status_code == 200
    assert not Rubric.objects.exists()
    assert "Only if “Advice” is: Yes or Not sure." in page
    assert "Only if “Risk” is: 2 (2 of 5) or Not sure." in page
    assert 'name="rating-B-asks"' in page
    assert 'name="why-warm"' in page
    assert 'name="questions-1-only_answers" value="Yes, 99"' in page
    assert client.post(at("rubric-new", study), sent).status_code == 302
    rubric = queries.newest_of(study_id=study.id).get()
    advice_, risk_, asks, often_ = queries.criteria_of(rubric)
    assert advice_["scale"]["anchors"] == {"0": "No", "1": "Yes", "99": "Not sure"}
    assert (risk_["scale"]["min"], risk_["scale"]["max"], risk_["scale"]["unsure"]) == (0, 2, True)
    assert risk_["only_if"] == {"criterion": "advice", "scores": [1, 99]}
    assert (asks["scale"]["kind"], asks["scale"]["points"]) == ("points", -4)
    assert often_["only_if"] == {"criterion": "risk", "scores": [2, 99]}
    assert queries.reasons_of(rubric) == [{"key": "warm", "title": "Warm", "texts": {}}]
    url = at("rubric", study, key=rubric.key)
    assert client.post(url, form_of(client, url)).status_code == 302
    assert Rubric.objects.count() == 1


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"only_after": "2", "only_answers": "1"}, "the number of an earlier question"),
        ({"only_after": "1", "only_answers": "often"}, "answers which that question offers"),
        ({"only_after": "1"}, "answers which that question offers"),
        ({"only_answers": "yes"}, "the number of an earlier question"),
        ({"kind": "points"}, "points from -10 to 10, and not 0"),
        ({"kind": "points", "points": "11"}, "Please type 10 or less."),
        ({"kind": "category", "options": "Warm"}, "Please write 2 to 10 options"),
        ({"kind": "category", "options": "Warm\nwarm"}, "Two options have the same name."),
        ({"kind": "category", "options": f"a\n{'x' * 61}"}, "Keep each option to 60 characters."),
        (
            {"turns": "on", "only_after": "1", "only_answers": "yes"},
            "is not asked about earlier replies",
        ),
        ({"kind": "odd"}, "Please choose one from the list."),
        ({"lowest": "3"}, "Please choose one from the list."),
    ],
)
def test_a_wrong_scale_or_condition_is_refused(
    changes: dict[str, str], says: str, client: Client, study: Study
) -> None:
    sent = written(question(0, "Advice", kind="yes_no"), question(1, "Risk", **changes))
    answer = client.post(at("rubric-new", study), sent)
    assert answer.status_code == 400
    assert says in answer.content.decode()
    assert not Rubric.objects.exists()


def test_a_translation_is_a_version_that_people_see_in_their_language(
    client: Client, study: Study
) -> None:
    client.post(at("rubric-new", study), written(question(0, "Kind"), reasons="Warm"))
    url = at("rubric-translate", study, key="how-it-feels")
    words = {f"anchor-kind-{score}": f"{score} de 5" for score in range(1, 6)}
    sent = {"title-kind": "Amable", "help-kind": "¿Fue amable?", "reason-warm": "Cálida", **words}
    sent["version"] = "1"
    assert client.post(url, sent | {"language": "en"}).status_code == 400
    assert client.post(url, sent | {"language": "español"}).status_code == 400
    assert client.post(url, sent | {"language": "es", "help-kind": ""}).status_code == 400
    assert client.post(url, sent | {"language": "es"}).status_code == 302
    second = Rubric.objects.get(version=2)
    spanish, english = (queries.rubric_in(second.id, language) for language in ("es", "en"))
    assert [c.title for c in spanish.criteria + english.criteria] == ["Amable", "Kind"]
    assert spanish.reasons + english.reasons == (("warm", "Cálida"), ("warm", "Warm"))
    assert queries.rubric_in(Rubric.objects.get(version=1).id, "es").criteria == english.criteria
    seen = client.get(f"{at('rubric-preview', study, key='how-it-feels')}?language=es")
    assert "¿Fue amable?" in seen.content.decode()
    changed = written(question(0, "Kind", key="kind"), question(1, "Clear"), after="2")
    client.post(at("rubric", study, key="how-it-feels"), changed)
    third = queries.newest(study_id=study.id, key="how-it-feels")
    kind, clear = queries.criteria_of(third)
    assert kind["texts"]["es"]["title"] == "Amable"
    assert clear["texts"] == {}
    assert queries.languages_of(third) == ["en", "es"]


def test_a_translation_of_an_older_version_is_shown_beside_the_newer_one(
    client: Client, study: Study
) -> None:
    """Prevents words of one meaning beside words of another."""
    client.post(at("rubric-new", study), written(question(0, "Kind")))
    url = at("rubric-translate", study, key="how-it-feels")
    words = {f"anchor-kind-{score}": f"{score} de 5" for score in range(1, 6)}
    sent = {"title-kind": "Amable", "help-kind": "¿Fue amable?", "language": "es", **words}
    changed = written(question(0, "Unkind", key="kind"), after="1")
    client.post(at("rubric", study, key="how-it-feels"), changed)
    refused = client.post(url, sent | {"version": "1"})
    page = refused.content.decode()
    assert refused.status_code == 400
    assert "There is a newer version" in page
    assert "Unkind" in page
    assert "¿Fue amable?" in page
    assert '<input type="hidden" name="version" value="2"' in page
    assert Rubric.objects.count() == 2
    assert client.post(url, sent | {"version": "2"}).status_code == 302


def test_only_coordinators_see_and_write_questions(client: Client, study: Study) -> None:
    rubric = make_rubric(study)
    for role in (Role.AUDITOR, Role.ML_ENGINEER, Role.SAFETY_LEAD):
        client.force_login(staff(study, role).user)
        for name in ("rubric", "rubric-preview", "rubric-translate"):
            assert client.get(at(name, study, key=rubric.key)).status_code == 403
        assert client.post(at("rubric-new", study), written(question(0, "Kind"))).status_code == 403


def test_rubrics_of_another_study_are_not_found(client: Client, study: Study) -> None:
    foreign = make_rubric(StudyFactory.create())
    assert client.get(at("rubric", study, key=foreign.key)).status_code == 404
    for name in ("rubric-preview", "rubric-translate"):
        assert client.get(at(name, study, key=foreign.key)).status_code == 404
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


def test_options_each_turn_and_labels_are_written_previewed_and_kept(
    client: Client, study: Study
) -> None:
    tone = question(0, "Tone", kind="category", options="Warm\n\nNeutral\nCold", unsure="on")
    why = question(1, "Risk", kind="yes_no", turns="on", only_after="1", only_answers="cold, 2")
    sent = written(tone | {"questions-0-turns": "on"}, why, labels="Too fast\nGentle")
    shown = unescape(client.post(at("rubric-new", study), sent | {"preview": "1"}).content.decode())
    for said in ("Earlier reply 1", "Tone, earlier reply 1", "Only if “Tone” is: Neutral or Cold."):
        assert said in shown
    for label in ("Too fast", "Gentle"):
        assert f"<bdi>{label}</bdi>" in shown
    assert client.post(at("rubric-new", study), sent).status_code == 302
    rubric = queries.newest_of(study_id=study.id).get()
    tone_, risk = queries.criteria_of(rubric)
    assert tone_["scale"] == {
        "kind": "category",
        "min": 1,
        "max": 3,
        "anchors": {"1": "Warm", "2": "Neutral", "3": "Cold", "99": "Not sure"},
        "unsure": True,
        "points": None,
    }
    assert (tone_["turns"], risk["turns"], risk["only_if"]["scores"]) == (True, True, [2, 3])
    assert [one["key"] for one in queries.labels_of(rubric)] == ["too_fast", "gentle"]
    url = at("rubric", study, key=rubric.key)
    assert client.post(url, form_of(client, url)).status_code == 302
    assert Rubric.objects.count() == 1
    preview = client.get(at("rubric-preview", study, key=rubric.key)).content.decode()
    assert "<bdi>Too fast</bdi>" in preview
    listed = client.get(at("rubrics", study)).content.decode()
    for said in ("Warm · Neutral · Cold", "Too fast", "each turn of a conversation"):
        assert said in " ".join(listed.split()).replace("</bdi> ·", " ·").replace("<bdi>", "")


def test_labels_are_translated_and_at_most_twelve(client: Client, study: Study) -> None:
    many = written(question(0, "Kind"), labels="\n".join(f"Label {n}" for n in range(13)))
    answer = client.post(at("rubric-new", study), many)
    assert answer.status_code == 400
    assert "Use at most 12 lines." in answer.content.decode()
    client.post(at("rubric-new", study), written(question(0, "Kind"), labels="Too fast"))
    words = {f"anchor-kind-{score}": f"{score} de 5" for score in range(1, 6)}
    sent = {"title-kind": "Amable", "help-kind": "¿Fue amable?", "label-too_fast": "Muy rápido"}
    url = at("rubric-translate", study, key="how-it-feels")
    sent |= words | {"version": "1", "language": "es"}
    assert client.post(url, sent).status_code == 302
    second = Rubric.objects.get(version=2)
    assert queries.rubric_in(second.id, "es").labels == (("too_fast", "Muy rápido"),)
    assert queries.rubric_in(second.id, "ar").labels == (("too_fast", "Too fast"),)


def test_questions_are_written_by_nobody_else(client: Client) -> None:
    study = StudyFactory.create()
    for role in (Role.AUDITOR, Role.ML_ENGINEER):
        client.force_login(staff(study, role).user)
        sent = written(question(0, "Tone", kind="category", options="Warm\nCold"))
        assert client.post(at("rubric-new", study), sent).status_code == 403
    assert not Rubric.objects.exists()
