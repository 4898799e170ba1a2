"""Too many requests are refused; normal judging is never refused (standards 7.7)."""

from __future__ import annotations

import time
from typing import Any

import pytest
from django.core.cache import caches
from django.test import Client

from codesign.accounts import services as accounts
from codesign.accounts import throttles
from codesign.accounts.models import User
from codesign.accounts.rules import Rate, TokenScope
from codesign.shared.actors import SYSTEM
from tests.factories.accounts import UserFactory
from tests.factories.annotations import judge, judging_round
from tests.support.judging_api import Caller, problem

pytestmark = pytest.mark.django_db
STUDIES = "/api/v1/studies/"


@pytest.fixture(autouse=True)
def _within_one_minute(settings: Any) -> None:
    """No minute ends while a test counts."""
    settings.API_REQUESTS_A_MINUTE = dict.fromkeys(Rate, 3)
    into = time.time() % throttles.WINDOW
    if into > throttles.WINDOW - 5:
        pytest.skip("the minute is about to end")


def program(user: User, name: str) -> Client:
    _, secret = accounts.make_token(
        actor=SYSTEM, user=user, name=name, scopes=[TokenScope.STUDY_READ], days=1
    )
    return Client(headers={"Authorization": f"Token {secret}"})


def test_a_person_is_counted_whatever_their_tokens() -> None:
    user, other = UserFactory.create_batch(2)
    first, second = program(user, "a"), program(user, "b")
    assert [first.get(STUDIES).status_code for _ in range(3)] == [200] * 3
    for client in (first, second):
        answer = client.get(STUDIES)
        refusal = problem(answer, 429)
        wait = int(answer["Retry-After"])
        assert 1 <= wait <= throttles.WINDOW + 1
        assert f"Try again in {wait} seconds" in refusal["title"]
    assert program(other, "c").get(STUDIES).status_code == 200


def test_a_new_minute_begins_anew() -> None:
    assert [throttles.seconds_to_wait("me", Rate.READING) is None for _ in range(4)] == [
        True,
        True,
        True,
        False,
    ]
    minute = int(time.time() // throttles.WINDOW)
    assert caches["requests"].get(f"api:reading:me:{minute}") == 4
    assert caches["requests"].get(f"api:reading:me:{minute + 1}") is None


@pytest.mark.parametrize("header", [None, "Token wrong"])
def test_unauthenticated_requests_are_limited_by_address_only(header: str | None) -> None:
    headers = {"Authorization": header} if header else {}
    stranger = Client(headers=headers)
    assert [stranger.get(STUDIES).status_code for _ in range(3)] == [401] * 3
    answer = stranger.get(STUDIES)
    problem(answer, 429)
    assert answer["Retry-After"]
    assert program(UserFactory.create(), "a").get(STUDIES).status_code == 200  # same address
    elsewhere = Client(REMOTE_ADDR="192.0.2.7", headers=headers)
    assert elsewhere.get(STUDIES).status_code == 401


def test_forwarded_address_is_trusted_only_from_known_proxies(settings: Any) -> None:
    forged = Client(headers={"X-Forwarded-For": "203.0.113.9"})
    for _ in range(4):
        answer = forged.get(STUDIES)
    assert answer.status_code == 429
    settings.ALLAUTH_TRUSTED_PROXY_COUNT = 1
    assert forged.get(STUDIES).status_code == 401
    forged_too = Client(headers={"X-Forwarded-For": "198.51.100.1, 203.0.113.9"})
    for _ in range(3):
        answer = forged_too.get(STUDIES)
    assert answer.status_code == 429  # the proxy wrote the last one


def test_the_description_is_for_everybody_within_bounds() -> None:
    client = Client()
    assert [client.get("/api/v1/schema/").status_code for _ in range(4)] == [200, 200, 200, 429]


def test_judging_has_its_own_limit_and_costs_one_cache_operation(settings: Any) -> None:
    member = judge()
    judging_round(member.cohort, tasks=3)
    caller = Caller(member)
    for _ in range(3):
        assert caller.send("GET", "studies/").status_code == 200
    problem(caller.send("GET", "studies/"), 429)
    assert caller.lease().status_code == 201
    counts: Any = caches["requests"]
    assert len([key for key in counts._cache if ":api:" in key]) == 2


def test_default_limit_never_stops_a_panelist() -> None:
    """A draft every second and a judgement every five seconds, in two windows."""
    from codesign.config import settings as default

    assert default.API_REQUESTS_A_MINUTE[Rate.JUDGING] > 10 * 2 * (60 + 3 * 12)
    strict = default.API_REQUESTS_A_MINUTE
    assert strict[Rate.STRANGER] < strict[Rate.CHANGING] < strict[Rate.JUDGING]


def test_unavailable_cache_stops_nobody(settings: Any) -> None:
    settings.CACHES = settings.CACHES | {
        "requests": {
            "BACKEND": "django.core.cache.backends.redis.RedisCache",
            "LOCATION": "redis://127.0.0.1:1/0",  # nobody listens there
        }
    }
    user = UserFactory.create()
    client = program(user, "a")
    assert [client.get(STUDIES).status_code for _ in range(5)] == [200] * 5
