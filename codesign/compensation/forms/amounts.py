"""Amounts of money in forms."""

from __future__ import annotations

from typing import Any

from django import forms

from codesign.shared.money import read_money


def read_amount(form: forms.Form, cleaned: dict[str, Any]) -> None:
    """Add `amount_minor` to the cleaned data, or an error to the form."""
    if "amount" in cleaned and "currency" in cleaned:
        cleaned["currency"] = cleaned["currency"].upper()
        try:
            cleaned["amount_minor"] = read_money(cleaned["amount"], cleaned["currency"])
        except ValueError as error:
            form.add_error("amount", str(error))
