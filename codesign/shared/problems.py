"""API errors as RFC 9457 problem documents."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any

from django.core.exceptions import PermissionDenied, RequestDataTooBig
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from rest_framework import exceptions, status
from rest_framework.response import Response
from rest_framework.views import set_rollback

from codesign.shared.errors import (
    UNSTORABLE_ERRORS,
    UNSTORABLE_WORDS,
    Invalid,
    Refusal,
    TooLarge,
)

log = logging.getLogger(__name__)

CONTENT_TYPE = "application/problem+json"
TOO_OFTEN = "That was more than this can take at once. Wait {wait} seconds and go on then."
NOT_AS_IT_IS = "Some of this is missing or cannot be taken as it is: see “fields”."
TOO_LONG = "This is more than can be read at once. Please send it in parts."
SAYS: Mapping[type[exceptions.APIException], str] = {
    exceptions.NotAuthenticated: (
        "Nobody is signed in. Send a token as “Authorization: Token …”, or sign in."
    ),
    exceptions.MethodNotAllowed: (
        "{method} cannot be used here. The header “Allow” says what can be."
    ),
    exceptions.NotAcceptable: (
        "The answer would be JSON, which your header “Accept” does not allow. Leave it out or "
        "accept application/json."
    ),
    exceptions.UnsupportedMediaType: (
        "This kind of content cannot be read. Send it with “Content-Type: {kinds}”."
    ),
}
"""The framework's own refusals in words that say what to do."""


def is_api(request: HttpRequest) -> bool:
    """Whether a program asks, by the address: it cannot read pages."""
    return request.path_info.startswith("/api/")


def _body(status_code: int, code: str, title: str, **extra: Any) -> dict[str, Any]:
    return {"type": f"urn:codesign:problem:{code}", "title": title, "status": status_code, **extra}


def problem_outside(status_code: int, code: str, title: str) -> HttpResponse:
    """A problem document where no view of the API was reached."""
    return JsonResponse(
        _body(status_code, code, title), status=status_code, content_type=CONTENT_TYPE
    )


def problem(status_code: int, code: str, title: str, **extra: Any) -> Response:
    """One problem document; `title` is a sentence that a person understands."""
    body = _body(status_code, code, title, **extra)
    return Response(body, status=status_code, content_type=CONTENT_TYPE)


def exception_handler(error: Exception, context: dict[str, Any]) -> Response | None:
    """Turn refusals and DRF's own exceptions into problem documents; leave bugs to be 500s."""
    if isinstance(error, UNSTORABLE_ERRORS):
        log.warning("refused what no column can hold", exc_info=error)
        return _refused(Invalid(str(UNSTORABLE_WORDS)))
    if isinstance(error, Refusal):
        return _refused(error)
    if isinstance(error, RequestDataTooBig):
        return problem(413, TooLarge.code, TOO_LONG)
    if isinstance(error, Http404):
        error = exceptions.NotFound("There is nothing here for you.")
    if isinstance(error, PermissionDenied):
        error = exceptions.PermissionDenied("You may not do this here.")
    if not isinstance(error, exceptions.APIException):
        return None
    set_rollback()
    if isinstance(error, exceptions.ValidationError):
        fields = _by_field(error.detail)
        return problem(400, "invalid", NOT_AS_IT_IS, fields=fields)
    answer = problem(error.status_code, str(error.default_code), _title(error, context))
    if isinstance(error, exceptions.NotAuthenticated | exceptions.AuthenticationFailed):
        answer.status_code = status.HTTP_401_UNAUTHORIZED
        answer["WWW-Authenticate"] = getattr(error, "auth_header", "Token")
    if isinstance(error, exceptions.Throttled):
        answer["Retry-After"] = str(_seconds(error))
    return answer


def _refused(error: Refusal) -> Response:
    set_rollback()
    extra = dict(error.extra)
    if isinstance(error, Invalid) and error.fields:
        extra["fields"] = error.fields
    return problem(error.status, error.code, error.title, **extra)


def _seconds(error: exceptions.Throttled) -> int:
    return int(getattr(error, "wait", None) or 0) + 1


def _title(error: exceptions.APIException, context: Mapping[str, Any]) -> str:
    if isinstance(error, exceptions.Throttled):
        return TOO_OFTEN.format(wait=_seconds(error))
    if said := SAYS.get(type(error)):
        parsers = getattr(context.get("view"), "parser_classes", ())
        kinds = "”, “".join(parser.media_type for parser in parsers)
        return said.format(method=context["request"].method, kinds=kinds)
    return str(error.detail)


def _by_field(detail: Any, path: str = "") -> dict[str, list[str]]:
    """A serializer's nested complaints as `ratings.0.score` → its sentences."""
    if isinstance(detail, Mapping):
        parts = list(detail.items())
    elif all(isinstance(one, str) for one in detail):
        return {path or "body": [str(one) for one in detail]}
    else:
        parts = [(str(number), one) for number, one in enumerate(detail) if one]
    found: dict[str, list[str]] = {}
    for name, inner in parts:
        own = str(path if name == "non_field_errors" else f"{path}.{name}".lstrip("."))
        found.update(_by_field(inner, own))
    return found
