"""What an assignment asks of a person who leaves some kinds of answers out (standards 5.7)."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from annotations.rules.states import Ask

REQUIRED = frozenset({Ask.RATING, Ask.RANKING})
"""Asks that a submission must answer. Without any of them a judgement says nothing."""


def asks_without(asks: Sequence[str], *, left_out: Collection[str]) -> Sequence[str]:
    """Return the asks without those that a person leaves out, in their order.

    What must be answered stays if nothing else that must be answered would be left.
    """
    if not left_out:
        return asks
    kept = (REQUIRED & set(asks)) - set(left_out) or REQUIRED & set(asks)
    return [ask for ask in asks if ask in kept or ask not in {*left_out, *REQUIRED}]
