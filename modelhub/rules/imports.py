"""Reads one row of an imported file into plain values, or raises BadRow."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from annotations.rules.prompts import PromptRow, fields_problem, row_problem, text_problem
from annotations.rules.text_kinds import Category, Origin
from annotations.rules.texts import one_line_ending, storable
from codesign.shared.visible import seen, shows_nothing
from modelhub.engine.model_disclosure import giveaway
from modelhub.rules import values
from modelhub.rules.marks import CHARACTERS, MARKS, Mark, marks_of
from modelhub.rules.raw_rows import BadRow
from modelhub.rules.thoughts import with_think_tags

MOST_ROWS = 100_000
MOST_BYTES = 500_000_000
"""Limits of one file."""
AT_ONCE_ROWS = 1_000
AT_ONCE_BYTES = 4_000_000
"""Limits of an import within a request, which takes a second or two, or ten on a busy machine.
Larger imports go to a worker, since proxies end requests after a minute or less."""
MOST_LINE = 16_000_000
"""Bytes of one line of JSON, characters of one cell of a table."""
MOST_RESPONSES = 50
MEDIUM = 2
"""The intensity of a row that gives none, unless its words call for more (see `intensities`)."""
MODEL_NAME = 120
PACKINGS = (".gz", ".zst")
SUFFIXES = (".jsonl", ".ndjson", ".json", ".csv", ".tsv", ".parquet", ".xlsx", *PACKINGS)
"""Names of files that can be imported end in one of these."""
BODY = ".body"
"""Suffix of a file that holds a JSON body of the API."""
_ORIGINS = tuple(Origin)
MOST_RANK = 1_000
RANKED = "ranked"
"""Counts responses with a rank."""
LONGEST_MISSING = 8
"""Characters of a text that may be a word for a missing value, with spaces around it."""
_TEXTS = frozenset({"prompt", "responses"})
_RESPONSE_KEYS = frozenset({"text", "model", "origin", "rank"}) | MARKS
_OBJECT = re.compile(
    r"\[?\s*\{\s*[\"'“”}]"
    r"|(?:\[?\s*\{|[A-Za-z_]+\()\s*[\"'“”]?(?:text|model|origin)[\"'“”]?\s*[:=]"
)
"""The beginning of a text that is a serialised object, or a list of them, after `bare_text`."""


@dataclass(frozen=True, slots=True)
class ResponseRow:
    """A response that was imported with a prompt. `model` is empty if it is unknown.

    `rank` is its place among the responses of the prompt as the file has it: 1 is best, 0 unknown.
    """

    text: str
    model: str = ""
    origin: Origin = Origin.AI
    rank: int = 0
    marks: tuple[Mark, ...] = ()
    """Its scores and spans as the file has them."""


@dataclass(frozen=True, slots=True)
class ImportRow:
    """One valid row of a file."""

    prompt: PromptRow
    responses: tuple[ResponseRow, ...]

    @property
    def characters(self) -> int:
        """The number of characters of the prompt and its responses."""
        of_prompt = sum(len(turn["content"]) for turn in self.prompt.messages)
        return of_prompt + sum(
            len(response.text) + len(response.marks) * CHARACTERS for response in self.responses
        )


def import_row(raw: Any, *, line: int) -> ImportRow:
    """Read one JSON object or one row of a table; raises BadRow if it is invalid."""
    if not isinstance(raw, Mapping):
        raise BadRow(_("the row is not an object with a prompt."))
    try:
        return _import_row(raw, line)
    except RecursionError:
        raise BadRow(_("the row is nested too deeply.")) from None


def _import_row(raw: Mapping[str, Any], line: int) -> ImportRow:
    given = {
        name: value
        for name, value in raw.items()
        if not (values.absent if name in _TEXTS else values.missing)(value)
    }
    if "prompt" not in given:
        empty = isinstance(raw.get("prompt"), str)
        raise BadRow(_("the prompt is empty.") if empty else _("the prompt is missing."))
    prompt = _prompt_row(given, line)
    return ImportRow(prompt, _responses(given.get("responses", ())))


def packed(row: ImportRow) -> list[Any]:
    """Return a row as a list of plain values, to send it to another process (see `unpacked`)."""
    prompt = row.prompt
    return [
        prompt.line,
        prompt.messages,
        prompt.external_id,
        prompt.category,
        prompt.topics,
        prompt.intensity,
        prompt.language,
        prompt.held_out,
        prompt.family,
        prompt.intensity_said,
        [[one.text, one.model, one.origin, one.rank, *one.marks] for one in row.responses],
    ]


def unpacked(plain: Sequence[Any]) -> ImportRow:
    """Return the row of a list that `packed` made."""
    line, messages, *fields, responses = plain
    return ImportRow(
        PromptRow(messages, line, *fields),
        tuple(
            ResponseRow(text, model, Origin(origin), rank, tuple(Mark(*mark) for mark in marks))
            if marks
            else ResponseRow(text, model, Origin(origin), rank)
            for text, model, origin, rank, *marks in responses
        ),
    )


def _prompt_row(given: Mapping[str, Any], line: int) -> PromptRow:
    messages = values.turns(given["prompt"])
    problem_of = row_problem
    if isinstance(messages, str):
        problem_of = fields_problem  # the one turn is checked here
        if problem := text_problem(messages, "the prompt"):
            raise BadRow(problem)
        _check_is_said(messages, "the prompt")
        messages = [{"role": "user", "content": messages}]
    elif isinstance(messages, list):
        messages = [_with_think_tags(turn) for turn in messages]
    external_id = values.name_of(given.get("external_id", ""), "external_id")
    if not isinstance(external_id, str) or ("external_id" in given and shows_nothing(external_id)):
        raise BadRow(_("external_id is neither text nor a number."))
    prompt = PromptRow(
        messages=messages,
        line=line,
        external_id=external_id,
        category=values.word(given.get("category", Category.EDUCATION)),
        topics=values.topics(given.get("topics", ())),
        intensity=values.whole(given.get("intensity", MEDIUM)),
        language=values.language(given.get("language", "en")),
        held_out=values.yes_or_no(given.get("held_out", False)),
        family=values.name_of(given.get("family", ""), "family"),
        intensity_said="intensity" in given,
    )
    if problem := problem_of(prompt):
        raise BadRow(problem)
    return prompt


def _with_think_tags(turn: Any) -> Any:
    if not isinstance(turn, Mapping) or turn.get("role") != "assistant":
        return turn
    said = turn.get("content")
    return {**turn, "content": with_think_tags(said)} if isinstance(said, str) else turn


def _responses(raw: Any) -> tuple[ResponseRow, ...]:
    if isinstance(raw, str):
        raw = _listed_in(raw)
    raw = [raw] if isinstance(raw, str | Mapping) else raw
    if not isinstance(raw, list | tuple) or len(raw) > MOST_RESPONSES:
        raise BadRow(
            _("responses is not a list of at most %(most)d responses.") % {"most": MOST_RESPONSES}
        )
    numbered = [(number, one) for number, one in enumerate(raw, 1) if not _no_response(one)]
    return tuple(_response(one, number) for number, one in numbered)


def _listed_in(text: str) -> Any:
    """Return the list of responses that a text is, or the text."""
    listed = values.list_in(text, "responses")
    if listed is None and values.bare_text(text).startswith("[") and _is_object(text):
        raise BadRow(values.not_json("responses"))
    return text if listed is None else listed


def _no_response(one: Any) -> bool:
    """Return whether an entry is null or NaN, or an object of such values as Arrow writes it."""
    if isinstance(one, Mapping):
        return bool(one) and all(value is None or value != value for value in one.values())
    return one is None or one != one


def _is_object(text: str) -> bool:
    """Return whether a text is a serialised object, or a JSON string of one."""
    bare = values.bare_text(text)
    if bare.startswith('"') and bare.endswith('"'):
        try:
            bare = values.bare_text(str(json.loads(bare)))
        except (ValueError, RecursionError):
            return False
    return bool(_OBJECT.match(bare))


def _parsed(text: str, number: int) -> Mapping[str, Any]:
    """Return the object of a response that is a text or a serialised JSON object.

    An object must not be shown as text, because it would reveal its model to people who judge.
    """
    if not _is_object(text):
        return {"text": text}
    try:
        value = json.loads(values.bare_text(text))
        value = json.loads(values.bare_text(value)) if isinstance(value, str) else value
    except (ValueError, RecursionError):
        value = None
    if not isinstance(value, Mapping):
        raise BadRow(
            _('response %(n)d starts like {"text": …, "model": …} but is not valid JSON.')
            % {"n": number}
        )
    return value


def _response(raw: Any, number: int) -> ResponseRow:
    given = _parsed(raw, number) if isinstance(raw, str) else raw
    _check_keys(given, number)
    text, model, origin = (_part(given, name) for name in ("text", "model", "origin"))
    raw_text = text
    text = one_line_ending(text) if isinstance(text, str) else text
    if isinstance(text, str) and values.absent(given.get("spans")):  # which are places in the text
        text = with_think_tags(text)
    if problem := text_problem(text, f"response {number}"):
        raise BadRow(problem)
    _check_is_said(text, f"response {number}")
    if _is_object(text):
        raise BadRow(
            _("the text of response %(n)d is an object or a list, not text.") % {"n": number}
        )
    if not isinstance(model, str) or len(model.strip()) > MODEL_NAME or not storable(model):
        raise BadRow(
            _("the model of response %(n)d is not a name of at most %(most)d characters.")
            % {"n": number, "most": MODEL_NAME}
        )
    if (origin := values.word(origin) or Origin.AI) not in _ORIGINS:
        raise BadRow(
            _("the origin of response %(n)d is not one of %(origins)s.")
            % {"n": number, "origins": ", ".join(Origin)}
        )
    if disclosure := giveaway(text, [model]):
        raise BadRow(
            _("response %(n)d reveals the model that wrote it (“%(words)s”); judging is blind.")
            % {"n": number, "words": disclosure.words}
        )
    rank = values.whole(given.get("rank"))
    if not values.absent(rank) and (type(rank) is not int or not 1 <= rank <= MOST_RANK):
        raise BadRow(_("the rank of response %(n)d is not a number from 1 (best).") % {"n": number})
    marks: tuple[Mark, ...] = ()
    if MARKS & given.keys():
        marks = marks_of(given, raw_text, text, number)
    return ResponseRow(text, " ".join(seen(model).split()), Origin(origin), rank or 0, marks)


def _check_is_said(text: str, name: str) -> None:
    """Raise BadRow for a word that programs write where a text is missing."""
    if len(text) <= LONGEST_MISSING and text.strip() in values.MISSING:
        raise BadRow(
            _("%(name)s is “%(text)s”, which programs write for a missing value. Remove it.")
            % {"name": name, "text": text.strip()}
        )


def _check_keys(given: Any, number: int) -> None:
    """Raise BadRow unless this is an object with a text, and with known keys alone."""
    if isinstance(given, Mapping):
        unknown = given.keys() - _RESPONSE_KEYS
        unknown = unknown and values.filled(given).keys() - _RESPONSE_KEYS
        text = given.get("text")
        if not unknown and (isinstance(text, str) or not values.absent(text)):
            return
    else:
        unknown = set()
    sentence = _('response %(n)d is neither text nor {"text": …, "model": …}.') % {"n": number}
    if unknown:
        words = _("It has the unknown key %(key)s. Remove it, or leave it empty.")
        sentence = f"{sentence} {words % {'key': values.listed(unknown)}}"
    raise BadRow(sentence)


def _part(given: Mapping[str, Any], name: str) -> Any:
    value = given.get(name)
    return "" if values.absent(value) else value
