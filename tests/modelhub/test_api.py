"""The API of prompts, models and runs: permissions and results."""

from __future__ import annotations

import json
import uuid
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from annotations.models import Prompt, Task
from codesign.accounts import services as accounts
from codesign.accounts.rules import TokenScope
from codesign.shared.actors import SYSTEM
from codesign.shared.errors import TooLarge
from codesign.shared.parsers import ParquetFile
from codesign.studies.models import Member, Study
from codesign.studies.rules import Role
from modelhub.models import GenerationRun, ModelVersion, TrainingRun
from modelhub.rules.states import ModelKind, RunState, TrainingState
from modelhub.services import generation, training
from modelhub.services.versions import ensure_embedded_model
from tests.factories.accounts import UserFactory
from tests.factories.modelhub import add_prompts, frozen_release, open_round
from tests.factories.studies import CohortFactory, MemberFactory, StudyFactory, staff
from tests.support.counting import queries_of
from tests.support.judging_api import problem

pytestmark = pytest.mark.django_db

SERVER = "http://127.0.0.1:9/v1"
MAKERS = {Role.COORDINATOR, Role.ML_ENGINEER}
SEE = MAKERS | {Role.AUDITOR}


class Desk:
    """A study with prompts, a model, a run of each kind, and people of every role."""

    def __init__(self) -> None:
        self.study: Study = StudyFactory.create()
        self.prompts = add_prompts(self.study, "I cannot sleep.", "My hands shake before work.")
        self.model = ensure_embedded_model()
        self.release = frozen_release(self.study)
        self.run = generation.start_run(actor=SYSTEM, study=self.study, version=self.model)
        self.training = self.train()
        self.api = f"/api/v1/studies/{self.study.slug}"

    def train(self, **also: Any) -> TrainingRun:
        return training.request_training(
            actor=SYSTEM,
            release=also.pop("release", self.release),
            base=self.model,
            method="dpo",
            params={"max_steps": 2, **also},
        )

    def someone(self, role: str) -> Member:
        if role in (Role.PANELIST, Role.CLINICIAN):
            cohort = CohortFactory.create(study=self.study, role=role)
            member: Member = MemberFactory.create(cohort=cohort)
            return member
        return staff(self.study, role)

    def client(self, role: str) -> Client:
        client = Client()
        client.force_login(self.someone(role).user)
        return client

    def doors(self) -> list[tuple[str, str, Any, set[Role], TokenScope]]:
        """(method, address, body, who may, scope)."""
        run, trained = f"{self.api}/generation-runs/", "/api/v1/training-runs/"
        rows = {"prompts": [{"prompt": "New here."}]}
        start = {"model": self.model.name, "samples": 1, "temperature": 0}
        train = {
            "release": str(self.release.id),
            "base": self.model.name,
            "method": "dpo",
            "params": {"max_steps": 3},
        }
        cancel = f"{trained}{self.training.id}/cancel/"
        register = {"name": "m", "kind": "server", "location": SERVER, "served_name": "m"}
        return [
            ("GET", f"{self.api}/prompts/", None, MAKERS, TokenScope.PROMPTS),
            ("POST", f"{self.api}/prompts/", rows, MAKERS, TokenScope.PROMPTS),
            ("GET", run, None, SEE, TokenScope.GENERATION),
            ("POST", run, start, MAKERS, TokenScope.GENERATION),
            ("GET", f"{run}{self.run.id}/", None, SEE, TokenScope.GENERATION),
            ("POST", f"{run}{self.run.id}/cancel/", None, MAKERS, TokenScope.GENERATION),
            ("POST", f"{run}{self.run.id}/resume/", None, MAKERS, TokenScope.GENERATION),
            ("GET", "/api/v1/models/", None, SEE, TokenScope.MODELS),
            ("POST", f"{self.api}/models/", register, MAKERS, TokenScope.REGISTER),
            ("GET", f"/api/v1/models/{self.model.id}/", None, SEE, TokenScope.MODELS),
            ("GET", trained, None, SEE, TokenScope.TRAINING),
            ("POST", trained, train, {Role.ML_ENGINEER}, TokenScope.TRAINING),
            ("GET", f"{trained}{self.training.id}/", None, SEE, TokenScope.TRAINING),
            ("POST", cancel, None, {Role.ML_ENGINEER}, TokenScope.TRAINING),
        ]


def ask(client: Client, method: str, address: str, body: Any = None) -> Any:
    return client.generic(method, address, json.dumps(body), content_type="application/json")


@pytest.fixture
def desk(settings: Any) -> Desk:
    settings.MODEL_SERVERS = [SERVER]
    return Desk()


@pytest.mark.parametrize("role", list(Role))
def test_every_door_and_role(desk: Desk, role: Role) -> None:  # standards 7.10, 1.6
    client = desk.client(role)
    for method, address, body, may, _ in desk.doors():
        answer = ask(client, method, address, body)
        if role in may:
            assert answer.status_code in (200, 201), (method, address, answer.content)
        else:
            problem(answer, 403)


def test_strangers_and_members_of_other_studies(desk: Desk) -> None:
    elsewhere = Client()
    elsewhere.force_login(staff(StudyFactory.create(), Role.ML_ENGINEER).user)
    admin = Client()
    admin.force_login(UserFactory.create(is_site_admin=True))
    for method, address, body, _, _ in desk.doors():
        problem(ask(Client(), method, address, body), 401)
        refused = problem(ask(admin, method, address, body), 404 if desk.api in address else 403)
        assert desk.study.title not in str(refused)
        if desk.api in address or str(desk.training.id) in address:
            problem(ask(elsewhere, method, address, body), 404)
    for address in ("/api/v1/training-runs/", f"/api/v1/training-runs/?study={desk.study.slug}"):
        assert ask(elsewhere, "GET", address).json()["results"] == []
    assert TrainingRun.objects.count() == GenerationRun.objects.count() == 1


def test_a_token_needs_the_scope_of_the_door(desk: Desk) -> None:
    engineer = staff(desk.study, Role.ML_ENGINEER)
    for scope in TokenScope:
        _, secret = accounts.make_token(
            actor=SYSTEM, user=engineer.user, name=scope, scopes=[scope], days=1
        )
        program = Client(headers={"Authorization": f"Token {secret}"})
        for method, address, body, _, needed in desk.doors():
            if method == "GET" and scope == needed:
                assert ask(program, method, address).status_code == 200
            elif scope != needed:
                assert f"“{needed}”" in problem(ask(program, method, address, body), 403)["title"]


def test_invalid_and_unknown_ids_are_not_found(desk: Desk) -> None:
    engineer = desk.client(Role.ML_ENGINEER)
    for where in (f"{desk.api}/generation-runs/", "/api/v1/training-runs/", "/api/v1/models/"):
        for id in ("no-id", uuid.uuid4()):
            refusal = problem(ask(engineer, "GET", f"{where}{id}/"), 404)
            assert refusal["type"].endswith("not_found")


def test_the_api_imports_prompts_by_the_rules_of_files(desk: Desk) -> None:
    coordinator = desk.client(Role.COORDINATOR)
    open_round(CohortFactory.create(study=desk.study))
    rows = [
        {"prompt": "A door that sticks.", "external_id": "door", "topics": ["home"]},
        {"prompt": "Two replies.", "responses": ["One.", {"text": "Two.", "model": "m-1"}]},
        {"prompt": "I cannot sleep.", "colour": "blue"},
    ]
    answer = ask(coordinator, "POST", f"{desk.api}/prompts/", {"prompts": rows})
    assert answer.status_code == 201
    counts = {"prompts": 2, "already_there": 1, "responses": 2, "tasks": 1}
    waiting = {"wait_for_round": 0, "wait_for_go": 0}
    about: dict[str, Any] = {"columns_not_used": ["colour"], "format": "own", "mapping": {}}
    about |= {"noticed": {"no_intensity": 3}}
    nothing: dict[str, Any] = {"notes": [], "skipped": []}
    assert answer.json() == {"models": ["m-1"], **counts, **waiting, **about, **nothing}
    assert Task.objects.count() == 1


def test_the_api_reports_an_invalid_row_by_line_and_imports_nothing(desk: Desk) -> None:
    coordinator = desk.client(Role.COORDINATOR)
    rows = {"prompts": [{"prompt": "Fine."}, {"prompt": ""}, 7]}
    address = f"{desk.api}/prompts/"
    refusal = problem(ask(coordinator, "POST", address, rows), 400)
    assert [row.split(":")[0] for row in refusal["fields"]["rows"]] == ["line 2", "line 3"]
    assert Prompt.objects.count() == 2
    answer = ask(coordinator, "POST", f"{address}?skip_bad=true", rows).json()
    assert (answer["prompts"], [row["line"] for row in answer["skipped"]]) == (1, [2, 3])
    wrong_bodies: list[Any] = [{"prompts": "x"}, {}, [], {"prompts": {}}]
    for wrong in wrong_bodies:
        problem(ask(coordinator, "POST", address, wrong), 400)
    problem(ask(coordinator, "POST", f"{address}?skip_bad=maybe", rows), 400)


@pytest.mark.parametrize(
    ("media_type", "body"),
    [
        ("application/x-ndjson", '{"prompt": "By line."}\n{"prompt": "By another."}\n'),
        ("text/csv", "prompt,intensity\nBy cell.,2\nBy another.,3\n"),
    ],
)
def test_the_very_file_may_be_sent(desk: Desk, media_type: str, body: str) -> None:
    coordinator = desk.client(Role.COORDINATOR)
    answer = coordinator.post(f"{desk.api}/prompts/", body, content_type=media_type)
    assert answer.status_code == 201, answer.content
    assert answer.json()["prompts"] == 2
    refusal = problem(
        coordinator.post(f"{desk.api}/prompts/", b"prompt\n\xff\n", content_type=media_type), 400
    )
    assert refusal["fields"]["rows"]
    problem(coordinator.post(f"{desk.api}/prompts/", b"", content_type=media_type), 400)
    problem(coordinator.post(f"{desk.api}/prompts/", b"x", content_type="text/plain"), 415)


class Strict:
    max_file = 10


def test_the_api_accepts_parquet_and_keeps_no_files(
    desk: Desk, tmp_path: Path, settings: Any
) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    folder = tmp_path / "uploads"
    folder.mkdir()
    settings.UPLOADS_DIR = folder
    coordinator, kind = desk.client(Role.COORDINATOR), "application/vnd.apache.parquet"
    pq.write_table(pa.table({"prompt": ["By column."]}), tmp_path / "p.parquet")
    sent = (tmp_path / "p.parquet").read_bytes()
    answer = coordinator.post(f"{desk.api}/prompts/", sent, content_type=kind)
    assert answer.json()["prompts"] == 1
    refusal = problem(coordinator.post(f"{desk.api}/prompts/", b"PAR1", content_type=kind), 400)
    assert refusal["title"].startswith("The file cannot be read")
    empty = problem(coordinator.post(f"{desk.api}/prompts/", b"", content_type="text/csv"), 400)
    assert empty["title"]
    with pytest.raises(TooLarge, match="larger than 10 bytes"):
        ParquetFile().parse(BytesIO(b"x" * 11), parser_context={"view": Strict()})
    assert list(folder.iterdir()) == []


def test_prompts_are_listed_in_pages_that_miss_none(desk: Desk) -> None:
    add_prompts(desk.study, *(f"A made-up worry, number {n}." for n in range(5)))
    coordinator = desk.client(Role.COORDINATOR)
    address: str | None = f"{desk.api}/prompts/?page_size=3"
    seen, sizes = [], []
    while address:
        page = ask(coordinator, "GET", address).json()
        seen += [row["external_id"] for row in page["results"]]
        sizes.append(len(page["results"]))
        address = page["next"]
    assert seen == sorted(Prompt.objects.values_list("external_id", flat=True))
    assert sizes == [3, 3, 1]
    assert "split_group" not in page["results"][0]


def test_a_run_is_started_and_cancelled(desk: Desk) -> None:
    engineer = desk.client(Role.ML_ENGINEER)
    address = f"{desk.api}/generation-runs/"
    round = open_round(CohortFactory.create(study=desk.study))
    wanted = {"model": str(desk.model.id), "samples": 3, "seed": 7, "round": str(round.id)}
    answer = ask(engineer, "POST", address, wanted)
    assert answer.status_code == 201, answer.content
    run = answer.json()
    assert (run["state"], run["total"], run["done"], run["seed"]) == ("queued", 6, 0, 7)
    assert run["round"] == str(round.id)
    assert run["model"] == {"id": str(desk.model.id), "name": desk.model.name}
    problem(ask(engineer, "POST", address, wanted), 409)
    stopped = ask(engineer, "POST", f"{address}{run['id']}/cancel/")
    assert (stopped.status_code, stopped.json()["state"]) == (200, RunState.CANCELLED)
    problem(ask(engineer, "POST", f"{address}{run['id']}/cancel/"), 409)
    listed = ask(engineer, "GET", address).json()["results"]
    assert [row["id"] for row in listed] == [run["id"], str(desk.run.id)]


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"model": "no such"}, "model"),
        ({"model": None}, "model"),
        ({"samples": 0}, "samples"),
        ({"samples": 2, "temperature": 0}, "temperature"),
        ({"temperature": 2.5}, "temperature"),
        ({"system_message": "a\u0000b"}, "system_message"),
        ({"seed": 2**63}, "seed"),
        ({"round": str(uuid.uuid4())}, "round"),
        ({"round": "x"}, "round"),
    ],
)
def test_invalid_settings_of_a_run_are_refused(desk: Desk, wrong: Any, field: str) -> None:
    engineer = desk.client(Role.ML_ENGINEER)
    body = {"model": desk.model.name} | wrong
    refusal = problem(ask(engineer, "POST", f"{desk.api}/generation-runs/", body), 400)
    assert list(refusal["fields"]) == [field]


def child_of(study: Study, parent: ModelVersion, run: TrainingRun, name: str) -> ModelVersion:
    return ModelVersion.objects.create(
        study=study,
        name=name,
        kind=ModelKind.ADAPTER,
        parent=parent,
        training_run=run,
        path=name,
        sha256="0" * 64,
    )


def test_models_tell_their_lineage(desk: Desk) -> None:
    child = child_of(desk.study, desk.model, desk.training, "child")
    grandchild = child_of(desk.study, child, desk.train(beta=0.2), "grandchild")
    child_of(other := StudyFactory.create(), desk.model, Desk().training, "secret")
    engineer = desk.client(Role.ML_ENGINEER)
    listed = ask(engineer, "GET", "/api/v1/models/").json()["results"]
    assert [row["name"] for row in listed] == ["grandchild", "child", desk.model.name]
    assert listed[1]["study"] == desk.study.slug
    assert listed[1]["parent"]["id"] == str(desk.model.id)
    assert listed[1]["training_run"]["release"] == {"id": str(desk.release.id), "number": 1}
    assert listed[2]["study"] is listed[2]["parent"] is listed[2]["training_run"] is None
    one = ask(engineer, "GET", f"/api/v1/models/{grandchild.id}/").json()
    assert [row["name"] for row in one["lineage"]] == ["child", desk.model.name]
    secret = ModelVersion.objects.get(study=other)
    problem(ask(engineer, "GET", f"/api/v1/models/{secret.id}/"), 404)


def test_training_is_started_and_cancelled(desk: Desk) -> None:
    engineer = desk.client(Role.ML_ENGINEER)
    body = desk.doors()[11][2]
    answer = ask(engineer, "POST", "/api/v1/training-runs/", body)
    assert answer.status_code == 201, answer.content
    run = answer.json()
    assert (run["state"], run["method"], run["model"]) == ("queued", "dpo", None)
    assert run["params"]["max_steps"] == 3
    assert isinstance(run["params"]["max_steps"], int)
    assert isinstance(run["params"]["batch_size"], int)
    assert isinstance(run["params"]["learning_rate"], float)
    assert isinstance(TrainingRun.objects.get(id=run["id"]).params["max_steps"], int)
    problem(ask(engineer, "POST", "/api/v1/training-runs/", body), 409)
    stopped = ask(engineer, "POST", f"/api/v1/training-runs/{run['id']}/cancel/")
    assert stopped.json()["state"] == TrainingState.CANCELLED
    problem(ask(engineer, "POST", f"/api/v1/training-runs/{run['id']}/cancel/"), 409)
    listed = ask(engineer, "GET", f"/api/v1/training-runs/?study={desk.study.slug}").json()
    assert [row["id"] for row in listed["results"]] == [run["id"], str(desk.training.id)]


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"release": str(uuid.uuid4())}, "release"),
        ({"release": "x"}, "release"),
        ({"base": "no such"}, "base"),
        ({"method": "hope"}, "method"),
        ({"params": {"max_steps": 0}}, "params"),
        ({"params": {"speed": 1}}, "params"),
        ({"params": [1]}, "params"),
        ({"params": {"max_steps": 2.5}}, "params"),
        ({"seed": -1}, "seed"),
    ],
)
def test_invalid_training_requests_are_refused(desk: Desk, wrong: Any, field: str) -> None:
    engineer = desk.client(Role.ML_ENGINEER)
    body = desk.doors()[11][2] | wrong
    refusal = problem(ask(engineer, "POST", "/api/v1/training-runs/", body), 400)
    assert [name.split(".")[0] for name in refusal["fields"]] == [field]


def test_a_release_of_another_study_is_not_trained_on(desk: Desk) -> None:
    """Training needs the role in the study of the release, not in another one."""
    other = Desk()
    engineer = staff(desk.study, Role.ML_ENGINEER)
    Member.objects.create(study=other.study, user=engineer.user, roles=[Role.COORDINATOR])
    client = Client()
    client.force_login(engineer.user)
    body = desk.doors()[11][2] | {"release": str(other.release.id)}
    problem(ask(client, "POST", "/api/v1/training-runs/", body), 400)
    problem(ask(client, "POST", f"/api/v1/training-runs/{other.training.id}/cancel/"), 403)
    runs = {run.id: run.state for run in TrainingRun.objects.all()}
    assert runs == dict.fromkeys((desk.training.id, other.training.id), TrainingState.QUEUED)


def test_lists_ask_the_same_number_of_queries(desk: Desk) -> None:
    engineer = desk.client(Role.ML_ENGINEER)
    addresses = [f"{desk.api}/prompts/", f"{desk.api}/generation-runs/"]
    addresses += ["/api/v1/models/", "/api/v1/training-runs/"]
    few = [queries_of(engineer, address) for address in addresses]
    add_prompts(desk.study, *(f"A made-up worry, number {n}." for n in range(12)))
    parent = desk.model
    for step in range(5, 15):
        generation.start_run(actor=SYSTEM, study=desk.study, version=desk.model)
        GenerationRun.objects.update(state=RunState.CANCELLED)
        parent = child_of(desk.study, parent, desk.train(max_steps=step), f"child {step}")
    assert [queries_of(engineer, address) for address in addresses] == few
    one = queries_of(engineer, f"/api/v1/models/{desk.model.id}/")
    assert queries_of(engineer, f"/api/v1/models/{parent.id}/") == one
