#!/usr/bin/env bash
# iso4217 1.16.20260101: two units that nobody can be paid in are not marked as funds in ISO's own list.
#
# Expected: the list that ISO 4217's maintainer publishes marks every unit of account with IsFund="true",
# so that leaving out funds, metals and test codes leaves the currencies in which people can be paid.
# Seen: UYW (an index unit of Uruguay, four decimal places) and XAD (an accounting unit) have no such mark,
# unlike UYI, CLF and COU; and the Currency objects of the package drop the mark altogether.
# What it means for us: codesign/shared/money.py reads the raw list and leaves these two out by name.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check iso4217==1.16.20260101
"$work/venv/bin/python" - <<'PYTHON'
import importlib.metadata

import iso4217

marked, listed = set(), set()
for entry in iso4217.raw_xml.iter("CcyNtry"):
    code, name = entry.findtext("Ccy"), entry.find("CcyNm")
    if code:
        listed.add(code)
        if name.get("IsFund", "").lower() == "true":
            marked.add(code)
print("iso4217", importlib.metadata.version("iso4217"))
print("marked as funds:", sorted(marked))
units = {"CLF", "COU", "UYI", "UYW", "XAD"} & listed
print("units of account without the mark:", sorted(units - marked))
dropped = not hasattr(iso4217.Currency("CLF"), "fund")
print("Currency objects have no such attribute:", dropped)
assert units - marked == {"UYW", "XAD"} and dropped, "the behaviour changed"
PYTHON
