"""A judging form sent after the session ended is restored at the next sign-in."""

from __future__ import annotations

import pytest
from django.test import Client

from annotations.models import Assignment, Judgement
from annotations.rules.states import Ask
from codesign.shared.stashed_forms import MOST_BYTES
from codesign.studies.models import Member
from tests.factories.annotations import judge, judging_round
from tests.support.judging_page import cohort_of, filled, held, judge_url, one_url, signed_in
from tests.support.sessions import made_here, session_ends

pytestmark = pytest.mark.django_db
SCRIPT = {"X-Requested-With": "judging"}
ASKS = (Ask.RATING, Ask.RANKING, Ask.REWRITE, Ask.FLAG)


def written(client: Client, first: Assignment) -> dict[str, str]:
    """The form of the page that was open when the session ended, filled in."""
    return filled(first) | made_here(client)


@pytest.fixture
def member() -> Member:
    member = judge()
    judging_round(cohort_of(member), tasks=3, asks=ASKS)
    return member


def test_the_form_survives_the_end_of_a_session(member: Member) -> None:  # standards 5.3
    client = signed_in(member)
    client.get(judge_url(member))
    first = held(member)
    session_ends()
    answer = client.post(one_url(first), written(client, first) | {"comment": "all of this"})
    assert answer.headers["Location"] == f"/account/login/?next={one_url(first)}"
    client.force_login(member.user)
    words = client.get(one_url(first), follow=True).content.decode()
    assert "all of this" in words
    assert words.count(" checked") == 5
    assert not Judgement.objects.exists()


def test_a_long_stashed_draft_is_restored(member: Member) -> None:
    client = signed_in(member)
    client.get(judge_url(member))
    first = held(member)
    session_ends()
    long = "A long day. " * 60_000
    said = client.post(one_url(first), written(client, first) | {"comment": long}, headers=SCRIPT)
    assert (said.status_code, said.json()["kept"]) == (401, True)
    client.force_login(member.user)
    assert long.strip() in client.get(one_url(first), follow=True).content.decode()


def test_a_form_that_is_not_stashed_has_a_warning(member: Member) -> None:
    client = signed_in(member)
    client.get(judge_url(member))
    first = held(member)
    session_ends()
    sent = written(client, first) | {"comment": "x" * MOST_BYTES}
    said = client.post(one_url(first), sent, headers=SCRIPT)
    assert (said.status_code, said.json()["kept"]) == (401, False)
    way_in = client.post(one_url(first), sent).headers["Location"]
    page = client.get(way_in).content.decode()
    assert "could not be saved" in page
    assert "is kept" not in page


def test_a_stashed_form_that_cannot_be_saved_is_shown(member: Member) -> None:
    client = signed_in(member)
    client.get(judge_url(member))
    first = held(member)
    session_ends()
    client.post(one_url(first), written(client, first) | {"comment": "all of this" + '"' * 600_000})
    client.force_login(member.user)
    page = client.get(one_url(first))
    assert page.status_code == 422
    assert "This draft is too long to save." in page.content.decode()
    assert "all of this" in page.content.decode()


def test_a_stashed_form_is_shown_if_it_was_sent_elsewhere(member: Member) -> None:
    client = signed_in(member)
    client.get(judge_url(member))
    first = held(member)
    session_ends()
    client.post(one_url(first), written(client, first) | {"comment": "all of this"})
    assert signed_in(member).post(one_url(first), filled(first)).status_code == 200
    client.force_login(member.user)
    page = client.get(one_url(first))
    assert page.status_code == 409
    assert "all of this" in page.content.decode()


def test_a_stashed_form_is_only_for_its_account(member: Member) -> None:
    other = judge(cohort=member.cohort)
    client = signed_in(member)
    client.get(judge_url(member))
    first = held(member)
    session_ends()
    client.post(one_url(first), written(client, first) | {"comment": "mine"})
    client.force_login(other.user)
    assert client.get(one_url(first)).status_code == 404
    assert "mine" not in client.get(judge_url(other)).content.decode()
