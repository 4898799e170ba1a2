"""Find where the words of parsed Markdown are in their source.

The parser gives lines for blocks and nothing for what is inside a line. A person who marks words
sees rendered text, and the offsets that are stored are those of the source. So each token with
text gets runs here: pieces that are the same in the source, with their offset. A token whose text
cannot be found gets none.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from markdown_it.token import Token

RUNS = "runs"
"""Key of a token's runs in its `meta`."""
_LINE = re.compile(r"[^\r\n]*")
_END = re.compile(r"\r\n?|\n")


@dataclass(frozen=True, slots=True)
class Run:
    """A piece of text and its offset in the source, in code points."""

    start: int
    text: str

    @property
    def end(self) -> int:
        """Return the offset after the last character."""
        return self.start + len(self.text)


def locate(text: str, tokens: Sequence[Token]) -> None:
    """Give runs to every token of a text that shows words of its source."""
    lines = list(_lines(text))
    for token in tokens:
        if token.map is None:
            continue
        if token.type == "inline":
            at = _offsets(token.content, lines[token.map[0] :])
            _locate_inline(token, at)
        elif token.type == "fence":
            at = _offsets(token.content.removesuffix("\n"), lines[token.map[0] + 1 :])
            _keep(token, at, token.content.removesuffix("\n"))


def runs_of(tokens: Sequence[Token]) -> Iterator[Run]:
    """Yield the runs of located tokens in the order in which they are shown."""
    for token in tokens:
        yield from token.meta.get(RUNS, ())
        yield from runs_of(token.children or ())


def _lines(text: str) -> Iterator[tuple[int, str]]:
    """Yield (offset, line) of each line, as the parser counts lines."""
    place = 0
    while True:
        line = _LINE.match(text, place)
        yield place, line.group() if line else ""
        end = _END.search(text, place)
        if end is None:
            return
        place = end.end()


def _offsets(content: str, lines: Sequence[tuple[int, str]]) -> list[int | None]:
    """Return the offset of each character of a block's content, whose lines lost their prefixes."""
    at: list[int | None] = []
    for number, part in enumerate(content.split("\n")):
        start, line = lines[number] if number < len(lines) else (0, "")
        found = line.rfind(part)
        if found < 0:
            part_shown = part.lstrip()
            found = line.rfind(part_shown) - (len(part) - len(part_shown))
        known = found >= 0
        at += [start + found + n if known else None for n in range(len(part))]
        at.append(start + len(line) if known else None)  # the line break
    return at[:-1]


def _locate_inline(token: Token, at: list[int | None]) -> None:
    content, place = token.content, 0
    for child in token.children or ():
        match child.type:
            case "text":
                place = _take(child, content, place, at)
            case "code_inline":
                place = _after(content, child.markup, place)
                place = _after(content, child.markup, _take(child, content, place, at))
            case "softbreak" | "hardbreak":
                place = _after(content, "\n", place)
            case "link_open":
                place = _after(content, "<" if child.info == "auto" else "[", place)
                closing = child
            case "link_close" if child.info == "auto":
                place = _after(content, ">", place)
            case "link_close":
                place = _after_target(closing, "href", content, place)
            case "image":
                place = _after_target(child, "src", content, _after(content, "![", place))
            case _:
                place = _after(content, child.markup, place)


def _after(content: str, markup: str, place: int) -> int:
    found = content.find(markup, place) if markup else -1
    return found + len(markup) if found >= 0 else place


def _after_target(token: Token, name: str, content: str, place: int) -> int:
    """Return the place after the address and the title of a link or an image."""
    place = _after(content, "](", place)
    for value in (token.attrGet(name), token.attrGet("title")):
        place = _after(content, str(value or ""), place)
    return _after(content, ")", place)


def _take(token: Token, content: str, place: int, at: list[int | None]) -> int:
    """Give runs to a token whose text is at `place` or later. Return the place after it."""
    found = content.find(token.content, place)
    if found >= 0:
        end = found + len(token.content)
        _keep(token, at[found:end], token.content)
        return end
    places: list[int | None] = []
    for character in token.content:  # with escaped characters or broken lines in it
        same = "\n" if character == " " and content[place : place + 1] == "\n" else character
        found = content.find(same, place)
        if found < 0:
            return place
        places.append(at[found])
        place = found + 1
    _keep(token, places, token.content)
    return place


def _keep(token: Token, at: Sequence[int | None], text: str) -> None:
    runs: list[Run] = []
    for place, character in zip(at, text, strict=True):
        if place is None:
            return
        if runs and runs[-1].end == place:
            runs[-1] = Run(runs[-1].start, runs[-1].text + character)
        else:
            runs.append(Run(place, character))
    token.meta[RUNS] = tuple(runs)
