"""Which earlier replies of a conversation are judged, where a question asks about each turn."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

MOST_TURNS = 20
"""Earlier replies of one conversation that are judged: the latest ones."""


def turns_asked(messages: Sequence[Mapping[str, str]]) -> range:
    """Return the numbers of the earlier replies that are judged. The first reply is 1."""
    replies = sum(message["role"] == "assistant" for message in messages)
    return range(max(0, replies - MOST_TURNS) + 1, replies + 1)
