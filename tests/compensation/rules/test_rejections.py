"""Who may reject work and decide an appeal, and what a reason is: truth tables."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from django.utils import timezone

from codesign.compensation.rules import rejections as rules
from codesign.compensation.rules.rejections import RejectionCategory
from tests.factories.compensation import REASON

NOW = timezone.now()
WORDS = "one two three four five six seven eight nine ten "


def of_length(visible: int) -> str:
    """Return ten different words and more, with so many visible characters."""
    return WORDS + "x" * (visible - len(WORDS.replace(" ", "")))


@pytest.mark.parametrize(
    ("reason", "good"),
    [
        ("", False),
        (of_length(99), False),
        (of_length(100), True),
        (of_length(99) + "\u200b" * 50, False),
        (of_length(99) + "\u2060\ufeff\u00ad" * 20, False),
        (of_length(99) + " x", True),
        ("x" * 200, False),
        (of_length(2000 - WORDS.count(" ")), True),
        (of_length(2001 - WORDS.count(" ")), False),
        (of_length(120) + "\0", False),
        (of_length(120) + "\ud800", False),
        (REASON, True),
    ],
    ids=[
        "empty",
        "99",
        "100",
        "zero-width",
        "word joiner, byte order mark, soft hyphen",
        "99 and one more after a space",
        "one word",
        "2000",
        "2001",
        "NUL",
        "lone surrogate",
        "sentences",
    ],
)
def test_a_reason_has_a_hundred_visible_characters(reason: str, good: bool) -> None:
    assert (rules.reason_problem(reason) is None) is good


def test_to_differ_from_others_is_no_category() -> None:  # standards 3.5
    words = " ".join([*RejectionCategory.values, *map(str, RejectionCategory.labels)]).lower()
    for forbidden in ("disagree", "differ", "consensus", "majority"):
        assert forbidden not in words


def test_work_is_approved_after_seven_days() -> None:
    assert rules.AUTO_APPROVAL == timedelta(days=7) <= timedelta(days=21)


@pytest.mark.parametrize(
    ("age", "approved", "can"),
    [
        (timedelta(), False, True),
        (timedelta(days=7) - timedelta(seconds=1), False, True),
        (timedelta(days=7), False, False),
        (timedelta(days=30), False, False),
        (timedelta(), True, False),
    ],
)
def test_when_work_can_be_rejected(age: timedelta, approved: bool, can: bool) -> None:
    assert rules.can_be_rejected(done_at=NOW - age, approved=approved, now=NOW) is can


@pytest.mark.parametrize(
    ("proposed", "same", "problem"),
    [
        (False, False, None),
        (True, True, "You proposed this"),
        (True, False, "You proposed this"),
        (False, True, "not independent"),
    ],
)
def test_who_confirms(proposed: bool, same: bool, problem: str | None) -> None:
    said = rules.confirm_problem(proposed=proposed, same_person=same)
    assert said is None if problem is None else problem in str(said)


@pytest.mark.parametrize(
    ("involved", "coordinates", "others", "can"),
    [
        (False, True, True, True),
        (False, True, False, True),
        (False, False, False, True),  # an auditor, where no coordinator can
        (False, False, True, False),
        (True, True, True, False),
        (True, True, False, False),
        (True, False, True, False),
        (True, False, False, False),
    ],
)
def test_who_decides_an_appeal(involved: bool, coordinates: bool, others: bool, can: bool) -> None:
    problem = rules.appeal_decider_problem(
        involved=involved, coordinates=coordinates, others=others
    )
    assert (problem is None) is can


@pytest.mark.parametrize(
    ("state", "confirmed_at", "can"),
    [
        ("proposed", None, False),
        ("taken_back", None, False),
        ("lapsed", None, False),
        ("confirmed", NOW, True),
        ("confirmed", NOW - timedelta(days=30) + timedelta(seconds=1), True),
        ("confirmed", NOW - timedelta(days=30), False),
        ("revoked", NOW, False),
    ],
)
def test_when_a_person_can_appeal(state: str, confirmed_at: datetime | None, can: bool) -> None:
    problem = rules.appeal_problem(state=state, confirmed_at=confirmed_at, now=NOW)
    assert (problem is None) is can
