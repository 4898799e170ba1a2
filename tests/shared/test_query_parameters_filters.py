"""An API list is narrowed by the filters that it describes, and by no other.

`?category=education` on a list without that filter used to answer with everything, which a
program takes for what it asked for.
"""

from __future__ import annotations

import functools
import uuid
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from annotations.models import Response, Round
from annotations.rules.states import RoundKind
from annotations.services.prompts import withdraw_prompt
from codesign.shared.actors import SYSTEM
from codesign.studies.rules import Role
from modelhub.models import GenerationRun, ModelVersion, TrainingRun
from modelhub.rules.row_reading import rows_of
from modelhub.services import generation, imports, training
from modelhub.services.evaluations import plan_evaluation
from tests.factories.annotations import judging_round, lease, send
from tests.factories.modelhub import child_of, frozen_release
from tests.factories.studies import CohortFactory, StudyFactory, staff
from tests.support.api_description import OPERATIONS
from tests.support.counting import queries_of
from tests.support.judging_api import problem
from tests.support.release_study import Story, release, withdraw

pytestmark = pytest.mark.django_db

NO_ID = "00000000-0000-4000-8000-000000000000"


class Lists:
    """A study with two of everything, read by its coordinator, engineer and auditor in one."""

    def __init__(self) -> None:
        self.story = Story()
        self.study = self.story.study
        self.round = Round.objects.get(study=self.study)
        rows: list[dict[str, Any]] = [
            {
                "prompt": "How do I sleep better?",
                "external_id": "sleep",
                "category": "education",
                "topics": ["sleep"],
                "responses": [
                    {"text": "Rest.", "model": "first"},
                    {"text": "Tea.", "model": "other"},
                ],
            },
            {
                "prompt": "¿Qué es la ansiedad?",
                "external_id": "worry",
                "category": "assessment",
                "topics": ["anxiety"],
                "intensity": 3,
                "language": "es",
                "responses": [{"text": "Nada.", "model": "other"}],
            },
            {
                "prompt": "Kept apart.",
                "external_id": "apart",
                "held_out": True,
                "category": "intervention",
            },
        ]
        imports.import_rows(actor=SYSTEM, study=self.study, rows=rows_of(rows))
        self.client = Client()
        roles = (Role.COORDINATOR, Role.ML_ENGINEER, Role.AUDITOR)
        self.client.force_login(staff(self.study, *roles).user)
        self.panelist = Client()
        self.panelist.force_login(self.story.member().user)
        self.base = f"/api/v1/studies/{self.study.slug}"

    def get(self, path: str, query: str = "") -> Any:
        address = path if path.startswith("/") else f"{self.base}/{path}/"
        client = self.panelist if "/own-" in address else self.client
        return client.get(f"{address}?{query}")

    def found(self, path: str, query: str, key: str) -> list[Any]:
        answer = self.get(path, query)
        assert answer.status_code == 200, answer.content
        return sorted(row[key] for row in answer.json()["results"])


@pytest.fixture
def lists() -> Lists:
    return Lists()


LISTED = [name for name in OPERATIONS if OPERATIONS[name]["operationId"].endswith("_list")]


@pytest.mark.parametrize("name", OPERATIONS)
def test_unknown_parameters_are_refused_everywhere(lists: Lists, name: str) -> None:
    """On every operation, and by its name, so that a typo is found."""
    method, _, path = name.partition(" ")
    held = str(uuid.uuid4())
    address = path.replace("{slug}", lists.study.slug).replace("{path}", "README.md")
    while "{" in address:
        address = address.partition("{")[0] + held + address.partition("}")[2]
    answer = lists.client.generic(
        method, f"{address}?bogus=1&colour=2", "{}", content_type="application/json"
    )
    said = problem(answer, 400)
    assert set(said["fields"]) == {"bogus", "colour"}
    assert "Unknown parameter" in said["fields"]["bogus"][0]


@pytest.mark.parametrize("name", [name for name in LISTED if name != "GET /api/v1/studies/"])
def test_a_list_can_be_narrowed_by_time(lists: Lists, name: str) -> None:
    address = name.partition(" ")[2].replace("{slug}", lists.study.slug)
    for since in ("2026-11-23", "2026-11-23T09:00:00Z", "2026-11-23T09:00:00%2B01:00"):
        assert lists.get(address, f"since={since}").status_code == 200
    assert lists.get(address, "since=2026-11-23T09:00:00+01:00").status_code == 200
    assert lists.get(address, "since=8000-01-01").json()["results"] == []
    for wrong in ("yesterday", "", "2026-13-01", "0001-01-01", "9999-12-31T23:59:59-23:59"):
        assert set(problem(lists.get(address, f"since={wrong}"), 400)["fields"]) == {"since"}
    twice = problem(lists.get(address, "since=2026-01-01&since=2026-02-02"), 400)
    assert twice["fields"] == {"since": ["Send this only once."]}


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("category=education", ["sleep"]),
        ("topic=anxiety", ["worry"]),
        ("language=es", ["worry"]),
        ("intensity=3", ["worry"]),
        ("held_out=true", ["apart"]),
        ("held_out=false&category=assessment", ["worry"]),
        ("model=first", ["sleep"]),
        ("model=other", ["sleep", "worry"]),
        ("state=withdrawn", ["worry"]),
        ("state=in_use&model=other", ["sleep"]),
        ("topic=anxiet", []),
    ],
)
def test_prompts(lists: Lists, query: str, expected: list[str]) -> None:
    worry = lists.study.prompts.get(external_id="worry")
    withdraw_prompt(actor=SYSTEM, prompt=worry)
    assert lists.found("prompts", query, "external_id") == expected


def test_prompts_of_a_round(lists: Lists) -> None:
    """The import put both prompts with two replies or fewer where the open round takes them."""
    asked = lists.found("prompts", f"round={lists.round.id}", "external_id")
    assert asked == sorted(lists.round.tasks.values_list("prompt__external_id", flat=True))
    assert asked
    assert asked != lists.found("prompts", "", "external_id")


def test_responses_tell_their_model_to_those_who_may_see_models(lists: Lists) -> None:
    rows = lists.get("responses", "model=other").json()["results"]
    assert sorted(row["text"] for row in rows) == ["Nada.", "Tea."]
    assert {row["model"]["name"] for row in rows} == {"other"}
    other = ModelVersion.objects.get(study=lists.study, name="other")
    assert lists.found("responses", f"model={other.id}", "text") == ["Nada.", "Tea."]
    assert lists.found("responses", "category=assessment", "text") == ["Nada."]
    assert lists.found("responses", "topic=sleep&model=first", "text") == ["Rest."]
    assert lists.found("responses", "state=withdrawn", "text") == []
    sleep = lists.study.prompts.get(external_id="sleep")
    assert lists.found("responses", f"prompt={sleep.id}", "text") == ["Rest.", "Tea."]
    shown = Response.objects.filter(tasks__round=lists.round).values_list("text", flat=True)
    assert lists.found("responses", f"round={lists.round.id}", "text") == sorted(shown)
    assert "source" not in rows[0]


def test_judgements_hold_no_free_text_and_nobody_who_took_consent_back(lists: Lists) -> None:
    stays, leaves = lists.story.member(), lists.story.member()
    for member in (stays, leaves):
        prompt = lists.story.prompt()
        words = {"response": str(lists.story.responses(prompt)[0].id), "start": 0, "end": 2}
        lists.story.judge(
            member,
            prompt,
            comment="PRIVATE",
            highlights=[{**words, "label": "PRIVATE", "comment": "PRIVATE"}],
        )
    rows = lists.get("judgements").json()["results"]
    assert {row["person"] for row in rows} == {stays.pseudonym, leaves.pseudonym}
    assert {tuple(row["highlights"][0]) for row in rows} == {("response", "start", "end")}
    assert "PRIVATE" not in str(rows)
    cohort = stays.cohort
    assert cohort is not None
    assert len(lists.found("judgements", f"cohort={cohort.key}", "id")) == 2
    assert len(lists.found("judgements", f"prompt={prompt.id}", "id")) == 1
    withdraw(leaves)
    assert lists.found("judgements", "", "person") == [stays.pseudonym]


def test_judgements_by_round_and_model() -> None:
    lists = Lists()
    member = lists.story.member()
    judging_round(member.cohort, tasks=2)
    held = lease(member)
    send(held)
    round_id = held.task.round_id
    assert len(lists.found("judgements", f"round={round_id}", "id")) == 1
    other = judging_round(member.cohort, tasks=0)
    assert lists.found("judgements", f"round={other.id}", "id") == []
    assert lists.found("judgements", "model=first", "id") == []


def test_rounds_say_what_each_cohort_is_asked(lists: Lists) -> None:
    later = judging_round(CohortFactory.create(study=lists.study, key="later"), tasks=2)
    assert lists.found("rounds", "kind=judging", "id") == sorted(
        [str(lists.round.id), str(later.id)]
    )
    assert lists.found("rounds", "kind=evaluation", "id") == []
    assert lists.found("rounds", "state=closed", "id") == []
    one = lists.get(f"rounds/{later.id}").json()
    assert (one["prompts"], one["judged"], one["kind"]) == (2, 0, RoundKind.JUDGING)
    assert [cohort["cohort"] for cohort in one["cohorts"]] == ["later"]
    problem(lists.get(f"rounds/{NO_ID}"), 404)
    elsewhere = judging_round(CohortFactory.create(), tasks=0)
    problem(lists.get(f"rounds/{elsewhere.id}"), 404)


def test_evaluations_with_their_results(lists: Lists) -> None:
    judging_round(lists.story.member().cohort, tasks=0)
    made = plan_evaluation(actor=SYSTEM, study=lists.study, child=child_of(lists.study))
    assert lists.found("evaluations", "model=child", "id") == [str(made.id)]
    assert lists.found("evaluations", "model=first", "id") == []
    assert lists.found("evaluations", "state=closed", "id") == []
    one = lists.get(f"evaluations/{made.id}").json()
    assert one["results"]["compared"] == 0
    assert one["child"]["name"] == "child"
    problem(lists.get(f"evaluations/{NO_ID}"), 404)


def test_runs_releases_models_and_retractions(lists: Lists) -> None:
    child = child_of(lists.study)
    run = generation.start_run(actor=SYSTEM, study=lists.study, version=child)
    parent = child.parent
    assert parent is not None
    learnt = frozen_release(lists.study)
    trained = training.request_training(actor=SYSTEM, release=learnt, base=parent, method="dpo")
    assert lists.found("generation-runs", "model=child&state=queued", "id") == [str(run.id)]
    assert lists.found("generation-runs", "model=first", "id") == []
    assert lists.found("generation-runs", f"round={lists.round.id}", "id") == []
    assert lists.found("dataset-releases", "purpose=training&state=frozen", "id") == [
        str(learnt.id)
    ]
    assert lists.found("dataset-releases", "purpose=publication", "id") == []
    assert lists.found("/api/v1/models/", "kind=adapter", "name") == ["child"]
    assert "first" in lists.found("/api/v1/models/", f"study={lists.study.slug}", "name")
    runs = "/api/v1/training-runs/"
    wanted = f"study={lists.study.slug}&method=dpo&state=queued&model={parent.name}"
    assert lists.found(runs, wanted, "id") == [str(trained.id)]
    assert lists.found(runs, "method=sft", "id") == []
    assert lists.found("retractions", "code=consent_withdrawn&release=1", "id") == []
    assert GenerationRun.objects.count() == TrainingRun.objects.count() == 1


@pytest.mark.parametrize(
    ("path", "query", "field"),
    [
        ("prompts", "category=none", "category"),
        ("prompts", "category=", "category"),
        ("prompts", "intensity=4", "intensity"),
        ("prompts", "intensity=%D9%A3", "intensity"),
        ("prompts", f"intensity={2**40}", "intensity"),
        ("prompts", "held_out=perhaps", "held_out"),
        ("prompts", "model=nowhere", "model"),
        ("prompts", f"round={NO_ID}", "round"),
        ("prompts", "round=x", "round"),
        ("responses", f"round={NO_ID}", "round"),
        ("judgements", f"round={NO_ID}", "round"),
        ("judgements", "cohort=nobody", "cohort"),
        ("rounds", "state=ajar", "state"),
        ("evaluations", "model=nowhere", "model"),
        ("generation-runs", "state=gone", "state"),
        ("retractions", f"release={2**40}", "release"),
        ("retractions", "release=x", "release"),
        ("dataset-releases", "purpose=advertising", "purpose"),
    ],
)
def test_a_value_that_cannot_be_meant_is_refused_at_its_field(
    lists: Lists, path: str, query: str, field: str
) -> None:
    """A typo is refused; otherwise the list would be empty."""
    assert set(problem(lists.get(path, query), 400)["fields"]) == {field}


def test_a_model_of_another_study_is_unknown(lists: Lists) -> None:
    child_of(StudyFactory.create())
    assert set(problem(lists.get("prompts", "model=child"), 400)["fields"]) == {"model"}


MAY = {
    "rounds": {Role.COORDINATOR, Role.ML_ENGINEER, Role.AUDITOR},
    "responses": {Role.COORDINATOR, Role.ML_ENGINEER, Role.AUDITOR},
    "evaluations": {Role.COORDINATOR, Role.ML_ENGINEER, Role.AUDITOR},
    "judgements": {Role.COORDINATOR, Role.AUDITOR},  # standards 7.10
}


@functools.cache
def doors() -> list[tuple[str, Role]]:
    return [(path, role) for path in MAY for role in Role]


@pytest.mark.parametrize(("path", "role"), doors())
def test_who_may_and_who_may_not(lists: Lists, path: str, role: Role) -> None:
    client = Client()
    if role in (Role.PANELIST, Role.CLINICIAN):
        user = lists.story.member("lived" if role == Role.PANELIST else "clinical").user
    else:
        user = staff(lists.study, role).user
    client.force_login(user)
    answer = client.get(f"{lists.base}/{path}/")
    if role in MAY[path]:
        assert answer.status_code == 200
    else:
        problem(answer, 403)
    stranger = Client()
    stranger.force_login(staff(StudyFactory.create(), Role.COORDINATOR).user)
    problem(stranger.get(f"{lists.base}/{path}/"), 404)
    problem(Client().get(f"{lists.base}/{path}/"), 401)


@pytest.fixture
def more(lists: Lists) -> Callable[[], None]:
    """Adds to every list."""

    def add() -> None:
        for _ in range(3):
            member = lists.story.member()
            lists.story.judge(member, lists.story.prompt())
        judging_round(CohortFactory.create(study=lists.study), tasks=1)

    return add


@pytest.mark.parametrize("path", ["rounds", "responses", "judgements", "prompts", "evaluations"])
def test_a_longer_list_asks_the_same_number_of_queries(lists: Lists, more: Any, path: str) -> None:
    more()
    since = (timezone.now() - timedelta(days=1)).date()
    address = f"{lists.base}/{path}/?since={since}"
    few = queries_of(lists.client, address)
    more()
    assert queries_of(lists.client, address) == few


def test_a_release_is_found_by_its_state(lists: Lists) -> None:
    member = lists.story.member()
    lists.story.judge(member, lists.story.prompt())
    made = release(lists.study)
    withdraw(member)
    assert lists.found("dataset-releases", "state=superseded", "id") == [str(made.id)]
    assert lists.found("dataset-releases", "state=frozen", "id") == []
    assert len(lists.found("retractions", "release=1", "id")) == 1
    assert lists.found("retractions", "release=2", "id") == []
