"""API errors as RFC 9457 problem documents."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from django.core.exceptions import PermissionDenied, RequestDataTooBig
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from rest_framework import exceptions, status
from rest_framework.response import Response
from rest_framework.views import set_rollback

from codesign.shared.errors import (
    UNSTORABLE_ERRORS,
    UNSTORABLE_WORDS,
    Invalid,
    NotFound,
    Refusal,
    TooLarge,
)

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise

log = logging.getLogger(__name__)

CONTENT_TYPE = "application/problem+json"
TOO_OFTEN = _("Too many requests. Try again in {wait} seconds.")
INVALID = _("Some values are missing or invalid. See “fields”.")
TOO_LONG = _("This request is too large. Please send it in parts.")
SAYS: Mapping[type[exceptions.APIException], _StrPromise] = {
    exceptions.NotAuthenticated: _(
        "You are not signed in. Send a token as “Authorization: Token …”, or sign in."
    ),
    exceptions.MethodNotAllowed: _(
        "{method} is not allowed here. The header “Allow” lists the allowed methods."
    ),
    exceptions.NotAcceptable: _(
        "The response is JSON, which your header “Accept” does not allow. Remove the header or "
        "accept application/json."
    ),
    exceptions.UnsupportedMediaType: _(
        "This content type is not supported. Use “Content-Type: {kinds}”."
    ),
}
"""Messages that replace those of REST framework, and say what to do."""


def is_api(request: HttpRequest) -> bool:
    """Return whether this is an API request, judging by its address."""
    return request.path_info.startswith("/api/")


def _body(status_code: int, code: str, title: str, **extra: Any) -> dict[str, Any]:
    return {"type": f"urn:codesign:problem:{code}", "title": title, "status": status_code, **extra}


def problem_outside(status_code: int, code: str, title: str) -> HttpResponse:
    """Return a problem document for errors outside of an API view."""
    return JsonResponse(
        _body(status_code, code, title), status=status_code, content_type=CONTENT_TYPE
    )


def problem(status_code: int, code: str, title: str, **extra: Any) -> Response:
    """Return a problem document. `title` is a sentence for a person."""
    body = _body(status_code, code, title, **extra)
    return Response(body, status=status_code, content_type=CONTENT_TYPE)


def exception_handler(error: Exception, context: dict[str, Any]) -> Response | None:
    """Turn refusals and REST framework's exceptions into problem documents.

    Returns None for other exceptions, which then become 500s.
    """
    if isinstance(error, UNSTORABLE_ERRORS):
        log.warning("rejected a value that no column can store", exc_info=error)
        return _refused(Invalid(str(UNSTORABLE_WORDS)))
    if isinstance(error, Refusal):
        return _refused(error)
    if isinstance(error, RequestDataTooBig):
        return problem(413, TooLarge.code, str(TOO_LONG))
    if isinstance(error, Http404):
        error = exceptions.NotFound(NotFound().title)
    if isinstance(error, PermissionDenied):
        error = exceptions.PermissionDenied(gettext("You are not allowed to do this."))
    if not isinstance(error, exceptions.APIException):
        return None
    set_rollback()
    if isinstance(error, exceptions.ValidationError):
        fields = _by_field(error.detail)
        return problem(400, "invalid", str(INVALID), fields=fields)
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
    if template := SAYS.get(type(error)):
        parsers = getattr(context.get("view"), "parser_classes", ())
        kinds = "”, “".join(parser.media_type for parser in parsers)
        return template.format(method=context["request"].method, kinds=kinds)
    return str(error.detail)


def _by_field(detail: Any, path: str = "") -> dict[str, list[str]]:
    """Return a serializer's nested errors by path: `ratings.0.score` → its messages."""
    if isinstance(detail, Mapping):
        parts = list(detail.items())
    elif all(isinstance(error, str) for error in detail):
        return {path or "body": [str(error) for error in detail]}
    else:
        parts = [(str(number), errors) for number, errors in enumerate(detail) if errors]
    messages: dict[str, list[str]] = {}
    for name, inner in parts:
        inner_path = str(path if name == "non_field_errors" else f"{path}.{name}".lstrip("."))
        messages.update(_by_field(inner, inner_path))
    return messages
