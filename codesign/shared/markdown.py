"""Turn Markdown of people and models into HTML that runs nothing and fetches nothing.

Everything in the source stays readable: HTML is shown as it was typed, and of links and images the
words and the address are shown. Nothing can be clicked. The stored text never changes.

Where people mark words, each piece of text has the attribute `data-at`, its offset in the source.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import Any

import nh3
from django.conf import settings
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext
from markdown_it import MarkdownIt
from markdown_it.common.utils import escapeHtml
from markdown_it.renderer import RendererHTML
from markdown_it.token import Token

from codesign.shared.markdown_places import RUNS, Run, locate, runs_of

_TAGS = {
    *("p", "br", "hr", "strong", "em", "s", "code", "pre", "blockquote", "ul", "ol", "li"),
    *("h2", "h3", "h4", "h5", "h6", "span", "bdi", "mark"),
}
_CLASSES = {"span": {"said-link", "said-info", "said-image"}, "mark": {"mark-again"}}
_ATTRIBUTES = {"*": {"dir"}, "ol": {"start"}, "li": {"value"}, "span": {"data-at"}}
_DIRECTED = {"paragraph_open", "heading_open", "list_item_open"}
_PLAIN = {"paragraph_open", "paragraph_close", "inline", "text", "softbreak", "hardbreak"}
_NUMBER = re.compile(r"(?<![A-Za-z_\d])\+?\d(?:[ \u00a0().-]{0,2}\d){4,}(?![A-Za-z_\d])")
"""Telephone numbers and the like: in text from right to left, their parts would change places."""
TEXTS_IN_CACHE = 256
Marks = tuple[tuple[int, int], ...]
"""(start, end) of passages, in code points of the source."""


class _Renderer(RendererHTML):
    """Shows links and images as words with their address, and keeps numbers in one piece."""

    def text(self, tokens: Sequence[Token], place: int, options: Any, env: Any) -> str:
        """Return escaped text, with long numbers from left to right."""
        token = tokens[place]
        if RUNS not in token.meta:
            return _NUMBER.sub(r'<bdi dir="ltr">\g<0></bdi>', escapeHtml(token.content))
        html, end = [], 0
        for number in _NUMBER.finditer(token.content):
            html.append(_placed(token, end, number.start(), env))
            html.append(f'<bdi dir="ltr">{_placed(token, *number.span(), env)}</bdi>')
            end = number.end()
        return "".join([*html, _placed(token, end, len(token.content), env)])

    def code_inline(self, tokens: Sequence[Token], place: int, options: Any, env: Any) -> str:
        """Return code within a line."""
        token = tokens[place]
        return f"<code>{_placed(token, 0, len(token.content), env)}</code>"

    def link_open(self, tokens: Sequence[Token], place: int, options: Any, env: Any) -> str:
        """Return the beginning of a link's words."""
        return '<span class="said-link">'

    def link_close(self, tokens: Sequence[Token], place: int, options: Any, env: Any) -> str:
        """Return the end of a link's words, and its address unless the words are the address."""
        opened = next(at for at in range(place, -1, -1) if tokens[at].type == "link_open")
        begin = tokens[opened]
        words = "".join(token.content for token in tokens[opened:place])
        address = str(begin.attrGet("href") or "")
        return "</span>" + ("" if words == address else _address(begin, address))

    def image(self, tokens: Sequence[Token], place: int, options: Any, env: Any) -> str:
        """Return the words and the address of a picture, which is not fetched."""
        token = tokens[place]
        label = escapeHtml(gettext("Picture: %(words)s") % {"words": token.content})
        address = _address(token, str(token.attrGet("src") or ""))
        return f'<span class="said-image">{label}</span>{address}'

    def fence(self, tokens: Sequence[Token], place: int, options: Any, env: Any) -> str:
        """Return a block of code. What was typed beside its fence is shown too."""
        token = tokens[place]
        info = escapeHtml(token.info.strip())
        label = f'<span class="said-info">{info}</span>\n' if info else ""
        code = token.content.removesuffix("\n")
        rest = token.content[len(code) :]
        return (
            f'<pre dir="auto">{label}<code>{_placed(token, 0, len(code), env)}{rest}</code></pre>\n'
        )


def _placed(token: Token, start: int, end: int, env: Any) -> str:
    """Return a part of a token's content as HTML, with the places of its runs if it has them."""
    if RUNS not in token.meta:
        return escapeHtml(token.content[start:end])
    html, begin = [], 0
    for run in token.meta[RUNS]:
        low, high = max(start - begin, 0), min(end - begin, len(run.text))
        if low < high:
            part = Run(run.start + low, run.text[low:high])
            html.append(f'<span data-at="{part.start}">{_marked(part, env["marks"])}</span>')
        begin += len(run.text)
    return "".join(html)


def _marked(run: Run, marks: Marks) -> str:
    """Return a run as HTML in which the marked passages are `mark`, also where they overlap."""
    edges = {run.start, run.end, *(edge for mark in marks for edge in mark)}
    cuts = sorted(edge for edge in edges if run.start <= edge <= run.end)
    html = []
    for low, high in itertools.pairwise(cuts):
        words = escapeHtml(run.text[low - run.start : high - run.start])
        times = sum(start <= low and high <= end for start, end in marks)
        again = ' class="mark-again"' if times > 1 else ""
        html.append(f"<mark{again}>{words}</mark>" if times else words)
    return "".join(html)


def _address(token: Token, address: str) -> str:
    title = str(token.attrGet("title") or "")
    shown = f'{address} "{title}"' if title else address
    return f' <bdi dir="ltr">({escapeHtml(shown)})</bdi>' if shown else ""


def _parser() -> MarkdownIt:
    """Return a parser without the rules that hide something or change what was typed.

    `entity` makes a character of `&#8238;`, `reference` hides the lines that define links, `table`
    hides cells beyond those of the first row, and `code` makes a block of every line that begins
    with four spaces.
    """
    parser = MarkdownIt("commonmark", {"html": False, "breaks": True}, renderer_cls=_Renderer)
    parser.enable("strikethrough")
    parser.disable(["entity", "reference", "code", "html_block", "html_inline"])
    parser.validateLink = lambda url: True  # type: ignore[method-assign]  # none can be clicked
    parser.normalizeLink = lambda url: url  # type: ignore[method-assign]
    return parser


_MARKDOWN = _parser()


@lru_cache(maxsize=TEXTS_IN_CACHE)
def to_html(text: str, *, level: int, language: str, marks: Marks | None = None) -> SafeString:
    """Return the HTML of a text. Its first heading gets `level`, deeper ones the levels below.

    Cached, because many people read the same text. `language` is that of the interface, for the
    words that are added. With `marks`, these passages are marked, and every piece of text has its
    offset in the source.
    """
    tokens = _MARKDOWN.parse(text)
    if marks is not None:
        locate(text, tokens)
    _move_headings(tokens, level)
    _keep_numbers(tokens)
    for token in tokens:
        if token.type in _DIRECTED:
            token.attrSet("dir", "auto")
    html = _MARKDOWN.renderer.render(tokens, _MARKDOWN.options, {"marks": marks or ()})
    return mark_safe(  # noqa: S308 - the sanitiser has made it safe
        nh3.clean(html, tags=_TAGS, attributes=_ATTRIBUTES, allowed_classes=_CLASSES)
    )


def runs(text: str) -> list[Run]:
    """Return the pieces of a text that readers see as they are in the source, in their order."""
    tokens = _MARKDOWN.parse(text)
    locate(text, tokens)
    return list(runs_of(tokens))


@lru_cache(maxsize=TEXTS_IN_CACHE)
def is_plain(text: str) -> bool:
    """Return whether a text has no Markdown, so that it reads the same as it was typed."""
    return all(token.type in _PLAIN for token in _flat(_MARKDOWN.parse(text)))


def direction_of(language: str) -> str:
    """Return the direction of a language (BCP 47), for the attribute `dir`."""
    return "rtl" if language.split("-")[0].lower() in settings.LANGUAGES_BIDI else "ltr"


def _flat(tokens: Sequence[Token]) -> Iterator[Token]:
    for token in tokens:
        yield token
        yield from token.children or ()


def _move_headings(tokens: Sequence[Token], level: int) -> None:
    """Let headings begin at `level` and go down one step at a time, as assistive tools expect."""
    above: list[int] = []
    for token in tokens:
        if token.type == "heading_open":
            typed = int(token.tag[1])
            while above and above[-1] >= typed:
                above.pop()
            above.append(typed)
        if token.type in ("heading_open", "heading_close"):
            token.tag = f"h{min(6, level + len(above) - 1)}"


def _keep_numbers(tokens: Sequence[Token]) -> None:
    """Let list items keep the numbers that were typed, where they skip some."""
    lists: list[int] = []
    for token in tokens:
        if token.type == "ordered_list_open":
            lists.append(int(token.attrGet("start") or 1) - 1)
        elif token.type == "ordered_list_close":
            lists.pop()
        elif token.type == "list_item_open" and token.info:
            typed = int(token.info)
            if typed > lists[-1] + 1:
                token.attrSet("value", str(typed))
            lists[-1] = max(typed, lists[-1] + 1)
