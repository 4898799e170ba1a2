"""Files of results: what is read, and each reason to refuse a file."""

from __future__ import annotations

import re

import pytest

from codesign.compensation.rules.payout_results import (
    MOST_BYTES,
    Known,
    Result,
    check_results,
    read_table,
)

KNOWN = {
    "PYA": Known("in_flight", 1205, "EUR"),
    "PYB": Known("unknown", 80, "EUR"),
    "PYC": Known("paid", 100, "EUR"),
    "PYD": Known("failed", 100, "EUR"),
}
HEAD = "reference,outcome,detail,amount\n"


def problems_of(text: str) -> list[str]:
    table = read_table(text.encode())
    assert not table.problem
    results, problems = check_results(table, KNOWN, currency="EUR")
    assert problems or results is not None
    return problems


@pytest.mark.parametrize(
    "text",
    [
        "reference,outcome\nPYA,paid\nPYB,failed\n",
        "\ufeffReference ; OUTCOME;detail\r\nPYA;Paid;\r\n\r\nPYB;FAILED;\r\n",
        "outcome,reference,amount\npaid,'PYA,12.05\nfailed,PYB,\n,TOTAL,12.85\n",
        'reference,outcome\n"PYA",paid\n"PYB",failed',
        "reference,outcome\nPYA,paid\nPYC,paid\nPYD,failed\nPYB,failed\n",
    ],
)
def test_results_are_read_in_any_order_and_with_either_separator(text: str) -> None:
    table = read_table(text.encode())
    results, problems = check_results(table, KNOWN, currency="EUR")
    assert problems == []
    assert {(one.reference, one.outcome) for one in results} == {("PYA", "paid"), ("PYB", "failed")}


def test_the_line_and_the_words_of_the_bank_are_kept() -> None:
    table = read_table(b'reference,outcome,detail\nPYA,failed,"Account  \n closed"\nPYB,paid,\n')
    results, _problems = check_results(table, KNOWN, currency="EUR")
    assert results == [
        Result(3, "PYA", "failed", "Account closed"),
        Result(4, "PYB", "paid", ""),
    ]


@pytest.mark.parametrize(
    ("row", "says"),
    [
        ("PYX,paid,,", "Line 2: “PYX” is not in this batch."),
        (",paid,,", "Line 2: “” is not in this batch."),
        ("PYA,perhaps,,", "Line 2: “perhaps” must be paid, failed or unknown."),
        ("PYA,,,", "Line 2: “” must be paid, failed or unknown."),
        ("PYA,paid,,\nPYA,paid,,", "Line 3: PYA is already on line 2."),
        ("PYC,failed,,", "Line 2: PYC was already reported otherwise (arrived)."),
        ("PYC,unknown,,", "Line 2: PYC was already reported otherwise (arrived)."),
        ("PYD,paid,,", "Line 2: PYD was already reported otherwise (failed, owed again)."),
        ("PYA,paid,,12.04", "Line 2: the amount is “12.04” and must be 12.05."),
        ('PYA,paid,,"12,05"', "Line 2: the amount is “12,05” and must be 12.05."),
        ("PYA,paid,,1e999999999", "Line 2: the amount is “1e999999999” and must be 12.05."),
        ("PYA,paid,,\nTOTAL,,,12.04", "Line 3: the amount is “12.04” and must be 12.05."),
        ("PYA,paid,,\nTotal,,,", "Line 3: a total needs an amount."),
    ],
)
def test_a_wrong_row_is_named_by_its_line(row: str, says: str) -> None:
    assert problems_of(HEAD + row) == [says]


def test_another_currency_is_refused() -> None:
    text = "reference,outcome,currency\nPYA,paid,GBP\nPYB,paid,eur\n"
    assert problems_of(text) == ["Line 2: the currency must be EUR."]


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "first line"),
        (b"\n", "first line"),
        (b"name,outcome\nPYA,paid\n", "first line"),
        (b"reference,reference,outcome\nPYA,PYA,paid\n", "first line"),
        (b"reference,outcome\n", "no results"),
        (b"reference,outcome\nPYA\n", "Line 2 has 1 cells; the first line has 2."),
        (b"reference,outcome\nPYA,paid,x\n", "Line 2 has 3 cells"),
        ("reference,outcome,detail\nPYA,paid,é\n".encode("latin-1"), "not in UTF-8"),
        ("reference,outcome\nPYA,paid\n".encode("utf-16"), "not in UTF-8"),
        (b"reference,outcome\nPYA,pa\0id\n", "characters that no table has"),
        (b"x" * (MOST_BYTES + 1), "5 MB"),
        (b"reference,outcome\nPYA," + b"x" * 200_000, "cannot|can be read"),
    ],
)
def test_a_file_that_is_no_table_of_results_says_why(content: bytes, says: str) -> None:
    assert re.search(says, read_table(content).problem)
