"""Items made by a thread come in order, with their errors, and not far ahead; no collector runs."""

from __future__ import annotations

import gc
import threading
from collections.abc import Iterator
from contextlib import closing

import pytest

from codesign.shared.batches import ahead, without_collector


def test_items_come_in_order_and_are_made_beside() -> None:
    assert [*ahead(range(50))] == [*range(50)]
    assert [*ahead(iter(()))] == []
    makers = {*ahead(threading.get_ident() for _ in range(3))}
    assert makers & {threading.get_ident()} == set()


def test_ahead_prepares_few_items_and_none_after_close() -> None:
    made = []

    def items() -> Iterator[int]:
        for number in range(50):
            made.append(number)
            yield number

    with closing(ahead(items(), most=2)) as some:
        assert next(some) == 0
    assert len(made) <= 3
    assert not [one for one in threading.enumerate() if one.name.startswith("ahead")]


def test_error_is_raised_at_its_items_position() -> None:
    def items() -> Iterator[int]:
        yield 1
        raise ValueError("line 2")

    some = ahead(items())
    assert next(some) == 1
    with pytest.raises(ValueError, match="line 2"):
        next(some)


def test_garbage_collector_is_restored() -> None:
    with without_collector():
        with without_collector():
            assert not gc.isenabled()
        assert not gc.isenabled()
    assert gc.isenabled()
