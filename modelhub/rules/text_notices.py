"""Notices what texts of an import contain beside words, and does what the import chose about it.

Control tokens, thoughts, HTML, Markdown and garbled letters are counted by text. Line endings are
always made one.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import replace

from django.utils.translation import gettext as _

from annotations.rules.imported import ImportedKind
from annotations.rules.model_markup import Kind as Piece
from annotations.rules.model_markup import pieces
from annotations.rules.prompts import messages_problem, text_problem
from annotations.rules.texts import one_line_ending
from codesign.shared.visible import shows_nothing
from modelhub.engine.control_tokens import CONTROL_TOKEN, neutralised
from modelhub.rules.html_text import is_html, plain_of_html
from modelhub.rules.import_choices import (
    HTML,
    KINDS,
    MARKDOWN,
    MOJIBAKE,
    NEUTRALISE,
    REFUSE,
    THOUGHTS,
    TOKENS,
    Choices,
)
from modelhub.rules.imports import ImportRow, ResponseRow
from modelhub.rules.marks import MARKS_LOST
from modelhub.rules.raw_rows import BadRow

_THOUGHT = re.compile(r"</?(?:think|thinking|thought|reasoning)>", re.IGNORECASE)
_MARKDOWN = re.compile(
    r"\*\*\S[^*\n]*\*\*|(?m:^#{1,6} \S)|(?m:^ {0,3}(?:[-*+]|\d{1,3}[.)]) \S)|```"
    r"|\[[^\[\]\n]+\]\((?:[^\s()]|\([^\s()]*\))+\)|(?m:^\|.*\|$)"
)
_MOJIBAKE = re.compile(r"[ÃÂâãðØÙÐÑ][\u0080-\u00bf€‚ƒ„…†‡ˆ‰Š‹ŒŽ‘’“”•–—˜™š›œžŸ]|\ufffd|ΓÇ")
"""What UTF-8 looks like that was read as Windows-1252 or Latin-1; ftfy then judges the text."""
_CERTAIN = ("\ufffd", "ΓÇ")
"""A lost letter, and quotation marks that were read as code page 437: ftfy finds neither."""
_SIGNS = b"<&[*#`|\n"
_ITEMS = frozenset("-+0123456789 ")
"""What a list of Markdown can begin with."""
Doing = Callable[[str], str]


def _has_tokens(text: str) -> bool:
    return ("<" in text or "[" in text) and CONTROL_TOKEN.search(text) is not None


def _has_thoughts(text: str) -> bool:
    return "<" in text and _THOUGHT.search(text) is not None


def _is_garbled(text: str) -> bool:
    if text.isascii() or not _MOJIBAKE.search(text):
        return False
    from ftfy.badness import is_bad  # only a few texts need it

    return any(sign in text for sign in _CERTAIN) or bool(is_bad(text))


_NOTICES = (
    (TOKENS, _has_tokens),
    (THOUGHTS, _has_thoughts),
    (HTML, is_html),
    (MARKDOWN, lambda text: _MARKDOWN.search(text) is not None),
    (MOJIBAKE, _is_garbled),
)


def notices(text: str) -> list[str]:
    """Return the kinds of things that a text contains beside words."""
    return [kind for kind, has in _NOTICES if has(text)]


def without_thoughts(text: str) -> str:
    """Return a response without what its model wrote before it."""
    kept = [piece.text for piece in pieces(text) if piece.kind != Piece.THOUGHT]
    return "".join(kept).strip()


def without_end_tokens(text: str) -> str:
    """Return a response without the control tokens at its beginning and end.

    They are left from generation. Tokens inside become plain text.
    """
    parts = pieces(text)
    while parts and parts[0].kind == Piece.TOKEN:
        parts.pop(0)
    while parts and (parts[-1].kind == Piece.TOKEN or shows_nothing(parts[-1].text)):
        parts.pop()
    return neutralised("".join(part.text for part in parts)).strip()


_OF_PROMPTS: Mapping[str, Doing] = {TOKENS: neutralised, HTML: plain_of_html}
_OF_RESPONSES: Mapping[str, Doing] = {
    THOUGHTS: without_thoughts,
    TOKENS: without_end_tokens,
    HTML: plain_of_html,
}
"""What “neutralise” does. Thoughts are first, since they may contain the others."""


def noticed(row: ImportRow, choices: Choices, counts: Counter[str]) -> ImportRow:
    """Return the row with its texts as the import chose; counts texts by kind; raises BadRow."""
    turns = [_done(turn["content"], choices, counts, _of(turn)) for turn in row.prompt.messages]
    texts = [_done(one.text, choices, counts, _OF_RESPONSES) for one in row.responses]
    same = all(new == turn["content"] for new, turn in zip(turns, row.prompt.messages, strict=True))
    if same and all(new == one.text for new, one in zip(texts, row.responses, strict=True)):
        return row
    pairs = zip(turns, row.prompt.messages, strict=True)
    messages = [{**turn, "content": new} for new, turn in pairs]
    if problem := messages_problem(messages):
        raise BadRow(problem)
    for number, text in enumerate(texts, 1):
        if problem := text_problem(text, f"response {number}"):
            raise BadRow(problem)
    pairs_of = zip(texts, row.responses, strict=True)
    responses = [_changed(one, new, counts) for new, one in pairs_of]
    return replace(row, prompt=replace(row.prompt, messages=messages), responses=tuple(responses))


def _changed(response: ResponseRow, text: str, counts: Counter[str]) -> ResponseRow:
    """Return a response with another text; spans of the one before have no place in it."""
    if text == response.text:
        return response
    marks = tuple(mark for mark in response.marks if mark.kind != ImportedKind.SPAN)
    if lost := len(response.marks) - len(marks):
        counts[MARKS_LOST] += lost
    return replace(response, text=text, marks=marks)


def _of(turn: Mapping[str, str]) -> Mapping[str, Doing]:
    return _OF_RESPONSES if turn["role"] == "assistant" else _OF_PROMPTS


def _done(text: str, choices: Choices, counts: Counter[str], how: Mapping[str, Doing]) -> str:
    if "\r" in text:
        text = one_line_ending(text)
    if not _worth_a_look(text):
        return text
    found = notices(text)
    for kind in found:
        counts[kind] += 1
        if choices[kind] == REFUSE:
            raise BadRow(
                _("a text contains what this import refuses: %(kind)s.")
                % {"kind": KINDS[kind].name}
            )
    for kind, change in how.items():
        if kind in found and choices[kind] == NEUTRALISE:
            text = change(text)
    return text


def _worth_a_look(text: str) -> bool:
    """Return whether a notice is possible. It is quick, since most texts of people have none."""
    if not text.isascii() or text[:1] in _ITEMS:
        return True
    return len(text.encode().translate(None, _SIGNS)) < len(text)
