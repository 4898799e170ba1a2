"""`make messages`: write the texts of the code and the templates into the catalogues.

Babel reads them, so no GNU gettext is needed. Translations are kept, and texts that the code no
longer contains are removed. There are no guesses ("fuzzy") and no line numbers, so that catalogues
of two branches merge.
"""

from __future__ import annotations

import io
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from babel.messages.catalog import Catalog
from babel.messages.extract import extract
from babel.messages.pofile import read_po, write_po
from django.utils.translation.template import templatize

from codesign.shared.catalogues import LOCALE, SOURCE

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("codesign", "annotations", "modelhub")
TEMPLATES = (".html", ".txt")
COMMENT = "Translators:"
DATA = {
    "codesign/care/help.json": ("heading", "paragraphs"),
    "codesign/care/helplines.json": ("name", "hours", "note"),
}
"""File → keys whose texts pages show in the reader's language."""
KEYWORDS: dict[str, tuple[int | tuple[int, str], ...] | None] = {
    **dict.fromkeys(("_", "_lazy", "gettext", "gettext_lazy", "gettext_noop")),
    **dict.fromkeys(("ngettext", "ngettext_lazy"), (1, 2)),
    **dict.fromkeys(("pgettext", "pgettext_lazy"), ((1, "c"), 2)),
    **dict.fromkeys(("npgettext", "npgettext_lazy"), ((1, "c"), 2, 3)),
}


def extracted() -> Catalog:
    """Return every text that is marked for translation, without translations."""
    found = Catalog()
    for path in sources():
        name = path.relative_to(ROOT).as_posix()
        for line, text, comments, context in extract(
            "python", io.BytesIO(code_of(path)), KEYWORDS, [COMMENT]
        ):
            found.add(text, locations=[(name, line)], auto_comments=comments, context=context)
    for name, keys in DATA.items():
        for row in json.loads((ROOT / name).read_text(encoding="utf-8")):
            for text in texts_of(row, keys):
                found.add(text, locations=[(name, 0)])
    return found


def texts_of(row: dict[str, Any], keys: tuple[str, ...]) -> Iterable[str]:
    """Yield the texts of an entry of a data file. Names are kept, but for those of a service."""
    for key in keys:
        texts = row[key] if isinstance(row[key], list) else [row[key]]
        if key != "name" or row["kind"] == "emergency":
            yield from filter(None, texts)


def sources() -> Iterable[Path]:
    """Yield the files that can contain marked texts, in a fixed order."""
    for package in PACKAGES:
        for path in sorted((ROOT / package).rglob("*.py")):
            if "migrations" not in path.parts:
                yield path
    for path in sorted((ROOT / "templates").rglob("*")):
        if path.suffix in TEMPLATES:
            yield path


def code_of(path: Path) -> bytes:
    """Return the file as Python: of a template, its marked texts within a pair of brackets."""
    if path.suffix not in TEMPLATES:
        return path.read_bytes()
    return f"({templatize(path.read_text(encoding='utf-8'))})".encode()


def catalogue_path(language: str) -> Path:
    """Return the file that holds the translations into a language."""
    return LOCALE / language / "LC_MESSAGES" / SOURCE


def updated(language: str) -> bytes:
    """Return the catalogue of a language with exactly the texts of the code, as a file.

    Texts are sorted by the file in which each comes first. The header is kept as it is.
    """
    content = catalogue_path(language).read_bytes()
    header, _blank, _rest = content.partition(b"\n\n")
    catalogue = read_po(io.BytesIO(content), locale=language, ignore_obsolete=True)
    catalogue.update(extracted(), no_fuzzy_matching=True)
    out = io.BytesIO(header + b"\n\n")
    out.seek(0, io.SEEK_END)
    write_po(
        out,
        catalogue,
        width=100,
        omit_header=True,
        sort_by_file=True,
        ignore_obsolete=True,
        include_lineno=False,
    )
    return out.getvalue()


def main() -> None:
    """Update the catalogue of every language."""
    for folder in sorted(LOCALE.iterdir()):
        catalogue_path(folder.name).write_bytes(updated(folder.name))


if __name__ == "__main__":
    main()
