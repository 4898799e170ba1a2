"""Registering models: who may, what the check reports, and what is never stored."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connection, transaction

from codesign.audit.models import Event
from codesign.jobs.models import Job
from codesign.jobs.rules import JobState
from codesign.shared.actors import SYSTEM, Actor
from codesign.shared.errors import Conflict, Invalid, NotFound, NotPermitted
from codesign.studies.models import Study
from codesign.studies.rules import Role
from modelhub.engine.weights import EMBEDDED_NAME
from modelhub.models import ModelVersion
from modelhub.queries.versions import CHECK, able_to_write, base_of, writers_of
from modelhub.rules.registering import Registration
from modelhub.rules.states import ModelKind, ModelState
from modelhub.services import exporting
from modelhub.services.generation import start_run
from modelhub.services.registering import cancel_check, register_model
from modelhub.services.versions import ensure_embedded_model, ensure_imported_model
from modelhub.services.weights import weights_of
from tests.factories.accounts import UserFactory
from tests.factories.modelhub import add_prompts
from tests.factories.studies import CohortFactory, MemberFactory, StudyFactory, staff
from tests.support import jobs
from tests.support.model_server import MODEL, Handler, ModelServer, fails, says
from tests.support.small_model import made_up_adapter, made_up_model
from tests.support.trained_models import small_adapter

pytestmark = pytest.mark.django_db
KEY = "sk-never-stored"


@pytest.fixture
def study() -> Study:
    return StudyFactory.create()


@pytest.fixture
def folders(settings: Any, tmp_path: Path) -> Path:
    settings.MODELS_DIR = tmp_path / "models"
    settings.MODEL_FOLDERS = [str(tmp_path / "outside")]
    settings.MODELS_DIR.mkdir()
    (tmp_path / "outside").mkdir()
    return tmp_path / "outside"


def served(server: ModelServer, **more: str) -> Registration:
    return Registration("house", "server", server.address, **{"served_name": MODEL, **more})


def register(study: Study | None, wanted: Registration, **more: Any) -> ModelVersion:
    return register_model(**{"actor": SYSTEM, "study": study, "wanted": wanted, **more})


def checked(version: ModelVersion) -> ModelVersion:
    jobs.run(CHECK, version.id)
    version.refresh_from_db()
    return version


def test_a_served_model_is_ready_after_its_check(study: Study, server: ModelServer) -> None:
    version = register(study, served(server))
    assert version.state == ModelState.QUEUED
    assert not writers_of(study_id=study.id).exists()
    checked(version)
    assert version.state == ModelState.READY
    assert version.facts == {"answers_as": MODEL, "samples": True, "says_to_sample": False}
    assert list(able_to_write(study_id=study.id)) == [version]
    moves = Event.objects.filter(action="modelhub.version_moved").order_by("id")
    assert [(event.data["from"], event.data["to"]) for event in moves] == [
        ("queued", "checking"),
        ("checking", "ready"),
    ]


@pytest.mark.parametrize("role", list(Role))
def test_who_may_register(study: Study, server: ModelServer, role: Role) -> None:
    judging = role in (Role.PANELIST, Role.CLINICIAN)
    member = (
        MemberFactory.create(cohort=CohortFactory.create(study=study, role=role))
        if judging
        else staff(study, role)
    )
    actor = Actor.of(member.user)
    if role in (Role.COORDINATOR, Role.ML_ENGINEER):
        assert register(study, served(server), actor=actor).made_by == member.user
        return
    with pytest.raises(NotPermitted, match="Your role in this study"):
        register(study, served(server), actor=actor)
    assert not ModelVersion.objects.exists()


def test_strangers_and_other_studies_may_not(study: Study, server: ModelServer) -> None:
    for user in (staff(StudyFactory.create()).user, UserFactory.create(is_site_admin=True)):
        with pytest.raises(NotFound, match="does not exist"):
            register(study, served(server), actor=Actor.of(user))
        with pytest.raises(NotPermitted, match="Only an operator"):
            register(None, served(server), actor=Actor.of(user))
    assert not ModelVersion.objects.exists()


def test_the_key_is_sent_and_never_stored_shown_or_logged(
    study: Study,
    server: ModelServer,
    caplog: pytest.LogCaptureFixture,
    settings: Any,
) -> None:
    settings.MODEL_KEYS = {"CODESIGN_KEY_HOUSE": KEY}
    settings.MODEL_SERVERS = [f"{server.address}=CODESIGN_KEY_HOUSE"]
    server.faults = [fails(500, f"no such deployment for {KEY}")] * 4
    refused = checked(register(study, served(server, key_variable="CODESIGN_KEY_HOUSE")))
    assert refused.state == ModelState.REFUSED
    version = checked(register(study, served(server, key_variable="CODESIGN_KEY_HOUSE")))
    assert version.state == ModelState.READY
    sent = {name.lower(): value for name, value in server.asked[-1][1].items()}
    assert sent["authorization"] == f"Bearer {KEY}"
    rows = [*ModelVersion.objects.values(), *Event.objects.values(), *Job.objects.values()]
    assert KEY not in str(rows)
    assert KEY not in caplog.text


def test_a_key_goes_to_the_server_that_the_operator_bound_it_to_alone(
    study: Study, server: ModelServer, settings: Any
) -> None:
    settings.MODEL_KEYS = {"CODESIGN_KEY_HOUSE": KEY}
    elsewhere = "https://models.example.org/v1=CODESIGN_KEY_HOUSE"
    settings.MODEL_SERVERS = [server.address, elsewhere]
    with pytest.raises(Invalid, match="does not allow this key for this server"):
        register(study, served(server, key_variable="CODESIGN_KEY_HOUSE"))
    settings.MODEL_SERVERS = [f"{server.address}=CODESIGN_KEY_HOUSE"]
    version = register(study, served(server, key_variable="CODESIGN_KEY_HOUSE"))
    settings.MODEL_SERVERS = [server.address, elsewhere]
    assert "does not allow this key for this server" in checked(version).problem
    assert server.asked == []


def test_a_missing_key_is_named(study: Study, server: ModelServer, settings: Any) -> None:
    settings.MODEL_SERVERS = [f"{server.address}=CODESIGN_KEY_NOT_SET"]
    version = checked(register(study, served(server, key_variable="CODESIGN_KEY_NOT_SET")))
    assert version.state == ModelState.REFUSED
    assert "CODESIGN_KEY_NOT_SET is not set" in version.problem
    assert server.asked == []


def test_a_server_that_is_no_longer_allowed_gets_nothing(
    study: Study, server: ModelServer, settings: Any
) -> None:
    version = register(study, served(server))
    settings.MODEL_SERVERS = []
    assert "does not allow the server" in checked(version).problem
    assert server.asked == []


def test_the_name_of_a_refused_model_is_free_and_it_cannot_generate(
    study: Study, server: ModelServer
) -> None:
    server.faults = [fails(404, "no such model")]
    refused = checked(register(study, served(server)))
    assert (refused.state, refused.problem) == (
        ModelState.REFUSED,
        f"The server does not know the model “{MODEL}”. no such model.",
    )
    add_prompts(study, "One")
    with pytest.raises(Invalid, match="This model cannot write responses here"):
        start_run(actor=SYSTEM, study=study, version=refused)
    assert checked(register(study, served(server))).state == ModelState.READY
    with pytest.raises(Invalid, match="There is a model with this name"):
        register(study, served(server))


def test_names_of_shared_models_are_taken_in_every_study(study: Study, server: ModelServer) -> None:
    register(study, served(server))
    with pytest.raises(Invalid, match="There is a model with this name"):
        register(None, served(server))
    ensure_embedded_model()
    with pytest.raises(Invalid, match="There is a model with this name"):
        register(study, Registration("SmolLM2-135M-Instruct", "server", server.address, "", "x"))


def test_a_repeated_request_registers_once(study: Study, server: ModelServer) -> None:
    first = register(study, served(server))
    again = register(study, served(server), version_id=first.id)
    assert again == first
    with pytest.raises(Conflict, match="already used to register a model"):
        register(study, served(server, served_name="other"), version_id=first.id)
    assert Job.objects.filter(kind=CHECK).count() == 1


def test_a_cancelled_check_refuses_the_model(study: Study, server: ModelServer) -> None:
    version = register(study, served(server))
    with pytest.raises(NotPermitted, match="Your role in this study"):
        cancel_check(actor=Actor.of(staff(study, Role.AUDITOR).user), version=version)
    cancel_check(actor=Actor.of(staff(study).user), version=version)
    assert (version.state, version.problem) == (ModelState.REFUSED, "The check was cancelled.")
    assert server.asked == []


def test_an_odd_name_of_a_served_model_is_saved(study: Study, server: ModelServer) -> None:
    server.always = says("Rest.", model="no\x00such \ud800 model")
    version = checked(register(study, served(server)))
    assert (version.state, version.facts["answers_as"]) == (ModelState.READY, "nosuch ? model")


@pytest.mark.django_db(transaction=True)
def test_a_check_is_cancelled_while_its_server_fails(server: ModelServer) -> None:
    study = StudyFactory.create()
    version = register(study, served(server))

    def cancelled(handler: Handler, body: dict[str, Any]) -> None:
        cancel_check(actor=SYSTEM, version=ModelVersion.objects.get(id=version.id))
        connection.close()  # of the server's thread
        fails(429, Retry_After="19")(handler, body)

    server.faults = [cancelled]
    checked(version)
    assert (version.state, version.problem) == (ModelState.REFUSED, "The check was cancelled.")
    assert len(server.asked) == 1


def test_a_ready_model_cannot_be_changed_in_the_database(study: Study, server: ModelServer) -> None:
    version = checked(register(study, served(server)))
    changes: list[dict[str, Any]] = [{"facts": {}}, {"location": "x"}, {"state": "queued"}]
    for change in [*changes, {"name": "x"}]:
        with pytest.raises(DatabaseError, match="pgtrigger"), transaction.atomic():
            ModelVersion.objects.filter(id=version.id).update(**change)
    with pytest.raises(DatabaseError, match="pgtrigger"), transaction.atomic():
        version.delete()


def test_links_out_of_an_allowed_folder_are_refused(study: Study, folders: Path) -> None:
    (folders / "link").symlink_to("/etc")
    with pytest.raises(Invalid, match="CODESIGN_MODEL_FOLDERS"):
        register(study, Registration("sly", "folder", str(folders / "link")))


def test_an_adapter_needs_a_ready_base_of_its_study(study: Study, folders: Path) -> None:
    (folders / "adapter").mkdir()
    wanted = Registration("tuned", "adapter", str(folders / "adapter"))
    imported = ensure_imported_model(actor=SYSTEM, study=study, name="named only")
    (folders / "base").mkdir()
    waiting = register(study, Registration("base", "folder", str(folders / "base")))
    elsewhere = ModelVersion.objects.create(
        study=StudyFactory.create(), name="theirs", kind=ModelKind.EMBEDDED
    )
    for base in (imported, waiting, elsewhere):
        with pytest.raises(Invalid, match="ready and has weights"):
            register(study, wanted, base=base)


def test_a_folder_and_an_adapter_on_it_are_checked_in_a_process(
    study: Study, folders: Path
) -> None:
    folder = made_up_model(folders / "base")
    base = checked(register(study, Registration("base", "folder", str(folder))))
    assert (base.state, base.problem) == (ModelState.READY, "")
    assert base.path == str(folder)
    assert len(base.sha256) == 64
    assert base.facts["architecture"] == "LlamaForCausalLM"
    adapter = made_up_adapter(folders / "adapter", folder)
    wanted = Registration("tuned", "adapter", str(adapter), licence="mit")
    tuned = checked(register(study, wanted, base=base))
    assert (tuned.state, tuned.licence) == (ModelState.READY, "mit")
    assert tuned.path == f"registered/{tuned.id}/model"  # a copy, which backups have
    assert base_of(tuned) == base
    found = weights_of(version=tuned)
    assert found.base == folder
    assert found.adapter is not None
    assert json.loads((found.adapter / "adapter_config.json").read_text())["r"] == 4
    (folder / "tokenizer.json").unlink()
    with pytest.raises(Invalid, match=r"The file tokenizer\.json of base is missing"):
        weights_of(version=tuned)


@pytest.mark.slow
def test_a_copy_of_a_model_that_was_trained_here_is_refused(
    study: Study, model: ModelVersion, settings: Any, tmp_path: Path
) -> None:
    """A withdrawal would not stop a copy, because it has no link to its training data."""
    settings.MODEL_FOLDERS = [str(tmp_path / "outside")]
    copy = tmp_path / "outside" / "copy"
    exporting.export_to(actor=SYSTEM, version=model, into=copy, merge=False)
    for place in (study, StudyFactory.create()):
        wanted = Registration("copy", "adapter", str(copy))
        refused = checked(register(place, wanted, base=ensure_embedded_model()))
        assert refused.state == ModelState.REFUSED
        assert "trained here" in refused.problem
        assert not (settings.MODELS_DIR / "registered" / str(refused.id)).exists()
    other = tmp_path / "outside" / "other"
    small_adapter(other, settings.MODELS_DIR / EMBEDDED_NAME, strength=0.3)
    wanted = Registration("other", "adapter", str(other))
    assert checked(register(study, wanted, base=ensure_embedded_model())).problem == ""


def test_a_refused_folder_says_what_is_wrong(study: Study, folders: Path) -> None:
    (folders / "empty").mkdir()
    version = checked(register(study, Registration("none", "folder", str(folders / "empty"))))
    assert version.state == ModelState.REFUSED
    assert "not in the layout of transformers" in version.problem
    job = Job.objects.get(subject_id=version.id)
    assert (job.state, job.reason) == (JobState.FAILED, version.problem)


def test_a_hub_model_that_is_not_here_is_refused_without_network(
    study: Study, folders: Path, settings: Any
) -> None:
    settings.HUB_MODELS = ["made-up-org/*"]
    version = register(study, Registration("hub", "hub", "made-up-org/none"))
    assert version.revision == "main"
    assert "is not in the local cache, and HF_HUB_OFFLINE is 1" in checked(version).problem


def test_the_command_registers_for_all_studies_and_says_what_it_found(
    folders: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = made_up_model(folders.parent / "anywhere")
    call_command("register_model", "shared", "--folder", str(folder))
    assert "shared is ready: LlamaForCausalLM, " in capsys.readouterr().out
    version = ModelVersion.objects.get(name="shared")
    assert (version.study, version.state) == (None, ModelState.READY)
    with pytest.raises(CommandError, match=r"was refused\. There is no file"):
        call_command("register_model", "gguf", "--gguf", str(folder / "none.gguf"))


def test_the_command_refuses_what_the_environment_does_not_allow(study: Study) -> None:
    with pytest.raises(CommandError, match="CODESIGN_MODEL_SERVERS"):
        call_command(
            "register_model", "far", "--server", "https://models.example.org/v1",
            "--served-name", "x", "--study", study.slug,
        )  # fmt: skip
    with pytest.raises(CommandError, match="There is no base"):
        call_command("register_model", "tuned", "--adapter", "/none", "--base", "nothing")
    person = MemberFactory.create(cohort=CohortFactory.create(study=study)).user
    with pytest.raises(CommandError, match="Your role in this study"):
        call_command(
            "register_model", "x", "--folder", "/x", "--study", study.slug, "--as", person.email
        )
    assert not ModelVersion.objects.filter(kind=ModelKind.FOLDER).exists()
