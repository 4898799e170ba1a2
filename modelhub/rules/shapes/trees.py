"""Open-Assistant's conversation trees: nested (`prompt` with `replies`) or as a list of messages.

Each turn of a person with replies becomes a prompt, with the turns above it as its conversation.
The best of several replies has rank 0 there, and 1 here. Deleted messages are left out with all
below them.
"""

from __future__ import annotations

from collections.abc import Generator, Iterable, Iterator, Mapping, Sequence
from math import isfinite
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from modelhub.rules.prepare import readable
from modelhub.rules.raw_rows import UNEXPECTED, BadRow, Raw, not_understood
from modelhub.rules.shapes.base import Row, Shape, Work, reply, row_of
from modelhub.rules.shapes.turns import ROLES, Turn, heard
from modelhub.rules.shapes.values import absent, objects, parsed, text_of
from modelhub.rules.values import whole, yes_or_no

DELETED = "deleted_messages"
"""Counts deleted messages that have no deleted message above them."""
MOST_DEPTH = 200
"""Turns of one branch, which is the most that a prompt may have."""
_FLAT = {"message_id", "parent_id", "text", "role"}


def _is_nested(columns: frozenset[str], first: Sequence[Row]) -> bool:
    roots = [parsed(row.get("prompt")) for row in first]
    return any(isinstance(root, Mapping) and "replies" in root for root in roots)


def _nested(row: Row, work: Work) -> list[dict[str, Any]]:
    root = parsed(row.get("prompt"))
    if not isinstance(root, Mapping):
        raise BadRow(_("the prompt is not a tree with replies."))
    return list(_prompts(root, work))


def _prompts(root: Mapping[str, Any], work: Work) -> Iterator[dict[str, Any]]:
    """Yield a row for each turn of a person with replies, from the top; raises BadRow."""
    waiting: list[tuple[Mapping[str, Any], list[Turn]]] = [
        (one, []) for one in _without_deleted([root], work)
    ]
    while waiting:
        node, above = waiting.pop()
        if len(above) >= MOST_DEPTH:
            raise BadRow(_("the tree has more than %(most)d turns.") % {"most": MOST_DEPTH})
        role = _role(node)
        turns = heard(
            [*above, {"role": role, "content": text_of(node.get("text"))}],
            work.choices,
            work.counts,
        )
        below = _without_deleted(objects(node.get("replies")), work)
        if role == "user":
            yield row_of(
                turns,
                [
                    reply(one["text"], rank=_rank(one), origin=_origin(one))
                    for one in below
                    if not absent(one.get("text"))
                ],
                external_id=text_of(node.get("message_id")),
                language=text_of(node.get("lang")),
                family=text_of(node.get("message_tree_id")),
            )
        waiting += [(one, turns) for one in reversed(below)]


def _without_deleted(nodes: Sequence[Mapping[str, Any]], work: Work) -> list[Mapping[str, Any]]:
    kept = [one for one in nodes if yes_or_no(one.get("deleted")) is not True]
    if len(kept) < len(nodes):
        work.counts[DELETED] += len(nodes) - len(kept)
    return kept


def _role(node: Mapping[str, Any]) -> str:
    name = text_of(node.get("role")).strip()
    role = ROLES.get(name.lower())
    if role is None:
        raise BadRow(_("the role “%(role)s” is unknown.") % {"role": readable(name)})
    return role


def _rank(node: Mapping[str, Any]) -> int | None:
    rank = whole(node.get("rank"))
    if not isinstance(rank, int | float) or not isfinite(rank) or int(rank) != rank or rank < 0:
        return None
    return int(rank) + 1


def _origin(node: Mapping[str, Any]) -> str:
    """Return who wrote a reply: people, except where the file says that a model did."""
    return "ai" if yes_or_no(node.get("synthetic")) is True else "human"


def _is_flat(columns: frozenset[str], first: Sequence[Row]) -> bool:
    return columns >= _FLAT


def _flat(rows: Iterator[Raw], work: Work) -> Iterator[Raw]:
    """Build the trees of a list of messages; each row is reported at the line of its message."""
    nodes: dict[str, dict[str, Any]] = {}
    lines: dict[str, int] = {}
    for line, raw in rows:
        if not isinstance(raw, Mapping):  # an invalid row, or a note about the file
            yield line, raw
            continue
        try:
            name = _new_name(raw, nodes)
        except BadRow as problem:
            yield line, problem
            continue
        nodes[name] = {key: raw.get(key) for key in _KEPT} | {"replies": []}
        lines[name] = line
    roots = yield from _joined(nodes, lines)
    for name in roots:
        try:
            for row in _prompts(nodes[name], work):
                yield lines[row.get("external_id", name)], row
        except BadRow as problem:
            yield lines[name], problem
        except UNEXPECTED as error:
            yield lines[name], not_understood(error)


def _joined(
    nodes: Mapping[str, dict[str, Any]], lines: Mapping[str, int]
) -> Generator[Raw, None, list[str]]:
    """Put each message under its parent; yield those without a tree, return the ids of roots."""
    roots = []
    for name, node in nodes.items():
        parent = nodes.get(text_of(node["parent_id"]))
        if parent is not None:
            parent["replies"].append(node)
        elif absent(node["parent_id"]):
            roots.append(name)
        else:
            yield lines[name], BadRow(_("the file has no message with the id of parent_id."))
    reached = _below(nodes[name] for name in roots)
    for name, node in nodes.items():
        if name not in reached and text_of(node["parent_id"]) in nodes:
            yield lines[name], BadRow(_("the messages above it have no beginning."))
    return roots


def _below(nodes: Iterable[Mapping[str, Any]]) -> set[str]:
    """Return the ids of these messages and of all under them."""
    reached: set[str] = set()
    waiting = list(nodes)
    while waiting:
        node = waiting.pop()
        reached.add(str(node["message_id"]))
        waiting += node["replies"]
    return reached


def _new_name(raw: Row, nodes: Mapping[str, Any]) -> str:
    """Return the id of a message; raises BadRow if it cannot be a part of a tree."""
    if absent(raw.get("message_id")):
        raise BadRow(_("message_id is missing."))
    name = str(raw["message_id"])
    if name in nodes:
        raise BadRow(_("an earlier message has the same message_id."))
    _role(raw)
    return name


_KEPT = (*sorted(_FLAT), "rank", "lang", "synthetic", "deleted", "message_tree_id")


TREES = Shape(
    "trees",
    gettext_lazy("Open-Assistant trees"),
    _is_nested,
    _nested,
    used=frozenset({"prompt", "message_tree_id", "tree_state"}),
)
MESSAGES = Shape(
    "tree_messages",
    gettext_lazy("Open-Assistant messages"),
    _is_flat,
    whole=_flat,
    used=frozenset({*_KEPT}),
)
