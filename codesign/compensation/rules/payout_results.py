"""Files of results: which payouts arrived, failed, or have an unknown outcome."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from django.db.models import TextChoices
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from codesign.compensation.rules.payout_files import decimal_of, minor_of
from codesign.compensation.rules.payouts import PayoutState

MOST_BYTES = 5_000_000
MOST_PROBLEMS = 20
"""Rows with errors that are shown."""
LONGEST_DETAIL = 200
TOTAL = "TOTAL"
"""The reference of an optional last row, whose amount is the sum of the rows before it."""
REQUIRED = ("reference", "outcome")
KNOWN = (*REQUIRED, "detail", "amount", "currency")


class Outcome(TextChoices):
    """What the bank says of a payout."""

    PAID = "paid", gettext_lazy("paid")
    FAILED = "failed", gettext_lazy("failed")
    UNKNOWN = "unknown", gettext_lazy("unknown")


STATE_AFTER: Mapping[str, PayoutState] = MappingProxyType(
    {
        Outcome.PAID: PayoutState.PAID,
        Outcome.FAILED: PayoutState.FAILED,
        Outcome.UNKNOWN: PayoutState.UNKNOWN,
    }
)


@dataclass(frozen=True, slots=True)
class Known:
    """A payout of the batch, as results are compared with it."""

    state: str
    amount_minor: int
    currency: str


@dataclass(frozen=True, slots=True)
class Result:
    """A row of the file, by its line."""

    line: int
    reference: str
    outcome: str
    detail: str


@dataclass(frozen=True, slots=True)
class Table:
    """The rows of a file with their lines, and what is wrong with the file as a whole."""

    rows: list[tuple[int, dict[str, str]]]
    problem: str = ""


def read_table(content: bytes) -> Table:
    """Return the rows of a CSV file in UTF-8, with commas or semicolons."""
    if len(content) > MOST_BYTES:
        return Table([], _("The file is larger than 5 MB. Is it the right one?"))
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return Table([], _("The file is not in UTF-8. Save it as “CSV UTF-8” and upload it again."))
    if "\0" in text:
        return Table([], _("The file contains characters that no table has."))
    head = text.splitlines()[0] if text.strip() else ""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=";" if ";" in head else ",")
    try:
        return _with_names(reader)
    except csv.Error:
        return Table([], _("The file is not a table that can be read (line %d).") % reader.line_num)


def _with_names(reader: Any) -> Table:
    names = [name.strip().lower() for name in next(reader, [])]
    if any(names.count(name) != 1 for name in REQUIRED) or len(set(names)) != len(names):
        return Table(
            [], _("The first line must name the columns “reference” and “outcome”, each once.")
        )
    rows: list[tuple[int, dict[str, str]]] = []
    for cells in reader:
        number = reader.line_num
        if not any(cell.strip() for cell in cells):
            continue
        if len(cells) != len(names):
            return Table(
                [],
                _("Line %(line)d has %(n)d cells; the first line has %(names)d.")
                % {"line": number, "n": len(cells), "names": len(names)},
            )
        rows.append((number, dict(zip(names, (cell.strip() for cell in cells), strict=True))))
    return Table(rows, "" if rows else _("The file has no results."))


def check_results(
    table: Table, known: Mapping[str, Known], *, currency: str
) -> tuple[list[Result], list[str]]:
    """Return (results that change something, problems by line). Any problem refuses the file.

    A result that repeats what is recorded already is left out.
    """
    results: list[Result] = []
    problems: list[str] = []
    lines: dict[str, int] = {}
    summed = 0
    for number, row in table.rows:
        reference = row["reference"].removeprefix("'")
        if reference.upper() == TOTAL:
            problem = _wrong_total(row, summed, currency)
        else:
            problem = _problem(row, reference, known, lines)
            lines.setdefault(reference, number)
        if problem:
            problems.append(_("Line %(line)d: %(problem)s") % {"line": number, "problem": problem})
        elif reference.upper() != TOTAL:
            summed += known[reference].amount_minor
            outcome = row["outcome"].lower()
            if known[reference].state != STATE_AFTER[outcome]:
                detail = " ".join(row.get("detail", "").split())[:LONGEST_DETAIL]
                results.append(Result(number, reference, outcome, detail))
    return results, problems


def _problem(
    row: Mapping[str, str], reference: str, known: Mapping[str, Known], lines: Mapping[str, int]
) -> str:
    payout = known.get(reference)
    if payout is None:
        return _("“%(reference)s” is not in this batch.") % {"reference": reference}
    if reference in lines:
        return _("%(reference)s is already on line %(line)d.") % {
            "reference": reference,
            "line": lines[reference],
        }
    outcome = row["outcome"].lower()
    if outcome not in Outcome.values:
        return _("“%(outcome)s” must be paid, failed or unknown.") % {"outcome": row["outcome"]}
    final = payout.state in (PayoutState.PAID, PayoutState.FAILED)
    if final and payout.state != STATE_AFTER[outcome]:
        return _("%(reference)s was already reported otherwise (%(state)s).") % {
            "reference": reference,
            "state": PayoutState(payout.state).label,
        }
    return _wrong_amount(row, payout)


def _wrong_amount(row: Mapping[str, str], payout: Known) -> str:
    if row.get("currency", payout.currency).upper() not in ("", payout.currency):
        return _("the currency must be %(currency)s.") % {"currency": payout.currency}
    return _differs(row, payout.amount_minor, payout.currency)


def _wrong_total(row: Mapping[str, str], summed: int, currency: str) -> str:
    if not row.get("amount"):
        return _("a total needs an amount.")
    return _differs(row, summed, currency)


def _differs(row: Mapping[str, str], right: int, currency: str) -> str:
    """Return what is wrong with an amount; an empty or missing one is right."""
    written = row.get("amount", "")
    try:
        same = not written or minor_of(written, currency) == right
    except ValueError:
        same = False
    if same:
        return ""
    return _("the amount is “%(written)s” and must be %(right)s.") % {
        "written": written,
        "right": decimal_of(right, currency),
    }
