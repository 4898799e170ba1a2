"""Turns the raw rows of a file into rows with our columns: by its format, or by a mapping."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from itertools import chain, islice
from typing import Any

from django.utils.translation import gettext as _

from annotations.rules.text_kinds import Origin
from annotations.rules.texts import storable
from modelhub.rules.import_choices import ORIGIN, Options
from modelhub.rules.prepare import COLUMNS, MOST_COLUMNS, MOST_UNUSED, NAMED, own_name, readable
from modelhub.rules.raw_rows import UNEXPECTED, BadRow, Raw, RawRows, Unused, not_understood
from modelhub.rules.shapes import interesting, recognise
from modelhub.rules.shapes.base import Row, RowsOf, Shape, Work
from modelhub.rules.shapes.own import (
    OWN,
    QUESTIONS,
    beside_prompt,
    guess,
    own_rows,
    renamed,
    title_of,
)
from modelhub.rules.shapes.tools import inner_names, opened, outer_name
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
MOST_CHARACTERS = 4_000_000
"""Characters of the first rows, which are held in memory together."""
MOST_OFFERED = 200
"""Columns of a file that a mapping offers."""
LONGEST = 200
"""Characters of a name that a mapping offers."""
_BESIDE = COLUMNS - {"prompt", "responses"}


class NoPrompt(BadRow):
    """No column has the prompts, or a mapping names a column that the file lacks.

    `columns` are the file's columns.
    """

    def __init__(self, sentence: str, columns: Sequence[str]) -> None:
        super().__init__(sentence)
        self.columns = offered(columns)


class Prepared(Iterator[Raw]):
    """The rows of a file with our columns, and what is known of its format.

    Upper case and spaces around our own names are ignored. Columns that are not used are named as
    Unused. Of a table, they are not read. Raises BadRow if the columns cannot be used, NoPrompt if
    a mapping would help.
    """

    def __init__(self, source: RawRows, options: Options) -> None:
        self.made = self._told = 0
        self.work = Work(options.choices)
        self._names = _Names(source.columns)
        try:
            self._rows = self._recognised(source, options)
        except RecursionError:
            raise BadRow(_("the first rows are nested too deeply.")) from None

    def _recognised(self, source: RawRows, options: Options) -> Iterator[Raw]:
        head = list(_first(self._peeked(source, options)))
        first = [row for _line, row in head if isinstance(row, Mapping)]
        if source.columns is None:
            self._names.add(first)
        inner = inner_names(first)
        self._all = [*self._names.listed, *(one for one in inner if one not in self._names.own)]
        self.columns = offered(self._all)
        self.shape, self.mapping = self._found(first, options)
        self._inside = [one for one in self.mapping.values() if self._is_inside(one)]
        self._names.check(self.mapping)
        self._title = title_of(self._names.own) if self.shape is QUESTIONS else ""
        return self._converted(self._read(source, head), first)

    def __next__(self) -> Raw:
        """Return the next row with our columns, an invalid one, a Note or an Unused."""
        return next(self._rows)

    def _peeked(self, source: RawRows, options: Options) -> Iterator[Raw]:
        """Return rows to recognise the format, of the columns that may matter for it."""
        if source.columns is None:
            self._source = self._names.renaming(source.read(None))
            return self._source
        mapped = set(options.columns.values())
        wanted = interesting(self._names.own) | {self._names.of(name) for name in mapped}
        return self._names.renaming(source.read(self._names.originals(wanted)))

    def _read(self, source: RawRows, head: Sequence[Raw]) -> Iterator[Raw]:
        if source.columns is None:
            return chain(head, self._source)
        used = [name for name in self._names.own if self._is_used(name)]
        return self._names.renaming(source.read(self._names.originals(used)))

    def _found(self, first: Sequence[Row], options: Options) -> tuple[Shape, dict[str, str]]:
        """Return the format, and the file's columns for ours where they have other names."""
        names, here = self._names, frozenset(self._names.own)
        mapping = {ours: names.of(theirs) for ours, theirs in options.columns.items()}
        for ours, theirs in mapping.items():
            known = (theirs in here and storable(theirs)) or self._is_inside(theirs)
            if theirs and not known and (first or names.fixed):
                raise self._no_prompt(
                    _("there is no column called %(name)s. The columns are: %(columns)s."),
                    name=readable(options.columns[ours]),
                )
        if mapping.get("prompt"):
            shape = recognise(here, first) if self._is_inside(mapping["prompt"]) else None
            return (shape if shape and shape.unwrap else OWN), mapping
        if shape := recognise(here, first):
            return shape, mapping
        if "prompt" in here or not (names.own or names.fixed):
            return OWN, beside_prompt(names.own) | mapping
        guessed = guess(names.own)
        if "prompt" not in guessed:
            raise self._no_prompt(
                _("there is no column called prompt. The columns are: %(columns)s.")
                if names.fixed
                else _(
                    "the prompt is missing: there is no column called prompt. The columns are: "
                    "%(columns)s."
                )
            )
        return QUESTIONS, guessed | mapping

    def _no_prompt(self, sentence: str, **about: str) -> NoPrompt:
        return NoPrompt(sentence % {**about, "columns": listed(self._all)}, self._all)

    def _is_inside(self, name: str) -> bool:
        """Return whether a name is of something inside of a column, such as `data.text`."""
        return name in self._all and name not in self._names.own

    def _is_used(self, name: str) -> bool:
        if name in self.mapping.values() or (name and name == self._title):
            return True
        if name in map(outer_name, self._inside):
            return True
        if self.shape in (OWN, QUESTIONS):
            return name in COLUMNS - self.mapping.keys()
        return self.shape.reads(name) or name in _BESIDE - self.mapping.keys()

    def _converted(self, rows: Iterator[Raw], first: Sequence[Row]) -> Iterator[Raw]:
        shape, own = self.shape, self.shape in (OWN, QUESTIONS)
        if self._inside:
            rows = (
                (line, opened(raw, self._inside) if isinstance(raw, Mapping) else raw)
                for line, raw in rows
            )
        left = shape.unread(self._names.own) - {*self.mapping.values()}
        unused = [name for name in self._names.own if name in left or not self._is_used(name)]
        told = [(0, Unused(readable(name))) for name in unused[:MOST_UNUSED]]
        if shape.whole is not None:
            rows = shape.whole(rows, self.work)
        elif own:
            ours: RowsOf = own_rows
            if self.mapping:
                ours = renamed(self.mapping, known=COLUMNS, title=self._title)
            known = {*unused, *map(outer_name, self._inside)}
            rows = self._each(self._telling(rows, known), ours)
        else:
            inner = shape.unwrap(first) if shape.unwrap is not None else shape.rows_of
            rows = self._each(rows, self._with_columns_beside(inner or own_rows))
        return self._finished(chain(told, rows))

    def _telling(self, rows: Iterator[Raw], told: set[str]) -> Iterator[Raw]:
        """Name the columns of later rows that are not used, and leave them out."""
        used = COLUMNS | ({*self.mapping.values(), self._title} - {""})
        for line, raw in rows:
            if isinstance(raw, Mapping) and not raw.keys() <= used:
                new = [name for name in raw if name not in used and name not in told]
                for name in new[: max(0, MOST_UNUSED - len(told))]:
                    told.add(name)
                    yield line, Unused(readable(name))
                raw = {name: value for name, value in raw.items() if name in used}
            yield line, raw

    def _with_columns_beside(self, inner: RowsOf) -> RowsOf:
        """Add what the format does not read: columns with our names, and those of the mapping."""
        mapping = self.mapping
        kept = [one for one in _BESIDE - mapping.keys() if not self.shape.reads(one)]

        def rows_of(row: Row, work: Work) -> list[dict[str, Any]]:
            named = {name: row[name] for name in kept if not absent(row.get(name))}
            mapped = {ours: row[theirs] for ours, theirs in mapping.items() if theirs in row}
            left_out = {ours for ours, theirs in mapping.items() if not theirs}
            made = [named | one | mapped for one in inner(row, work)]
            if "prompt" in mapped:
                made = [own for one in made for own in own_rows(one, work)]
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
            except UNEXPECTED as error:
                yield line, not_understood(error)
            else:
                for row in made:
                    yield line, row
            if len(self.work.unread) > self._told:
                yield from self._newly_unread(line)

    def _newly_unread(self, line: int) -> Iterator[Raw]:
        """Name what is inside of columns and is not read."""
        new = [*self.work.unread][self._told :]
        self._told += len(new)
        mapped = self.mapping.values()
        yield from ((line, Unused(readable(name))) for name in new if name not in mapped)

    def _finished(self, rows: Iterator[Raw]) -> Iterator[Raw]:
        """Count the rows, and add who wrote their responses if that was chosen."""
        origin = self.work.choices[ORIGIN]
        for line, raw in rows:
            if isinstance(raw, dict):
                self.made += 1
                if origin != Origin.AI and "responses" in raw:
                    raw = raw | {"responses": written_by(raw["responses"], origin)}
            yield line, raw


def _first(rows: Iterator[Raw]) -> Iterator[Raw]:
    """Yield the rows from which a format is recognised: fewer if they are long."""
    characters = 0
    for line, row in islice(rows, FIRST):
        yield line, row
        with suppress(RecursionError):  # such a row is refused by its line
            characters += len(str(row))
        if characters > MOST_CHARACTERS:
            return


class _Names:
    """The names of a file's columns: as they stand, and with our own names in lower case."""

    def __init__(self, columns: Sequence[str] | None) -> None:
        self.fixed = columns is not None
        self.listed: list[str] = []
        self._take(columns or [])

    def _take(self, columns: Sequence[str]) -> None:
        if len(columns) > MOST_COLUMNS:
            raise BadRow(too_many(len(columns), row=False))
        self.listed = [name for name in dict.fromkeys(columns) if name]
        self._own = {name: own_name(name) for name in self.listed}
        self.own = list(dict.fromkeys(self._own.values()))
        self._twice = [name for name, n in Counter(map(own_name, columns)).items() if n > 1]

    def add(self, first: Sequence[Row]) -> None:
        """Take the names of rows that name their own columns, which are renamed already."""
        self._take(list(dict.fromkeys(str(name) for row in first for name in row))[:MOST_COLUMNS])

    def check(self, mapping: Mapping[str, str]) -> None:
        """Raise BadRow if two columns of a table have the name of one that is used."""
        known = (COLUMNS - mapping.keys()) | set(mapping.values())
        if twice := [name for name in self._twice if name in known]:
            raise BadRow(_("there are two columns called %(name)s.") % {"name": twice[0]})

    def of(self, name: str) -> str:
        """Return the name that a column has in rows."""
        return self._own.get(name, own_name(name))

    def originals(self, own: Sequence[str] | set[str]) -> list[str]:
        """Return the names in the file of columns, in its order."""
        return [name for name in self.listed if self._own[name] in own]

    def renaming(self, rows: Iterator[Raw]) -> Iterator[Raw]:
        """Yield the rows with our own names in lower case."""
        if self.fixed and all(name == own for name, own in self._own.items()):
            return rows
        return (
            (line, _renamed(raw) if isinstance(raw, Mapping) and not raw.keys() <= COLUMNS else raw)
            for line, raw in rows
        )


def _renamed(raw: Row) -> Row | BadRow:
    if len(raw) > MOST_COLUMNS:
        return BadRow(too_many(len(raw), row=True))
    row: dict[str, Any] = {}
    for key, value in raw.items():
        own = own_name(key)
        if own in row:
            return BadRow(_("there are two columns called %(name)s.") % {"name": own})
        row[own] = value
    return row


def too_many(count: int, *, row: bool) -> str:
    """Return the sentence about too many columns of a table or keys of a row."""
    sentence = (
        _("the row has %(count)s keys; the limit is %(most)s.")
        if row
        else _("there are %(count)s columns; the limit is %(most)s.")
    )
    return sentence % {"count": f"{count:,}", "most": f"{MOST_COLUMNS:,}"}


def offered(names: Sequence[str]) -> list[str]:
    """Return the names of columns that a mapping offers, which can be stored and read."""
    fit = (name for name in names if 0 < len(name) <= LONGEST and storable(name))
    return list(islice(fit, MOST_OFFERED))


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
