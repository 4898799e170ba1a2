"""What the first look for personal data finds, and what it must let through."""

import pytest

from annotations.datasets.personal_data import found_in
from annotations.queries.helplines import helpline_numbers


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
    ],
)
def test_found(text: str, kind: str) -> None:
    assert kind in found_in(text)


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
def test_let_through(text: str) -> None:
    assert found_in(text, helplines=helpline_numbers()) == []
