"""Lists of the API in pages: a cursor keeps its place whatever is added meanwhile."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError
from django.db import DataError
from rest_framework.exceptions import NotFound
from rest_framework.pagination import CursorPagination
from rest_framework.request import Request

from codesign.shared.errors import Invalid

PARAMETERS = ("cursor", "page_size")
LOST = "This page is not there. Begin again without a cursor."
MOST_A_PAGE = 500


class Pages(CursorPagination):
    """Newest first, 50 a page; `page_size` asks for another number, `next` leads on."""

    page_size = 50
    max_page_size = MOST_A_PAGE
    page_size_query_param = "page_size"
    ordering: Any = ("-created_at", "-id")

    def get_page_size(self, request: Request) -> int | None:
        """As many as were asked for; what is no such number is refused, not guessed at."""
        asked = request.query_params.get("page_size")
        if asked is None:
            return self.page_size
        if not (asked.isascii() and asked.isdecimal() and 1 <= int(asked[:9]) <= MOST_A_PAGE):
            sentence = f"Choose a number from 1 to {MOST_A_PAGE}."
            raise Invalid("This is no size of a page.", {"page_size": [sentence]})
        return int(asked)

    def paginate_queryset(
        self, queryset: Any, request: Request, view: Any = None
    ) -> list[Any] | None:
        """The page; a cursor that nobody was given is refused, whatever stands in it."""
        try:
            return super().paginate_queryset(queryset, request, view)
        except (NotFound, ValidationError, ValueError, DataError):
            raise Invalid(LOST, {"cursor": [LOST]}) from None

    def get_schema_operation_parameters(self, view: Any) -> list[dict[str, Any]]:
        """How the API's description shows both parameters."""
        return [
            {
                "name": "cursor",
                "in": "query",
                "required": False,
                "description": "Leads to another page: follow `next` and `previous` instead.",
                "schema": {"type": "string"},
            },
            {
                "name": "page_size",
                "in": "query",
                "required": False,
                "description": "Results a page.",
                "schema": {
                    "type": "integer",
                    "minimum": 1,
                    "maximum": MOST_A_PAGE,
                    "default": self.page_size,
                },
            },
        ]

    def get_paginated_response_schema(self, schema: dict[str, Any]) -> dict[str, Any]:
        """The shape of a page."""
        link = {"type": ["string", "null"], "format": "uri", "example": None}
        return {
            "type": "object",
            "required": ["next", "previous", "results"],
            "properties": {"next": link, "previous": link, "results": schema},
        }
