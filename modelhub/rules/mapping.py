"""Turns the rows of a file into rows with our columns: by its format, or by a mapping."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain, islice
from typing import Any

from django.utils.translation import gettext as _

from annotations.rules.text_kinds import Origin
from modelhub.rules.import_choices import ORIGIN, Options
from modelhub.rules.imports import COLUMNS, NAMED, BadRow, readable
from modelhub.rules.shapes import OWN, QUESTIONS, guess, own_rows, recognise, renamed
from modelhub.rules.shapes.base import Raw, Row, RowsOf, Shape, Work
from modelhub.rules.shapes.values import absent, parsed

OURS = (
    "prompt",
    "responses",
    "external_id",
    "category",
    "topics",
    "intensity",
    "language",
    "held_out",
    "family",
)
"""Our columns, in the order of the form."""
FIRST = 100
"""Rows from which the format of a file is recognised."""
MOST_NAMED = 200
"""Columns of a file that a mapping offers."""


class NoPrompt(ValueError):
    """No column has the prompts, or a mapping names a column that the file lacks.

    `str(error)` is a sentence, and `columns` are the file's columns.
    """

    def __init__(self, sentence: str, columns: Sequence[str]) -> None:
        super().__init__(sentence)
        self.columns = list(columns[:MOST_NAMED])


class Prepared(Iterator[Raw]):
    """The rows of a file with our columns, and what is known of its format.

    Raises NoPrompt at once if no prompts can be found.
    """

    def __init__(
        self, rows: Iterable[Raw], *, columns: Sequence[str] = (), options: Options
    ) -> None:
        """`columns` are all columns of a table; without them, the first rows tell."""
        rows = iter(rows)
        head = list(islice(rows, FIRST))
        first = [row for _line, row in head if isinstance(row, Mapping)]
        names = list(columns) or list(dict.fromkeys(str(name) for row in first for name in row))
        self.columns = [name for name in names if name][:MOST_NAMED]
        self.work = Work(options.choices)
        self.shape, self.mapping = self._found(names, first, options)
        self.made = 0
        self._rows = self._converted(chain(head, rows), first)

    def _found(
        self, names: Sequence[str], first: Sequence[Row], options: Options
    ) -> tuple[Shape, dict[str, str]]:
        """Return the format, and the file's columns for ours where they have other names."""
        here = frozenset(names)
        for theirs in options.columns.values():
            if first and theirs and theirs not in here:
                raise NoPrompt(
                    _("There is no column called %(name)s. The columns are: %(columns)s.")
                    % {"name": readable(theirs), "columns": listed(names)},
                    names,
                )
        if options.columns.get("prompt"):
            return OWN, dict(options.columns)
        if shape := recognise(here, first):
            return shape, dict(options.columns)
        if "prompt" in here or not first:
            return OWN, dict(options.columns)
        guessed = guess(names)
        if "prompt" not in guessed:
            raise NoPrompt(
                _("There is no column called prompt. The columns are: %(columns)s.")
                % {"columns": listed(names)},
                names,
            )
        return QUESTIONS, guessed | options.columns

    def __next__(self) -> Raw:
        """Return the next row with our columns, or an invalid one."""
        return next(self._rows)

    @property
    def unused(self) -> list[str]:
        """The names of columns that the format and the mapping do not use, fit to be shown."""
        if self.shape is OWN and not self.mapping:
            return []  # each row says it
        used = self.shape.used | frozenset(self.mapping.values())
        if self.shape in (OWN, QUESTIONS):
            used |= COLUMNS - self.mapping.keys()
        else:
            used |= _BESIDE
        return [readable(name) for name in self.columns if name not in used]

    def _converted(self, rows: Iterator[Raw], first: Sequence[Row]) -> Iterator[Raw]:
        shape = self.shape
        if shape.whole is not None:
            return self._finished(shape.whole(rows, self.work))
        if shape in (OWN, QUESTIONS):
            rows_of = renamed(self.mapping, known=COLUMNS) if self.mapping else own_rows
        else:
            inner = shape.unwrap(first) if shape.unwrap is not None else shape.rows_of
            rows_of = self._with_columns_beside(inner or own_rows)
        return self._finished(self._each(rows, rows_of))

    def _with_columns_beside(self, inner: RowsOf) -> RowsOf:
        """Add what the format does not read: columns with our names, and those of the mapping."""
        mapping = self.mapping
        kept = _BESIDE - self.shape.used - mapping.keys()

        def rows_of(row: Row, work: Work) -> list[dict[str, Any]]:
            named = {name: row[name] for name in kept if not absent(row.get(name))}
            mapped = {ours: row[theirs] for ours, theirs in mapping.items() if theirs in row}
            left_out = {ours for ours, theirs in mapping.items() if not theirs}
            made = [named | one | mapped for one in inner(row, work)]
            return [{n: value for n, value in one.items() if n not in left_out} for one in made]

        return rows_of

    def _each(self, rows: Iterator[Raw], rows_of: RowsOf) -> Iterator[Raw]:
        for line, raw in rows:
            if not isinstance(raw, Mapping):
                yield line, raw
                continue
            try:
                made = rows_of(raw, self.work)
            except BadRow as problem:
                yield line, problem
            except RecursionError:
                yield line, BadRow(_("the row is nested too deeply."))
            else:
                for row in made:
                    yield line, row

    def _finished(self, rows: Iterator[Raw]) -> Iterator[Raw]:
        """Count the rows, and add who wrote their responses if that was chosen."""
        origin = self.work.choices[ORIGIN]
        for line, raw in rows:
            if isinstance(raw, dict):
                self.made += 1
                if origin != Origin.AI and "responses" in raw:
                    raw["responses"] = written_by(raw["responses"], origin)
            yield line, raw


_BESIDE = COLUMNS - {"prompt", "responses"}


def listed(names: Sequence[str]) -> str:
    """Return the first names of columns as one text."""
    return ", ".join(readable(name) for name in names[:NAMED]) or _("none")


def written_by(responses: Any, origin: str) -> Any:
    """Return responses that say who wrote them, where they do not say it themselves."""
    responses = parsed(responses)
    if not isinstance(responses, list | tuple):
        responses = [responses]
    return [
        {"origin": origin} | (dict(one) if isinstance(one, Mapping) else {"text": one})
        for one in map(parsed, responses)
        if not absent(one)
    ]
