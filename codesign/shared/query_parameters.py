"""What may follow `?` in an address of the API: declared as a shape, checked, and nothing else.

A filter that an address does not know is refused. Ignored, it would answer with everything, and
the program that asked would take that for the filtered list.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from django.http import QueryDict
from django.utils import timezone
from rest_framework import serializers
from rest_framework.settings import api_settings

from codesign.shared.errors import Invalid
from codesign.shared.serializers import Shape

EARLIEST, LATEST = datetime(1970, 1, 1, tzinfo=UTC), datetime(9000, 1, 1, tzinfo=UTC)


class SinceField(serializers.DateTimeField):
    """A day, or a time in ISO 8601; without a time zone it is UTC.

    In an address `+00:00` arrives as ` 00:00` where the client did not escape the plus.
    """

    default_error_messages = {  # noqa: RUF012 - as the library declares it
        "invalid": "Use a day or a time, such as 2026-11-23 or 2026-11-23T09:00:00Z.",
        "date": "Use a day or a time, such as 2026-11-23 or 2026-11-23T09:00:00Z.",
        "overflow": "Use a day between 1970 and 9000.",
    }

    def to_internal_value(self, value: str | datetime) -> datetime:
        """The moment itself, or the start of the day."""
        if isinstance(value, str):
            head, space, zone = value.strip().rpartition(" ")
            value = f"{head}+{zone}" if space and "T" in head else value.strip()
            if len(value) == len("2026-11-23"):
                value = f"{value}T00:00:00Z"
        found = super().to_internal_value(value)
        try:
            outside = not EARLIEST <= found < LATEST
        except OverflowError:
            outside = True
        if outside:
            self.fail("overflow")
        return found


class NumberField(serializers.IntegerField):
    """A whole number in digits from 0 to 9: `int` takes other scripts' digits and blanks too."""

    def to_internal_value(self, data: object) -> int:
        """The number."""
        if not (isinstance(data, str) and data.isascii() and data.isdecimal()):
            self.fail("invalid")
        return super().to_internal_value(data)


class SinceFilter(Shape):
    """What every list that grows with time can be asked for."""

    since = SinceField(
        required=False,
        default_timezone=timezone.get_fixed_timezone(0),
        help_text="Created at this day or time (UTC unless it says otherwise), or after it.",
    )


def read(sent: QueryDict, shape: type[Shape] | None, *, also: Iterable[str] = ()) -> dict[str, Any]:
    """The checked parameters of `shape` that were sent, by name.

    `also` names those that something else reads, such as pagination. Raises Invalid, with the
    parameters at fault in `fields`, where one is unknown, sent twice or not valid.
    """
    known = list(shape().get_fields()) if shape else []
    taken = {*known, *also, str(api_settings.URL_FORMAT_OVERRIDE)}
    says = f"There are: {', '.join([*known, *also])}." if known or also else "There are none here."
    wrong = {name: [f"There is no such parameter. {says}"] for name in sent if name not in taken}
    wrong |= {name: ["Send this once."] for name in known if len(sent.getlist(name)) > 1}
    if wrong:
        raise Invalid("Some of the parameters in this address are not valid.", wrong)
    if shape is None:
        return {}
    parsed = shape(data={name: sent[name] for name in known if name in sent})
    parsed.is_valid(raise_exception=True)
    return dict(parsed.validated_data)
