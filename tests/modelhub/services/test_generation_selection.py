"""A generation run answers the prompts that people choose: on the page, by API and command."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import reverse

from annotations.models import Prompt, Response
from annotations.rules.text_kinds import Category, Origin
from codesign.shared.actors import SYSTEM
from codesign.studies.models import Study
from modelhub.models import GenerationRun
from modelhub.rules.selection import ALL_PROMPTS, Selection, selection_from
from modelhub.services import generation, items
from modelhub.services.versions import ensure_embedded_model, source_of
from tests.factories.modelhub import add_prompts
from tests.factories.studies import StudyFactory, staff

pytestmark = pytest.mark.django_db
FORM = {"samples": "1", "temperature": "0.5", "max_new_tokens": "64", "system_message": "Be kind."}
FEW: list[tuple[dict[str, Any], set[str]]] = [
    ({}, {"en", "de", "sleep"}),
    ({"categories": ["assessment"]}, {"de"}),
    ({"categories": ["assessment", "education"]}, {"en", "de"}),
    ({"topics": ["exams", "nothing"]}, {"sleep"}),
    ({"languages": ["de"]}, {"de"}),
    ({"external_ids": ["en", "sleep", "held"]}, {"en", "sleep"}),
    ({"languages": ["en"], "categories": ["education"]}, {"en"}),
]


@pytest.fixture
def study() -> Study:
    study = StudyFactory.create()
    add_prompts(study, "I feel low.", external_id="en")
    add_prompts(
        study, "Ist das eine Panikattacke?",
        external_id="de", language="de", category=Category.ASSESSMENT,
    )  # fmt: skip
    add_prompts(
        study, "I cannot sleep before tomorrow.",
        external_id="sleep", topics=["sleep", "exams"], category=Category.INTERVENTION,
    )  # fmt: skip
    add_prompts(study, "What is kept back here?", external_id="held", held_out=True)
    return study


def client_of(study: Study) -> Client:
    client = Client()
    client.force_login(staff(study).user)
    return client


def fields_of(chosen: dict[str, Any]) -> dict[str, Any]:
    return {
        **FORM,
        "model": str(ensure_embedded_model().id),
        "categories": chosen.get("categories", []),
        "topics": "; ".join(chosen.get("topics", [])),
        "languages": ";".join(chosen.get("languages", [])),
        "external_ids": "\n".join(chosen.get("external_ids", [])),
        **({"unanswered": "on"} if chosen.get("unanswered") else {}),
    }


def by_page(study: Study, chosen: dict[str, Any]) -> str:
    path = reverse("modelhub:run-start", kwargs={"slug": study.slug})
    answer = client_of(study).post(path, fields_of(chosen))
    return "" if answer.status_code == 302 else str(answer.content.decode())


def by_api(study: Study, chosen: dict[str, Any]) -> str:
    answer = client_of(study).post(
        f"/api/v1/studies/{study.slug}/generation-runs/",
        json.dumps({"model": ensure_embedded_model().name, "samples": 1, **chosen}),
        content_type="application/json",
    )
    if answer.status_code == 201:
        assert answer.json()["selection"] == chosen
        return ""
    return str(answer.content.decode())


def by_command(study: Study, chosen: dict[str, Any]) -> str:
    names = {
        "categories": "--category", "topics": "--topic", "languages": "--language",
        "external_ids": "--external-id",
    }  # fmt: skip
    said = [
        part for key, name in names.items() for one in chosen.get(key, []) for part in (name, one)
    ]
    said += ["--unanswered"] if chosen.get("unanswered") else []
    try:
        call_command(
            "generate", study.slug, "--model", ensure_embedded_model().name, *said,
            stdout=io.StringIO(),
        )  # fmt: skip
    except CommandError as error:
        return str(error)
    return ""


Door = Callable[[Study, dict[str, Any]], str]


@pytest.fixture(params=[by_page, by_api, by_command])
def door(request: pytest.FixtureRequest) -> Door:
    chosen: Door = request.param
    return chosen


def answered(run: GenerationRun) -> set[str]:
    return set(run.items.values_list("prompt__external_id", flat=True))


@pytest.mark.parametrize(("chosen", "names"), FEW)
def test_a_run_answers_the_chosen_prompts(
    study: Study, door: Door, chosen: dict[str, Any], names: set[str]
) -> None:
    assert door(study, chosen) == ""
    run = GenerationRun.objects.get()
    assert answered(run) == names
    assert selection_from(run.selection) == (Selection(**chosen) if chosen else ALL_PROMPTS)


@pytest.mark.parametrize("chosen", [{"topics": ["nothing"]}, {"external_ids": ["held"]}])
def test_a_choice_without_prompts_is_refused(
    study: Study, door: Door, chosen: dict[str, Any]
) -> None:
    assert "This study has no such prompts." in door(study, chosen)
    assert not GenerationRun.objects.exists()


def test_a_choice_that_cannot_be_is_refused(study: Study, door: Door) -> None:
    assert door(study, {"topics": ["x" * 121]}) != ""
    assert door(study, {"categories": ["nothing"]}) != ""
    assert not GenerationRun.objects.exists()


def write(study: Study, name: str) -> None:
    Response.objects.create(
        prompt=Prompt.objects.get(study=study, external_id=name),
        text=f"To {name}",
        origin=Origin.AI,
        source=source_of(study=study, version=ensure_embedded_model()).id,
    )


def test_prompts_with_responses_of_the_model_can_be_left_out(study: Study, door: Door) -> None:
    write(study, "en")
    assert door(study, {"unanswered": True}) == ""
    assert answered(GenerationRun.objects.get()) == {"de", "sleep"}


def test_items_that_are_made_later_are_of_the_same_prompts(study: Study) -> None:
    add_prompts(study, *(f"Why is it so, {n}?" for n in range(items.BATCH)))
    add_prompts(study, "Warum?", external_id="z", language="de")
    chosen = Selection(languages=["en"], unanswered=True)
    run = generation.start_run(
        actor=SYSTEM, study=study, version=ensure_embedded_model(), selection=chosen
    )
    assert (run.unmade > 0, run.to_write) == (True, 2 * (items.BATCH + 2))
    write(study, "sleep")  # by now, another run could have written this
    while items.make_more(run=run):
        run.refresh_from_db()
    assert run.total == 2 * (items.BATCH + 2)
    assert {"de", "z"}.isdisjoint(answered(run))


def test_the_page_counts_the_prompts_before_the_start(study: Study) -> None:
    client = client_of(study)
    start = reverse("modelhub:run-start", kwargs={"slug": study.slug})
    count = reverse("modelhub:run-count", kwargs={"slug": study.slug})
    assert "3 prompts are chosen." in client.get(start).content.decode()
    one = client.post(count, fields_of({"languages": ["de"]}))
    assert "1 prompt is chosen." in one.content.decode()
    assert "0 prompts are chosen." in client.post(count, {"topics": "nothing"}).content.decode()
    wrong = client.post(count, {"topics": "x" * 121}).content.decode()
    assert "each of at most 120 characters" in wrong
    assert not GenerationRun.objects.exists()


def test_the_page_of_a_run_shows_its_choice(study: Study) -> None:
    by_page(study, {"languages": ["de"], "unanswered": True})
    run = GenerationRun.objects.get()
    address = reverse("modelhub:run", kwargs={"slug": study.slug, "run_id": run.id})
    page = client_of(study).get(address).content.decode()
    assert "Only prompts without responses of these models" in page
    assert "Languages" in page
