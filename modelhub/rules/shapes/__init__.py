"""Formats of other tools, recognised from the columns and the first rows of a file."""

from __future__ import annotations

from collections.abc import Sequence

from modelhub.rules.prepare import COLUMNS
from modelhub.rules.raw_rows import UNEXPECTED
from modelhub.rules.shapes import argilla, conversations, preferences, tools, traces, trees
from modelhub.rules.shapes.base import IDS, MODELS, Inner, Row, Shape
from modelhub.rules.shapes.own import OWN, QUESTIONS, beside_prompt, guess, own_rows, renamed
from modelhub.rules.shapes.turns import are_turns

PLAIN = (
    trees.TREES,
    trees.MESSAGES,
    preferences.HH,
    preferences.CHOSEN,
    traces.OTEL,
    traces.LANGFUSE,
    preferences.NUMBERED,
    conversations.COMPLETION,
    conversations.OPENAI,
    conversations.SHARE_GPT,
    conversations.ALPACA,
    conversations.CONVERSATIONS,
)
"""Formats of one level, the most specific first."""


def _inside(first: Sequence[Row]) -> Inner:
    """Return how to read the texts that a tool keeps inside of its rows."""
    columns = frozenset(name for row in first for name in row)
    shape = _of(PLAIN, columns, first)
    if shape is not None and shape.rows_of is not None:
        return Inner(shape.rows_of, shape.reads)
    if "prompt" in columns:
        beside = beside_prompt(columns)
        reads = (COLUMNS | {*beside.values()}).__contains__
        return Inner(renamed(beside, known=COLUMNS) if beside else own_rows, reads)
    guessed = guess(columns)
    if "prompt" not in guessed:
        if talks := [name for name in columns if any(are_turns(row.get(name)) for row in first)]:
            reads = {*talks, *conversations.REPLIES, *IDS, *MODELS}.__contains__
            return Inner(conversations.talks_in(sorted(talks)), reads)
        guessed = guess(columns, also=("text", "message"))
    return Inner(renamed(guessed, known=frozenset()), {*guessed.values()}.__contains__)


NESTED = tools.nested(_inside)
SHAPES = {shape.key: shape for shape in (OWN, QUESTIONS, *NESTED, *PLAIN)}


def _of(shapes: Sequence[Shape], columns: frozenset[str], first: Sequence[Row]) -> Shape | None:
    return next((shape for shape in shapes if _fits(shape, columns, first)), None)


def _fits(shape: Shape, columns: frozenset[str], first: Sequence[Row]) -> bool:
    try:
        return shape.fits(columns, first)
    except UNEXPECTED:  # a row that is refused by its line, later
        if len(first) < 2:
            return False
        return any(_fits(shape, columns, [row]) for row in first)


def recognise(columns: frozenset[str], first: Sequence[Row]) -> Shape | None:
    """Return the format of a file, or None if its columns are ours or unknown.

    A file with our column `responses` beside `prompt` is ours, whatever else it has.
    """
    if {"prompt", "responses"} <= columns:
        return None
    return _of((*NESTED, *PLAIN), columns, first)


def interesting(columns: Sequence[str]) -> set[str]:
    """Return the columns of a table from which its format is recognised, by their names.

    The others are not read for that, whatever they hold.
    """
    names = frozenset(columns)
    shapes = PLAIN if not argilla.fits(names, ()) else (*PLAIN, *NESTED)
    known = {name for shape in shapes for name in columns if shape.reads(name)}
    known |= {name for shape in NESTED for name in columns if name in shape.used}
    return known | (names & COLUMNS) | set(guess(columns).values())
