"""Shapes that every part of the API shares."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from drf_spectacular.utils import OpenApiExample, OpenApiResponse
from rest_framework import serializers

from codesign.shared.problems import CONTENT_TYPE

Shape = serializers.Serializer[dict[str, Any]]
WHY: dict[int, str] = {
    400: "Something sent is wrong; `fields` says what and where.",
    401: "Nobody is signed in, or the token is unknown or has ended.",
    403: "Your role, your consent or the token's scopes do not include this.",
    404: "There is no such thing for you.",
    406: "The answer would be JSON, which `Accept` does not allow.",
    409: "It was fine once, and something happened in between.",
    410: "It was here once and is not handed out any more.",
    411: "The body came in chunks; send its length as `Content-Length`.",
    413: "More than can be taken at once.",
    415: "The body is of no kind that this takes.",
    416: "The file is shorter than the part asked for.",
    429: "Too much at once; `Retry-After` says how many seconds to wait.",
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
    400: ("invalid", "Some of this cannot be taken as it is.", {"purpose": ["This is missing."]}),
    401: ("not_authenticated", "This token is not known here, or it was ended.", {}),
    403: ("not_permitted", "Your role in this study does not include this.", {}),
    404: ("not_found", "There is nothing here for you.", {}),
    406: ("not_acceptable", "The answer would be JSON. Accept application/json.", {}),
    409: ("conflict", "You have sent this one already.", {}),
    410: ("gone", "Its files are not given out any more; please use a newer release.", {}),
    411: ("length_required", "Please send the length of the body as “Content-Length”.", {}),
    413: ("too_large", "This is more than 100,000 bytes. Please send it in parts.", {}),
    415: ("unsupported_media_type", "This kind of content cannot be read. Send JSON.", {}),
    416: ("range_not_satisfiable", "The file is shorter than that.", {}),
    429: ("throttled", "That was more than this can take at once. Wait 20 seconds.", {}),
}
"""(code, title, fields) of a refusal as it may come."""


def refusal(status: int) -> OpenApiResponse:
    """A refusal for the description of an operation, with an example of it."""
    code, title, fields = SUCH_AS[status]
    body: dict[str, Any] = {"type": f"urn:codesign:problem:{code}", "title": title}
    body |= {"status": status} | ({"fields": fields} if fields else {})
    example = OpenApiExample(
        code, body, response_only=True, status_codes=[str(status)], media_type=CONTENT_TYPE
    )
    return OpenApiResponse(ProblemSerializer, WHY[status], examples=[example])


def refused(*codes: int) -> dict[tuple[int, str], OpenApiResponse]:
    """Refusals for the description of an operation, beside those that every one can give."""
    return {(code, CONTENT_TYPE): refusal(code) for code in codes}


class OneOf(serializers.ChoiceField):
    """A word out of few; a refusal says which."""

    def __init__(self, choices: Sequence[str], **options: Any) -> None:
        """`choices` as they are sent."""
        words = ", ".join(choices)
        options["error_messages"] = {"invalid_choice": f"Please use one of: {words}."}
        super().__init__(choices, **options)


_SENTENCES: dict[type[serializers.Field[Any, Any, Any, Any]], dict[str, str]] = {
    serializers.Field: {"required": "This is missing.", "null": "This may not be null."},
    serializers.CharField: {
        "invalid": "Please send a text.",
        "blank": "This may not be empty.",
        "max_length": "Please keep this to {max_length} characters.",
    },
    serializers.IntegerField: {
        "invalid": "Please send a whole number.",
        "min_value": "Please send {min_value} or more.",
        "max_value": "Please send {max_value} or less.",
        "max_string_length": "Please send a whole number.",
    },
    serializers.FloatField: {
        "invalid": "Please send a number.",
        "min_value": "Please send {min_value} or more.",
        "max_value": "Please send {max_value} or less.",
        "max_string_length": "Please send a number.",
    },
    serializers.UUIDField: {"invalid": "Please send an id as this API gives it."},
    serializers.BooleanField: {"invalid": "Please send true or false."},
    serializers.DictField: {"not_a_dict": "Please send an object."},
    serializers.ListField: {"not_a_list": "Please send a list."},
}


def speak_plainly() -> None:
    """Replace the library's sentences at their source, so that no part of the API can send them."""
    for field, sentences in _SENTENCES.items():
        field.default_error_messages = {**field.default_error_messages, **sentences}
