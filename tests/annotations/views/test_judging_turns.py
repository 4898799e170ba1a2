"""Questions about each turn, categories and own labels, through the page and the API."""

from __future__ import annotations

import pytest

from annotations.models import Judgement
from annotations.rules.states import Ask
from codesign.studies.rules import Role
from tests.factories.annotations import judge, lease
from tests.factories.studies import staff
from tests.support.judging_api import Caller, problem
from tests.support.judging_page import cohort_of, one_url, signed_in
from tests.support.turns_rubric import (
    EARLIER,
    TALK,
    inputs_of_turns,
    judged_turns,
    turn_scores,
    turns_round,
)

pytestmark = pytest.mark.django_db
SCORES = turn_scores(EARLIER)


def test_each_earlier_reply_is_judged_on_the_page_and_corrected() -> None:
    member = judge()
    turns_round(cohort_of(member))
    held = lease(member)
    client = signed_in(member)
    page = client.get(one_url(held)).content.decode()
    for said in ("Earlier reply 1", "Tone, earlier reply 2", "0 of 11 answered", "Too fast"):
        assert said in page
    assert 'data-only-after="turn-2-harm" data-only-scores="1"' in page
    assert "Heard, earlier reply" not in page
    assert "Sounds cold" not in page  # a standard label
    inputs = inputs_of_turns()
    # without scripts, an answer that is not asked for cannot be cleared
    inputs |= {"turn-1-worst": "4", "mark-A-1": "0-4", "mark-A-1-label": "too_fast"}
    missing = {name: value for name, value in inputs.items() if name != "turn-2-tone"}
    refused = client.post(one_url(held), missing)
    assert refused.status_code == 422
    words = refused.content.decode()
    assert '<a href="#turn-2-tone">Tone, earlier reply 2: Please choose an answer.</a>' in words
    assert "11 of 12 answered" in words
    client.post(one_url(held), inputs | {"do": "save"}, headers={"X-Requested-With": "judging"})
    draft = client.get(one_url(held)).content.decode()
    assert "12 of 12 answered" in draft
    assert client.post(one_url(held), inputs).status_code == 200
    judgement = Judgement.objects.get()
    assert judgement.turn_ratings == SCORES
    assert [mark["label"] for mark in judgement.highlights] == ["too_fast"]
    mine = f"/studies/{member.study.slug}/mine/{held.id}/"
    words = client.get(mine).content.decode()
    for said in ("How bad, earlier reply 2", "Not sure", "Neutral", "Too fast"):
        assert said in words
    correct = f"{mine}correct/"
    assert "Earlier reply 1" in client.get(correct).content.decode()
    changed = inputs | {"turn-1-tone": "3", "revision": "2"}
    assert client.post(correct, changed).status_code == 302
    latest = Judgement.objects.get(revision=2)
    assert latest.turn_ratings == turn_scores(EARLIER | {1: {"tone": 3, "harm": 0}})


def test_each_earlier_reply_is_judged_by_api() -> None:
    member = judge()
    turns_round(cohort_of(member))
    caller = Caller(member)
    leased = caller.lease().json()
    assert leased["turns"] == [1, 2]
    assert [one["turns"] for one in leased["rubric"]["criteria"]] == [True, True, True, False]
    assert leased["rubric"]["criteria"][0]["scale"]["kind"] == "category"
    assert leased["rubric"]["labels"] == [
        {"key": "too_fast", "title": "Too fast"},
        {"key": "gentle", "title": "Gentle"},
    ]
    held = lease(member)
    wrong = judged_turns(held, turn_ratings=SCORES[:-1])
    fields = problem(caller.submit(str(held.id), wrong, key="one"), 400)["fields"]
    assert fields == {"turn_ratings.turn_2.worst": ["Please choose an answer."]}
    assert caller.submit(str(held.id), judged_turns(held), key="two").status_code == 201
    assert Judgement.objects.get().turn_ratings == SCORES
    other = Caller(judge(cohort=member.cohort))
    assert other.submit(str(held.id), judged_turns(held), key="three").status_code == 404


def test_nothing_is_asked_about_turns_that_do_not_exist_or_without_rating() -> None:
    member = judge()
    turns_round(cohort_of(member), TALK[:2])
    caller = Caller(member)
    assert caller.lease().json()["turns"] == []
    held = lease(member)
    fields = problem(caller.submit(str(held.id), judged_turns(held), key="one"), 400)["fields"]
    assert set(map(tuple, fields.values())) == {("This was not asked for.",)}
    sent = judged_turns(held, turn_ratings=[])
    assert caller.submit(str(held.id), sent, key="two").status_code == 201
    assert Judgement.objects.get().turn_ratings is None

    other = judge()
    turns_round(cohort_of(other), asks=(Ask.RANKING,))
    held = lease(other)
    assert "turn-1-" not in signed_in(other).get(one_url(held)).content.decode()
    sent = {"ranking": [[str(id) for id in held.order_shown]]}
    assert Caller(other).submit(str(held.id), sent, key="one").status_code == 201


def test_only_staff_read_scores_of_turns() -> None:
    member = judge()
    turns_round(cohort_of(member))
    held = lease(member)
    caller = Caller(member)
    caller.submit(str(held.id), judged_turns(held), key="one")
    path = f"studies/{member.study.slug}/judgements/"
    read = Caller(staff(member.study, Role.AUDITOR)).send("GET", path)
    assert [one["turn_ratings"] for one in read.json()["results"]] == [SCORES]
    assert caller.send("GET", path).status_code == 403
