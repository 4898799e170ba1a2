"""Values that no column can store, in every parameter and field, for each role."""

from __future__ import annotations

import itertools
import json
import re
import uuid
from collections.abc import Iterator
from html.parser import HTMLParser
from typing import Any

import pytest
from django.http import QueryDict
from django.test import Client

from codesign.accounts.rules import Rate
from modelhub.services.versions import ensure_embedded_model
from tests.support.judging_api import problem
from tests.support.world import PARAMETER, ROUTES, World

pytestmark = [pytest.mark.django_db, pytest.mark.slow]
LONG, HUGE, NUL = "a" * 20_000, "9" * 30, "a\0b"
SURROGATE = "a\ud800b"
QUERY = [
    "page",
    "after",
    "before",
    "last",
    "waiting",
    "next",
    "language",
    "kind",
    "on",
    "example",
    "from",
    "was",
    "later",
    "page_size",
    "release",
    "study",
    "skip_bad",
    "cursor",
    "email",
    "state",
    "code",
    "format",
    "lang",
    "topic",
    "category",
    "q",
]


@pytest.fixture
def world(settings: Any) -> World:
    settings.API_REQUESTS_A_MINUTE = dict.fromkeys(Rate, 10**6)
    settings.ACCOUNT_RATE_LIMITS = settings.MFA_RATE_LIMITS = False
    return World()


WHO = ["nobody", "stranger", "panelist", "staff", "site admin", "program"]


def fine(answer: Any, what: Any) -> Any:
    assert answer.status_code < 500, (what, answer.content[:300])
    return answer


@pytest.mark.parametrize("who", WHO)
def test_no_parameter_of_an_address_is_an_error_of_ours(world: World, who: str) -> None:
    client = world.people[who]
    client.raise_request_exception = False
    for route in ROUTES:
        for kind, name in PARAMETER.findall(route):
            if kind == "uuid":
                continue  # accepts only ids
            for bad in ("9" * 30, "0" * 5000) if kind == "int" else (LONG, "%00", "a%00b", HUGE):
                where = world.fill(route, **{name: bad})
                answer = fine(client.get(where), where)
                if "%00" in bad:
                    assert answer.status_code in (302, 400, 404)
        where = world.fill(route)
        for bad in (NUL, LONG, HUGE, "-1", "%ED%A0%80"):
            query = QueryDict(mutable=True)
            for name in QUERY:
                query[name] = bad
            answer = fine(client.get(f"{where}?{query.urlencode()}"), (where, bad[:9]))
            if bad == NUL:
                assert answer.status_code == 400


class Fields(HTMLParser):
    """The fields of the forms of a page with their values, by where each form goes."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.forms: list[tuple[str, dict[str, str]]] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in attributes}
        if tag == "form" and values.get("method", "").lower() == "post":
            self.forms.append((values.get("action", ""), {}))
        elif tag in ("input", "textarea", "select", "button") and self.forms and "name" in values:
            self.forms[-1][1].setdefault(values["name"], values.get("value", "1"))


@pytest.mark.parametrize("who", ["nobody", "panelist", "staff", "site admin"])
def test_no_field_of_a_form_is_an_error_of_ours(world: World, who: str) -> None:
    """One bad field at a time, the others as the page has them."""
    client = world.people[who]
    client.raise_request_exception = False
    tried = 0
    for route in ROUTES:
        if route.startswith("api/") or "logout" in route:
            continue
        where = world.fill(route)
        page = client.get(where)
        if page.status_code != 200 or "html" not in page.headers.get("Content-Type", ""):
            continue
        for action, fields in Fields(page.content.decode()).forms:
            if "logout" in action:
                continue
            for name in fields:
                for bad in (NUL, LONG, HUGE):
                    answer = client.post(action or where, fields | {name: bad})
                    fine(answer, (action or where, name, bad[:9]))
                    tried += 1
    assert tried > (5 if who == "nobody" else 20)


BAD = (NUL, SURROGATE, LONG, int(HUGE), -1, 1e400, [NUL], {NUL: SURROGATE})


def is_valid(name: str, value: Any) -> bool:
    """Return whether a field takes this value: a long prompt, or a number for a text."""
    if name == "prompt":
        return bool(value == LONG)
    return name in ("external_id", "system_message") and isinstance(value, int)


def bodies(world: World) -> Iterator[tuple[str, dict[str, Any], str]]:
    """Yield an address, a body without errors for it, and the name of one more field."""
    study, model = f"studies/{world.study.slug}", ensure_embedded_model().name
    prompt = {"prompt": "I lie awake.", "category": "education", "language": "en"}
    yield f"{study}/prompts/", prompt, "external_id"
    run = {"model": model, "samples": 1, "system_message": "Be kind."}
    yield f"{study}/generation-runs/", run, "seed"
    yield f"{study}/dataset-releases/", {"purpose": "training", "least_p": 0.5}, "least_margin"
    release = world.there["release_id"]
    yield "training-runs/", {"release": release, "base": model, "method": "sft"}, "seed"


def test_a_bad_field_of_a_body_is_refused_by_its_name(world: World) -> None:
    """NUL, lone surrogates, too long, too large: one bad field at a time, in every body."""
    client = world.people["program"]
    client.raise_request_exception = False

    def send(where: str, body: dict[str, Any]) -> Any:
        sent = json.dumps({"prompts": [body]} if where.endswith("prompts/") else body)
        key = {"Idempotency-Key": str(uuid.uuid4())}
        address = f"/api/v1/{where}"
        return client.post(address, sent, content_type="application/json", headers=key)

    for where, body, more in bodies(world):
        for name, bad in itertools.product([*body, more], BAD):
            answer = send(where, body | {name: bad})
            if is_valid(name, bad):
                assert answer.status_code == 201, (where, name, str(bad)[:9])
                continue
            refusal = problem(answer, 400)
            if "prompt" in body:  # rows are read like those of a file, which may have Infinity
                assert refusal["fields"].keys() == {"rows"}
            elif bad == 1e400:
                assert refusal["title"] == "This is not valid JSON. Send JSON in UTF-8."
            else:
                assert refusal["fields"].keys() == {name}
        answer = send(where, body)
        if where == "training-runs/":
            assert "no accepted rewrites" in problem(answer, 400)["title"]
        else:
            assert answer.status_code == 201, (where, answer.content)


HEADERS = {
    "Cookie": ['sessionid="\\000\\000aaaaaaaaaaaaa"', 'csrftoken="\\000"', f"sessionid={LONG}"],
    "Authorization": ["Token \0", f"Token {LONG}", "Token \udcff"],
    "Accept-Language": ["\0", LONG],
    "X-CSRFToken": ["\0", LONG],
    "X-Request-ID": ["\0", LONG],
    "Range": [f"bytes={HUGE}-{HUGE}", "bytes=\0"],
    "Accept": ["\0", LONG],
    "If-None-Match": ["\0", LONG],
    "X-Forwarded-For": ["\0", LONG],
}


ANSWERS = {"/": 302, "/account/login/": 200, "/api/v1/studies/": 401, "/nowhere/": 404}
"""Address → the status for a person who is not signed in."""


def expected(name: str, value: str, where: str) -> int:
    """Return the status of an address with a bad header. Most headers change nothing."""
    if name == "Cookie" and LONG not in value:
        return 400
    if where == "/api/v1/studies/":
        if name == "Accept":
            return 406
        if value == "Token \udcff":
            return 400
    return ANSWERS[where]


@pytest.mark.parametrize("name", HEADERS)
def test_a_bad_header_is_ignored_or_refused(world: World, name: str) -> None:
    client = Client(raise_request_exception=False)
    for value in HEADERS[name]:
        for where in ANSWERS:
            if name == "Cookie":
                client.cookies.clear()
                answer = client.generic("GET", where, HTTP_COOKIE=value)
            else:
                answer = client.get(where, headers={name: value})
            assert answer.status_code == expected(name, value, where), (where, value[:20])
            assert re.fullmatch("[0-9a-f]{32}", answer.headers["X-Request-ID"])


CONSENT = [
    ("?language=%00", 400, "We could not read your request"),
    ("texts/1/%00/", 404, "Page not found"),
]


@pytest.mark.parametrize(("where", "status", "words"), CONSENT)
def test_a_nul_in_the_consent_pages_is_answered_in_words(
    world: World, where: str, status: int, words: str
) -> None:
    for who in ("panelist", "staff"):
        answer = world.people[who].get(f"/studies/{world.study.slug}/consent/{where}")
        assert answer.status_code == status
        assert words in answer.content.decode()


def test_a_program_is_answered_by_a_problem_document(world: World) -> None:
    for where, status in (("studies/a%00b/prompts/", 404), ("models/?cursor=%00", 400)):
        answer = world.people["program"].get(f"/api/v1/{where}")
        assert answer.status_code == status
        assert answer.headers["Content-Type"] == "application/problem+json"
