"""Serializers and error descriptions that every part of the API shares."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import OpenApiExample, OpenApiResponse
from rest_framework import serializers

from codesign.shared.problems import CONTENT_TYPE

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise

Shape = serializers.Serializer[dict[str, Any]]
WHY: dict[int, str] = {
    400: "Something sent is invalid; `fields` says what and where.",
    401: "No valid credentials: the token is unknown, expired or revoked.",
    403: "Your role, your consent or the token's scopes do not include this.",
    404: "It does not exist, or you do not have access to it.",
    406: "The response is JSON, which `Accept` does not allow.",
    409: "The request was valid, but something changed in the meantime.",
    410: "It existed once and is no longer available.",
    411: "The body was sent in chunks; send its length as `Content-Length`.",
    413: "The request is too large.",
    415: "This content type is not supported.",
    416: "The file is shorter than the requested range.",
    429: "Too many requests; `Retry-After` says how many seconds to wait.",
}


class ProblemSerializer(Shape):
    """A refusal (RFC 9457): `title` is a sentence for a person."""

    type = serializers.CharField(help_text="`urn:codesign:problem:…`, for programs.")
    title = serializers.CharField()
    status = serializers.IntegerField(min_value=400, max_value=599)
    fields = serializers.DictField(  # type: ignore[assignment]
        child=serializers.ListField(child=serializers.CharField()),
        required=False,
        help_text="What is wrong, by field.",
    )


SUCH_AS: dict[int, tuple[str, str, dict[str, list[str]]]] = {
    400: ("invalid", "Some values are missing or invalid.", {"purpose": ["This is missing."]}),
    401: ("not_authenticated", "This token is unknown or was revoked.", {}),
    403: ("not_permitted", "Your role in this study does not include this.", {}),
    404: ("not_found", "This does not exist, or you do not have access to it.", {}),
    406: ("not_acceptable", "The response is JSON. Accept application/json.", {}),
    409: ("conflict", "You have already submitted this.", {}),
    410: ("gone", "The files are no longer available. Please use a newer release.", {}),
    411: ("length_required", "Please send the length of the body as “Content-Length”.", {}),
    413: ("too_large", "This is larger than 100,000 bytes. Please send it in parts.", {}),
    415: ("unsupported_media_type", "This content type is not supported. Send JSON.", {}),
    416: ("range_not_satisfiable", "The requested range starts after the end of the file.", {}),
    429: ("throttled", "Too many requests. Try again in 20 seconds.", {}),
}
"""Example of each refusal: (code, title, fields)."""


def refusal(status: int) -> OpenApiResponse:
    """Return the OpenAPI description of a refusal, with an example."""
    code, title, fields = SUCH_AS[status]
    body: dict[str, Any] = {"type": f"urn:codesign:problem:{code}", "title": title}
    body |= {"status": status} | ({"fields": fields} if fields else {})
    example = OpenApiExample(
        code, body, response_only=True, status_codes=[str(status)], media_type=CONTENT_TYPE
    )
    return OpenApiResponse(ProblemSerializer, WHY[status], examples=[example])


def refused(*codes: int) -> dict[tuple[int, str], OpenApiResponse]:
    """Return the descriptions of refusals that an operation adds to the common ones."""
    return {(code, CONTENT_TYPE): refusal(code) for code in codes}


class OneOf(serializers.ChoiceField):
    """A choice whose error message lists the accepted values."""

    def __init__(self, choices: Sequence[str], **options: Any) -> None:
        """`choices` are the accepted values."""
        message = format_lazy(_("Please use one of: {values}."), values=", ".join(choices))
        options["error_messages"] = {"invalid_choice": message}
        super().__init__(choices, **options)


def optional_text(*, help_text: str, max_length: int | None = None) -> serializers.CharField:
    """Return a text field that may be left out or empty; both give an empty text."""
    return serializers.CharField(
        default="", allow_blank=True, max_length=max_length, help_text=help_text
    )


_SENTENCES: dict[type[serializers.Field[Any, Any, Any, Any]], dict[str, _StrPromise]] = {
    serializers.Field: {"required": _("This is missing."), "null": _("This may not be null.")},
    serializers.CharField: {
        "invalid": _("Please send a text."),
        "blank": _("This may not be empty."),
        "max_length": _("Please keep this to {max_length} characters."),
    },
    serializers.IntegerField: {
        "invalid": _("Please send a whole number."),
        "min_value": _("Please send {min_value} or more."),
        "max_value": _("Please send {max_value} or less."),
        "max_string_length": _("Please send a whole number."),
    },
    serializers.FloatField: {
        "invalid": _("Please send a number."),
        "min_value": _("Please send {min_value} or more."),
        "max_value": _("Please send {max_value} or less."),
        "max_string_length": _("Please send a number."),
    },
    serializers.UUIDField: {"invalid": _("Please send an id that this API returned.")},
    serializers.BooleanField: {"invalid": _("Must be true or false.")},
    serializers.DictField: {"not_a_dict": _("Please send an object.")},
    serializers.ListField: {"not_a_list": _("Please send a list.")},
}


def speak_plainly() -> None:
    """Replace REST framework's default messages at their source, so that none can be sent."""
    for field, sentences in _SENTENCES.items():
        field.default_error_messages = {**field.default_error_messages, **sentences}
