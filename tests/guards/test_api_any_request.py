"""Whatever a program sends: no fault of ours, and an answer as the description says.

Made-up requests, fine ones and broken ones, from a fixed seed, through the real WSGI application
to the real database, as somebody at a study's desk and as somebody who judges.
"""

from __future__ import annotations

import functools
import json
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import hypothesis
import pytest
import schemathesis
from django.core.signals import request_finished, request_started
from django.core.wsgi import get_wsgi_application
from django.db import close_old_connections
from hypothesis import HealthCheck, Phase, given
from hypothesis import strategies as st
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from annotations.api import openapi_examples as shown
from annotations.models import Assignment
from annotations.services import assignments
from codesign.accounts import services as accounts
from codesign.accounts.rules import Rate, TokenScope
from codesign.shared.actors import SYSTEM, Actor
from codesign.studies.models import Member
from codesign.studies.rules import Role
from modelhub.api.openapi_examples import MODEL
from modelhub.rules.generation import Settings
from modelhub.services import api_imports, generation, training
from modelhub.services.evaluations import plan_evaluation
from modelhub.services.versions import ensure_embedded_model
from tests.factories.annotations import judge, judging_round, lease, send
from tests.factories.modelhub import add_prompts, child_of, frozen_release
from tests.factories.studies import staff
from tests.support.release_study import Story, release, withdraw
from tests.support.trained_models import model_of_bytes

pytestmark = [pytest.mark.django_db, pytest.mark.slow]

EXAMPLES = 8
"""Of each operation, person and mode; about a minute in all."""
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]


application = functools.cache(get_wsgi_application)


def served(environ: Any, start_response: Any) -> list[bytes]:
    """The application as a server runs it: read to its end, then closed."""
    answer = application()(environ, start_response)
    try:
        return [b"".join(answer)]
    finally:
        answer.close()


@functools.cache
def description() -> Any:
    """The API as it describes itself."""
    return schemathesis.openapi.from_wsgi("/api/v1/schema/?format=json", app=served)


def operations() -> dict[str, Any]:
    all_operations = (result.ok() for result in description().get_all_operations())
    return {operation.label: operation for operation in all_operations}


class World:
    """One study with something of everything, and both people's tokens."""

    def __init__(self, models: Path) -> None:
        story = Story()
        for _ in range(2):
            member = story.member()
            story.judge(member, story.prompt())
        release(story.study)
        withdraw(member)
        add_prompts(story.study, "I cannot sleep.", "My hands shake before work.")
        model = ensure_embedded_model()
        run = generation.start_run(actor=SYSTEM, study=story.study, version=model)
        frozen = release(story.study)
        learnt = frozen_release(story.study)
        trained = training.request_training(actor=SYSTEM, release=learnt, base=model, method="dpo")
        person = judge(cohort=story.cohorts["lived"])
        round = judging_round(person.cohort, tasks=200, criteria=["heard"])
        self.sent = lease(person)
        send(self.sent)
        add_prompts(story.study, "Kept apart.", held_out=True)
        compared = plan_evaluation(actor=SYSTEM, study=story.study, child=child_of(story.study))
        _writes, stopped = generation.start_runs(
            actor=SYSTEM,
            study=story.study,
            versions=[model, compared.child],
            settings=Settings(samples=1),
            round=round,
        )
        self.stopped = str(generation.cancel_run(actor=SYSTEM, run=stopped).id)
        desk = staff(story.study, Role.COORDINATOR, Role.ML_ENGINEER, Role.AUDITOR)
        self.judge, self.learnt, self.model = person, learnt, model
        self.tokens = {"desk": self.token(desk), "judge": self.token(person)}
        self.ids = {
            "slug": story.study.slug,
            "release_id": str(frozen.id),
            "path": "README.md",
            "revision": "2",
            "model_id": str(model.id),
            "round_id": str(round.id),
            "evaluation_id": str(compared.id),
            "import_id": str(api_imports.take_rows(actor=SYSTEM, study=story.study, rows=[{}]).id),
        }
        self.trained = str(model_of_bytes(story.study, models).id)
        self.runs = {"generation-runs": str(run.id), "training-runs": str(trained.id)}

    def token(self, member: Member) -> str:
        _, secret = accounts.make_token(
            actor=SYSTEM, user=member.user, name="x", scopes=list(TokenScope), days=1
        )
        return f"Token {secret}"

    def held(self, operation: Any) -> Assignment | None:
        """What the person who judges has, or gets now; or what they have sent."""
        if "/judgement/" in operation.path:
            return self.sent
        actor = Actor.of(self.judge.user)
        return assignments.lease(actor=actor, slug=self.judge.study.slug).assignment

    def examples(self, operation: Any) -> dict[str, str]:
        """What is really there, for what the examples of the description name."""
        held = self.held(operation)
        assert held is not None
        first, second = map(str, held.order_shown)
        return {
            shown.FIRST: first,
            shown.SECOND: second,
            shown.RELEASE_ID: str(self.learnt.id),
            MODEL["name"]: self.model.name,
        }

    def parameters(self, operation: Any) -> dict[str, str]:
        """What is really there, for the placeholders of an address."""
        held = self.held(operation)
        kind = next((kind for kind in self.runs if kind in operation.path), "")
        there = self.ids | {
            "assignment_id": str(held.id if held else uuid.uuid4()),
            "run_id": self.runs.get(kind, ""),
        }
        if operation.path.endswith("/package/"):
            there["model_id"] = self.trained
        if operation.path.endswith("/compare-without/"):
            there["run_id"] = self.stopped
        wanted = {parameter.name for parameter in operation.path_parameters}
        return {name: value for name, value in there.items() if name in wanted}


@pytest.fixture
def world(settings: Any, tmp_path: Path) -> Iterator[World]:
    """The study; as with Django's own test client, a request leaves the connection open."""
    settings.API_REQUESTS_A_MINUTE = dict.fromkeys(Rate, 10**6)
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    settings.MODELS_DIR = tmp_path
    yield World(tmp_path)
    for signal in (request_started, request_finished):
        signal.connect(close_old_connections)


def modes(operation: Any) -> list[GenerationMode]:
    """Fine requests, and broken ones where there is something to break: any text is a slug."""
    names = {part.name for part in (*operation.path_parameters, *operation.query)}
    breakable = len(operation.body) or names - {"slug"}
    return list(GenerationMode) if breakable else [GenerationMode.POSITIVE]


def send_many(world: World, operation: Any, who: str, mode: GenerationMode) -> list[int]:
    """Send requests of one mode, check each answer, and return the statuses."""
    seen: list[int] = []

    @hypothesis.seed(1)
    @hypothesis.settings(
        max_examples=EXAMPLES,
        deadline=None,
        database=None,
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy(generation_mode=mode), there=st.integers(0, 3))
    def send(case: Any, there: int) -> None:
        if there:
            case.path_parameters = world.parameters(operation)
        headers = {"Authorization": world.tokens[who]}
        seen.append(case.call_and_validate(checks=CHECKS, headers=headers).status_code)

    send()
    return seen


@pytest.mark.parametrize("who", ["desk", "judge"])
def test_any_request_is_answered_as_described(
    world: World, who: str, subtests: pytest.Subtests
) -> None:
    """Prevents a server error, or an undocumented answer, for a request that we did not think of.

    Each token was recognised, and each object of an address was found at least once.
    """
    for label, operation in operations().items():
        with subtests.test(label):
            seen = [
                status
                for mode in modes(operation)
                for status in send_many(world, operation, who, mode)
            ]
            assert 401 not in seen
            not_theirs = who == "desk" and "{assignment_id}" in label
            assert not_theirs or set(seen) - {404}, seen


def example_of(world: World, operation: Any) -> Any:
    """The body that the description shows, about what is really there; else none."""
    content = operation.definition.raw.get("requestBody", {}).get("content", {})
    examples = content.get("application/json", {}).get("examples", {})
    if not examples:
        return schemathesis.core.NOT_SET
    text = json.dumps(next(iter(examples.values()))["value"])
    for example, real in world.examples(operation).items():
        text = text.replace(example, real)
    return json.loads(text)


def test_what_the_description_shows_is_taken_from_somebody_and_answered_as_described(
    world: World, subtests: pytest.Subtests, settings: Any
) -> None:
    """Prevents an answer to a successful request that differs from the description.

    Generated bodies name nothing that exists, so they never succeed.
    """
    settings.MODEL_SERVERS = ["https://models.example.org/v1=CODESIGN_KEY_HOUSE"]
    for label, operation in operations().items():
        with subtests.test(label):
            seen = []
            for who, token in world.tokens.items():
                body = example_of(world, operation)
                case = operation.Case(
                    path_parameters=world.parameters(operation),
                    headers={"Idempotency-Key": f"of-{who}"},
                    body=body,
                    media_type=None if body is schemathesis.core.NOT_SET else "application/json",
                )
                answer = case.call_and_validate(checks=CHECKS, headers={"Authorization": token})
                seen.append((answer.status_code, answer.content[:300]))
            assert any(200 <= status < 300 for status, _ in seen), seen
