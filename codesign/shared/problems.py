"""API errors as RFC 9457 problem documents."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from rest_framework import exceptions, status
from rest_framework.response import Response
from rest_framework.views import set_rollback

from codesign.shared.errors import Invalid, Refusal

CONTENT_TYPE = "application/problem+json"


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
    if isinstance(error, Refusal):
        set_rollback()
        extra = dict(error.extra)
        if isinstance(error, Invalid) and error.fields:
            extra["fields"] = error.fields
        return problem(error.status, error.code, error.title, **extra)
    if isinstance(error, Http404):
        error = exceptions.NotFound("There is nothing here for you.")
    if isinstance(error, PermissionDenied):
        error = exceptions.PermissionDenied("You may not do this here.")
    if not isinstance(error, exceptions.APIException):
        return None
    set_rollback()
    if isinstance(error, exceptions.ValidationError):
        return problem(400, "invalid", "Some of this could not be read.", fields=error.detail)
    answer = problem(error.status_code, str(error.default_code), str(error.detail))
    if isinstance(error, exceptions.NotAuthenticated | exceptions.AuthenticationFailed):
        answer.status_code = status.HTTP_401_UNAUTHORIZED
        answer["WWW-Authenticate"] = getattr(error, "auth_header", "Token")
    if isinstance(error, exceptions.Throttled) and (wait := getattr(error, "wait", None)):
        answer["Retry-After"] = str(int(wait) + 1)
    return answer
