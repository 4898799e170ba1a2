"""The process that reads one file of prompts, with limits of memory and time.

The declared size of a file cannot be trusted: 509 bytes of Parquet can claim a hundred million
values. So this process sets its limits first, checks the declared sizes before it unpacks anything,
and writes the checked rows to standard output, one JSON text per line:

- `{"total": n, "about": {…}}`: the number of rows (exact for Parquet and JSON bodies, else an upper
  bound), and what is known of the format;
- a row (see `packed`), or `[line, "sentence"]` for an invalid row;
- `{"note": "sentence"}` and `{"unused": "column"}`: about the file;
- `{"refused": [status, sentence, field]}`: why nothing more can be read; with `columns`, if these
  have to be mapped;
- `{"done": true, "about": {…}}`: the end. Without this message the process died.

It needs no database. Its only setting is the language of its sentences.
"""

from __future__ import annotations

import gc
import json
import sys
import traceback
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.apps import apps
from django.conf import settings
from django.utils.translation import activate
from django.utils.translation import gettext as _

from modelhub.rules.import_choices import NO_OPTIONS, Options, options_from
from modelhub.rules.imports import MOST_LINE, MOST_ROWS, packed
from modelhub.rules.mapping import NoPrompt
from modelhub.rules.prepare import readable
from modelhub.rules.raw_rows import BadRow, Note, RawRows, Unused
from modelhub.rules.row_reading import ReadRows
from modelhub.services.file_reader.content import Content
from modelhub.services.file_reader.limits import limit_itself
from modelhub.services.file_reader.opening import open_file
from modelhub.services.file_reader.refusals import Refused, too_many_rows

MOST_PROBLEM = 500
"""Characters of the error message of a row, which may quote the row."""
LOCALES = Path(__file__).resolve().parents[3]
BUFFER = 1 << 17
"""Size in bytes of the output buffer."""


def messages(*, rows: ReadRows, most_text: int) -> Iterator[Any]:
    """Yield each valid row, and the error of each invalid row; raises Refused for too many.

    `most_text` is the limit of characters of all rows together.
    """
    characters = number = 0
    for line, raw in rows:
        if isinstance(raw, Note):
            yield {"note": raw}
            continue
        if isinstance(raw, Unused):
            yield {"unused": raw}
            continue
        number += 1
        if number > MOST_ROWS:
            raise too_many_rows()
        try:
            if isinstance(raw, BadRow):
                raise raw
            if raw.characters > MOST_LINE:
                raise BadRow(
                    _("the row has more than %(most)s characters.") % {"most": f"{MOST_LINE:,}"}
                )
        except BadRow as problem:
            yield [line, str(problem)[:MOST_PROBLEM]]
            continue
        characters += raw.characters
        if characters > most_text:
            sentence = _("The texts unpack to more than %(most)s characters.") % {
                "most": f"{most_text:,}"
            }
            raise Refused(sentence, status=413)
        yield packed(raw)


def main(
    *,
    path: str,
    name: str,
    most_text: int,
    seconds: int,
    language: str,
    options: dict[str, Any],
) -> None:
    """Read a file with limits, and write messages to standard output."""
    limit_itself(seconds=seconds)
    speak(language=language)
    out = open(sys.stdout.fileno(), "wb", buffering=BUFFER, closefd=False)  # noqa: SIM115
    to_json = json.JSONEncoder(
        ensure_ascii=False, check_circular=False, separators=(",", ":")
    ).encode

    def write(message: Any) -> None:
        out.write(to_json(message).encode(errors="backslashreplace") + b"\n")

    try:
        content = Content(Path(path), name)
        chosen = options_from(options) or NO_OPTIONS
        mapped = frozenset(chosen.columns.values()) - {""}
        source = open_file(path=content.path, name=name, mapped=mapped)
        rows = _rows(source, name, chosen)
        write({"total": source.total, "about": rows.about})
        out.flush()
        for message in messages(rows=rows, most_text=min(content.most_bytes, most_text)):
            write(message)
        write({"done": True, "about": rows.about})
    except NoPrompt as unknown:
        write({"refused": [400, str(unknown), ""], "columns": unknown.columns})
    except Refused as refused:
        write({"refused": refused.message})
    except MemoryError:
        gc.collect()
        sentence = _("%(name)s is too large to be read at once.") % {"name": name}
        write({"refused": [413, sentence, ""]})
    except Exception as error:
        sentence = _("%(name)s cannot be read: its content is not understood.") % {"name": name}
        where = "".join(traceback.format_tb(error.__traceback__))
        write({"refused": [400, sentence, ""], "log": f"{type(error).__name__}\n{where}"})
    out.flush()


def _rows(source: RawRows, name: str, options: Options) -> ReadRows:
    if source.part:
        name = _("%(name)s, sheet “%(sheet)s”,") % {"name": name, "sheet": readable(source.part)}
    try:
        return ReadRows(source, options)
    except NoPrompt as unknown:
        raise NoPrompt(_refusing(name, unknown), unknown.columns) from None
    except BadRow as problem:
        raise Refused(_refusing(name, problem)) from None


def _refusing(name: str, problem: BadRow) -> str:
    return _("%(name)s cannot be imported: %(problem)s") % {"name": name, "problem": problem}


def speak(*, language: str) -> None:
    """Translate the sentences of this process; without the apps, which would load the models."""
    folders = [str(LOCALES / app / "locale") for app in ("annotations", "modelhub")]
    settings.configure(LANGUAGE_CODE=language, LOCALE_PATHS=folders)
    apps.populate([])
    activate(language)


if __name__ == "__main__":
    main(**json.loads(sys.argv[1]))
