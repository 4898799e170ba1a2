"""What a shape is: how rows of another tool become rows with our columns."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext as _

from modelhub.rules.import_choices import Choices
from modelhub.rules.prepare import MOST_UNUSED
from modelhub.rules.raw_rows import BadRow, Raw
from modelhub.rules.shapes.turns import Talk, talk_of
from modelhub.rules.shapes.values import absent, filled

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise

Row = Mapping[str, Any]


@dataclass(slots=True)
class Work:
    """What the conversion of one file needs, and what it counts."""

    choices: Choices
    counts: Counter[str] = field(default_factory=Counter)
    raters: dict[str, int] = field(default_factory=dict)
    """The number of each annotator of the file. It never leaves the process that reads it."""
    unread: dict[str, None] = field(default_factory=dict)
    """Names of what is inside of columns and is not read, in order."""

    def talk(self, value: Any) -> Talk:
        """Return a conversation with its last reply split off; raises BadRow."""
        return talk_of(value, self.choices, self.counts)

    def leave(self, where: str, row: Row, reads: Callable[[str], bool]) -> None:
        """Remember the names of values of an object that are not read, to report them."""
        for name, value in row.items():
            if not reads(name) and not absent(value) and len(self.unread) < MOST_UNUSED:
                self.unread.setdefault(f"{where}{name}")


def _no(_name: str) -> bool:
    return False


def _none(_columns: Iterable[str]) -> set[str]:
    return set()


RowsOf = Callable[[Row, Work], list[dict[str, Any]]]


@dataclass(frozen=True, slots=True)
class Inner:
    """How to read the texts that a tool keeps inside of its rows, and which names that reads."""

    rows_of: RowsOf
    reads: Callable[[str], bool]


@dataclass(frozen=True, slots=True)
class Shape:
    """A format of other tools.

    `fits` decides by the names of the columns and the first rows. `rows_of` converts one row to
    rows of ours, or raises BadRow. `whole` replaces it for formats whose rows belong together; it
    gets all rows. `unwrap` replaces it for formats that contain another one, which the first rows
    show.
    """

    key: str
    name: _StrPromise
    fits: Callable[[frozenset[str], Sequence[Row]], bool]
    rows_of: RowsOf | None = None
    whole: Callable[[Iterator[Raw], Work], Iterator[Raw]] | None = None
    unwrap: Callable[[Sequence[Row]], RowsOf] | None = None
    used: frozenset[str] = frozenset()
    """Columns that the shape reads itself; others of ours come in as they are."""
    also: Callable[[str], bool] = _no
    """Whether a column whose name follows a pattern is read, too."""
    unread: Callable[[Iterable[str]], set[str]] = _none
    """Columns of a file that are not read, though their names follow the pattern."""

    def reads(self, name: str) -> bool:
        """Return whether the shape reads a column."""
        return name in self.used or self.also(name)


def reply(text: Any, **about: Any) -> dict[str, Any]:
    """Return a response of a row; what is missing is left out."""
    return {"text": text} | {name: value for name, value in about.items() if not absent(value)}


def row_of(prompt: Any, replies: Sequence[Mapping[str, Any]], **fields: Any) -> dict[str, Any]:
    """Return a row of ours; what is missing is left out."""
    row = {"prompt": prompt, "responses": list(replies)} | fields
    return {name: value for name, value in row.items() if not absent(value)}


RECORD_IDS = ("external_id", "id")
"""Columns with the id of a record of an annotation tool."""
IDS = ("external_id", "id", "prompt_id", "conversation_id", "question_id", "uuid", "uid", "_id")
MODELS = ("model", "model_name", "generator")


def id_of(row: Row) -> Any:
    """Return the id of a row, from the usual columns."""
    return filled(row, IDS)


def with_id(row: Row, made: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the rows with the id of the record that contains them, if they have none."""
    name = filled(row, RECORD_IDS)
    return made if name is None else [{"external_id": name} | one for one in made]


def needs(row: Row, *names: str) -> Any:
    """Return the first value that is not missing; raises BadRow, naming the column."""
    value = filled(row, names)
    if value is None:
        raise BadRow(_("%(name)s is missing.") % {"name": names[0]})
    return value
