"""What finished work earned, and until when a judgement can be corrected."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from annotations.rules.own_judgements import (
    MOST_REVISIONS,
    Earned,
    Settled,
    can_take_back,
    earned,
    settled,
)
from annotations.rules.states import PayCheck

NOW = datetime(2026, 11, 29, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("amount_minor", "is_work", "pay_check", "reversed_later", "expected"),
    [
        (80, True, PayCheck.NONE, False, Earned.PAID),
        (80, True, PayCheck.USED, False, Earned.PAID),
        (80, True, PayCheck.LEFT_OUT, False, Earned.PAID),
        (80, True, PayCheck.NONE, True, Earned.REVERSED),
        (80, True, PayCheck.LEFT_OUT, True, Earned.REVERSED),
        (80, True, PayCheck.HELD, False, Earned.HELD),
        (80, True, PayCheck.NOT_PAID, False, Earned.NOT_PAID),
        (80, False, PayCheck.NONE, False, Earned.NOTHING),
        (0, True, PayCheck.NONE, False, Earned.NOTHING),
    ],
)
def test_what_work_earned(
    amount_minor: int, is_work: bool, pay_check: str, reversed_later: bool, expected: Earned
) -> None:
    assert (
        earned(
            amount_minor=amount_minor,
            is_work=is_work,
            pay_check=pay_check,
            reversed_later=reversed_later,
        )
        is expected
    )


@pytest.mark.parametrize(
    ("in_release", "read_others", "revisions", "expected"),
    [
        (False, False, 1, None),
        (False, False, MOST_REVISIONS - 1, None),
        (True, False, 1, Settled.RELEASED),
        (True, True, 1, Settled.RELEASED),
        (False, True, 1, Settled.READ_OTHERS),
        (False, False, MOST_REVISIONS, Settled.TOO_OFTEN),
    ],
)
def test_why_a_judgement_stays_as_it_is(
    in_release: bool, read_others: bool, revisions: int, expected: Settled | None
) -> None:
    why = settled(in_release=in_release, read_others=read_others, revisions=revisions)
    assert why is expected


@pytest.mark.parametrize(("minutes", "expected"), [(0, True), (10, True), (10.1, False)])
def test_pages_offer_to_take_back_for_ten_minutes(minutes: float, expected: bool) -> None:
    assert can_take_back(sent_at=NOW - timedelta(minutes=minutes), now=NOW) is expected
