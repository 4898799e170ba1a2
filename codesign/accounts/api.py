"""What every view of the API shares: who asks, what a token must allow, pages, ids."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar

from django.db.models import QuerySet
from rest_framework.exceptions import AuthenticationFailed, NotAuthenticated, Throttled
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import BaseSerializer
from rest_framework.views import APIView

from codesign.accounts.rules import Rate, TokenScope
from codesign.accounts.throttles import count_stranger
from codesign.shared import query_parameters
from codesign.shared.access import Permission
from codesign.shared.actors import Actor
from codesign.shared.errors import Invalid, LengthMissing, NotFound
from codesign.shared.pagination import PARAMETERS, Pages
from codesign.shared.serializers import Shape
from codesign.shared.visible import shows_nothing


class ApiView(APIView):
    """One address of the API."""

    permission: Permission
    scope: TokenScope
    rate: Rate | None = None
    """Empty: reading or changing, by the method."""
    pagination_class: type[Pages] | None = None
    parameters: ClassVar[Mapping[str, type[Shape]]] = {}
    """Method → what may follow `?` there; anything else is refused."""
    asked: dict[str, Any]
    """What did, checked."""

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """After signing in and throttling, check what follows `?`.

        A body in chunks is refused in words: the framework would take it for an empty one.
        """
        super().initial(request, *args, **kwargs)
        if "chunked" in request.headers.get("Transfer-Encoding", "").lower():
            raise LengthMissing
        method = "GET" if request.method == "HEAD" else str(request.method)
        pages = PARAMETERS if method == "GET" and self.pagination_class else ()
        shape = self.parameters.get(method)
        self.asked = query_parameters.read(request.query_params, shape, also=pages)

    @property
    def actor(self) -> Actor:
        """Who asks."""
        return Actor.of(self.request.user)  # type: ignore[arg-type]

    def handle_exception(self, error: Exception) -> Response:
        """Whoever knocks without a key too often is asked to wait: no guessing of tokens."""
        if isinstance(error, NotAuthenticated | AuthenticationFailed):
            try:
                count_stranger(self.request)
            except Throttled as wait:
                error = wait
        return super().handle_exception(error)

    def page(
        self,
        found: QuerySet[Any],
        shape: type[BaseSerializer[Any]],
        read: Callable[[list[Any]], Sequence[Any]] | None = None,
    ) -> Response:
        """One page of what was found, in that shape.

        `read` makes what the shape describes of the rows of the page, with what only they need.
        """
        pages = (self.pagination_class or Pages)()
        rows = pages.paginate_queryset(found, self.request, self)
        shown = read(rows) if read and rows else rows
        return pages.get_paginated_response(shape(shown, many=True).data)

    def sent(self, shape: type[BaseSerializer[Any]]) -> dict[str, Any]:
        """What the request's body holds, checked against a shape; a misspelt name is said."""
        body = {name: _said(value) for name, value in body_of(self.request).items()}
        read = shape(data=body)
        known = list(getattr(read, "fields", ()))
        if unknown := [name for name in body if name not in known]:
            sentence = f"This is not known here. There are: {', '.join(known)}."
            raise Invalid("Some of this is not known here.", {n: [sentence] for n in unknown})
        read.is_valid(raise_exception=True)
        return dict(read.validated_data)


def _said(value: Any) -> Any:
    """What was sent in a field; a text that shows nothing is empty."""
    return "" if isinstance(value, str) and shows_nothing(value) else value


def body_of(request: Request) -> dict[str, Any]:
    """The body, which must be one JSON object; no bytes are none, though the library says so."""
    if not isinstance(request.data, dict) or not _has_bytes(request):
        raise Invalid("Please send one JSON object.")
    return request.data


def _has_bytes(request: Request) -> bool:
    return bool(request.data) or request.META.get("CONTENT_LENGTH") not in (None, "", "0")


def id_of(value: str) -> uuid.UUID:
    """An id out of an address; what is none leads nowhere."""
    try:
        return uuid.UUID(value)
    except ValueError:
        raise NotFound from None
