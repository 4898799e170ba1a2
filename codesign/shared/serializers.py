"""Shapes that every part of the API shares."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import OpenApiResponse
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
    413: "More than can be taken at once.",
    415: "The body is not JSON.",
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


def refused(*codes: int) -> dict[tuple[int, str], OpenApiResponse]:
    """Refusals for the description of an operation, beside those that every one can give."""
    return {(code, CONTENT_TYPE): OpenApiResponse(ProblemSerializer, WHY[code]) for code in codes}
