"""Files of payouts: their bytes, and totals read back from them."""

from __future__ import annotations

from datetime import date

import pytest
import sepaxml
from lxml import etree

from codesign.compensation.rules.payout_files import (
    NAMESPACE,
    Line,
    Payer,
    Totals,
    build,
    decimal_of,
    escaped,
    minor_of,
    totals_of,
)

DAY = date(2026, 12, 1)
IBAN = {"name": "Robin Doe", "iban": "DE89370400440532013000"}
PAYER = Payer("Made-up Group", "DE89370400440532013000")


def line(reference: str = "PYA", amount: int = 1205, **changed: object) -> Line:
    return Line(
        **{
            "reference": reference,
            "amount_minor": amount,
            "currency": "EUR",
            "kind": "iban",
            "details": IBAN,
            "code": "abc",
            **changed,
        }  # type: ignore[arg-type]
    )


def test_the_csv_for_a_bank_is_exact() -> None:  # standards 3.12
    uk = {"name": "Doe, Robin", "sort_code": "601613", "account": "01926819"}
    content = build(
        "bank",
        [line(), line("PYB", 80, kind="uk_bank", details=uk)],
        payer=None,
        day=DAY,
    )
    assert content == (
        b"reference,name,iban,sort_code,account_number,amount,currency\r\n"
        b"PYA,Robin Doe,DE89370400440532013000,,,12.05,EUR\r\n"
        b'PYB,"Doe, Robin",,60-16-13,01926819,0.80,EUR\r\n'
    )
    assert totals_of("bank", content, currency="EUR") == Totals(2, 1285)


def test_lists_for_paypal_and_by_hand_are_exact() -> None:
    paypal = line(kind="paypal", details={"email": "robin@example.org"})
    assert build("paypal", [paypal], payer=None, day=DAY) == (
        b"email,amount,currency,reference\r\nrobin@example.org,12.05,EUR,PYA\r\n"
    )
    for channel in ("cash", "voucher"):
        assert build(channel, [line(kind=channel, details={})], payer=None, day=DAY) == (
            b"reference,person,amount,currency\r\nPYA,abc,12.05,EUR\r\n"
        )


@pytest.mark.parametrize("cell", ["=1+1", "+1", "-1", "@SUM(A1)", "\tx", "\rx"])
def test_no_cell_is_a_formula(cell: str) -> None:  # standards 3.12
    assert escaped(cell) == f"'{cell}"
    assert escaped(f"x{cell}") == f"x{cell}"
    assert escaped("") == ""


@pytest.mark.parametrize(
    ("minor", "currency", "written"),
    [
        (1, "EUR", "0.01"),
        (100, "EUR", "1.00"),
        (123456789012345678, "EUR", "1234567890123456.78"),
        (500, "JPY", "500"),
        (1234, "KWD", "1.234"),
    ],
)
def test_amounts_have_the_decimals_of_their_currency(
    minor: int, currency: str, written: str
) -> None:
    assert decimal_of(minor, currency) == written
    assert minor_of(written, currency) == minor


@pytest.mark.parametrize("wrong", ["", "1,50", "1.505", "-1", "1e5", "NaN", "Infinity", "٥", " 1"])
def test_an_amount_that_is_not_exact_is_refused(wrong: str) -> None:
    with pytest.raises(ValueError, match="exact amount"):
        minor_of(wrong, "EUR")


def test_pain_001_is_valid_and_counts_each_payment_once() -> None:
    content = build("sepa", [line(), line("PYB", 1)], payer=PAYER, day=DAY)
    assert totals_of("sepa", content, currency="EUR") == Totals(2, 1206)
    document = etree.fromstring(content)
    found = {
        path: [one.text for one in document.iterfind(f".//p:{path}", NAMESPACE)]
        for path in ("EndToEndId", "Ustrd", "CtrlSum", "NbOfTxs", "InstdAmt", "ReqdExctnDt/p:Dt")
    }
    assert found == {
        "EndToEndId": ["PYA", "PYB"],
        "Ustrd": ["PYA", "PYB"],
        "CtrlSum": ["12.06", "12.06"],
        "NbOfTxs": ["2", "2"],
        "InstdAmt": ["12.05", "0.01"],
        "ReqdExctnDt/p:Dt": ["2026-12-01"],
    }
    assert document.nsmap[None].endswith(":pain.001.001.09")


def test_a_file_that_does_not_add_up_is_refused() -> None:
    content = build("sepa", [line(), line("PYB", 1)], payer=PAYER, day=DAY)
    with pytest.raises(ValueError, match="differ"):
        totals_of("sepa", content.replace(b">12.05<", b">12.04<"), currency="EUR")
    with pytest.raises(ValueError, match="twice"):
        totals_of("sepa", content.replace(b">PYB<", b">PYA<"), currency="EUR")
    with pytest.raises(etree.DocumentInvalid, match="InstdAmt"):
        totals_of("sepa", content.replace(b">12.05<", b">x<"), currency="EUR")
    table = build("bank", [line(), line("PYB", 1)], payer=None, day=DAY)
    with pytest.raises(ValueError, match="twice"):
        totals_of("bank", table.replace(b"PYB", b"PYA"), currency="EUR")
    with pytest.raises(ValueError, match="currency"):
        totals_of("bank", table, currency="GBP")


def test_sepa_files_refuse_what_is_no_sepa_transfer() -> None:
    for wrong in (line(currency="GBP"), line(kind="uk_bank")):
        with pytest.raises(ValueError, match="no SEPA transfer"):
            build("sepa", [wrong], payer=PAYER, day=DAY)
    with pytest.raises(ValueError, match="account"):
        build("sepa", [line()], payer=None, day=DAY)


def test_an_export_run_twice_is_caught_by_the_control_totals() -> None:
    """Shows the trap of `sepaxml` that `build` avoids: a second export doubles each payment."""
    account = {"name": "Group", "IBAN": PAYER.iban, "currency": "EUR", "batch": True}
    transfer = sepaxml.SepaTransfer(account, schema="pain.001.001.09", clean=False)
    payment = {"name": "Robin", "IBAN": PAYER.iban, "amount": 1, "description": "PYA"}
    transfer.add_payment({**payment, "endtoend_id": "PYA", "execution_date": DAY})
    transfer.export(validate=False)
    with pytest.raises(ValueError, match=r"differ|twice"):
        totals_of("sepa", transfer.export(validate=False), currency="EUR")
