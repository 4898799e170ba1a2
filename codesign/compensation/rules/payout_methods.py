"""Ways to be paid: which details each needs, how they are checked and how they are shown."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import timedelta
from types import MappingProxyType

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db.models import TextChoices
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from schwifty import IBAN
from schwifty.exceptions import SchwiftyException
from stdnum import iban as stdnum_iban
from stdnum.exceptions import ValidationError as StdnumError

COOLING = timedelta(hours=48)
"""Time before new details are used, so that the person can object to a change by somebody else."""
LONGEST_NAME = 70
"""Characters of a payee's name in ISO 20022."""
LONGEST_EMAIL = 100
DOTS = "••••"
_REFUSED_IN_NAMES = re.compile(r"[^A-Za-z0-9 /\-?:().,'+]")
"""Outside the letters that every bank of the European Payments Council takes."""


class MethodKind(TextChoices):
    """How a person wants to be paid."""

    NONE = "none", _("Not now. Keep what I am owed")
    IBAN = "iban", _("Bank account with an IBAN")
    UK_BANK = "uk_bank", _("UK bank account (sort code and account number)")
    PAYPAL = "paypal", _("PayPal")
    CASH = "cash", _("Cash, for a receipt")
    VOUCHER = "voucher", _("Voucher")


FIELDS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        MethodKind.NONE: (),
        MethodKind.IBAN: ("name", "iban"),
        MethodKind.UK_BANK: ("name", "sort_code", "account"),
        MethodKind.PAYPAL: ("email",),
        MethodKind.CASH: (),
        MethodKind.VOUCHER: (),
    }
)
"""The details that each kind needs."""


def check_name(written: str) -> str:
    """Return the name of an account as its bank has it. Raises ValueError with what to change."""
    name = " ".join(written.split())
    if not name:
        raise ValueError(gettext("Please type the name on the account."))
    if refused := sorted(set(_REFUSED_IN_NAMES.findall(name))):
        raise ValueError(
            gettext(
                "Banks can match only the letters A to Z without accents, digits and spaces. Please"
                " replace %(letters)s, as on your bank card: type e for é, for example."
            )
            % {"letters": " ".join(f"“{letter}”" for letter in refused)}
        )
    if not name[0].isalnum() or "//" in name or name.endswith("/"):
        raise ValueError(gettext("Please start with a letter, and leave out “//”."))
    if len(name) > LONGEST_NAME:
        raise ValueError(
            gettext(
                "Banks take at most %(most)d characters. Please shorten the name; it has %(n)d."
            )
            % {"most": LONGEST_NAME, "n": len(name)}
        )
    return name


def check_iban(written: str) -> str:
    """Return an IBAN without spaces. Raises ValueError.

    Two libraries check it, since each takes numbers that the other refuses: stdnum takes check
    digits 00, 01 and 99, and schwifty knows fewer rules of single countries.
    """
    compact = re.sub(r"[\s-]", "", written).upper()
    try:
        if not compact.isascii():
            raise ValueError
        by_stdnum: str = stdnum_iban.validate(compact)
        by_schwifty = IBAN(compact, validate_bban=True).compact
    except (StdnumError, SchwiftyException, ValueError):
        by_stdnum = by_schwifty = ""
    if not by_stdnum or by_stdnum != by_schwifty:
        raise ValueError(
            gettext("This is not a valid IBAN. Please compare it with your bank card or app.")
        )
    return by_stdnum


def check_sort_code(written: str) -> str:
    """Return the six digits of a UK sort code. Raises ValueError."""
    digits = re.sub(r"[\s-]", "", written)
    if not re.fullmatch(r"[0-9]{6}", digits):
        raise ValueError(gettext("A sort code has six digits, such as 12-34-56."))
    return digits


def check_account(written: str) -> str:
    """Return the eight digits of a UK account number. Raises ValueError.

    Whether such an account exists at that bank is not checked: no library does (standards 3).
    """
    digits = re.sub(r"[\s-]", "", written)
    if not re.fullmatch(r"[0-9]{8}", digits) or digits == "0" * 8:
        raise ValueError(
            gettext("A UK account number has eight digits. If yours has fewer, put zeros in front.")
        )
    return digits


def check_paypal(written: str) -> str:
    """Return the address of a PayPal account. Raises ValueError."""
    address = written.strip()
    try:
        validate_email(address)
        valid = address.isascii() and address[0].isalnum() and len(address) <= LONGEST_EMAIL
    except ValidationError:
        valid = False
    if not valid:
        raise ValueError(
            gettext("Please check this address. It should look like robin@example.org.")
        )
    return address


CHECKS: Mapping[str, Callable[[str], str]] = MappingProxyType(
    {
        "name": check_name,
        "iban": check_iban,
        "sort_code": check_sort_code,
        "account": check_account,
        "email": check_paypal,
    }
)


def checked(
    kind: MethodKind, written: Mapping[str, str]
) -> tuple[dict[str, str], dict[str, list[str]]]:
    """Return (the details that a kind needs, as they are stored; field → what to change)."""
    details: dict[str, str] = {}
    problems: dict[str, list[str]] = {}
    for field in FIELDS[kind]:
        try:
            details[field] = CHECKS[field](written.get(field, ""))
        except ValueError as error:
            problems[field] = [str(error)]
    return details, problems


def masked(kind: str, details: Mapping[str, str]) -> str:
    """Return enough of the details to recognise them, and too little to use them."""
    if kind == MethodKind.IBAN:
        return f"{details['iban'][:2]}{DOTS}{details['iban'][-4:]}"
    if kind == MethodKind.UK_BANK:
        return f"{DOTS}{details['account'][-4:]}"
    if kind == MethodKind.PAYPAL:
        return f"{details['email'][0]}{DOTS}@{DOTS}"
    return ""
