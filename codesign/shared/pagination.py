"""Cursor pagination for the API, stable while rows are added."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError
from django.db import DataError
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from rest_framework.exceptions import NotFound
from rest_framework.pagination import CursorPagination
from rest_framework.request import Request

from codesign.shared.errors import Invalid

PARAMETERS = ("cursor", "page_size")
LOST = _("This cursor is not valid. Start again without a cursor.")
MOST_A_PAGE = 500


class Pages(CursorPagination):
    """Newest first, 50 results a page. `page_size` sets another number; follow `next`."""

    page_size = 50
    max_page_size = MOST_A_PAGE
    page_size_query_param = "page_size"
    ordering: Any = ("-created_at", "-id")

    def get_page_size(self, request: Request) -> int | None:
        """Return the requested page size. Raises Invalid instead of guessing."""
        asked = request.query_params.get("page_size")
        if asked is None:
            return self.page_size
        if not (asked.isascii() and asked.isdecimal() and 1 <= int(asked[:9]) <= MOST_A_PAGE):
            sentence = gettext("Choose a number from 1 to %(most)d.") % {"most": MOST_A_PAGE}
            raise Invalid(gettext("Invalid page size."), {"page_size": [sentence]})
        return int(asked)

    def paginate_queryset(
        self, queryset: Any, request: Request, view: Any = None
    ) -> list[Any] | None:
        """Return the page. Raises Invalid for a cursor that this API did not give out."""
        try:
            return super().paginate_queryset(queryset, request, view)
        except (NotFound, ValidationError, ValueError, DataError):
            raise Invalid(str(LOST), {"cursor": [str(LOST)]}) from None

    def get_schema_operation_parameters(self, view: Any) -> list[dict[str, Any]]:
        """Describe both parameters for the OpenAPI schema."""
        return [
            {
                "name": "cursor",
                "in": "query",
                "required": False,
                "description": "Selects another page. Follow `next` and `previous` instead.",
                "schema": {"type": "string"},
            },
            {
                "name": "page_size",
                "in": "query",
                "required": False,
                "description": "Results per page.",
                "schema": {
                    "type": "integer",
                    "minimum": 1,
                    "maximum": MOST_A_PAGE,
                    "default": self.page_size,
                },
            },
        ]

    def get_paginated_response_schema(self, schema: dict[str, Any]) -> dict[str, Any]:
        """Describe a page for the OpenAPI schema."""
        link = {"type": ["string", "null"], "format": "uri", "example": None}
        return {
            "type": "object",
            "required": ["next", "previous", "results"],
            "properties": {"next": link, "previous": link, "results": schema},
        }
