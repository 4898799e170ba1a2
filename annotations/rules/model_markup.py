"""What a model writes besides its answer: its thoughts, and control tokens of chat templates.

People who judge never see either. The stored text keeps them, and so does training data: offsets of
highlights are stored as offsets of the stored text.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from codesign.shared.visible import shows_nothing

_TAGS = "think|thinking|thought|reasoning"
_ROLES = "system|user|assistant|model|tool|developer"
_MARK = re.compile(
    rf"""
    (?P<open><(?:{_TAGS})>)
    | (?P<close></(?:{_TAGS})>)
    | (?P<token>
        <[|｜](?:im_start|start_header_id|start|start_of_role)[|｜]>(?:{_ROLES})?
      | <start_of_turn>(?:{_ROLES})?
      | <[|｜][^|｜<>\n]{{1,40}}[|｜]>
      | \[/?INST\] | \[/?SYSTEM_PROMPT\] | <</?SYS>>
      | </?s> | <bos> | <eos> | <pad> | <unk> | <end_of_turn> | <end_of_utterance>
      | <\|[a-z_]{{1,40}}> | <[a-z_]{{1,40}}\|> | \[\|[^|\[\]\s]{{1,40}}\|\] | \[e~\[
      | </?seed:[a-z_:]{{1,30}}>
    )
    """,
    re.VERBOSE | re.IGNORECASE,
)
_SPACE = re.compile(r"\s*")


class Kind(StrEnum):
    """Whether a piece of text is meant for readers."""

    TEXT = "text"
    THOUGHT = "thought"
    TOKEN = "token"  # noqa: S105 - of a chat template


@dataclass(frozen=True, slots=True)
class Piece:
    """A piece of a text. The pieces of a text, joined, are the text."""

    kind: Kind
    text: str


@dataclass(frozen=True, slots=True)
class _Span:
    start: int
    end: int
    kind: Kind


@dataclass(frozen=True, slots=True)
class Readable:
    """The part of a text that people who judge read, and where each character is in the source."""

    text: str
    _hidden: tuple[_Span, ...] = ()

    def in_source(self, start: int, end: int) -> tuple[int, int]:
        """Return the offsets of a passage in the stored text. The end is not included."""
        return self._index(start), self._index(end - 1) + 1

    def in_text(self, start: int, end: int) -> tuple[int, int]:
        """Return the offsets of a passage of the stored text in the readable text."""
        return self._before(start), self._before(end)

    def _index(self, index: int) -> int:
        for span in self._hidden:
            if span.start <= index:
                index += span.end - span.start
        return index

    def _before(self, offset: int) -> int:
        spans = (span for span in self._hidden if span.start < offset)
        return offset - sum(min(span.end, offset) - span.start for span in spans)


def readable(text: str) -> Readable:
    """Return what people who judge read of a text that a model wrote."""
    hidden = tuple(_hidden(text))
    if not hidden:
        return Readable(text)
    return Readable("".join(_between(text, hidden)), hidden)


def without_tokens(text: str) -> str:
    """Return the text of a person without control tokens, which an export may have left in it."""
    if "<" not in text and "[" not in text:
        return text
    return _MARK.sub(lambda mark: "" if mark["token"] else mark[0], text)


def pieces(text: str) -> list[Piece]:
    """Return a text of a model as pieces that say what they are, for those who run a study."""
    made: list[Piece] = []
    end = 0
    for span in _hidden(text):
        made.append(Piece(Kind.TEXT, text[end : span.start]))
        made.append(Piece(span.kind, text[span.start : span.end]))
        end = span.end
    made.append(Piece(Kind.TEXT, text[end:]))
    return [piece for piece in made if piece.text]


def _between(text: str, hidden: tuple[_Span, ...]) -> Iterator[str]:
    end = 0
    for span in hidden:
        yield text[end : span.start]
        end = span.end
    yield text[end:]


def _hidden(text: str) -> list[_Span]:
    """Return the spans that readers do not see, in order, each with the white space after it.

    A thought without its end counts only at the start of a text, where it is an answer that was cut
    off; elsewhere, it is a word about such tags. A thought without its beginning reaches back to
    the start of the text, because some templates put the beginning into the prompt.
    """
    if "<" not in text and "[" not in text:
        return []
    marks = list(_MARK.finditer(text))
    last_close = max((mark.start() for mark in marks if mark["close"]), default=-1)
    spans: list[_Span] = []
    begun: int | None = None
    end = 0  # of the last span
    shown = thought = False  # whether readers see anything before a mark; whether a thought ended
    for mark in marks:
        if begun is None and not shown:
            shown = not shows_nothing(text[end : mark.start()])
        if mark["open"] and begun is None and (mark.start() < last_close or not shown):
            begun = mark.start()
        elif mark["close"] and (begun is not None or not thought):
            if begun is None:
                begun, spans, shown = 0, [], False
            end = _after_space(text, mark.end())
            spans.append(_Span(begun, end, Kind.THOUGHT))
            begun, thought = None, True
        elif begun is None and not mark["open"]:
            end = mark.end() if shown else _after_space(text, mark.end())
            spans.append(_Span(mark.start(), end, Kind.TOKEN))
    if begun is not None:
        spans.append(_Span(begun, len(text), Kind.THOUGHT))
    return spans


def _after_space(text: str, place: int) -> int:
    blank = _SPACE.match(text, place)
    return blank.end() if blank else place
