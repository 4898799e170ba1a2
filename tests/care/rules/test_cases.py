"""Cases: what may follow what, the clock, and who is on duty."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from itertools import product

import pytest

from codesign.care.rules.cases import (
    CASE_STATES,
    Answer,
    CaseState,
    Turn,
    due_after,
    on_duty,
    opens_a_case,
)
from codesign.care.rules.disclosure.phrases import Urgency

MONDAY = datetime(2026, 11, 30, 10, tzinfo=UTC)
DAY = timedelta(days=1)
MAY_FOLLOW = {
    ("waiting", "open"),
    ("waiting", "settled"),
    ("open", "closed"),
    ("closed", "open"),
    ("settled", "open"),
}


@pytest.mark.parametrize(("old", "new"), list(product(CaseState, CaseState)))
def test_which_state_may_follow_which(old: str, new: str) -> None:
    assert CASE_STATES.allows(old, new) == ((old, new) in MAY_FOLLOW)


@pytest.mark.parametrize(
    ("answer", "opens"),
    [("me", True), ("not_sure", True), ("text", False), ("not_said", False)],
)
def test_which_answers_open_a_case(answer: str, opens: bool) -> None:  # standards 4.9
    assert opens_a_case(Answer(answer)) == opens


@pytest.mark.parametrize(
    ("day", "hours"),
    [(0, 24), (1, 24), (2, 24), (3, 24), (4, 72), (5, 48), (6, 24)],
    ids=["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"],
)
def test_concerns_are_looked_at_on_the_next_weekday(day: int, hours: int) -> None:
    opened = MONDAY + day * DAY
    assert due_after(opened, urgency=Urgency.CONCERN) == opened + timedelta(hours=hours)


@pytest.mark.parametrize("day", range(7))
def test_imminent_risk_is_looked_at_within_twelve_hours_on_every_day(day: int) -> None:
    opened = MONDAY + day * DAY
    assert due_after(opened, urgency=Urgency.IMMINENT) == opened + timedelta(hours=12)


TODAY = date(2026, 11, 30)
YESTERDAY, TOMORROW = TODAY - DAY, TODAY + DAY


@pytest.mark.parametrize(
    ("first_away", "second_away", "duty"),
    [
        (None, None, ["first", "second"]),
        ((YESTERDAY, YESTERDAY), None, ["first", "second"]),
        ((TOMORROW, TOMORROW), None, ["first", "second"]),
        ((TODAY, TODAY), None, ["second"]),
        ((YESTERDAY, TODAY), None, ["second"]),
        ((TODAY, TOMORROW), None, ["second"]),
        (None, (TODAY, TODAY), ["first"]),
        ((TODAY, TODAY), (TODAY, TODAY), ["first", "second"]),
    ],
)
def test_who_is_on_duty(
    first_away: tuple[date, date] | None, second_away: tuple[date, date] | None, duty: list[str]
) -> None:
    rota = [Turn("second", 2, *(second_away or ())), Turn("first", 1, *(first_away or ()))]
    assert [turn.member for turn in on_duty(rota, day=TODAY)] == duty


def test_nobody_is_on_duty_where_nobody_is_in_the_rota() -> None:
    assert on_duty([], day=TODAY) == []
