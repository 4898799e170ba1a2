"""Arrow arrays from plain lists, built from buffers: fast, and without loading pandas."""

from __future__ import annotations

import functools
from array import array
from collections.abc import Iterable, Sequence
from datetime import date
from itertools import accumulate
from typing import Any

from annotations.datasets.policy.judgement_rows import ABSENT

EPOCH = date(1970, 1, 1)


def strings(values: Sequence[str], *, or_null: bool = False) -> Any:
    """An array of text; with `or_null`, "" becomes null."""
    import pyarrow as pa

    joined = "".join(values)
    if joined.isascii():
        data, lengths = joined.encode(), map(len, values)
    else:
        encoded = [value.encode() for value in values]
        data, lengths = b"".join(encoded), map(len, encoded)
    offsets = pa.py_buffer(array("i", accumulate(lengths, initial=0)))
    validity = _bits(map(bool, values)) if or_null else None
    return pa.StringArray.from_buffers(len(values), offsets, pa.py_buffer(data), validity)


def integers(values: Iterable[int], *, or_null: bool = False, long: bool = False) -> Any:
    """An array of integers of 32 bits, or 64 with `long`; with `or_null`, ABSENT becomes null."""
    import pyarrow as pa

    data = array("q" if long else "i", values)
    validity = _bits(value != ABSENT for value in data) if or_null else None
    kind = pa.int64() if long else pa.int32()
    return pa.Array.from_buffers(kind, len(data), [validity, pa.py_buffer(data)])


def days(values: Iterable[str]) -> Any:
    """An array of days from text such as 2026-11-23; "" becomes null."""
    import pyarrow as pa

    return integers(map(_day_number, values), or_null=True).cast(pa.date32())


@functools.cache
def _day_number(value: str) -> int:
    """Days since 1970, as Arrow counts them."""
    return (date.fromisoformat(value) - EPOCH).days if value else ABSENT


def floats(values: Iterable[float]) -> Any:
    """An array of floating-point numbers."""
    import pyarrow as pa

    data = array("d", values)
    return pa.Array.from_buffers(pa.float64(), len(data), [None, pa.py_buffer(data)])


def booleans(values: Iterable[bool]) -> Any:
    """An array of booleans."""
    import pyarrow as pa

    return integers(values).cast(pa.bool_())


def joined_text(array_of_text: Any) -> memoryview:
    """All texts of a newly made array, one after the other, without copying them."""
    _, offsets, data = array_of_text.buffers()
    return memoryview(data)[: memoryview(offsets).cast("i")[len(array_of_text)]]


def _bits(values: Iterable[bool]) -> Any:
    """A bitmap that says which values are not null."""
    return booleans(values).buffers()[1]
