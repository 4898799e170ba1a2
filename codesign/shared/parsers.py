"""Reading JSON that anybody may have sent."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from rest_framework.exceptions import ParseError
from rest_framework.parsers import BaseParser, JSONParser

from codesign.shared import arriving
from codesign.shared.errors import TooLarge

CHUNK = 1024 * 1024


class SafeJSONParser(JSONParser):
    """Refuses what is too long before it is read, and what is nested too deeply to be meant.

    A view may set `max_body` (bytes).
    """

    max_body = 2_000_000

    def parse(
        self,
        stream: Any,
        media_type: str | None = None,
        parser_context: Mapping[str, Any] | None = None,
    ) -> Any:
        """The parsed body."""
        context = dict(parser_context or {})
        limit = getattr(context.get("view"), "max_body", self.max_body)
        if int(context["request"].META.get("CONTENT_LENGTH") or 0) > limit:
            raise TooLarge(f"This is more than {limit:,} bytes. Please send it in parts.")
        try:
            return super().parse(stream, media_type, context)
        except RecursionError:
            raise ParseError("This is nested too deeply.") from None
        except ParseError:
            raise ParseError("This could not be read. Please send JSON, as UTF-8.") from None


class LongJSONParser(BaseParser):
    """The same for a view whose `max_body` is more than forms may have.

    What the framework knows for its own JSON parser it reads whole, up to that smaller limit.
    """

    media_type = JSONParser.media_type

    def parse(
        self,
        stream: Any,
        media_type: str | None = None,
        parser_context: Mapping[str, Any] | None = None,
    ) -> Any:
        """The parsed body."""
        return SafeJSONParser().parse(stream, media_type, parser_context)


class ToFile(BaseParser):
    """Writes a body into a file of its own and hands over the path; whoever asked removes it.

    A view may set `max_file` (bytes).
    """

    suffix = ""
    max_file = 100_000_000

    def parse(
        self,
        stream: Any,
        media_type: str | None = None,
        parser_context: Mapping[str, Any] | None = None,
    ) -> Any:
        """Where the body lies now."""
        limit = getattr((parser_context or {}).get("view"), "max_file", self.max_file)
        handle, name = tempfile.mkstemp(
            suffix=self.suffix, prefix=arriving.PREFIX, dir=arriving.folder()
        )
        written = 0
        try:
            with open(handle, "wb") as file:
                while chunk := stream.read(CHUNK):
                    written += len(chunk)
                    if written > limit:
                        raise TooLarge(
                            f"This is more than {limit:,} bytes. Please send it in parts."
                        )
                    file.write(chunk)
        except BaseException:
            Path(name).unlink()
            raise
        return Path(name)


class JsonLinesFile(ToFile):
    """One JSON object a line."""

    media_type, suffix = "application/x-ndjson", ".jsonl"


class CsvFile(ToFile):
    """A table of text."""

    media_type, suffix = "text/csv", ".csv"


class ParquetFile(ToFile):
    """A table of columns."""

    media_type, suffix = "application/vnd.apache.parquet", ".parquet"
