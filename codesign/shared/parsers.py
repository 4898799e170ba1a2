"""Reading JSON that anybody may have sent."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Mapping
from io import BytesIO
from pathlib import Path
from typing import Any

from rest_framework.exceptions import ParseError
from rest_framework.parsers import BaseParser, JSONParser

from codesign.shared import upload_handlers
from codesign.shared.errors import TooLarge

CHUNK = 1024 * 1024
MOST_DEPTH = 20
"""What is asked for is nested five times at the most."""
TOO_LONG = "This is more than {:,} bytes. Please send it in parts."
STRINGS = re.compile(rb'"(?:[^"\\]|\\.)*+"?', re.DOTALL)
BRACKETS = re.compile(rb"[\[\]{}]")


class SafeJSONParser(JSONParser):
    """Refuses what is too long or nested too deeply to be meant, before it is parsed.

    Parsed JSON may hold 25 times its own length. A view may set `max_body` (bytes).
    """

    max_body = 100_000
    """What no request has to exceed, but for texts and lists of prompts."""

    def parse(
        self,
        stream: Any,
        media_type: str | None = None,
        parser_context: Mapping[str, Any] | None = None,
    ) -> Any:
        """The parsed body."""
        context = dict(parser_context or {})
        limit = getattr(context.get("view"), "max_body", self.max_body)
        _refuse_length(context, limit)
        body = stream.read(limit + 1)
        if len(body) > limit:
            raise TooLarge(TOO_LONG.format(limit))
        if nested_too_deeply(body):
            raise ParseError("This is nested too deeply.")
        try:
            return super().parse(BytesIO(body), media_type, context)
        except ParseError:
            raise ParseError("This could not be read. Please send JSON, as UTF-8.") from None


def nested_too_deeply(body: bytes) -> bool:
    """Whether lists and objects are inside each other more than `MOST_DEPTH` times."""
    if body.count(b"[") + body.count(b"{") <= MOST_DEPTH:
        return False
    depth = 0
    for mark in BRACKETS.findall(STRINGS.sub(b"", body)):
        depth += 1 if mark in b"[{" else -1
        if depth > MOST_DEPTH:
            return True
    return False


def _refuse_length(context: Mapping[str, Any], limit: int) -> None:
    """Refuse a body by the length that it says, before anything of it is read."""
    if int(context["request"].META.get("CONTENT_LENGTH") or 0) > limit:
        raise TooLarge(TOO_LONG.format(limit))


class ToFile(BaseParser):
    """Writes a body into a file of its own and hands over the path; whoever asked removes it.

    A view may set `max_file` (bytes).
    """

    suffix = ""
    max_file = 100_000_000

    def limit(self, view: object) -> int:
        """Bytes that the body may have."""
        return int(getattr(view, "max_file", self.max_file))

    def parse(
        self,
        stream: Any,
        media_type: str | None = None,
        parser_context: Mapping[str, Any] | None = None,
    ) -> Any:
        """Where the body lies now."""
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
                        raise TooLarge(TOO_LONG.format(limit))
                    file.write(chunk)
        except BaseException:
            Path(name).unlink()
            raise
        return Path(name)


class LongJSONParser(ToFile):
    """JSON for a view whose `max_body` is large: parsed where it is small, else left in a file.

    The process that answers never holds what a large one unpacks to.
    """

    media_type, suffix = JSONParser.media_type, ".body"

    def limit(self, view: object) -> int:
        """Bytes that the body may have."""
        return int(getattr(view, "max_body", SafeJSONParser.max_body))

    def parse(
        self,
        stream: Any,
        media_type: str | None = None,
        parser_context: Mapping[str, Any] | None = None,
    ) -> Any:
        """The parsed body, or where it lies."""
        context = dict(parser_context or {})
        length = int(context["request"].META.get("CONTENT_LENGTH") or 0)
        if 0 < length <= SafeJSONParser.max_body:
            return SafeJSONParser().parse(stream, media_type, context)
        return super().parse(stream, media_type, context)


class JsonLinesFile(ToFile):
    """One JSON object a line."""

    media_type, suffix = "application/x-ndjson", ".jsonl"


class CsvFile(ToFile):
    """A table of text."""

    media_type, suffix = "text/csv", ".csv"


class ParquetFile(ToFile):
    """A table of columns."""

    media_type, suffix = "application/vnd.apache.parquet", ".parquet"
