"""A complete submission: what people send for an assignment.

Every optional part may be empty or absent. All errors are reported at once, each at its field:
`ratings.0.score` is the score of the first rating, `ratings.RESPONSE.CRITERION` a missing rating,
`turn_ratings.turn_1.CRITERION` a missing one of the first earlier reply.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Annotated, Any, TypeVar

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    ValidationInfo,
    field_validator,
    model_validator,
)

from annotations.contract.asked import Asked
from annotations.contract.errors import Place, refused, refused_at, says
from annotations.contract.parts import (
    FREE_TEXT,
    NEEDED_ASK,
    Entry,
    Flag,
    Highlight,
    Part,
    Rating,
    Rewrite,
    Text,
    TurnRating,
    asked_in,
    names_of,
)
from annotations.contract.values import without_empty
from annotations.rules.scales import asked_after
from annotations.rules.states import Ask

MAX_ENTRIES = 500
"""Most entries of one list."""
MAX_ACTIVE = 3600
"""Most seconds of work that are counted for one assignment."""
TWICE: dict[str, Promise] = {
    "ratings": _("This was rated twice."),
    "turn_ratings": _("This was rated twice."),
    "rewrites": _("This response was rewritten twice."),
    "highlights": _("This passage is marked twice."),
    "flags": _("This harm is reported twice."),
}
ENTRIES: dict[str, type[Entry]] = {
    "ratings": Rating,
    "turn_ratings": TurnRating,
    "rewrites": Rewrite,
    "highlights": Highlight,
    "flags": Flag,
}
E = TypeVar("E", bound=Entry)


def _not_too_many(value: Any) -> Any:
    if isinstance(value, list) and len(value) > MAX_ENTRIES:
        raise refused(_("Use at most 500 entries."))
    return value


def _distinct(entries: tuple[E | None, ...], info: ValidationInfo) -> tuple[E, ...]:
    """Remove empty entries and refuse duplicates. Until here, entries keep their positions."""
    sentence = TWICE[str(info.field_name)]
    seen: set[tuple[str | int, ...]] = set()
    twice: dict[Place, Promise] = {}
    for place, entry in enumerate(entries):
        if entry is None:
            continue
        if entry.key() in seen:
            twice[(place,)] = sentence
        seen.add(entry.key())
    if twice:
        raise refused_at(twice)
    return tuple(entry for entry in entries if entry is not None)


def _every_question(ratings: tuple[Rating, ...], info: ValidationInfo) -> tuple[Rating, ...]:
    """If ratings are asked for, check that each response has one for each criterion that is asked.

    A criterion that is asked only after other answers must not be rated after these.
    """
    asked = asked_in(info)
    if Ask.RATING not in asked.asks:
        return ratings
    rated = {rating.key(): rating.score for rating in ratings}
    wrong: dict[Place, Promise] = {}
    for response in asked.texts:
        for criterion, sentence in _wrong_about(response, asked, asked.scales, rated).items():
            wrong[response, criterion] = sentence
    if wrong:
        raise refused_at(wrong)
    return ratings


def _every_turn(ratings: tuple[TurnRating, ...], info: ValidationInfo) -> tuple[TurnRating, ...]:
    """The same for the earlier replies in the conversation, with the criteria of each turn."""
    asked = asked_in(info)
    if Ask.RATING not in asked.asks or not asked.each_turn:
        return ratings
    rated = {rating.key(): rating.score for rating in ratings}
    criteria = [criterion for criterion in asked.scales if criterion in asked.each_turn]
    wrong: dict[Place, Promise] = {}
    for turn in asked.turns:
        for criterion, sentence in _wrong_about(turn, asked, criteria, rated).items():
            wrong[f"turn_{turn}", criterion] = sentence
    if wrong:
        raise refused_at(wrong)
    return ratings


def _wrong_about(
    about: str | int,
    asked: Asked,
    criteria: Collection[str],
    rated: Mapping[tuple[str | int, ...], int],
) -> dict[str, Promise]:
    """Return criterion → what is wrong, for a response or a turn that is rated on criteria."""
    wanted = _criteria_asked(about, asked, criteria, rated)
    wrong: dict[str, Promise] = {}
    for criterion in criteria:
        if (about, criterion) not in rated and criterion in wanted:
            wrong[criterion] = _("Please choose an answer.")
        elif (about, criterion) in rated and criterion not in wanted:
            wrong[criterion] = _("This is not asked after the answers above it.")
    return wrong


def _criteria_asked(
    about: str | int,
    asked: Asked,
    criteria: Collection[str],
    rated: Mapping[tuple[str | int, ...], int],
) -> Collection[str]:
    """Return those of the criteria that are asked about a response or a turn."""
    if not asked.conditions:
        return criteria
    scores = {key: rated[about, key] for key in criteria if (about, key) in rated}
    return asked_after(criteria, asked.conditions, scores)


def _known_reasons(reasons: tuple[str, ...], info: ValidationInfo) -> tuple[str, ...]:
    """Check that each reason is one of the rubric's, and drop repetitions."""
    if not asked_in(info).reasons.issuperset(reasons):
        raise refused(_("This is not one of the reasons."))
    return tuple(dict.fromkeys(reasons))


def _every_response(value: Any, info: ValidationInfo) -> Any:
    """If a ranking is asked for, check that it names every response, or that there is none."""
    asked = asked_in(info)
    all_harmful = info.data.get("all_harmful", True)
    cannot_rank = info.data.get("cannot_rank", True)
    if value == ():
        if Ask.RANKING in asked.asks and not (all_harmful or cannot_rank):
            raise refused(_("Please say how they compare, or that all could do harm."))
        return value
    if all_harmful:
        raise refused(_("Choose one: compare them, or say that all could do harm."))
    if cannot_rank:
        raise refused(_("Choose one: compare them, or say that they cannot be compared."))
    if not isinstance(value, list) or not all(isinstance(group, list) for group in value):
        raise refused(_("Please send a list of groups, the best first."))
    if not all(isinstance(name, str) for group in value for name in group):
        raise refused(_("Please name the responses by their ids."))
    groups = [[name.lower() for name in group] for group in value if group]
    if sorted(name for group in groups for name in group) != sorted(asked.texts):
        raise refused(_("Please place every response that is shown, each once."))
    return groups


def _not_harmful(cannot_rank: bool, info: ValidationInfo) -> bool:
    """Refuse two answers that exclude each other."""
    if cannot_rank and info.data.get("all_harmful"):
        raise refused(_("Choose one: they cannot be compared, or all of them could do harm."))
    return cannot_rank


def _of_two(strength: int | None, info: ValidationInfo) -> int | None:
    """Refuse a strength without a better response; skipped for an invalid ranking."""
    ranking = info.data.get("ranking")
    if strength and ranking is not None and not len(asked_in(info).texts) == len(ranking) == 2:
        raise refused(_("“How much better” needs two responses, and one of them must be better."))
    return strength


def _bounded(value: Any) -> float | None:
    """Bound the seconds before the conversion: an integer can be too large for a float."""
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or value != value:  # NaN
        raise refused(_("Please give a number of seconds."))
    return float(max(0, min(value, MAX_ACTIVE)))


Entries = Annotated[
    tuple[E, ...],
    Field(strict=False, json_schema_extra={"maxItems": MAX_ENTRIES}),
    BeforeValidator(_not_too_many),
    AfterValidator(_distinct),
]
Group = Annotated[
    tuple[Annotated[str, Field(json_schema_extra={"format": "uuid"})], ...], Field(strict=False)
]


class Submission(Part):
    """All fields that can be sent for an assignment."""

    ratings: Annotated[Entries[Rating], AfterValidator(_every_question)] = Field(
        (), validate_default=True
    )
    turn_ratings: Annotated[Entries[TurnRating], AfterValidator(_every_turn)] = Field(
        (),
        validate_default=True,
        description="Of the earlier replies in the conversation, on the criteria with `turns`.",
    )
    all_harmful: Annotated[bool, says(_("Please send true or false."))] = Field(
        False, description="Instead of a ranking."
    )
    cannot_rank: Annotated[
        bool, says(_("Please send true or false.")), AfterValidator(_not_harmful)
    ] = Field(False, description="Instead of a ranking: the responses cannot be compared.")
    ranking: Annotated[tuple[Group, ...], Field(strict=False), BeforeValidator(_every_response)] = (
        Field(
            (),
            validate_default=True,
            description="Groups of response ids, the best first; one group for a tie.",
        )
    )
    strength: Annotated[
        Annotated[int, Field(ge=1, le=3)] | None,
        says(_("Please give a whole number from 1 to 3.")),
        AfterValidator(_of_two),
    ] = Field(None, description="Slightly, clearly, much better; with two responses and no tie.")
    why: Annotated[
        tuple[str, ...],
        Field(strict=False, json_schema_extra={"maxItems": MAX_ENTRIES}),
        says(_("Please send a list of keys of reasons.")),
        BeforeValidator(_not_too_many),
        AfterValidator(_known_reasons),
    ] = Field((), description="Keys of the rubric's reasons that the person chose.")
    rewrites: Entries[Rewrite] = ()
    highlights: Entries[Highlight] = ()
    flags: Entries[Flag] = ()
    comment: Text = ""
    active_seconds: Annotated[float | None, BeforeValidator(_bounded)] = None

    def active_ms(self, *, since_shown: float) -> int:
        """Return the milliseconds of work, at most an hour and at most the time since shown.

        Without a count of the browser (a page without scripts), it is the time since shown.
        """
        seconds = since_shown if self.active_seconds is None else self.active_seconds
        return int(max(0.0, min(seconds, since_shown, MAX_ACTIVE)) * 1000)

    @model_validator(mode="before")
    @classmethod
    def _read(cls, value: Any) -> Any:
        return without_empty(value, names_of(cls))

    @field_validator(*NEEDED_ASK, mode="before")
    @classmethod
    def _only_if_asked(cls, value: Any, info: ValidationInfo) -> Any:
        if value != () and NEEDED_ASK[str(info.field_name)] not in asked_in(info).asks:
            raise refused(_("This was not asked for."))
        return value


def _free_texts(part: type[Part]) -> tuple[str, ...]:
    return tuple(n for n, field in part.model_fields.items() if FREE_TEXT in field.metadata)


FREE_TEXTS: dict[str, tuple[str, ...]] = {
    **dict.fromkeys(_free_texts(Submission), ()),
    **{name: keys for name, entry in ENTRIES.items() if (keys := _free_texts(entry))},
}
"""Fields with free text → the free-text fields of each entry, if the field is a list."""
