"""Arrow columns from plain lists, made in buffers: quickly, and without loading pandas."""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Sequence
from itertools import accumulate
from typing import Any

ABSENT = -1
"""Stands for null in columns of numbers that are never negative."""


def strings(values: Sequence[str], *, or_null: bool = False) -> Any:
    """A column of text; "" is null if so wanted."""
    import pyarrow as pa

    joined = "".join(values)
    if joined.isascii():
        data, lengths = joined.encode(), map(len, values)
    else:
        encoded = [value.encode() for value in values]
        data, lengths = b"".join(encoded), map(len, encoded)
    offsets = pa.py_buffer(array("i", accumulate(lengths, initial=0)))
    there = _bits(map(bool, values)) if or_null else None
    return pa.StringArray.from_buffers(len(values), offsets, pa.py_buffer(data), there)


def integers(values: Iterable[int], *, or_null: bool = False, long: bool = False) -> Any:
    """A column of whole numbers of 32 bits, or 64; ABSENT is null if so wanted."""
    import pyarrow as pa

    data = array("q" if long else "i", values)
    there = _bits(value != ABSENT for value in data) if or_null else None
    kind = pa.int64() if long else pa.int32()
    return pa.Array.from_buffers(kind, len(data), [there, pa.py_buffer(data)])


def floats(values: Iterable[float]) -> Any:
    """A column of numbers."""
    import pyarrow as pa

    data = array("d", values)
    return pa.Array.from_buffers(pa.float64(), len(data), [None, pa.py_buffer(data)])


def booleans(values: Iterable[bool]) -> Any:
    """A column of yes and no."""
    import pyarrow as pa

    return integers(values).cast(pa.bool_())


def text_of(column: Any) -> memoryview:
    """The texts of a freshly made column, one after the other, as they lie in memory."""
    _, offsets, data = column.buffers()
    return memoryview(data)[: memoryview(offsets).cast("i")[len(column)]]


def _bits(values: Iterable[bool]) -> Any:
    return booleans(values).buffers()[1]
