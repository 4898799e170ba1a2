"""One row of an imported file as plain values, or a sentence that says what is wrong."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import isnan
from typing import Any

from annotations.rules.prompts import PromptRow, fields_problem, row_problem, text_problem
from annotations.rules.text_kinds import Category, Origin
from annotations.rules.texts import storable
from codesign.shared.visible import seen, shows_nothing
from modelhub.engine.model_disclosure import giveaway

COLUMNS = frozenset(
    {
        "prompt",
        "external_id",
        "category",
        "topics",
        "intensity",
        "language",
        "held_out",
        "family",
        "responses",
    }
)
MOST_ROWS = 100_000
MOST_BYTES = 500_000_000
"""Of one file."""
AT_ONCE_ROWS = 1_000
AT_ONCE_BYTES = 4_000_000
"""A program that sends no more has its answer at once: within a second or two, within ten on a busy
machine. More is left to a worker, since proxies give up on an answer after a minute or less."""
MOST_LINE = 16_000_000
"""Bytes of one line of JSON, characters of one cell of a table."""
MOST_RESPONSES = 50
MODEL_NAME = 120
MOST_COLUMNS = 5_000
"""Of one table, and keys of one row."""
BODY = ".body"
"""How the name of a JSON body of the API ends where it lies in a file."""
SAID = 20
"""Columns named in a refusal, at most."""
_ORIGINS = tuple(Origin)
_RESPONSE_KEYS = frozenset({"text", "model", "origin"})
_OBJECT = re.compile(
    r"\[?\s*\{\s*[\"'“”}]"
    r"|(?:\[?\s*\{|[A-Za-z_]+\()\s*[\"'“”]?(?:text|model|origin)[\"'“”]?\s*[:=]"
)
"""How text begins that is an object of some program, or a list of them, as `_bare` leaves it."""
_YES_NO = {"true": True, "1": True, "yes": True, "false": False, "0": False, "no": False}


class BadRow(ValueError):
    """`str(error)` says what is wrong with the row."""


@dataclass(frozen=True, slots=True)
class ResponseRow:
    """A response that came with a prompt; without a model nobody knows what wrote it."""

    text: str
    model: str = ""
    origin: Origin = Origin.AI


@dataclass(frozen=True, slots=True)
class ImportRow:
    """One row of a file."""

    prompt: PromptRow
    responses: tuple[ResponseRow, ...]
    unused: tuple[str, ...] = ()
    """Columns that stood there and mean nothing here, as they can be shown."""

    @property
    def characters(self) -> int:
        """How much text it holds."""
        said = sum(len(turn["content"]) for turn in self.prompt.messages)
        return said + sum(len(response.text) for response in self.responses)


def columns_of(names: Sequence[str]) -> list[str]:
    """The columns of a table by the names that count here; BadRow says what is wrong with them.

    Capitals and spaces around a name make no difference.
    """
    if len(names) > MOST_COLUMNS:
        raise BadRow(f"there are {len(names):,} columns; {MOST_COLUMNS:,} is the most.")
    plain = [name.strip().lower() for name in names]
    columns = [own if own in COLUMNS else name for name, own in zip(names, plain, strict=True)]
    if twice := [name for name, times in Counter(columns).items() if name and times > 1]:
        raise BadRow(f"the column {readable(twice[0])} stands there twice.")
    if "prompt" not in columns:
        there = ", ".join(readable(name) for name in names[:SAID]) or "none"
        raise BadRow(f"there is no column called prompt. Its columns are: {there}.")
    return columns


def import_row(raw: Any, *, line: int) -> ImportRow:
    """Read one JSON object (or one row of a table) as it came; BadRow where it cannot come in."""
    if not isinstance(raw, Mapping):
        raise BadRow("the row is not an object with a prompt.")
    if len(raw) > MOST_COLUMNS:
        raise BadRow(f"the row has {len(raw):,} keys; {MOST_COLUMNS:,} is the most.")
    try:
        return _import_row(raw, line)
    except RecursionError:
        raise BadRow("the row is nested too deeply.") from None


def _import_row(raw: Mapping[str, Any], line: int) -> ImportRow:
    values = {name: value for name, value in raw.items() if not _missing(value)}
    if "prompt" not in values:
        raise BadRow("the prompt is missing.")
    prompt = _prompt_row(values, line)
    # Text was looked at when the one turn was made of it.
    problem_of = fields_problem if isinstance(values["prompt"], str) else row_problem
    if problem := problem_of(prompt):
        raise BadRow(problem)
    unused = () if raw.keys() <= COLUMNS else tuple(map(readable, raw.keys() - COLUMNS))
    return ImportRow(prompt, _responses(values.get("responses", [])), unused)


def packed(row: ImportRow, unused: Sequence[str]) -> list[Any]:
    """A row that was read as plain values, for another process; `unpacked` undoes it."""
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
        [[one.text, one.model, one.origin] for one in row.responses],
        unused,
    ]


def unpacked(values: Sequence[Any]) -> ImportRow:
    """The row of which these are the values."""
    line, messages, *told, responses, unused = values
    return ImportRow(
        PromptRow(messages, line, *told),
        tuple(ResponseRow(text, model, Origin(origin)) for text, model, origin in responses),
        tuple(unused),
    )


def _prompt_row(values: Mapping[str, Any], line: int) -> PromptRow:
    said = values["prompt"]
    if isinstance(said, str):
        if problem := text_problem(said, "the prompt"):
            raise BadRow(problem)
        said = [{"role": "user", "content": said}]
    external_id = values.get("external_id", "")
    if type(external_id) is int:
        external_id = str(external_id)
    if not isinstance(external_id, str) or ("external_id" in values and shows_nothing(external_id)):
        raise BadRow("external_id is neither text nor a number.")
    return PromptRow(
        messages=said,
        line=line,
        external_id=external_id,
        category=values.get("category", Category.EDUCATION),
        topics=values.get("topics", ()),
        intensity=_whole(values.get("intensity", 1)),
        language=values.get("language", "en"),
        held_out=values.get("held_out", False),
        family=values.get("family", ""),
    )


def _missing(value: Any) -> bool:
    """Nothing, or the number that tables of numbers write for nothing."""
    return value is None or (isinstance(value, float) and isnan(value))


def _whole(value: Any) -> Any:
    """2 for 2.0: a column of whole numbers with a gap is written as one of fractions."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _responses(raw: Any) -> tuple[ResponseRow, ...]:
    if isinstance(raw, str) and (_bare(raw).startswith("[") or _is_object(raw)):
        raw = _json_cell(_bare(raw), "responses")
    raw = [raw] if isinstance(raw, Mapping) else raw
    if not isinstance(raw, list | tuple) or len(raw) > MOST_RESPONSES:
        raise BadRow(f"responses is not a list of at most {MOST_RESPONSES} responses.")
    return tuple(_response(one, number) for number, one in enumerate(raw, 1))


def _bare(text: str) -> str:
    """The text from the first letter on that shows."""
    start = 0
    while start < len(text) and shows_nothing(text[start]):
        start += 1
    return text[start:].rstrip()


def _is_object(text: str) -> bool:
    """Whether a text is an object of some program, also where JSON holds it as a text."""
    bare = _bare(text)
    if bare.startswith('"') and bare.endswith('"'):
        try:
            bare = _bare(str(json.loads(bare)))
        except (ValueError, RecursionError):
            return False
    return bool(_OBJECT.match(bare))


def _parsed(text: str, number: int) -> Mapping[str, Any]:
    """A reply that came as text; one that was written as a JSON object means what that says.

    Shown as it stands, it would name its model to the people who judge it.
    """
    if not _is_object(text):
        return {"text": text}
    try:
        said = json.loads(_bare(text))
        said = json.loads(_bare(said)) if isinstance(said, str) else said
    except (ValueError, RecursionError):
        said = None
    if not isinstance(said, Mapping):
        raise BadRow(
            f'response {number} begins like {{"text": …, "model": …}} and is not valid JSON.'
        )
    return said


def _response(raw: Any, number: int) -> ResponseRow:
    given = _parsed(raw, number) if isinstance(raw, str) else raw
    if not isinstance(given, Mapping) or "text" not in given or set(given) - _RESPONSE_KEYS:
        raise BadRow(f'response {number} is neither text nor {{"text": …, "model": …}}.')
    text, model = given["text"], given.get("model") or ""
    if problem := text_problem(text, f"response {number}"):
        raise BadRow(problem)
    if _is_object(text):
        raise BadRow(f"the text of response {number} is an object or a list, not text.")
    if not isinstance(model, str) or len(model.strip()) > MODEL_NAME or not storable(model):
        raise BadRow(f"the model of response {number} is not a name of {MODEL_NAME} characters.")
    if (origin := given.get("origin") or Origin.AI) not in _ORIGINS:
        raise BadRow(f"the origin of response {number} is not one of {', '.join(Origin)}.")
    if found := giveaway(text, [model]):
        sentence = f"response {number} names what wrote it (“{found.words}”)"
        raise BadRow(f"{sentence}; people judge without knowing that.")
    return ResponseRow(text=text, model=" ".join(seen(model).split()), origin=Origin(origin))


def readable(name: object) -> str:
    """The name of a column as it can be shown and kept."""
    return "".join(letter if letter.isprintable() else "\ufffd" for letter in str(name)[:60])


def row_of_table(cells: Mapping[str, Any]) -> dict[str, Any]:
    """A row of text cells (CSV) as the object that JSON would hold; empty cells are left out.

    Lists stand as JSON, topics also as words between semicolons; one bare text in `responses`, or
    one object, is one response.
    """
    row: dict[str, Any] = {
        name: cell
        for name, cell in cells.items()
        if isinstance(name, str) and cell not in ("", None)
    }
    if str(row.get("prompt", "")).lstrip().startswith("[{"):
        row["prompt"] = _json_cell(row["prompt"], "prompt")
    if "topics" in row:
        listed = row["topics"].lstrip().startswith("[")
        words = _json_cell(row["topics"], "topics") if listed else row["topics"].split(";")
        row["topics"] = [one for one in words if not (isinstance(one, str) and shows_nothing(one))]
    if "responses" in row:
        listed = row["responses"].lstrip().startswith("[")
        if not listed:
            row["responses"] = [row["responses"]]
    if str(row.get("intensity", "")).strip().isdecimal():
        row["intensity"] = int(row["intensity"])
    if "held_out" in row:
        row["held_out"] = _YES_NO.get(row["held_out"].strip().lower(), row["held_out"])
    return row


def _json_cell(cell: str, name: str) -> Any:
    try:
        return json.loads(cell)
    except (ValueError, RecursionError):
        raise BadRow(f"{name} begins like a list or an object and is not valid JSON.") from None
