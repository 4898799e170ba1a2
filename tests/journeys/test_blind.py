"""Judges open every address and find nothing that must stay hidden from them."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from django.test import Client

from annotations.models import Assignment
from annotations.rules.states import AssignmentState, RoundKind
from codesign.studies.models import Member
from tests.factories.annotations import answers
from tests.journeys.blind import (
    COMMENT,
    NAMES,
    REWRITE,
    Secrets,
    Story,
    addresses,
    story,
    telling_keys,
)
from tests.support.judging_page import filled, one_url

pytestmark = pytest.mark.django_db


@pytest.fixture
def told() -> Story:
    return story()


def client_of(member: Member) -> Client:
    client = Client(raise_request_exception=True)
    client.force_login(member.user)
    return client


def held(member: Member) -> Assignment:
    return Assignment.objects.get(member=member, state=AssignmentState.LEASED)


@pytest.mark.slow
@pytest.mark.parametrize("role", ["panelist", "clinician"])
def test_every_address_stays_blind(told: Story, role: str) -> None:
    member: Member = getattr(told, role)
    client = client_of(member)
    slug = member.study.slug
    client.get(f"/studies/{slug}/judge/")
    client.post(one_url(held(member)), filled(held(member)))
    secrets = Secrets.kept_from(member, told)
    seen, given_away = 0, {}
    for address in sorted(set(addresses(member))):
        answer: Any = client.get(address)
        seen += answer.status_code == 200
        assert answer.status_code < 500 or address == "/healthz", address
        if leaked := secrets.found_in(address, answer):
            given_away[address] = leaked
    assert not given_away
    assert seen >= 12, "the walk reached hardly anything"


@pytest.mark.parametrize("role", ["panelist", "clinician"])
def test_every_reply_of_the_loop_stays_blind(told: Story, role: str) -> None:
    member: Member = getattr(told, role)
    client = client_of(member)
    secrets = Secrets.kept_from(member, told)
    lease = f"/api/v1/studies/{member.study.slug}/assignments/"
    answers_given = [(lease, client.post(lease))]
    base = f"/api/v1/assignments/{held(member).id}/"

    def send(method: str, part: str, body: dict[str, Any], **headers: str) -> None:
        answer = client.generic(
            method, base + part, json.dumps(body), content_type="application/json", headers=headers
        )
        answers_given.append((base + part, answer))

    send("GET", "", {})
    send("PUT", "draft/", {"comment": "mine"})
    send("POST", "submission/", {"nonsense": 1}, **{"Idempotency-Key": "k"})
    send("POST", "submission/", answers(held(member)), **{"Idempotency-Key": "k"})
    base = f"/api/v1/assignments/{held(member).id}/"
    send("POST", "skip/", {"reason": "dont_know"})
    page = client.post(one_url(held(member)), filled(held(member), comparison=None))
    answers_given.append((page.request["PATH_INFO"], page))
    page = client.post(one_url(held(member)), {"skip": "too_close"})
    answers_given.append((page.request["PATH_INFO"], page))
    assert [answer.status_code for _, answer in answers_given] == [
        201, 200, 200, 400, 201, 200, 422, 200,
    ]  # fmt: skip
    for address, answer in answers_given:
        assert not secrets.found_in(address, answer), address


@pytest.mark.parametrize("role", ["panelist", "clinician"])
def test_a_comparison_looks_like_any_other_text(told: Story, role: str) -> None:
    """The pages differ only in the words of prompts and replies."""
    member: Member = getattr(told, role)
    client = client_of(member)
    pages: dict[str, set[str]] = {RoundKind.JUDGING: set(), RoundKind.EVALUATION: set()}
    for _ in range(10):
        page = client.get(f"/studies/{member.study.slug}/judge/").content.decode()
        one = held(member)
        pages[one.task.round.kind].add(skeleton(page))
        client.post(one_url(one), filled(one))
    assert pages[RoundKind.JUDGING] == pages[RoundKind.EVALUATION]
    assert len(pages[RoundKind.JUDGING]) == 1


def skeleton(page: str) -> str:
    """Return a page without the words, ids and numbers that differ between texts."""
    body = page.split("<main", 1)[1]
    body = re.sub(r'(?<=<p class="said").*?(?=</p>)', "", body, flags=re.DOTALL)
    body = re.sub(r'value="[^"]*"', "", body)
    body = re.sub(r"[0-9a-f-]{36}|\d+", "", body)
    return re.sub(
        r"<script.*?</script>|A hard day[^<]*|That sounds heavy[^<]*|Sent\.[^<]*", "", body
    )


def test_the_search_would_find_something(told: Story) -> None:
    """Checks that the search finds secrets where they are shown."""
    secrets = Secrets.kept_from(told.panelist, told)
    for word in (NAMES[0], COMMENT, "2019-03-07T05:06", told.others[0].pseudonym):
        assert secrets.words.search(f"before {word} after")
    assert secrets.of_reviews.search(REWRITE)
    assert list(telling_keys({"a": [{"id": 7, "source": "x"}]})) == ["id", "source"]
