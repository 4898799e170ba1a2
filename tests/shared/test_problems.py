"""Every refusal is a problem document whose title a person understands."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from django.http import HttpRequest, HttpResponse
from django.test import Client, override_settings
from django.urls import path

from codesign.accounts import services as accounts
from codesign.accounts.rules import Rate, TokenScope
from codesign.config import urls as real
from codesign.shared.actors import SYSTEM
from codesign.studies.models import Member
from tests.factories.annotations import judge, judging_round
from tests.factories.studies import staff

pytestmark = pytest.mark.django_db


def broken(request: HttpRequest) -> HttpResponse:
    raise RuntimeError("a fault made for a test")


urlpatterns = [*real.urlpatterns, path("api/v1/broken/", broken)]
handler400, handler403 = real.handler400, real.handler403
handler404, handler500 = real.handler404, real.handler500


class Knock:
    """A panelist and a coordinator of a study, and ways to send requests."""

    def __init__(self) -> None:
        self.member: Member = judge()
        judging_round(self.member.cohort)
        self.slug = self.member.study.slug
        self.client = Client(raise_request_exception=False)
        self.client.force_login(self.member.user)
        self.desk = Client()
        self.desk.force_login(staff(self.member.study, "coordinator").user)

    def lease(self, **extra: Any) -> Any:
        return self.client.post(f"/api/v1/studies/{self.slug}/assignments/", **extra)

    def send(self, part: str, body: Any, method: str = "POST", **extra: Any) -> Any:
        id = self.lease().json()["id"]
        raw = body if isinstance(body, str | bytes) else json.dumps(body)
        extra = {"content_type": "application/json"} | extra
        return self.client.generic(method, f"/api/v1/assignments/{id}/{part}/", raw, **extra)

    def releases(self, method: str = "GET", query: str = "", body: Any = None) -> Any:
        address = f"/api/v1/studies/{self.slug}/dataset-releases/{query}"
        return self.desk.generic(method, address, json.dumps(body), content_type="application/json")

    def with_token(self, *scopes: str, ended: bool = False) -> Any:
        _, secret = accounts.make_token(
            actor=SYSTEM, user=self.member.user, name="x", scopes=scopes, days=1
        )
        if ended:
            accounts.revoke_token(actor=SYSTEM, user=self.member.user, name="x")
        return Client(headers={"Authorization": f"Token {secret}"}).get("/api/v1/studies/")

    def without_csrf(self) -> Any:
        client = Client(enforce_csrf_checks=True)
        client.force_login(self.member.user)
        return client.post(f"/api/v1/studies/{self.slug}/assignments/")

    def too_late(self) -> Any:
        id = self.lease().json()["id"]
        self.send("skip", {"reason": "other"})
        address = f"/api/v1/assignments/{id}/draft/"
        return self.client.put(address, {"comment": "x"}, content_type="application/json")

    def too_often(self) -> Any:
        with override_settings(API_REQUESTS_A_MINUTE=dict.fromkeys(Rate, 0)):
            self.client.get("/api/v1/studies/")
            return self.client.get("/api/v1/studies/")


CASES: dict[str, tuple[int, str, Callable[[Knock], Any]]] = {
    "nobody": (401, "Send a token", lambda k: Client().get("/api/v1/studies/")),
    "unknown token": (
        401,
        "This token is unknown",
        lambda k: Client(headers={"Authorization": "Token x"}).get("/api/v1/studies/"),
    ),
    "NUL token": (
        401,
        "This token is unknown",
        lambda k: Client(headers={"Authorization": "Token \x00"}).get("/api/v1/studies/"),
    ),
    "ended token": (401, "has expired", lambda k: k.with_token(TokenScope.STUDY_READ, ended=True)),
    "scope": (403, "needs the scope “study:read”", lambda k: k.with_token(TokenScope.JUDGE)),
    "role": (
        403,
        "Your role",
        lambda k: k.client.get(f"/api/v1/studies/{k.slug}/dataset-releases/"),
    ),
    "csrf": (403, "X-CSRFToken", lambda k: k.without_csrf()),
    "no such study": (
        404,
        "does not exist",
        lambda k: k.client.post("/api/v1/studies/none/assignments/"),
    ),
    "no such address": (
        404,
        "Nothing was found at this",
        lambda k: k.client.get("/api/v1/nope/"),
    ),
    "no such version": (
        404,
        "Nothing was found at this",
        lambda k: k.client.get("/api/v9/"),
    ),
    "method": (405, "“Allow”", lambda k: k.client.delete("/api/v1/studies/")),
    "options": (405, "“Allow”", lambda k: k.client.options("/api/v1/studies/")),
    "accept": (
        406,
        "accept application/json",
        lambda k: k.client.get("/api/v1/studies/", headers={"Accept": "text/html"}),
    ),
    "no key": (400, "Idempotency-Key", lambda k: k.send("submission", {})),
    "not JSON": (400, "not valid JSON", lambda k: k.send("skip", "{")),
    "not UTF-8": (400, "not valid JSON", lambda k: k.send("skip", b"\xff")),
    "no object": (400, "one JSON object", lambda k: k.send("skip", [1])),
    "no purpose": (400, "See “fields”", lambda k: k.releases("POST", body={})),
    "no object either": (400, "one JSON object", lambda k: k.releases("POST", body=[1])),
    "cursor": (400, "Start again", lambda k: k.releases(query="?cursor=cD1hYmM%3D")),
    "nonsense cursor": (400, "Start again", lambda k: k.releases(query="?cursor=cD0lMDA%3D")),
    "page size": (400, "page size", lambda k: k.releases(query="?page_size=0")),
    "too late": (409, "This is already finished", lambda k: k.too_late()),
    "too long": (413, "Please send it in parts", lambda k: k.send("skip", "x" * 2_000_001)),
    "far too long": (413, "in parts", lambda k: k.send("submission", {"comment": "x" * 3_000_000})),
    "ten times too long": (413, "in parts", lambda k: k.releases("POST", body="x" * 11_000_000)),
    "form": (
        415,
        "“Content-Type: application/json”",
        lambda k: k.send("skip", "a=1", content_type="text/plain"),
    ),
    "too often": (429, "Try again in ", lambda k: k.too_often()),
    "fault": (500, "our side", lambda k: k.client.get("/api/v1/broken/")),
}


@override_settings(ROOT_URLCONF=__name__)
@pytest.mark.parametrize("case", list(CASES))
def test_a_refusal_says_what_to_do(case: str) -> None:
    status, says, knock = CASES[case]
    answer = knock(Knock())
    assert answer.status_code == status, answer.content
    assert answer["Content-Type"] == "application/problem+json"
    body = answer.json()
    assert set(body) <= {"type", "title", "status", "fields"}
    assert body["status"] == status
    assert body["type"].startswith("urn:codesign:problem:")
    assert says in body["title"]
    assert body["title"][0].isupper()
    assert body["title"].endswith((".", ".”"))
    assert "no-store" in answer["Cache-Control"]
    if status == 405:
        assert "GET" in answer["Allow"]
    if status == 401:
        assert answer["WWW-Authenticate"] == "Token"
    for sentences in body.get("fields", {}).values():
        assert all(isinstance(sentence, str) for sentence in sentences)
