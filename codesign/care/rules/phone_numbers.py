"""Telephone numbers of helplines: whether they exist in a country, and how a phone dials them.

`phonenumbers` knows full numbers, and short ones by a second set of functions. It knows neither
every short number that is in use (116 123 in Estonia and Latvia) nor how to link one: its links
put a country code before it, which reaches nobody. So `short_numbers.json` adds short numbers that
were checked by hand, and links dial exactly the digits that were typed.
"""

from __future__ import annotations

import json
import re
from functools import cache
from pathlib import Path

import phonenumbers
from django.utils.translation import gettext
from phonenumbers import shortnumberinfo

HAND_CHECKED = Path(__file__).resolve().parent / "short_numbers.json"
NUMBER = re.compile(r"\+?\(?\d(?:[\d ()-]*\d)?")
"""A number in a text: digits, which spaces, hyphens and brackets may separate."""
_NOT_DIALLED = re.compile(r"[ ()-]")


@cache
def hand_checked() -> frozenset[tuple[str, str]]:
    """Return (country code, digits) of short numbers that were checked by hand."""
    rows = json.loads(HAND_CHECKED.read_text(encoding="utf-8"))
    return frozenset((country, row["number"]) for row in rows for country in row["countries"])


def plain_digits(text: str) -> str:
    """Return the text with digits of other scripts, such as Arabic ones, as 0 to 9."""
    return re.sub(r"\d", lambda digit: str(int(digit[0])), text)


def dialled(number: str) -> str:
    """Return what a phone dials for a number: its digits as typed, after a plus if it has one."""
    return _NOT_DIALLED.sub("", plain_digits(number))


def numbers_in(text: str) -> list[str]:
    """Return the numbers in a text such as "999 or 112"."""
    return NUMBER.findall(text)


def exists_in(number: str, country_code: str) -> bool:
    """Return whether a number can be called from a country.

    That is a short or full number of the country, or a number of another country with a plus.
    """
    digits = dialled(number)
    if (country_code, digits) in hand_checked():
        return True
    try:
        parsed = phonenumbers.parse(digits, country_code)
    except phonenumbers.NumberParseException:
        return False
    if digits.startswith("+"):
        return phonenumbers.is_valid_number(parsed)
    return phonenumbers.is_valid_number_for_region(
        parsed, country_code
    ) or shortnumberinfo.is_valid_short_number_for_region(parsed, country_code)


def number_problem(text: str, *, country_code: str, country: str) -> str | None:
    """Return why the numbers in a field are not valid, or None. An empty field is valid."""
    if not text:
        return None
    numbers = numbers_in(text)
    if not numbers:
        return gettext("Type a number in digits.")
    for number in numbers:
        if not exists_in(number, country_code):
            return gettext(
                "“%(number)s” is not a number that works in this country: %(country)s. Check the"
                " digits. A number of another country starts with + and its country code."
            ) % {"number": number, "country": country}
    return None
