"""Reads one row of an imported file into plain values, or raises BadRow."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import isnan
from typing import Any

from django.utils.translation import gettext as _

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
"""Limits of one file."""
AT_ONCE_ROWS = 1_000
AT_ONCE_BYTES = 4_000_000
"""Limits of an import within a request, which takes a second or two, or ten on a busy machine.
Larger imports go to a worker, since proxies end requests after a minute or less."""
MOST_LINE = 16_000_000
"""Bytes of one line of JSON, characters of one cell of a table."""
MOST_RESPONSES = 50
MODEL_NAME = 120
MOST_COLUMNS = 5_000
"""Columns of a table, and keys of a row."""
BODY = ".body"
"""Suffix of a file that holds a JSON body of the API."""
NAMED = 20
"""Most columns that an error message names."""
_ORIGINS = tuple(Origin)
_RESPONSE_KEYS = frozenset({"text", "model", "origin"})
_OBJECT = re.compile(
    r"\[?\s*\{\s*[\"'“”}]"
    r"|(?:\[?\s*\{|[A-Za-z_]+\()\s*[\"'“”]?(?:text|model|origin)[\"'“”]?\s*[:=]"
)
"""The beginning of a text that is a serialised object, or a list of them, after `_bare`."""
_YES_NO = {"true": True, "1": True, "yes": True, "false": False, "0": False, "no": False}


class BadRow(ValueError):
    """An invalid row. `str(error)` is the error message."""


@dataclass(frozen=True, slots=True)
class ResponseRow:
    """A response that was imported with a prompt. `model` is empty if it is unknown."""

    text: str
    model: str = ""
    origin: Origin = Origin.AI


@dataclass(frozen=True, slots=True)
class ImportRow:
    """One valid row of a file."""

    prompt: PromptRow
    responses: tuple[ResponseRow, ...]
    unused: tuple[str, ...] = ()
    """Names of unknown columns, fit to be shown."""

    @property
    def characters(self) -> int:
        """The number of characters of the prompt and its responses."""
        of_prompt = sum(len(turn["content"]) for turn in self.prompt.messages)
        return of_prompt + sum(len(response.text) for response in self.responses)


def columns_of(names: Sequence[str]) -> list[str]:
    """Return the names of a table's columns, with known names normalised; raises BadRow.

    Upper case and spaces around a known name are ignored.
    """
    if len(names) > MOST_COLUMNS:
        raise BadRow(
            _("there are %(count)s columns; the limit is %(most)s.")
            % {"count": f"{len(names):,}", "most": f"{MOST_COLUMNS:,}"}
        )
    plain = [name.strip().lower() for name in names]
    columns = [own if own in COLUMNS else name for name, own in zip(names, plain, strict=True)]
    if twice := [name for name, times in Counter(columns).items() if name and times > 1]:
        raise BadRow(_("there are two columns called %(name)s.") % {"name": readable(twice[0])})
    if "prompt" not in columns:
        listed = ", ".join(readable(name) for name in names[:NAMED]) or _("none")
        raise BadRow(
            _("there is no column called prompt. The columns are: %(columns)s.")
            % {"columns": listed}
        )
    return columns


def import_row(raw: Any, *, line: int) -> ImportRow:
    """Read one JSON object or one row of a table; raises BadRow if it is invalid."""
    if not isinstance(raw, Mapping):
        raise BadRow(_("the row is not an object with a prompt."))
    if len(raw) > MOST_COLUMNS:
        raise BadRow(
            _("the row has %(count)s keys; the limit is %(most)s.")
            % {"count": f"{len(raw):,}", "most": f"{MOST_COLUMNS:,}"}
        )
    try:
        return _import_row(raw, line)
    except RecursionError:
        raise BadRow(_("the row is nested too deeply.")) from None


def _import_row(raw: Mapping[str, Any], line: int) -> ImportRow:
    values = {name: value for name, value in raw.items() if not _missing(value)}
    if "prompt" not in values:
        raise BadRow(_("the prompt is missing."))
    prompt = _prompt_row(values, line)
    # `_prompt_row` has checked a prompt that is one text.
    problem_of = fields_problem if isinstance(values["prompt"], str) else row_problem
    if problem := problem_of(prompt):
        raise BadRow(problem)
    unused = () if raw.keys() <= COLUMNS else tuple(map(readable, raw.keys() - COLUMNS))
    return ImportRow(prompt, _responses(values.get("responses", [])), unused)


def packed(row: ImportRow, unused: Sequence[str]) -> list[Any]:
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
        [[response.text, response.model, response.origin] for response in row.responses],
        unused,
    ]


def unpacked(values: Sequence[Any]) -> ImportRow:
    """Return the row of a list that `packed` made."""
    line, messages, *fields, responses, unused = values
    return ImportRow(
        PromptRow(messages, line, *fields),
        tuple(ResponseRow(text, model, Origin(origin)) for text, model, origin in responses),
        tuple(unused),
    )


def _prompt_row(values: Mapping[str, Any], line: int) -> PromptRow:
    messages = values["prompt"]
    if isinstance(messages, str):
        if problem := text_problem(messages, "the prompt"):
            raise BadRow(problem)
        messages = [{"role": "user", "content": messages}]
    external_id = values.get("external_id", "")
    if type(external_id) is int:
        external_id = str(external_id)
    if not isinstance(external_id, str) or ("external_id" in values and shows_nothing(external_id)):
        raise BadRow(_("external_id is neither text nor a number."))
    return PromptRow(
        messages=messages,
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
    """Return whether a value is None, or NaN, which tables of numbers use for missing values."""
    return value is None or (isinstance(value, float) and isnan(value))


def _whole(value: Any) -> Any:
    """Return 2 for 2.0, since tools write integer columns with missing values as floats."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _responses(raw: Any) -> tuple[ResponseRow, ...]:
    if isinstance(raw, str) and (_bare(raw).startswith("[") or _is_object(raw)):
        raw = _json_cell(_bare(raw), "responses")
    raw = [raw] if isinstance(raw, Mapping) else raw
    if not isinstance(raw, list | tuple) or len(raw) > MOST_RESPONSES:
        raise BadRow(
            _("responses is not a list of at most %(most)d responses.") % {"most": MOST_RESPONSES}
        )
    return tuple(_response(response, number) for number, response in enumerate(raw, 1))


def _bare(text: str) -> str:
    """Return the text without invisible characters at its beginning and spaces at its end."""
    start = 0
    while start < len(text) and shows_nothing(text[start]):
        start += 1
    return text[start:].rstrip()


def _is_object(text: str) -> bool:
    """Return whether a text is a serialised object, or a JSON string of one."""
    bare = _bare(text)
    if bare.startswith('"') and bare.endswith('"'):
        try:
            bare = _bare(str(json.loads(bare)))
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
        value = json.loads(_bare(text))
        value = json.loads(_bare(value)) if isinstance(value, str) else value
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
    if not isinstance(given, Mapping) or "text" not in given or set(given) - _RESPONSE_KEYS:
        raise BadRow(
            _('response %(n)d is neither text nor {"text": …, "model": …}.') % {"n": number}
        )
    text, model = given["text"], given.get("model") or ""
    if problem := text_problem(text, f"response {number}"):
        raise BadRow(problem)
    if _is_object(text):
        raise BadRow(
            _("the text of response %(n)d is an object or a list, not text.") % {"n": number}
        )
    if not isinstance(model, str) or len(model.strip()) > MODEL_NAME or not storable(model):
        raise BadRow(
            _("the model of response %(n)d is not a name of at most %(most)d characters.")
            % {"n": number, "most": MODEL_NAME}
        )
    if (origin := given.get("origin") or Origin.AI) not in _ORIGINS:
        raise BadRow(
            _("the origin of response %(n)d is not one of %(origins)s.")
            % {"n": number, "origins": ", ".join(Origin)}
        )
    if disclosure := giveaway(text, [model]):
        raise BadRow(
            _("response %(n)d reveals the model that wrote it (“%(words)s”); judging is blind.")
            % {"n": number, "words": disclosure.words}
        )
    return ResponseRow(text=text, model=" ".join(seen(model).split()), origin=Origin(origin))


def readable(name: object) -> str:
    """Return the name of a column, shortened and without unprintable characters."""
    return "".join(letter if letter.isprintable() else "\ufffd" for letter in str(name)[:60])


def row_of_table(cells: Mapping[str, Any]) -> dict[str, Any]:
    """Return a row of text cells (CSV) as a JSON object, without empty cells.

    Lists are written as JSON; topics may also be separated by semicolons. A single text or object
    in `responses` is one response.
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
        row["topics"] = [
            word for word in words if not (isinstance(word, str) and shows_nothing(word))
        ]
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
        raise BadRow(
            _("%(name)s starts like a list or an object but is not valid JSON.") % {"name": name}
        ) from None
