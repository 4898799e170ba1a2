"""Truth tables: what a release may ask for, what it needs, how its configs are named."""

from decimal import Decimal

import pytest

from annotations.rules.releases import (
    DROP_REASON_TEXTS,
    DropReason,
    LeastAsked,
    drop_reason_text,
    least_problems,
    of_cohort,
    purposes_needed,
    use_text,
)
from annotations.rules.states import ReleasePurpose
from codesign.consent.rules import Purpose


@pytest.mark.parametrize(
    ("p", "margin", "fields"),
    [
        ("0.5", "0", []),
        ("0.9999", "3", []),
        ("0.75", "1.2345", []),
        ("0.4999", "0", ["least_p"]),
        ("1", "0", ["least_p"]),
        ("0.99999", "0", ["least_p"]),
        ("NaN", "0", ["least_p"]),
        ("0.5", "-0.0001", ["least_margin"]),
        ("0.5", "3.0001", ["least_margin"]),
        ("0.5", "0.00001", ["least_margin"]),
        ("0.5", "Infinity", ["least_margin"]),
        ("0", "4", ["least_margin", "least_p"]),
    ],
)
def test_thresholds_that_a_release_can_ask_for(p: str, margin: str, fields: list[str]) -> None:
    assert sorted(least_problems(LeastAsked(Decimal(p), Decimal(margin)))) == fields


@pytest.mark.parametrize("purpose", list(ReleasePurpose))
def test_a_release_needs_taking_part_and_its_own_purpose(purpose: ReleasePurpose) -> None:
    assert purposes_needed(purpose) == (Purpose.TAKE_PART, Purpose(str(purpose)))
    assert use_text(purpose)


def test_a_config_of_a_cohort_has_its_name() -> None:
    assert of_cohort("preference", "lived") == "preference-lived"
    assert of_cohort("preference", "") == "preference"


def test_every_reason_has_its_own_words() -> None:
    assert len({drop_reason_text(reason) for reason in DropReason}) == len(DropReason)
    assert set(DROP_REASON_TEXTS) == set(DropReason)
