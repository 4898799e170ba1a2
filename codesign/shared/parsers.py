"""Parsing request bodies from untrusted clients."""

from __future__ import annotations

import json
import re
import tempfile
from collections.abc import Mapping
from io import BytesIO
from pathlib import Path
from typing import Any

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from rest_framework.exceptions import ParseError
from rest_framework.parsers import BaseParser, JSONParser

from codesign.shared import upload_handlers
from codesign.shared.errors import TooLarge

CHUNK = 1024 * 1024
MOST_DEPTH = 20
"""The API's own input nests at most five levels."""
TOO_LONG = _("This is larger than {limit:,} bytes. Please send it in parts.")
STRINGS = re.compile(rb'"(?:[^"\\]|\\.)*+"?', re.DOTALL)
BRACKETS = re.compile(rb"[\[\]{}]")


class SafeJSONParser(JSONParser):
    """Refuses JSON that is too long or too deeply nested, before it is parsed.

    Parsed JSON can take 25 times its length in memory. A view may set `max_body` (bytes).
    """

    max_body = 100_000
    """Enough for every request except texts and lists of prompts."""

    def parse(
        self,
        stream: Any,
        media_type: str | None = None,
        parser_context: Mapping[str, Any] | None = None,
    ) -> Any:
        """Return the parsed body."""
        context = dict(parser_context or {})
        limit = getattr(context.get("view"), "max_body", self.max_body)
        _refuse_length(context, limit)
        body = stream.read(limit + 1)
        if len(body) > limit:
            raise TooLarge(TOO_LONG.format(limit=limit))
        if nested_too_deeply(body):
            raise ParseError(gettext("This JSON is nested too deeply."))
        try:
            return super().parse(BytesIO(body), media_type, context)
        except ParseError as error:
            raise ParseError(_where(error.__context__)) from None


def _where(error: BaseException | None) -> str:
    """Return the sentence about a body that is no JSON, with the place of the error if known."""
    if not isinstance(error, json.JSONDecodeError):
        return gettext("This is not valid JSON. Send JSON in UTF-8.")
    sentence = gettext(
        "This is not valid JSON (see line %(line)d, column %(column)d). Send JSON in UTF-8."
    )
    return sentence % {"line": error.lineno, "column": error.colno}


def nested_too_deeply(body: bytes) -> bool:
    """Return whether lists and objects nest more than `MOST_DEPTH` levels."""
    if body.count(b"[") + body.count(b"{") <= MOST_DEPTH:
        return False
    depth = 0
    for mark in BRACKETS.findall(STRINGS.sub(b"", body)):
        depth += 1 if mark in b"[{" else -1
        if depth > MOST_DEPTH:
            return True
    return False


def _refuse_length(context: Mapping[str, Any], limit: int) -> None:
    """Refuse a body by its declared length, before any of it is read."""
    if int(context["request"].META.get("CONTENT_LENGTH") or 0) > limit:
        raise TooLarge(TOO_LONG.format(limit=limit))


class ToFile(BaseParser):
    """Writes the body into a temporary file and returns its path. The caller removes the file.

    A view may set `max_file` (bytes).
    """

    suffix = ""
    max_file = 100_000_000

    def limit(self, view: object) -> int:
        """Return the largest allowed body, in bytes."""
        return int(getattr(view, "max_file", self.max_file))

    def parse(
        self,
        stream: Any,
        media_type: str | None = None,
        parser_context: Mapping[str, Any] | None = None,
    ) -> Any:
        """Return the path of the file that holds the body."""
        context = parser_context or {}
        limit = self.limit(context.get("view"))
        if "request" in context:
            _refuse_length(context, limit)
        handle, name = tempfile.mkstemp(
            suffix=self.suffix, prefix=upload_handlers.PREFIX, dir=upload_handlers.folder()
        )
        written = 0
        try:
            with open(handle, "wb") as file:
                while chunk := stream.read(CHUNK):
                    written += len(chunk)
                    if written > limit:
                        raise TooLarge(TOO_LONG.format(limit=limit))
                    file.write(chunk)
        except BaseException:
            Path(name).unlink()
            raise
        return Path(name)


class LongJSONParser(ToFile):
    """JSON for a view with a large `max_body`: parses a small body, leaves a large one in a file.

    So the web process never holds a large parsed body in memory.
    """

    media_type, suffix = JSONParser.media_type, ".body"

    def limit(self, view: object) -> int:
        """Return the largest allowed body, in bytes."""
        return int(getattr(view, "max_body", SafeJSONParser.max_body))

    def parse(
        self,
        stream: Any,
        media_type: str | None = None,
        parser_context: Mapping[str, Any] | None = None,
    ) -> Any:
        """Return the parsed body, or the path of the file that holds it."""
        context = dict(parser_context or {})
        length = int(context["request"].META.get("CONTENT_LENGTH") or 0)
        if 0 < length <= SafeJSONParser.max_body:
            parser = SafeJSONParser()
            parser.strict = False  # programs write NaN for what is missing
            return parser.parse(stream, media_type, context)
        return super().parse(stream, media_type, context)


class JsonLinesFile(ToFile):
    """JSON Lines: one JSON object a line."""

    media_type, suffix = "application/x-ndjson", ".jsonl"


class CsvFile(ToFile):
    """CSV."""

    media_type, suffix = "text/csv", ".csv"


class TsvFile(ToFile):
    """Cells between tabs."""

    media_type, suffix = "text/tab-separated-values", ".tsv"


class ExcelFile(ToFile):
    """A workbook of Excel."""

    media_type = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
    suffix = ".xlsx"


class GzipFile(ToFile):
    """A file that is packed with gzip."""

    media_type, suffix = "application/gzip", ".gz"


class ZstdFile(ToFile):
    """A file that is packed with Zstandard."""

    media_type, suffix = "application/zstd", ".zst"


class ParquetFile(ToFile):
    """Apache Parquet."""

    media_type, suffix = "application/vnd.apache.parquet", ".parquet"
