"""Base class of all API views: the actor, token scopes, query parameters, pagination and ids."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar

from django.db.models import QuerySet
from django.utils.translation import gettext as _
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
    """None: the reading or the changing rate, depending on the method."""
    pagination_class: type[Pages] | None = None
    parameters: ClassVar[Mapping[str, type[Shape]]] = {}
    """Method → serializer of the query parameters; other parameters are refused."""
    asked: dict[str, Any]
    """The validated query parameters."""

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Validate the query parameters after authentication and throttling.

        Also refuse a chunked body, which the framework would treat as empty.
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
        """Return the actor of the request."""
        return Actor.of(self.request.user)  # type: ignore[arg-type]

    def handle_exception(self, error: Exception) -> Response:
        """Throttle unauthenticated requests, so that tokens cannot be guessed."""
        if isinstance(error, NotAuthenticated | AuthenticationFailed):
            try:
                count_stranger(self.request)
            except Throttled as wait:
                error = wait
        return super().handle_exception(error)

    def page(
        self,
        queryset: QuerySet[Any],
        shape: type[BaseSerializer[Any]],
        read: Callable[[list[Any]], Sequence[Any]] | None = None,
    ) -> Response:
        """Return one page of the queryset.

        `read` turns the rows of the page into what `shape` describes.
        """
        pages = (self.pagination_class or Pages)()
        rows = pages.paginate_queryset(queryset, self.request, self)
        shown = read(rows) if read and rows else rows
        return pages.get_paginated_response(shape(shown, many=True).data)

    def sent(self, shape: type[BaseSerializer[Any]]) -> dict[str, Any]:
        """Return the validated body. Raises Invalid for unknown names, such as a typo."""
        body = {name: _blank_if_unseen(value) for name, value in body_of(self.request).items()}
        serializer = shape(data=body)
        known = list(getattr(serializer, "fields", ()))
        if unknown := [name for name in body if name not in known]:
            sentence = _("Unknown field. Use: %(names)s.") % {"names": ", ".join(known)}
            raise Invalid(_("Some fields are unknown."), {name: [sentence] for name in unknown})
        serializer.is_valid(raise_exception=True)
        return dict(serializer.validated_data)


def _blank_if_unseen(value: Any) -> Any:
    """Return the value, or "" for a text that shows nothing."""
    return "" if isinstance(value, str) and shows_nothing(value) else value


def body_of(request: Request) -> dict[str, Any]:
    """Return the body, which must be one JSON object. An empty body is refused too."""
    if not isinstance(request.data, dict) or not _has_bytes(request):
        raise Invalid(_("Please send one JSON object."))
    return request.data


def _has_bytes(request: Request) -> bool:
    return bool(request.data) or request.META.get("CONTENT_LENGTH") not in (None, "", "0")


def id_of(value: str) -> uuid.UUID:
    """Return an id from an address. Raises NotFound if it is not a UUID."""
    try:
        return uuid.UUID(value)
    except ValueError:
        raise NotFound from None
