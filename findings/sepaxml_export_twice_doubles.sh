#!/usr/bin/env bash
# sepaxml 2.7.0: a second export() of the same object doubles its payments.
#
# Expected: export() reads the file out, so that calling it twice returns the same payments.
# Seen: each call adds the payments to the document again. The second file holds each payment twice, its
# header says another sum than its payments have, and it passes the schema all the same.
# What it means for us: codesign/compensation/rules/payout_files.py exports once, and counts the payments
# in the bytes before they are stored.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check sepaxml==2.7.0
"$work/venv/bin/python" - <<'PYTHON'
import datetime
import importlib.metadata
import re

from sepaxml import SepaTransfer

account = {"name": "Group", "IBAN": "DE89370400440532013000", "currency": "EUR", "batch": True}
transfer = SepaTransfer(account, schema="pain.001.001.09", clean=False)
transfer.add_payment(
    {
        "name": "Robin Doe",
        "IBAN": "DE89370400440532013000",
        "amount": 100,
        "description": "PYA",
        "endtoend_id": "PYA",
        "execution_date": datetime.date(2026, 12, 1),
    }
)
print("sepaxml", importlib.metadata.version("sepaxml"))
counts = []
for call in (1, 2):
    text = transfer.export(validate=True).decode()
    total = re.search(r"<CtrlSum>([\d.]+)</CtrlSum>", text)[1]
    counts.append((text.count("<CdtTrfTxInf>"), total))
    print(f"call {call}: payments {counts[-1][0]}, total in the header {total}")
assert counts[0] == (1, "1.00") and counts[1][0] == 2, "the behaviour changed"
PYTHON
