"""Details of payout methods: what banks take, and what is shown of them."""

from __future__ import annotations

import pytest
from stdnum import iban as stdnum_iban

from codesign.compensation.rules.payout_methods import (
    MethodKind,
    check_account,
    check_iban,
    check_name,
    check_paypal,
    check_sort_code,
    checked,
    masked,
)


@pytest.mark.parametrize(
    ("written", "stored"),
    [
        ("de89 3704 0044 0532 0130 00", "DE89370400440532013000"),
        ("GB29-NWBK-6016-1331-9268-19", "GB29NWBK60161331926819"),
        (" FR1420041010050500013M02606 ", "FR1420041010050500013M02606"),
    ],
)
def test_an_iban_is_stored_without_spaces(written: str, stored: str) -> None:
    assert check_iban(written) == stored


@pytest.mark.parametrize(
    "written",
    [
        "",
        "DE89370400440532013001",  # a typo
        "DE8937040044053201300",  # too short
        "XX8937040044053201300",  # no such country
        "DE00370400440532013000",  # check digits that mod 97 never gives
        "DE01370400440532013000",
        "DE99370400440532013000",
        "DE89370400440532013000=1",
        "DE٨٩370400440532013000",  # digits of another script
    ],
)
def test_an_iban_that_one_of_two_libraries_refuses_is_refused(written: str) -> None:
    with pytest.raises(ValueError, match="not a valid IBAN"):
        check_iban(written)


@pytest.mark.parametrize("digits", ["00", "01", "99"])
def test_check_digits_that_stdnum_takes_are_refused(digits: str) -> None:
    """Each number satisfies mod 97, but a bank computes 97, 98 or 02 in its place."""

    def remainder(account: str) -> int:
        return int(f"{account}131400") % 97  # DE00 behind the account

    wanted = {"00": 1, "01": 0, "99": 96}[digits]
    account = next(
        one for number in range(10_000) if remainder(one := f"37040044{number:010}") == wanted % 97
    )
    number = f"DE{digits}{account}"
    assert stdnum_iban.is_valid(number, check_country=False)
    with pytest.raises(ValueError, match="not a valid IBAN"):
        check_iban(number)


@pytest.mark.parametrize(
    ("written", "says"),
    [
        ("", "type the name"),
        ("José Núñez", "“é” “ñ” “ú”"),
        ("مريم", "letters A to Z"),
        ("Robin & Co", "“&”"),
        ("=1+1", "“=”"),
        ("+44", "start with a letter"),
        ("-Robin", "start with a letter"),
        ("Robin // Doe", "“//”"),
        ("x" * 71, "it has 71"),
    ],
)
def test_a_name_that_a_bank_cannot_match_says_what_to_change(written: str, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        check_name(written)


def test_a_name_keeps_its_seventy_characters() -> None:
    assert check_name("  Mary-Ann   O'Neil ") == "Mary-Ann O'Neil"
    assert check_name("x" * 70) == "x" * 70


def test_uk_numbers_are_digits() -> None:
    assert check_sort_code("60-16 13") == "601613"
    assert check_account("3192 6819") == "31926819"
    for wrong in ("6016133", "60161", "six", "٦٠١٦١٣"):
        with pytest.raises(ValueError, match="six digits"):
            check_sort_code(wrong)
    for wrong in ("1234567", "123456789", "00000000", "1234567x"):
        with pytest.raises(ValueError, match="eight digits"):
            check_account(wrong)


@pytest.mark.parametrize(
    "wrong", ["", "robin", "=1@example.org", "+1@example.org", "é@example.org"]
)
def test_a_paypal_address_is_one_that_no_spreadsheet_runs(wrong: str) -> None:
    assert check_paypal(" robin@example.org ") == "robin@example.org"
    with pytest.raises(ValueError, match=r"robin@example\.org"):
        check_paypal(wrong)


@pytest.mark.parametrize(
    ("kind", "details", "shown"),
    [
        ("iban", {"name": "R", "iban": "DE89370400440532013000"}, "DE••••3000"),
        ("uk_bank", {"name": "R", "sort_code": "601613", "account": "31926819"}, "••••6819"),
        ("paypal", {"email": "robin@example.org"}, "r••••@••••"),
        ("cash", {}, ""),
        ("voucher", {}, ""),
        ("none", {}, ""),
    ],
)
def test_details_of_each_kind_are_checked_and_masked(
    kind: str, details: dict[str, str], shown: str
) -> None:
    stored, problems = checked(MethodKind(kind), details | {"unknown": "x"})
    assert (stored, problems) == (details, {})
    assert masked(kind, stored) == shown
    _stored, missing = checked(MethodKind(kind), {})
    assert set(missing) == set(details)
