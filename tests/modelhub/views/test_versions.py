"""Pages that register models, and list them: permissions, forms and content."""

from __future__ import annotations

import uuid
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from codesign.shared.actors import SYSTEM
from codesign.studies.models import Member, Study
from codesign.studies.rules import Role
from modelhub.models import GenerationRun, ModelVersion
from modelhub.queries.versions import CHECK
from modelhub.rules.registering import CAN_REGISTER, Registration
from modelhub.rules.states import ModelState
from modelhub.services.registering import register_model
from modelhub.services.versions import ensure_embedded_model
from tests.factories.modelhub import add_prompts, open_round
from tests.factories.studies import CohortFactory, MemberFactory, StudyFactory, staff
from tests.support import jobs
from tests.support.counting import queries_of
from tests.support.model_server import MODEL, ModelServer, fails

pytestmark = pytest.mark.django_db
VARIABLES = ("CODESIGN_MODEL_FOLDERS=", "CODESIGN_HUB_MODELS=", "CODESIGN_MODEL_SERVERS=")
MAKERS = (Role.COORDINATOR, Role.ML_ENGINEER)


@pytest.fixture
def study() -> Study:
    return StudyFactory.create()


def signed_in(member: Member) -> Client:
    client = Client()
    client.force_login(member.user)
    return client


def someone(study: Study, role: Role) -> Member:
    if role in (Role.PANELIST, Role.CLINICIAN):
        member: Member = MemberFactory.create(cohort=CohortFactory.create(study=study, role=role))
        return member
    return staff(study, role)


def served(study: Study, server: ModelServer, name: str = "house") -> ModelVersion:
    wanted = Registration(name, "server", server.address, served_name=MODEL)
    return register_model(actor=SYSTEM, study=study, wanted=wanted)


def page(name: str, study: Study, **keys: Any) -> str:
    return reverse(f"modelhub:{name}", kwargs={"slug": study.slug, **keys})


@pytest.mark.parametrize("role", list(Role))
def test_who_sees_and_who_registers(study: Study, server: ModelServer, role: Role) -> None:
    client = signed_in(someone(study, role))
    version = served(study, server)
    sees = 200 if role in (*MAKERS, Role.AUDITOR) else 403
    registers = 200 if role in MAKERS else 403
    assert client.get(page("models", study)).status_code == sees
    assert client.get(page("model", study, model_id=version.id)).status_code == sees
    assert client.get(page("model-progress", study, model_id=version.id)).status_code == sees
    assert client.get(page("model-kinds", study)).status_code == registers
    form = page("model-register", study, kind="server")
    assert client.get(form).status_code == registers
    fields = {"name": "mine", "location": server.address, "served_name": MODEL}
    assert client.post(form, fields).status_code == (302 if role in MAKERS else 403)
    assert ModelVersion.objects.filter(name="mine").exists() is (role in MAKERS)
    cancel = client.post(page("model-cancel", study, model_id=version.id))
    assert cancel.status_code == (302 if role in MAKERS else 403)


def test_other_studies_see_nothing(study: Study, server: ModelServer) -> None:
    version = served(StudyFactory.create(), server)
    client = signed_in(staff(study))
    for name in ("model", "model-progress"):
        assert client.get(page(name, study, model_id=version.id)).status_code == 404
    assert client.post(page("model-cancel", study, model_id=version.id)).status_code == 404
    assert "house" not in client.get(page("models", study)).content.decode()


def test_a_model_is_registered_watched_and_ready(study: Study, server: ModelServer) -> None:
    client = signed_in(staff(study))
    form = page("model-register", study, kind="server")
    assert f"Allowed here: {server.address}." in client.get(form).content.decode()
    fields = {
        "key": str(uuid.uuid4()),
        "name": "house",
        "location": server.address,
        "served_name": MODEL,
        "licence": "apache-2.0",
    }
    answer = client.post(form, fields)
    assert client.post(form, fields)["Location"] == answer["Location"]  # a double click
    version = ModelVersion.objects.get(name="house")
    waiting = client.get(answer["Location"]).content.decode()
    assert page("model-progress", study, model_id=version.id) in waiting
    assert page("model-cancel", study, model_id=version.id) in waiting
    jobs.run(CHECK, version.id)
    done = client.get(page("model-progress", study, model_id=version.id))
    assert done["HX-Refresh"] == "true"
    shown = client.get(answer["Location"]).content.decode()
    assert "model-progress" not in shown
    for words in (server.address, MODEL, "apache-2.0", "ready"):
        assert words in shown
    listed = client.get(page("models", study)).content.decode()
    assert "writing responses" in listed
    assert "model on a server" in listed


def test_a_refused_model_says_why_and_what_to_do(study: Study, server: ModelServer) -> None:
    server.faults = [fails(404, "no such model")]
    version = served(study, server)
    jobs.run(CHECK, version.id)
    client = signed_in(staff(study))
    shown = client.get(page("model", study, model_id=version.id)).content.decode()
    assert f"The server does not know the model “{MODEL}”" in shown
    assert page("model-kinds", study) in shown
    assert "refused" in client.get(page("models", study)).content.decode()
    auditor = signed_in(staff(study, Role.AUDITOR))
    shown = auditor.get(page("model", study, model_id=version.id)).content.decode()
    assert page("model-kinds", study) not in shown


def test_a_cancelled_check_is_said(study: Study, server: ModelServer) -> None:
    version = served(study, server)
    client = signed_in(staff(study))
    client.post(page("model-cancel", study, model_id=version.id))
    version.refresh_from_db()
    assert version.state == ModelState.REFUSED
    assert client.post(page("model-cancel", study, model_id=version.id)).status_code == 409


def test_errors_are_at_their_fields_and_nothing_is_registered(
    study: Study, server: ModelServer
) -> None:
    client = signed_in(staff(study))
    form = page("model-register", study, kind="server")
    wrong = {"name": "x", "location": "http://10.0.0.1/v1", "served_name": "m"}
    answer = client.post(form, {**wrong, "key_variable": "SECRET_KEY"})
    assert answer.status_code == 400
    shown = answer.content.decode()
    assert "add its address to CODESIGN_MODEL_SERVERS" in shown
    assert "begins with CODESIGN_KEY_" in shown
    assert not ModelVersion.objects.filter(name="x").exists()
    assert client.get(page("model-register", study, kind="imported")).status_code == 404


def test_the_form_names_each_server_with_its_key(study: Study, settings: Any) -> None:
    settings.MODEL_SERVERS = ["https://a.example.org/v1=CODESIGN_KEY_A", "https://b.example.org/v1"]
    answer = signed_in(staff(study)).get(page("model-register", study, kind="server"))
    places = "https://a.example.org/v1 (CODESIGN_KEY_A), https://b.example.org/v1."
    assert f"Allowed here: {places}" in answer.content.decode()


@pytest.mark.parametrize("kind", CAN_REGISTER)
def test_every_kind_has_a_form_and_says_what_is_not_allowed(study: Study, kind: str) -> None:
    client = signed_in(staff(study))
    assert client.get(page("model-register", study, kind=kind)).status_code == 200
    kinds = client.get(page("model-kinds", study)).content.decode()
    assert kinds.count("has not allowed any place for this") == len(VARIABLES)
    for variable in VARIABLES:
        assert kinds.count(variable) == 1


def test_a_place_that_the_operator_allows_needs_no_variable(
    study: Study, server: ModelServer
) -> None:
    kinds = signed_in(staff(study)).get(page("model-kinds", study)).content.decode()
    assert kinds.count("has not allowed any place for this") == 2
    assert "CODESIGN_MODEL_SERVERS" not in kinds
    assert page("model-register", study, kind="server") in kinds
    assert page("model-register", study, kind="gguf") not in kinds


def test_the_list_takes_a_constant_number_of_queries(study: Study, server: ModelServer) -> None:
    client = signed_in(staff(study))
    served(study, server, "one")
    few = queries_of(client, page("models", study))
    for number in range(5):
        served(study, server, f"model {number}")
    assert queries_of(client, page("models", study)) == few


def test_several_models_start_together_and_find_each_other(
    study: Study, server: ModelServer
) -> None:
    version = served(study, server)
    jobs.run(CHECK, version.id)
    add_prompts(study, "One", "Two")
    round = open_round(CohortFactory.create(study=study))
    client = signed_in(staff(study))
    fields = {
        "model": [str(version.id), str(ensure_embedded_model().id)],
        "round": str(round.id),
        "samples": "1",
        "temperature": "0.5",
        "top_p": "0.7",
        "max_new_tokens": "64",
        "system_message": "Be kind.",
        "template_arguments": '{"enable_thinking": false}',
        "most_cost": "1.50",
        "currency": "eur",
        "price_read": "0.15",
        "price_written": "0.6",
    }
    answer = client.post(page("run-start", study), fields)
    assert answer["Location"] == page("runs", study)
    runs = list(GenerationRun.objects.order_by("created_at"))
    assert {run.model_version for run in runs} == {version, ensure_embedded_model()}
    (group,) = {run.group for run in runs}
    assert {run.top_p for run in runs} == {0.7}
    assert runs[0].template_arguments == {"enable_thinking": False}
    of_server = next(run for run in runs if run.model_version == version)
    assert (of_server.most_micros, of_server.currency) == (1_500_000, "EUR")
    assert (of_server.price_read, of_server.price_written) == (150_000, 600_000)
    shown = client.get(page("run", study, run_id=of_server.id)).content.decode()
    assert "Compared with" in shown
    assert "SmolLM2-135M-Instruct" in shown
    assert "(budget: 1.50)" in shown
    assert group


def test_a_run_is_resumed_with_another_budget(study: Study, server: ModelServer) -> None:
    version = served(study, server)
    jobs.run(CHECK, version.id)
    add_prompts(study, "One")
    client = signed_in(staff(study))
    fields = {
        "model": str(version.id),
        "samples": "1",
        "temperature": "0.5",
        "max_new_tokens": "64",
        "system_message": "Be kind.",
        "most_tokens": "10",
    }
    client.post(page("run-start", study), fields)
    run = GenerationRun.objects.get()
    jobs.run("generation_run", run.id)
    shown = client.get(page("run", study, run_id=run.id)).content.decode()
    assert "The budget of this run is used up." in shown
    resume = page("run-resume", study, run_id=run.id)
    client.post(resume, {"most_tokens": "none"})
    run.refresh_from_db()
    assert (run.state, run.most_tokens) == ("failed", 10)
    client.post(resume, {"most_tokens": "5000"})
    run.refresh_from_db()
    assert (run.state, run.most_tokens) == ("queued", 5000)
