"""Query parameters of the API, declared as a serializer and validated; all others are refused.

An unknown filter that is ignored would return everything, and the client would take that for the
filtered list.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from django.http import QueryDict
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from rest_framework import serializers
from rest_framework.settings import api_settings

from codesign.shared.errors import Invalid
from codesign.shared.serializers import Shape

EARLIEST, LATEST = datetime(1970, 1, 1, tzinfo=UTC), datetime(9000, 1, 1, tzinfo=UTC)


class SinceField(serializers.DateTimeField):
    """A day, or an ISO 8601 time; UTC if it has no time zone.

    `+00:00` arrives as ` 00:00` if the client did not escape the plus sign.
    """

    default_error_messages = {  # noqa: RUF012 - as the library declares it
        "invalid": _("Use a day or a time, such as 2026-11-23 or 2026-11-23T09:00:00Z."),
        "date": _("Use a day or a time, such as 2026-11-23 or 2026-11-23T09:00:00Z."),
        "overflow": _("Use a day between 1970 and 9000."),
    }

    def to_internal_value(self, value: str | datetime) -> datetime:
        """Return the moment, or the start of the day."""
        if isinstance(value, str):
            head, space, zone = value.strip().rpartition(" ")
            value = f"{head}+{zone}" if space and "T" in head else value.strip()
            if len(value) == len("2026-11-23"):
                value = f"{value}T00:00:00Z"
        moment = super().to_internal_value(value)
        try:
            outside = not EARLIEST <= moment < LATEST
        except OverflowError:
            outside = True
        if outside:
            self.fail("overflow")
        return moment


class NumberField(serializers.IntegerField):
    """A whole number in the digits 0 to 9. (`int` also accepts spaces and other digits.)"""

    def to_internal_value(self, data: object) -> int:
        """Return the number."""
        if not (isinstance(data, str) and data.isascii() and data.isdecimal()):
            self.fail("invalid")
        return super().to_internal_value(data)


class SinceFilter(Shape):
    """The filter that every list that grows over time offers."""

    since = SinceField(
        required=False,
        default_timezone=timezone.get_fixed_timezone(0),
        help_text="Only what was created at or after this day or time (UTC by default).",
    )


def read(sent: QueryDict, shape: type[Shape] | None, *, also: Iterable[str] = ()) -> dict[str, Any]:
    """Return the validated parameters of `shape` that were sent, by name.

    `also` names parameters that other code reads, such as pagination. Raises Invalid, with the
    parameters in `fields`, if one is unknown, repeated or invalid.
    """
    fields = shape().get_fields() if shape else {}
    known = list(fields)
    taken = {*known, *also, str(api_settings.URL_FORMAT_OVERRIDE)}
    unknown = gettext("Unknown parameter. This address accepts none.")
    if known or also:
        unknown = gettext("Unknown parameter. Use: %(names)s.") % {
            "names": ", ".join([*known, *also])
        }
    wrong = {name: [unknown] for name in sent if name not in taken}
    repeated = gettext("Send this only once.")
    lists = {name for name, one in fields.items() if isinstance(one, serializers.ListField)}
    once = [name for name in known if name not in lists]
    wrong |= {name: [repeated] for name in once if len(sent.getlist(name)) > 1}
    if wrong:
        raise Invalid(gettext("Some of the parameters in this address are not valid."), wrong)
    if shape is None:
        return {}
    data: dict[str, Any] = {name: sent[name] for name in known if name in sent}
    data |= {name: sent.getlist(name) for name in lists if name in sent}
    parsed = shape(data=data)
    parsed.is_valid(raise_exception=True)
    return dict(parsed.validated_data)
