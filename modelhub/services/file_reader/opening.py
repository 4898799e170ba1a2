"""Opens a file of any kind. The kind is told by the content, and by the name where both fit."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from django.utils.translation import gettext as _

from modelhub.rules.imports import BODY, MOST_BYTES
from modelhub.rules.raw_rows import RawRows
from modelhub.services.file_reader import delimited, json_text, parquet_rows
from modelhub.services.file_reader.content import Content
from modelhub.services.file_reader.refusals import Refused

PACKED = {
    b"\x1f\x8b": "gzip",
    b"PK\x03\x04": "zip",
    b"\x28\xb5\x2f\xfd": "zstd",
    b"\xfd7zXZ\x00": "xz",
}
"""First bytes of compressed files."""
READERS: dict[str, Callable[[Content], RawRows]] = {
    ".jsonl": json_text.lines,
    ".ndjson": json_text.lines,
    ".csv": delimited.read,
    ".parquet": parquet_rows.read,
    BODY: json_text.body,
}


def open_file(*, path: Path, name: str) -> RawRows:
    """Return the rows of a JSONL, CSV or Parquet file, or of a JSON body."""
    reader = READERS.get(path.suffix.lower())
    if not path.is_file():
        raise Refused(_("There is no file %(name)s.") % {"name": name})
    if reader is None:
        raise Refused(
            _("%(name)s has an unknown format. Please use .jsonl, .csv or .parquet.")
            % {"name": name}
        )
    size = path.stat().st_size
    if not size:
        raise Refused(
            _("%(name)s is empty. Please choose a file with a row for each prompt.")
            % {"name": name}
        )
    if size > MOST_BYTES:
        sentence = _(
            "%(name)s has %(size)s bytes; the limit is %(most)s. Please split the file."
        ) % {"name": name, "size": f"{size:,}", "most": f"{MOST_BYTES:,}"}
        raise Refused(sentence, status=413)
    with path.open("rb") as file:
        begins = file.read(6)
    if begins[:2] in (b"\xff\xfe", b"\xfe\xff"):
        raise Refused(_("%(name)s is written as UTF-16. Please save it as UTF-8.") % {"name": name})
    if kinds := [kind for sign, kind in PACKED.items() if begins.startswith(sign)]:
        raise Refused(
            _("%(name)s is compressed (%(kind)s). Please unpack it first.")
            % {"name": name, "kind": kinds[0]}
        )
    return reader(Content(path, name))
