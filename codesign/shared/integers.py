"""Integers that do not fit their column are refused, never truncated.

psycopg packs a number for a column of 2 or 4 bytes without checking its size: 2**32 + 1 becomes 1.
Two layers prevent this. Views and the API check input with `limits` and `refuse_what_does_not_fit`,
so that the error names the field. Below them, the dumpers of `guard_bindings` refuse any number
that is out of range, whether it comes from the ORM, a compiled statement or COPY.
"""

from __future__ import annotations

from typing import Any, ClassVar

import psycopg
from django.db import connection, models
from django.utils.translation import gettext as _
from psycopg.types import numeric

from codesign.shared.errors import Invalid


class _Checked:
    """Raises the error that PostgreSQL raises for a number that needs more than `bits`."""

    bits: ClassVar[int]

    def dump(self, obj: int) -> Any:
        """Return the bytes to send. Raises psycopg's `NumericValueOutOfRange`."""
        if not -(1 << self.bits - 1) <= obj < 1 << self.bits - 1:
            raise psycopg.errors.NumericValueOutOfRange(
                f"a number is out of range for {self.bits} bits"
            )
        return super().dump(obj)  # type: ignore[misc]


class CheckedInt2(_Checked, numeric.Int2BinaryDumper):
    """For `smallint`."""

    bits = 16


class CheckedInt4(_Checked, numeric.Int4BinaryDumper):
    """For `integer`."""

    bits = 32


class CheckedInt8(_Checked, numeric.Int8BinaryDumper):
    """For `bigint`, where psycopg raises an error that is not a database error."""

    bits = 64


class CheckedInt(numeric.IntBinaryDumper):
    """Picks one of the checked dumpers by size, for a plain int.

    psycopg keeps the dumper of each type for a whole statement. Without this class, a plain 1 would
    bring an unchecked dumper for every 2-byte column in that statement.
    """

    _int2_dumper = CheckedInt2(numeric.Int2)
    _int4_dumper = CheckedInt4(numeric.Int4)
    _int8_dumper = CheckedInt8(numeric.Int8)


def guard_bindings() -> None:
    """Register the checked dumpers with psycopg, for connections that are opened later."""
    psycopg.adapters.register_dumper(int, CheckedInt)
    psycopg.adapters.register_dumper(numeric.Int2, CheckedInt2)
    psycopg.adapters.register_dumper(numeric.Int4, CheckedInt4)
    psycopg.adapters.register_dumper(numeric.Int8, CheckedInt8)


def limits(model: type[models.Model], name: str) -> tuple[int, int]:
    """Return the (smallest, largest) number that this field of the model can hold."""
    kind = model._meta.get_field(name).get_internal_type()
    least, most = connection.ops.integer_field_range(kind)
    return int(least), int(most)


def refuse_what_does_not_fit(model: type[models.Model], **values: int) -> None:
    """Raise Invalid, by field, for numbers that do not fit their columns."""
    wrong: dict[str, list[str]] = {}
    for name, value in values.items():
        least, most = limits(model, name)
        if not least <= value <= most:
            sentence = _("Use a whole number from %(least)d to %(most)d.")
            wrong[name] = [sentence % {"least": least, "most": most}]
    if wrong:
        raise Invalid(next(iter(wrong.values()))[0], wrong)
