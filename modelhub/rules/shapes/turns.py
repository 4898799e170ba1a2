"""Reads the turns of a conversation in the formats of other tools, and splits off its last reply.

Formats: OpenAI (`role`, `content`), ShareGPT (`from`, `value`), OpenTelemetry (`role`, `parts`),
LangChain (`type`, `content`), and transcripts of Label Studio (`author` or `speaker`, `text`).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from modelhub.rules.import_choices import EMPTY, REFUSE, SYSTEM, TOOL, Choices
from modelhub.rules.prepare import readable
from modelhub.rules.raw_rows import BadRow
from modelhub.rules.shapes.values import absent, parsed, without_missing
from modelhub.rules.values import listed

ROLES = {
    "user": "user",
    "human": "user",
    "prompter": "user",
    "client": "user",
    "patient": "user",
    "seeker": "user",
    "assistant": "assistant",
    "gpt": "assistant",
    "chatgpt": "assistant",
    "bot": "assistant",
    "bing": "assistant",
    "bard": "assistant",
    "chatbot": "assistant",
    "model": "assistant",
    "ai": "assistant",
    "therapist": "assistant",
    "counselor": "assistant",
    "counsellor": "assistant",
    "supporter": "assistant",
    "system": "system",
    "developer": "system",
    "tool": "tool",
    "function": "tool",
    "function_call": "tool",
    "observation": "tool",
    "tool_call": "tool",
    "tool_response": "tool",
}
"""Our roles by the names of other tools. Unknown names stay and are refused by name."""
_ROLE_KEYS = ("role", "from", "speaker", "author", "sender")
_TEXT_KEYS = ("content", "value", "parts", "text", "message", "utterance")
_MEDIA = frozenset({"image", "image_url", "picture", "photo", "audio", "video", "file"})
_MEDIA |= {"attachment", "document"}
_WHAT = {SYSTEM: "system", TOOL: "tool", EMPTY: "empty"}
Turn = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Talk:
    """A conversation up to the last turn of a person, and the reply after it if there is one."""

    prompt: list[Turn]
    reply: str | None


def are_turns(value: Any) -> bool:
    """Return whether a value is a list of turns in one of the known formats."""
    value = parsed(value)
    return (
        isinstance(value, list | tuple)
        and bool(value)
        and all(isinstance(turn, Mapping) and _role_key(turn) is not None for turn in value)
    )


def turns_of(value: Any) -> list[Turn]:
    """Return the turns with our roles, `user`, `assistant`, `system` and `tool`; raises BadRow."""
    value = parsed(value)
    if isinstance(value, str) and not absent(value):
        return [{"role": "user", "content": value}]
    if not isinstance(value, list | tuple) or not value:
        raise BadRow(_("the conversation is not a list of turns."))
    return [_turn(turn, number) for number, turn in enumerate(value, 1)]


def _role_key(turn: Mapping[str, Any]) -> str | None:
    found = next((key for key in _ROLE_KEYS if isinstance(turn.get(key), str)), None)
    if found is None and isinstance(kind := turn.get("type"), str) and kind.lower() in ROLES:
        return "type"
    return found


def _turn(turn: Any, number: int) -> Turn:
    key = _role_key(turn) if isinstance(turn, Mapping) else None
    if key is None:
        raise BadRow(_("turn %(n)d has no role.") % {"n": number})
    if media := [one for one in turn if _is_media(one) and not absent(turn[one])]:
        raise BadRow(
            _("turn %(n)d has the unknown key %(key)s. Remove it, or leave it empty.")
            % {"n": number, "key": listed(media)}
        )
    name = turn[key].strip()
    text = next((turn[one] for one in _TEXT_KEYS if not absent(turn.get(one))), "")
    return {"role": ROLES.get(name.lower(), name), "content": said(text, number)}


def _is_media(key: Any) -> bool:
    """Return whether a key holds what people saw or heard beside the text of a turn."""
    return isinstance(key, str) and key.lower().removesuffix("s") in _MEDIA


def said(value: Any, number: int) -> str:
    """Return the text of a turn that is a text or a list of typed parts; raises BadRow.

    Parts that are no text (calls of tools, reasoning) are not said to anybody. Pictures and sounds
    would change the meaning of the turn, so they are refused.
    """
    if isinstance(value, str):
        return value
    if isinstance(value, Mapping):
        value = [value]
    if not isinstance(value, list | tuple):
        raise BadRow(_("the text of turn %(n)d is not text.") % {"n": number})
    return "\n\n".join(part for part in (_part(part, number) for part in value) if part)


def _part(part: Any, number: int) -> str:
    if isinstance(part, str):
        return part
    if not isinstance(part, Mapping):
        raise _no_text(type(part).__name__, number)
    about = without_missing(part)  # Arrow gives every part the keys of all
    kind = str(about.get("type", "text"))
    if kind in ("text", "input_text", "output_text"):
        text = about.get("text", about.get("content"))
        if isinstance(text, str):
            return text
        if text is None and not about.keys() - {"type"}:
            return ""
        raise _no_text(", ".join(sorted(map(str, about.keys() - {"type"}))), number)
    if "tool" in kind or "function" in kind or kind in ("reasoning", "thinking"):
        return ""
    raise _no_text(kind, number)


def _no_text(kind: str, number: int) -> BadRow:
    sentence = _("turn %(n)d has a part that is not text (%(kind)s).")
    return BadRow(sentence % {"n": number, "kind": readable(kind)})


def heard(turns: Sequence[Turn], choices: Choices, counts: Counter[str]) -> list[Turn]:
    """Return the turns that people said and heard; counts the others by kind; raises BadRow.

    Turns of the system and of tools, and turns of the assistant without text (a call of a tool),
    are left out or refused, as the import chose.
    """
    kept = []
    for number, turn in enumerate(turns, 1):
        if (kind := _kind(turn)) is None:
            kept.append(turn)
            continue
        counts[kind] += 1
        if choices[kind] == REFUSE:
            raise BadRow(
                _("turn %(n)d is a turn of the kind “%(kind)s”, which this import refuses.")
                % {"n": number, "kind": _WHAT[kind]}
            )
    return kept


def _kind(turn: Turn) -> str | None:
    if turn["role"] == "system":
        return SYSTEM
    if turn["role"] == "tool":
        return TOOL
    return EMPTY if turn["role"] == "assistant" and absent(turn["content"]) else None


def talk_of(value: Any, choices: Choices, counts: Counter[str]) -> Talk:
    """Return a conversation with its last reply split off; raises BadRow."""
    turns = heard(turns_of(value), choices, counts)
    while turns and turns[0]["role"] == "system":
        turns.pop(0)
    reply = None
    if turns and turns[-1]["role"] == "assistant":
        reply = turns.pop()["content"]
    if not turns:
        raise BadRow(_("the conversation has no turn of a person."))
    return Talk(turns, reply)
