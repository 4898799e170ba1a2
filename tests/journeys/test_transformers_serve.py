"""A model behind `transformers serve`, from its check to the responses of a run."""

from __future__ import annotations

import http.client
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from annotations.models import Response, Task
from codesign.jobs.rules import JobState
from codesign.shared.actors import SYSTEM
from modelhub.models import ModelVersion
from modelhub.queries.generation import KIND
from modelhub.queries.versions import CHECK
from modelhub.rules.generation import Settings
from modelhub.rules.registering import Registration
from modelhub.rules.states import ModelState, RunState
from modelhub.services import generation
from modelhub.services.registering import register_model
from modelhub.services.versions import ensure_embedded_model
from tests.factories.modelhub import add_prompts, open_round
from tests.factories.studies import CohortFactory, StudyFactory
from tests.support import jobs
from tests.support.running import eventually, free_port

pytestmark = [pytest.mark.django_db, pytest.mark.slow]


@pytest.fixture(scope="module")
def address(embedded_model: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    port, log_file = free_port(), tmp_path_factory.mktemp("serve") / "serve.log"
    program = Path(sys.executable).with_name("transformers")
    words = ["serve", str(embedded_model), "--host", "127.0.0.1", "--port", str(port)]
    with log_file.open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, str(program), *words, "--device", "cpu"],
            stdout=log,
            stderr=log,
            env={**os.environ, "HF_HUB_OFFLINE": "1", "HF_HUB_DISABLE_TELEMETRY": "1"},
        )

    def answers() -> bool:
        assert process.poll() is None, log_file.read_text()
        with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=5)) as connection:
            try:
                connection.request("GET", "/health")
                return connection.getresponse().status == 200
            except OSError:
                return False

    try:
        eventually(answers)
        yield f"http://127.0.0.1:{port}/v1"
    finally:
        process.terminate()
        process.wait()


def registered(name: str, address: str, served_name: str) -> ModelVersion:
    wanted = Registration(name, "server", address, served_name=served_name)
    version = register_model(actor=SYSTEM, study=None, wanted=wanted)
    jobs.run(CHECK, version.id)
    version.refresh_from_db()
    return version


def test_it_is_checked_writes_and_is_compared_blind_with_a_model_here(
    address: str, embedded_model: Path, settings: Any
) -> None:
    settings.MODELS_DIR = embedded_model.parent
    settings.MODEL_SERVERS = [address]
    served = registered("served", address, str(embedded_model))
    assert (served.state, served.problem) == (ModelState.READY, "")
    assert served.facts["samples"]
    assert served.facts["says_to_sample"]  # temperature alone changes nothing
    study = StudyFactory.create()
    add_prompts(study, "I cannot sleep.", "My hands shake before work.")
    runs = generation.start_runs(
        actor=SYSTEM,
        study=study,
        versions=[served, ensure_embedded_model()],
        settings=Settings(samples=2, max_new_tokens=24),
        round=open_round(CohortFactory.create(study=study)),
    )
    for run in runs:
        while (job := jobs.run(KIND, run.id)).state == JobState.RUNNING:
            pass
        run.refresh_from_db()
        assert (run.state, run.done, job.reason) == (RunState.DONE, 4, "")
    assert 4 < runs[0].tokens_written <= 4 * 24 * 4
    assert runs[0].tokens_read > 4 * 100  # the system message was read
    assert Response.objects.count() == 8
    assert [task.responses.count() for task in Task.objects.all()] == [4, 4]
    assert not Response.objects.filter(text__contains="<|im_end|>").exists()
    assert not Response.objects.filter(text__icontains="SmolLM").exists()


def test_a_wrong_model_name_is_refused_at_its_check(address: str, settings: Any) -> None:
    settings.MODEL_SERVERS = [address]
    version = registered("wrong", address, "no-such-org/no-such-model")
    assert version.state == ModelState.REFUSED
    assert version.problem
