"""What the first look for personal data finds, and what it must let through."""

import pytest

from annotations.datasets.policy.personal_data import personal_data_in
from annotations.queries.helplines import helpline_numbers
from annotations.rules.text_kinds import TextCheck
from annotations.rules.texts import first_check


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("write to me at jo.bloggs@example.org please", "EMAIL_ADDRESS"),
        ("call me on 07700 900123", "PHONE_NUMBER"),
        ("call +44 7700 900123", "LONG_NUMBER"),
        ("my NHS number is 943 476 5919", "UK_NHS"),
        ("4111 1111 1111 1111 is my card", "CREDIT_CARD"),
        ("I was born 12/03/1985", "DATE_TIME"),
        ("GB82 WEST 1234 5698 7654 32", "IBAN_CODE"),
        ("my insurance number is AB123456C", "UK_NINO"),
        ("from 192.0.2.1 or so", "IP_ADDRESS"),
        ("at fe80::abcd today", "IP_ADDRESS"),
        ("born 5-JAN", "DATE_TIME"),
        ("since MAY-99", "DATE_TIME"),
        ("Ring (020) 7946 0958", "PHONE_NUMBER"),
    ],
)
def test_personal_data_is_found(text: str, kind: str) -> None:
    """And never passed over beforehand, as a text that no pattern can match."""
    assert kind in personal_data_in(text)
    assert first_check(text) == TextCheck.UNCHECKED


@pytest.mark.parametrize(
    ("number", "kinds"),
    [
        ("123456789", ["LONG_NUMBER"]),
        ("12 345 67-89", ["LONG_NUMBER"]),
        ("12345678", []),
        ("1234 5678", []),
    ],
)
def test_a_long_number_has_nine_digits_or_more(number: str, kinds: list[str]) -> None:
    assert personal_data_in(f"My reference is {number}.") == kinds


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Take a breath.",
        "The second answer to p0, in 2023, for 10 days: 5 of them good.",
        "1. Breathe.\n2. Count to ten.\n3. Rest.",
    ],
)
def test_most_texts_need_no_scan(text: str) -> None:
    assert first_check(text) == TextCheck.CLEAR
    assert personal_data_in(text) == []


@pytest.mark.parametrize("number", sorted(helpline_numbers()))
@pytest.mark.parametrize("said", ["Ring {}.", "Call {} (24/7).", "{}, day and night", "({})"])
def test_helpline_numbers_are_not_personal_data(number: str, said: str) -> None:
    assert personal_data_in(said.format(number), helplines=helpline_numbers()) == []


@pytest.mark.parametrize("text", ["Ring 0800 111 0 2223 4567.", "Ring 07700 116 123."])
def test_a_number_that_contains_a_helpline_number_is_personal_data(text: str) -> None:
    assert personal_data_in(text, helplines=helpline_numbers()) != []


@pytest.mark.parametrize(
    "text",
    [
        "You could ring Samaritans on 116 123, day and night.",
        "In South Africa: 0800 111 0 222.",
        "Text SHOUT to 85258 or call 988 or 13 11 14.",
        "Breathe in for 4, hold for 7, out for 8; five minutes, twice a day.",
        "About 1 in 4 people, in 2023, felt that way.",
        "It is 50/50, and that is all right.",
    ],
)
def test_texts_without_personal_data_pass(text: str) -> None:
    assert personal_data_in(text, helplines=helpline_numbers()) == []
