"""Reading JSON that anybody may have sent."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rest_framework.exceptions import ParseError
from rest_framework.parsers import JSONParser

from codesign.shared.errors import TooLarge


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
