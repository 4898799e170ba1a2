"""How files of a study are read: what people chose, or what they chose for the last such file."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from codesign.shared.errors import Invalid
from codesign.studies.models import Study
from modelhub.models import ImportMapping
from modelhub.queries.uploads import hash_of_columns, remembered
from modelhub.rules.import_choices import NO_OPTIONS, Options
from modelhub.rules.mapping import FIRST, NoPrompt
from modelhub.rules.raw_rows import BadRow
from modelhub.rules.row_reading import About, ReadRows, rows_of
from modelhub.services.file_rows import NoPrompts, Reading, reading


@contextmanager
def reading_for(
    *, study: Study, path: Path, options: Options | None, **how: Any
) -> Iterator[tuple[Reading, Options]]:
    """Give the rows of a file as `reading` does, and the options with which it is read.

    If they are None, those of the study's last file with the same columns are used.
    """
    if options is None or options.as_before:
        source = options.source if options else ""
        options = replace(_known(study, path, how), source=source)
    with reading(path=path, options=options, **how) as rows:
        yield rows, options


def _known(study: Study, path: Path, how: dict[str, Any]) -> Options:
    if not ImportMapping.objects.filter(study=study).exists():
        return NO_OPTIONS
    try:
        with reading(path=path, **how) as rows:
            columns = rows.about["columns"]
    except NoPrompts as unknown:
        columns = unknown.columns
    return remembered(study_id=study.id, columns=columns)


def remember(*, study: Study, about: About, options: Options | None) -> None:
    """Keep the options of an import for the next file with the same columns.

    The defaults are kept only in place of others, since they are used anyway. The source is not
    kept: the next file may come from elsewhere.
    """
    if options is None or options.as_before or not about.get("columns"):
        return
    options = replace(options, source="")
    columns, plain = hash_of_columns(about["columns"]), options.plain()
    if options == NO_OPTIONS:
        ImportMapping.objects.filter(study=study, columns_hash=columns).update(options=plain)
        return
    ImportMapping.objects.update_or_create(
        study=study, columns_hash=columns, defaults={"options": plain}
    )


def rows_here(*, study: Study, rows: Sequence[Any], options: Options | None) -> ReadRows:
    """Return rows of a request, read as those of a file; raises Invalid, also as NoPrompts."""
    if options is None or options.as_before:
        first = (row for row in rows[:FIRST] if isinstance(row, Mapping))
        names = dict.fromkeys(str(name) for row in first for name in row)
        options = remembered(study_id=study.id, columns=names)
    try:
        return rows_of(rows, options)
    except NoPrompt as unknown:
        raise NoPrompts(str(unknown), unknown.columns) from None
    except BadRow as problem:
        raise Invalid(str(problem)) from None
