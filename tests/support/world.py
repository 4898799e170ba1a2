"""A study with something of most kinds, somebody of each role, and every address filled in."""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterator
from typing import Any

from django.apps import apps
from django.test import Client
from django.urls import URLResolver, get_resolver

from codesign.accounts import services as accounts
from codesign.accounts.rules import TokenScope
from codesign.shared.actors import SYSTEM
from codesign.studies.models import Study
from codesign.studies.rules import JUDGING, Role
from modelhub.services import api_imports, generation
from modelhub.services.versions import ensure_embedded_model
from tests.factories.accounts import UserFactory
from tests.factories.annotations import judge, judging_round, lease
from tests.factories.modelhub import add_prompts
from tests.factories.studies import staff
from tests.support.release_study import Story, release

MODELS = {
    "assignment_id": "Assignment",
    "item_id": "Rewrite",
    "release_id": "DatasetRelease",
    "prompt_id": "Prompt",
    "response_id": "Response",
    "round_id": "Round",
    "model_id": "ModelVersion",
    "run_id": "GenerationRun",
    "import_id": "Upload",
    "upload_id": "Upload",
    "record_id": "ConsentRecord",
    "member_id": "Member",
    "cohort_id": "Cohort",
    "user_id": "User",
}
"""What an address names → the model of which one is there."""


def routes(resolver: URLResolver, before: str = "") -> Iterator[str]:
    for entry in resolver.url_patterns:
        route = before + str(entry.pattern).lstrip("^")
        if isinstance(entry, URLResolver):
            yield from routes(entry, route)
        else:
            yield route.rstrip("$")


ROUTES = sorted({route for route in routes(get_resolver()) if "(" not in route} - {"healthz"})
PARAMETER = re.compile(r"<(?:(\w+):)?(\w+)>")


class World:
    """A study with something of most kinds, and somebody of each kind who asks."""

    def __init__(self) -> None:
        story = Story()
        for _ in range(2):
            story.judge(story.member(), story.prompt())
        release(story.study)
        add_prompts(story.study, "I cannot sleep.")
        generation.start_run(actor=SYSTEM, study=story.study, version=ensure_embedded_model())
        api_imports.take_rows(actor=SYSTEM, study=story.study, rows=[{}])
        panelist = judge(cohort=story.cohorts["lived"])
        judging_round(panelist.cohort, tasks=2)
        lease(panelist)
        self.study: Study = story.study
        everything = staff(story.study, *(set(Role) - JUDGING))
        self.people = {
            "nobody": Client(),
            "stranger": self.client(UserFactory.create()),
            "panelist": self.client(panelist.user),
            "staff": self.client(everything.user),
            "site admin": self.client(UserFactory.create(is_site_admin=True)),
        }
        _, secret = accounts.make_token(
            actor=SYSTEM, user=everything.user, name="x", scopes=list(TokenScope), days=1
        )
        self.people["program"] = Client(headers={"Authorization": f"Token {secret}"})
        names = {model.__name__: model for model in apps.get_models()}
        self.there = {
            name: str(getattr(names[model]._default_manager.first(), "pk", uuid.uuid4()))
            for name, model in MODELS.items()
        }
        self.there["slug"] = self.study.slug

    def client(self, user: Any) -> Client:
        client = Client()
        client.force_login(user)
        return client

    def fill(self, route: str, **bad: str) -> str:
        def value(match: re.Match[str]) -> str:
            kind, name = match.groups()
            ours = {"uuid": str(uuid.uuid4()), "int": "1"}.get(kind, "en")
            return bad.get(name) or self.there.get(name) or ours

        return "/" + PARAMETER.sub(value, route)
