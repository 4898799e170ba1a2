"""The entries of a submission and the types of their fields.

Fields are checked in the order of their definition. A check can read the valid fields before its
own (`info.data`) and what the assignment asks (`info.context`).
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Annotated, Any, ClassVar, Self, cast

from django.utils.translation import gettext, gettext_lazy
from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ModelWrapValidatorHandler,
    ValidationError,
    ValidationInfo,
    ValidatorFunctionWrapHandler,
    WrapValidator,
    model_validator,
)

from annotations.contract.asked import Asked
from annotations.contract.errors import SENTENCES, refused, says
from annotations.contract.values import without_empty
from annotations.rules.scales import UNSURE
from annotations.rules.states import Ask, Harm
from annotations.rules.texts import one_line_ending, same_text, storable

MAX_TEXT = 50_000
"""Characters of one text."""
MAX_LABEL = 60
"""Characters of the label of a highlight."""
MAX_NOTE = 500
"""Characters of the note of a skip."""
FREE_TEXT = "free text"
"""Marks a field for free text, which can make us offer support."""


class Part(BaseModel):
    """An object in a request: no unknown keys, no conversions, immutable."""

    model_config = ConfigDict(strict=True, frozen=True, extra="forbid")


@cache
def names_of(part: type[Part]) -> frozenset[str]:
    """Return the names of a part's fields."""
    return frozenset(part.model_fields)


@cache
def _required(part: type[Part]) -> dict[str, None]:
    return {name: None for name, field in part.model_fields.items() if field.is_required()}


class Entry(Part):
    """An entry of a list about one of the responses shown."""

    meaningful: ClassVar[frozenset[str]]
    """An entry in which all of these fields are empty is ignored."""

    @model_validator(mode="wrap")
    @classmethod
    def _read(cls, value: Any, handler: ModelWrapValidatorHandler[Self]) -> Self:
        """Read the entry. Return None if it is empty.

        Absent fields are read as null, so that each field reports its own error.
        """
        if not isinstance(value, Mapping):
            return handler(value)
        known = names_of(cls)
        sent = without_empty(value, known)
        if not (sent.keys() & cls.meaningful or sent.keys() - known):
            return None  # type: ignore[return-value]
        return handler(_required(cls) | sent)

    def key(self) -> tuple[str | int, ...]:
        """Return the values that must be unique among the entries."""
        raise NotImplementedError


def asked_in(info: ValidationInfo) -> Asked:
    """Return what the assignment asks."""
    return cast(Asked, info.context)


def _shown(value: Any, info: ValidationInfo) -> str:
    if isinstance(value, str) and value.lower() in asked_in(info).texts:
        return value.lower()
    raise refused(gettext_lazy("This is not one of the responses shown."))


def _criterion(value: Any, info: ValidationInfo) -> Any:
    if isinstance(value, str) and value in asked_in(info).scales:
        return value
    raise refused(gettext_lazy("This is not one of the questions."))


def _turn(value: Any, handler: ValidatorFunctionWrapHandler, info: ValidationInfo) -> int:
    """Check that a turn is one of the earlier replies of the conversation."""
    asked = asked_in(info)
    if not (asked.turns and asked.each_turn):
        raise refused(gettext_lazy("This was not asked for."))
    return _within(value, handler, asked.turns[0], asked.turns[-1])


def _of_each_turn(value: Any, info: ValidationInfo) -> Any:
    if isinstance(value, str) and value in asked_in(info).each_turn:
        return value
    raise refused(gettext_lazy("This is not one of the questions about earlier replies."))


def _whole_number(low: int, high: int) -> str:
    """Return the error message for a value that is not a whole number within bounds."""
    words = gettext("Please give a whole number from %(low)d to %(high)d.")
    return words % {"low": low, "high": high}


def _within(value: Any, handler: ValidatorFunctionWrapHandler, low: int, high: int) -> int:
    try:
        number: int = handler(value)
    except ValidationError:
        raise refused(_whole_number(low, high)) from None
    if not low <= number <= high:
        raise refused(_whole_number(low, high))
    return number


def _on_scale(value: Any, handler: ValidatorFunctionWrapHandler, info: ValidationInfo) -> Any:
    """Check that a score is on the scale of its criterion; skipped for an unknown criterion."""
    if "criterion" not in info.data:
        return value
    scale = asked_in(info).scales[info.data["criterion"]]
    if scale.unsure and type(value) is int and value == UNSURE:
        return value
    return _within(value, handler, scale.minimum, scale.maximum)


def _offset(value: Any, handler: ValidatorFunctionWrapHandler, info: ValidationInfo) -> Any:
    """Check that an offset is within the text of its response; skipped for an unknown response."""
    if "response" not in info.data:
        return value
    length = len(asked_in(info).texts[info.data["response"]])
    if info.field_name == "start":
        return _within(value, handler, 0, max(0, length - 1))
    end = _within(value, handler, 1, length)
    if end <= info.data.get("start", -1):
        raise refused(gettext_lazy("The end must be after the start."))
    return end


def _severity(value: Any, handler: ValidatorFunctionWrapHandler, info: ValidationInfo) -> Any:
    """Check the severity; skipped while the harm is missing or invalid."""
    if "harm" not in info.data:
        return value
    if value is None:
        raise refused(gettext_lazy("Please say how much harm it could do."))
    return _within(value, handler, 1, 3)


def _browser_lines(value: Any) -> Any:
    return one_line_ending(value) if isinstance(value, str) else value


def _kept(value: str) -> str:
    if not storable(value):
        raise refused(SENTENCES["string_unicode"])
    return value.strip()


def _changed(value: str, info: ValidationInfo) -> str:
    response = info.data.get("response")
    if response and same_text(value, asked_in(info).texts[response]):
        raise refused(gettext_lazy("This is the same as the response. Change it or clear it."))
    return value


ResponseId = Annotated[str, BeforeValidator(_shown), Field(json_schema_extra={"format": "uuid"})]
_TEXT = (FREE_TEXT, BeforeValidator(_browser_lines), AfterValidator(_kept))
Text = Annotated[str, Field(max_length=MAX_TEXT), *_TEXT]
Note = Annotated[str, Field(max_length=MAX_NOTE), *_TEXT]
Label = Annotated[str, Field(max_length=MAX_LABEL), *_TEXT]


class Rating(Entry):
    """A score for one response on one criterion."""

    meaningful = frozenset({"score"})

    response: ResponseId
    criterion: Annotated[str, BeforeValidator(_criterion)]
    score: Annotated[int, WrapValidator(_on_scale)]

    def key(self) -> tuple[str | int, ...]:
        """Return the values that must be unique: one score for each response and criterion."""
        return self.response, self.criterion


class TurnRating(Entry):
    """A score for one earlier reply in the conversation, on one criterion that has `turns`."""

    meaningful = frozenset({"score"})

    turn: Annotated[
        int,
        Field(ge=1, description="The first message of the assistant is 1."),
        WrapValidator(_turn),
    ]
    criterion: Annotated[str, BeforeValidator(_of_each_turn)]
    score: Annotated[int, WrapValidator(_on_scale)]

    def key(self) -> tuple[str | int, ...]:
        """Return the values that must be unique: one score for each turn and criterion."""
        return self.turn, self.criterion


class Rewrite(Entry):
    """A person's version of a response."""

    meaningful = frozenset({"text"})

    response: ResponseId
    text: Annotated[Text, AfterValidator(_changed)]

    def key(self) -> tuple[str | int, ...]:
        """Return the values that must be unique: one rewrite for each response."""
        return (self.response,)


class Highlight(Entry):
    """A marked passage. Offsets are Unicode code points; the end is not included."""

    meaningful = frozenset({"start", "end", "label", "comment"})

    response: ResponseId
    start: Annotated[int, Field(ge=0), WrapValidator(_offset)]
    end: Annotated[int, Field(ge=1), WrapValidator(_offset)]
    label: Label = ""
    comment: Text = ""

    def key(self) -> tuple[str | int, ...]:
        """Return the values that must be unique. A passage may have several labels."""
        return self.response, self.start, self.end, self.label


class Flag(Entry):
    """A report of harm, severity 1 to 3."""

    meaningful = frozenset({"harm", "severity", "note"})

    response: ResponseId
    harm: Annotated[
        Harm,
        Field(strict=False),
        says(gettext_lazy("Please choose what is wrong with it.")),
    ]
    severity: Annotated[int, Field(ge=1, le=3), WrapValidator(_severity)]
    note: Text = ""

    def key(self) -> tuple[str | int, ...]:
        """Return the values that must be unique: one report of each harm for each response."""
        return self.response, self.harm


NEEDED_ASK: Mapping[str, Ask] = {
    "ratings": Ask.RATING,
    "turn_ratings": Ask.RATING,
    "ranking": Ask.RANKING,
    "strength": Ask.RANKING,
    "all_harmful": Ask.RANKING,
    "cannot_rank": Ask.RANKING,
    "rewrites": Ask.REWRITE,
    "highlights": Ask.HIGHLIGHT,
    "flags": Ask.FLAG,
}
"""Field → the kind of answer that the assignment must ask for, so that the field may be sent."""
