"""The API and the page show the same error at the same field."""

from __future__ import annotations

import html
import uuid
from typing import Any

import pytest

from annotations.forms.judging import answers
from annotations.models import Judgement
from annotations.queries.assignments import shown
from annotations.rules.states import Ask
from codesign.shared.actors import Actor
from tests.factories.annotations import judge, judging_round, lease
from tests.support.judging_api import Caller, problem
from tests.support.judging_page import cohort_of, filled, one_url, signed_in

pytestmark = pytest.mark.django_db
ASKS = (Ask.RATING, Ask.RANKING, Ask.REWRITE, Ask.FLAG)
CHOOSE = "Please choose an answer."
COMPARE = "Please say how they compare, or that all could do harm."
PLACE = "Please place every response that is shown, each once."
EITHER = "Choose one: compare them, or say that all could do harm."
EITHER_ORDER = "Choose one: compare them, or say that they cannot be compared."
TOO_LONG = "This is longer than 50,000 characters. Please shorten it."
UNSTORABLE = "This contains a character that cannot be saved. Please remove it."
NO_HARM = "Please choose what is wrong with it."
CASES: list[tuple[dict[str, Any], str, str, str]] = [
    ({"rating-A-heard": None}, "ratings.{A}.heard", "rating-A-heard", CHOOSE),
    ({"rating-B-usable": "many"}, "ratings.{B}.usable", "rating-B-usable", CHOOSE),
    (
        {"rating-A-heard": 9},
        "ratings.0.score",
        "rating-A-heard",
        "Please give a whole number from 1 to 5.",
    ),
    ({"comparison": None}, "ranking", "comparison", COMPARE),
    ({"comparison": "C1"}, "ranking", "comparison", COMPARE),
    (
        {"harm-A": "other"},
        "flags.0.severity",
        "severity-A",
        "Please say how much harm it could do.",
    ),
    (
        {"harm-B": "other", "severity-B": 7},
        "flags.0.severity",
        "severity-B",
        "Please give a whole number from 1 to 3.",
    ),
    ({"severity-B": 2}, "flags.0.harm", "harm-B", NO_HARM),
    ({"note-A": "It labels me."}, "flags.0.harm", "harm-A", NO_HARM),
    ({"harm-A": "odd", "severity-A": 1}, "flags.0.harm", "harm-A", NO_HARM),
    ({"rewrite-B": "x" * 50_001}, "rewrites.0.text", "rewrite-B", TOO_LONG),
    ({"rewrite-A": "a\x00b"}, "rewrites.0.text", "rewrite-A", UNSTORABLE),
    ({"comment": "x" * 50_001}, "comment", "comment", TOO_LONG),
    (
        {"harm-A": "other", "severity-A": 1, "note-A": "a\x00b"},
        "flags.0.note",
        "note-A",
        UNSTORABLE,
    ),
]
OF_THREE: list[tuple[dict[str, Any], list[str], str]] = [
    ({}, ["rank-A", "rank-B", "rank-C"], COMPARE),
    ({"rank-B": 1}, ["rank-A", "rank-C"], PLACE),
    ({"rank-A": 1, "rank-B": 9, "rank-C": 2}, ["rank-B"], PLACE),
    ({"rank-B": 1, "all_harmful": "on"}, ["all_harmful"], EITHER),
    ({"rank-B": 1, "cannot_rank": "on"}, ["all_harmful"], EITHER_ORDER),
]


class BothDoors:
    """One person's assignment, answered on the page and through the API."""

    def __init__(self, replies: int = 2) -> None:
        self.member = judge()
        sources = [uuid.uuid4() for _ in range(replies)]
        judging_round(cohort_of(self.member), asks=ASKS, sources=sources)
        self.held = lease(self.member)
        self.ids = dict(zip("ABC", map(str, self.held.order_shown), strict=False))

    def api(self, inputs: dict[str, str]) -> dict[str, list[str]]:
        """field → sentences, for what these inputs say."""
        assignment = shown(actor=Actor.of(self.member.user), assignment=self.held)
        sent = Caller(self.member).submit(self.held.id, answers(inputs, assignment))
        fields: dict[str, list[str]] = problem(sent, 400)["fields"]
        return fields

    def page(self, inputs: dict[str, str]) -> str:
        answer = signed_in(self.member).post(one_url(self.held), inputs)
        assert answer.status_code == 422
        return html.unescape(answer.content.decode())


def inputs_with(doors: BothDoors, changes: dict[str, Any]) -> dict[str, str]:
    inputs: dict[str, Any] = filled(doors.held) | changes
    return {name: str(value) for name, value in inputs.items() if value is not None}


@pytest.mark.parametrize(("changes", "path", "name", "sentence"), CASES)
def test_page_and_api_report_the_same_errors(
    changes: dict[str, Any], path: str, name: str, sentence: str
) -> None:
    doors = BothDoors()
    inputs = inputs_with(doors, changes)
    assert doors.api(inputs) == {path.format(**doors.ids): [sentence]}
    page = doors.page(inputs)
    assert f'id="{name}-error">{sentence}<' in page
    assert page.count('class="invalid-feedback"') == 1
    assert f'<a href="#{name}">' in page
    assert not Judgement.objects.exists()


@pytest.mark.parametrize(("changes", "names", "sentence"), OF_THREE)
def test_a_ranking_of_three_is_asked_for_where_a_place_is_missing(
    changes: dict[str, Any], names: list[str], sentence: str
) -> None:
    doors = BothDoors(replies=3)
    inputs = inputs_with(doors, {"comparison": None} | changes)
    assert doors.api(inputs) == {"ranking": [sentence]}
    page = doors.page(inputs)
    for name in names:
        assert f'id="{name}-error">{sentence}<' in page
    assert page.count('class="invalid-feedback"') == len(names)
    assert not Judgement.objects.exists()


def test_errors_are_listed_in_page_order_with_labels() -> None:
    doors = BothDoors()
    changes = {"comparison": None, "rating-B-heard": None, "severity-A": 1}
    page = doors.page(inputs_with(doors, changes))
    places = [
        page.index(f'<a href="#{name}">{words}</a>')
        for name, words in (
            ("harm-A", f"What is wrong with reply A? {NO_HARM}"),
            ("rating-B-heard", f"Heard, reply B: {CHOOSE}"),
            ("comparison", f"Which reply would you rather have got? {COMPARE}"),
        )
    ]
    assert places == sorted(places)
