"""Every kind of question, through the page and the API."""

from __future__ import annotations

import re
from typing import Any

import pytest

from annotations.models import Judgement
from tests.factories.annotations import judge, lease
from tests.support.judging_api import Caller, problem
from tests.support.judging_page import cohort_of, one_url, signed_in
from tests.support.kinds_rubric import kinds_round, kinds_rubric

pytestmark = pytest.mark.django_db
FIRST = {"heard": 5, "advice": 1, "risk": 2, "asks": 1, "blames": 0}
SECOND = {"heard": 99, "advice": 99, "asks": 0, "blames": 1}
EXPECTED = {("A", key): score for key, score in FIRST.items()} | {
    ("B", key): score for key, score in SECOND.items()
}


def by_letter(judgement: Judgement) -> dict[tuple[str, str], int]:
    letters = dict(zip(map(str, judgement.assignment.order_shown), "AB", strict=True))
    return {(letters[r["response"]], r["criterion"]): r["score"] for r in judgement.ratings}


def test_each_kind_on_the_page() -> None:
    member = judge()
    kinds_round(cohort_of(member))
    held = lease(member)
    client = signed_in(member)
    page = client.get(one_url(held)).content.decode()
    assert 'data-only-after="rating-B-advice" data-only-scores="1"' in page
    assert "Only if “Advice” is: Yes." in page
    assert "annotations/branching" in page
    for said in ("Not sure", "Not met", "Warmer words", "Why? (optional)"):
        assert said in page
    assert not re.search(r">\s*99\s*<", page)
    inputs = {f"rating-A-{key}": str(score) for key, score in FIRST.items()}
    inputs |= {f"rating-B-{key}": str(score) for key, score in SECOND.items()}
    # without scripts, an answer that is not asked for cannot be cleared
    inputs |= {"rating-B-risk": "4", "comparison": "A2", "why-warm": "on", "why-odd": "on"}
    inputs |= {"do": "send", "key": "one"}
    missing = {name: value for name, value in inputs.items() if name != "rating-A-risk"}
    refused = client.post(one_url(held), missing)
    assert refused.status_code == 422
    assert 'href="#rating-A-risk"' in refused.content.decode()
    assert 'name="why-warm" checked' in refused.content.decode()
    saved = client.post(
        one_url(held), inputs | {"do": "save"}, headers={"X-Requested-With": "judging"}
    )
    assert saved.status_code in (204, 302)
    again = client.get(one_url(held)).content.decode()
    assert 'name="why-warm" checked' in again
    assert client.post(one_url(held), inputs).status_code == 200
    judgement = Judgement.objects.get()
    assert by_letter(judgement) == EXPECTED
    assert judgement.why == ["warm"]
    mine = client.get(f"/studies/{member.study.slug}/mine/{held.id}/").content.decode()
    for said in ("Not sure", "Not met", "Warmer words"):
        assert said in mine


def body(held: Any, **changes: Any) -> dict[str, Any]:
    first, second = map(str, held.order_shown)
    ratings = [
        {"response": id, "criterion": key, "score": score}
        for id, scores in ((first, FIRST), (second, SECOND))
        for key, score in scores.items()
    ]
    return {"ratings": ratings, "ranking": [[first], [second]], "why": ["safe"]} | changes


def test_each_kind_by_api() -> None:
    member = judge()
    kinds_round(cohort_of(member))
    caller = Caller(member)
    rubric = caller.lease().json()["rubric"]
    heard, advice, risk, asks, blames = rubric["criteria"]
    assert heard["unsure"] == 99
    assert heard["scale"]["anchors"]["99"] == "Not sure"
    assert (advice["scale"]["kind"], advice["scale"]["min"], advice["scale"]["max"]) == (
        "yes_no",
        0,
        1,
    )
    assert risk["only_if"] == {"criterion": "advice", "scores": [1]}
    assert (risk["unsure"], risk["points"]) == (None, None)
    assert (asks["points"], blames["points"]) == (5, -10)
    assert rubric["reasons"] == [
        {"key": "warm", "title": "Warmer words"},
        {"key": "safe", "title": "Feels safer"},
    ]
    held = lease(member)
    kinds_rubric(member.study)  # a newer version changes nothing for what they have open
    second = str(held.order_shown[1])
    extra = {"response": second, "criterion": "risk", "score": 1}
    wrong = body(held, ratings=[*body(held)["ratings"], extra], why=["odd"])
    fields = problem(caller.submit(str(held.id), wrong, key="one"), 400)["fields"]
    assert fields == {
        f"ratings.{second}.risk": ["This is not asked after the answers above it."],
        "why": ["This is not one of the reasons."],
    }
    assert caller.submit(str(held.id), body(held), key="two").status_code == 201
    judgement = Judgement.objects.get()
    assert by_letter(judgement) == EXPECTED
    assert (judgement.why, judgement.assignment.rubric.version) == (["safe"], 1)
    assert judgement.body_hash
