"""What a value of a file means: one rule for every kind of file and for JSON bodies.

Spreadsheets and data frames write whole numbers as decimals where a column has gaps, NaN for what
is missing, and lists as text. Arrow gives every object of a list all keys, with null for those that
it lacks.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from typing import Any

from django.utils.translation import gettext as _

from annotations.rules.texts import one_line_ending
from codesign.shared.visible import shows_nothing
from modelhub.rules.prepare import readable
from modelhub.rules.raw_rows import BadRow

EXACT = 1 << 53
"""Floating-point numbers from here on cannot represent every whole number."""
_WHOLE = re.compile(r"\s*(-?[0-9]+)(?:\.0+|,0)\s*")
"""Data frames write 17,0 in countries with a decimal comma; 1,000 may be a thousand."""
_SIGNED = re.compile(r"\s*(-?[0-9]{1,9})(?:\.0+|,0)?\s*")
_ROUNDED = re.compile(r"\s*-?[0-9](?:[.,][0-9]+)?[Ee]\+[0-9]{2,3}\s*")
"""A long number as spreadsheets and data frames write it."""
_YES_NO = dict.fromkeys(
    ("true", "1", "1.0", "1,0", "yes", "y", "t", "wahr", "vrai", "verdadero", "صواب"), True
) | dict.fromkeys(
    ("false", "0", "0.0", "0,0", "no", "n", "f", "falsch", "faux", "falso", "خطأ"), False
)
"""Databases write t and f; spreadsheets write the words of their language."""
MISSING = frozenset({"NA", "N/A", "NaN", "nan", "<NA>", "NaT", "NULL", "null", "None", "\\N"})
"""What programs write into tables where a value is missing."""
LONGEST_CODE = 4
"""Letters from which a language without a hyphen is a name."""
_LIKE_TURNS = re.compile(r"\s*(?:\[\s*\{|\{\s*[\"'“”](?:role|content)[\"'“”])")
"""The beginning of a text that is a serialised turn, or a list of them."""
_QUOTED_LIST = re.compile(r"\[\s*[\"'].*[\"']\s*+(?:,\s*+)?\]", re.DOTALL)
"""A text that is a serialised list of texts, in JSON or in another notation."""


def absent(value: Any) -> bool:
    """Return whether a value is missing: null, NaN, or nothing but white space."""
    if value is None:
        return True
    if isinstance(value, str):
        return not value or value.isspace()
    return isinstance(value, float) and value != value


def missing(value: Any) -> bool:
    """Return whether a value is missing, or is a word that programs write for that."""
    return absent(value) or (isinstance(value, str) and value.strip() in MISSING)


def name_of(value: Any, column: str) -> Any:
    """Return an id or a family as text: 17.0 and "17.0" are "17". Other values stay as they are."""
    if isinstance(value, float) and value.is_integer():
        if abs(value) >= EXACT:
            raise _rounded(column, f"{value:g}")
        return str(int(value))
    if type(value) is int or (isinstance(value, float) and abs(value) < EXACT):
        return str(value)
    if isinstance(value, str) and (whole := _WHOLE.fullmatch(value)):
        return whole[1]
    if isinstance(value, str) and _ROUNDED.fullmatch(value):
        raise _rounded(column, value.strip())
    return value


def _rounded(column: str, value: str) -> BadRow:
    sentence = _("%(column)s is a number that was rounded (%(value)s). Write it as text.")
    return BadRow(sentence % {"column": column, "value": value})


def whole(value: Any) -> Any:
    """Return 2 for 2.0, "2" and "2.0". Other values stay as they are."""
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, str) and (signed := _SIGNED.fullmatch(value)):
        return int(signed[1])
    return value


def yes_or_no(value: Any) -> Any:
    """Return True or False for true, yes, 1, 1.0 and their opposites, as values or as text."""
    if isinstance(value, int | float):
        value = str(int(value)) if value in (0, 1) else value
    return _YES_NO.get(value.strip().lower(), value) if isinstance(value, str) else value


def language(value: Any) -> Any:
    """Return the code of a language whose English name is given. Other values stay as they are."""
    if not isinstance(value, str):
        return value
    value = value.strip()
    if len(value) < LONGEST_CODE or not value.isalpha():
        return value
    from babel import Locale  # only names need it

    names = {name.lower(): code for code, name in Locale("en").languages.items()}
    return names.get(value.lower(), value)


def word(value: Any) -> Any:
    """Return a word of a fixed list in lower case, without spaces around it."""
    return value.strip().lower() if isinstance(value, str) else value


def topics(value: Any) -> Any:
    """Return a list of topics: a list, a list as JSON text, or words separated by semicolons."""
    if isinstance(value, str):
        listed = list_in(value, "topics")
        if listed is None:
            return [part for part in value.split(";") if not shows_nothing(part)]
        value = listed
    return present(value)


def list_in(text: str, column: str) -> list[Any] | None:
    """Return the list that a text is in JSON, or None for other texts.

    A text that begins with a bracket may be no list, such as “[Takes a breath] I hear you”. Raises
    BadRow for a list of texts that is not JSON.
    """
    bare = bare_text(text)
    if not (bare.startswith("[") and bare.endswith("]")):
        return None
    try:
        value = json.loads(bare)
    except (ValueError, RecursionError):
        if _QUOTED_LIST.fullmatch(bare):
            raise BadRow(not_json(column)) from None
        return None
    known = all(one is None or isinstance(one, str | Mapping) for one in value)
    return value if known else None


def bare_text(text: str) -> str:
    """Return the text without invisible characters at its beginning and spaces at its end."""
    start = 0
    while start < len(text) and shows_nothing(text[start]):
        start += 1
    return text[start:].rstrip()


def present(value: Any) -> Any:
    """Return a list without missing entries. Other values stay as they are."""
    return [one for one in value if not absent(one)] if isinstance(value, list | tuple) else value


def turns(value: Any) -> Any:
    """Return the turns of a prompt, from a list or from JSON text; raises BadRow.

    A text that is no list of turns stays as it is.
    """
    if isinstance(value, str):
        if not _LIKE_TURNS.match(value):
            return one_line_ending(value)
        try:
            value = json.loads(value)
        except (ValueError, RecursionError):
            raise BadRow(not_json("prompt")) from None
    if isinstance(value, Mapping):
        value = [value]
    if not isinstance(value, list | tuple):
        return value
    numbered = ((number, turn) for number, turn in enumerate(value, 1) if not absent(turn))
    return [turn for turn in (_turn(turn, number) for number, turn in numbered) if turn != {}]


def _turn(turn: Any, number: int) -> Any:
    if not isinstance(turn, Mapping):
        return turn
    kept = filled(turn)
    if unknown := kept.keys() - {"role", "content"}:
        raise BadRow(
            _("turn %(n)d has the unknown key %(key)s. Remove it, or leave it empty.")
            % {"n": number, "key": listed(unknown)}
        )
    if not kept:
        return kept
    content = turn.get("content")
    if isinstance(content, str):
        content = one_line_ending(content)
    return {"role": word(kept.get("role")), "content": content}


def filled(value: Mapping[Any, Any]) -> dict[Any, Any]:
    """Return the keys that have a value."""
    return {key: one for key, one in value.items() if not absent(one) and one not in ([], (), {})}


def listed(keys: Iterable[Any]) -> str:
    """Return keys to be named in a sentence."""
    return ", ".join(f"“{readable(key)}”" for key in sorted(map(str, keys)))


def not_json(column: str) -> str:
    """Return the sentence about a column whose text is a list or an object, but not JSON."""
    words = _("%(name)s starts like a list or an object but is not valid JSON.")
    return words % {"name": column}
