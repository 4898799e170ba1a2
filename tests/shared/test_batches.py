"""Items made by a thread come in order, with their errors, and not far ahead."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import closing

import pytest

from codesign.shared.batches import ahead


def test_items_come_in_order_and_are_made_beside() -> None:
    assert [*ahead(range(50))] == [*range(50)]
    assert [*ahead(iter(()))] == []
    makers = {*ahead(threading.get_ident() for _ in range(3))}
    assert makers & {threading.get_ident()} == set()


def test_only_a_few_are_made_before_they_are_wanted_and_none_after_the_end() -> None:
    made = []

    def items() -> Iterator[int]:
        for number in range(50):
            made.append(number)
            yield number

    with closing(ahead(items(), most=2)) as some:
        assert next(some) == 0
    assert len(made) <= 3
    assert not [one for one in threading.enumerate() if one.name.startswith("ahead")]


def test_an_error_comes_where_its_item_would_have_come() -> None:
    def items() -> Iterator[int]:
        yield 1
        raise ValueError("line 2")

    some = ahead(items())
    assert next(some) == 1
    with pytest.raises(ValueError, match="line 2"):
        next(some)
