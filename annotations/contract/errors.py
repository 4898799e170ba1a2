"""Turn pydantic's errors into `Invalid`, with a path and a sentence for each field."""

from __future__ import annotations

from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext, gettext_lazy
from pydantic import ValidationError, ValidatorFunctionWrapHandler, WrapValidator
from pydantic_core import ErrorDetails, InitErrorDetails, PydanticCustomError

from codesign.shared.errors import Invalid

REFUSED = "refused"
"""Type of the errors that have a sentence of ours."""
SENTENCES: dict[str, Promise] = {
    "extra_forbidden": gettext_lazy("Unknown field."),
    "model_type": gettext_lazy("Please send an object."),
    "string_type": gettext_lazy("Please send this as text."),
    "string_unicode": gettext_lazy(
        "This contains a character that cannot be saved. Please remove it."
    ),
    "tuple_type": gettext_lazy("Please send a list."),
}
"""Sentences for the validator's own errors, by their type."""
Place = tuple[str | int, ...]


def refused(sentence: str | Promise) -> PydanticCustomError:
    """Return an error with this sentence, in the language of the person who sent the value."""
    return PydanticCustomError(REFUSED, str(sentence))


def refused_at(errors: dict[Place, Promise]) -> ValidationError:
    """Return errors at places within the value that is being checked."""
    details = [
        InitErrorDetails(type=refused(sentence), loc=place, input=None)
        for place, sentence in errors.items()
    ]
    return ValidationError.from_exception_data(REFUSED, details)


def says(sentence: Promise) -> WrapValidator:
    """Use this sentence for every wrong value of a field."""

    def check(value: Any, handler: ValidatorFunctionWrapHandler) -> Any:
        try:
            return handler(value)
        except ValidationError:
            raise refused(sentence) from None

    return WrapValidator(check)


def invalid(title: str, error: ValidationError) -> Invalid:
    """Return `Invalid` with every error at its field, such as `ratings.0.score`."""
    fields: dict[str, list[str]] = {}
    for detail in error.errors(include_url=False):
        sentences = fields.setdefault(_path(detail["loc"]), [])
        if (sentence := _sentence(detail)) not in sentences:
            sentences.append(sentence)
    return Invalid(title, fields)


def _path(place: Place) -> str:
    """Return the path of a field. Errors within a ranking belong to the ranking as a whole."""
    return "ranking" if place[0] == "ranking" else ".".join(map(str, place))


def _sentence(detail: ErrorDetails) -> str:
    kind = detail["type"]
    if kind == REFUSED:
        return detail["msg"]
    if kind == "string_too_long":
        words = gettext("This is longer than %(limit)s characters. Please shorten it.")
        return words % {"limit": f"{detail['ctx']['max_length']:,}"}
    return str(SENTENCES[kind])
