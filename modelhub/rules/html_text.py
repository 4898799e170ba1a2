"""Recognises HTML in texts of people and of models, and returns it as plain text.

Mentions of tags (“the <b> tag”) and comparisons (“x <b and y> c”) are not changed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import unescape
from html.parser import HTMLParser

_VOID = frozenset({"br", "hr", "img"})
_CELLS = frozenset({"td", "th"})
_BLOCKS = frozenset(
    "blockquote dd div dl dt h1 h2 h3 h4 h5 h6 hr ol p pre table tr ul".split()  # noqa: SIM905
)
_ALONE = _VOID | _CELLS | _BLOCKS | {"li", "tbody", "thead"}
"""Tags that are HTML without a closing one."""
_TAGS = (
    "a|abbr|b|blockquote|br|code|dd|div|dl|dt|em|font|h[1-6]|hr|i|img|li|ol|p|pre|small|span|strong"
    "|sub|sup|table|tbody|td|th|thead|tr|u|ul"
)
_ATTRIBUTE = (
    r"\s+[a-z][\w:.-]*\s*=\s*(?:\"[^\"]*\"|'[^']*'|[^\s\"'<>=]+)|\s+(?:hidden|nowrap|reversed)\b"
)
_TAG = re.compile(rf"<(/?)({_TAGS})((?:{_ATTRIBUTE})*)\s*/?>", re.IGNORECASE)
_ENTITY = re.compile(r"&(?:nbsp|amp|lt|gt|quot|apos|#39|#\d{2,6}|#x[0-9a-f]{2,6}|[lr][sd]quo);")
_BLANKS = re.compile(r"(?<![^\S\n])[^\S\n]*\n[^\S\n]*")
_MANY = re.compile(r"\n{3,}")
_FIRST_BLANKS = re.compile(r"\A(?:[^\S\n]*\n)+")
_ADDRESS = re.compile(r"(?:https?://|mailto:|tel:)", re.IGNORECASE)


class _Plain(HTMLParser):
    """Collects the text of HTML: paragraphs, items with a hyphen, cells, addresses of links."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []
        self.kept = False
        """Whether the text has spaces that count."""
        self._pre = 0
        self._row = self._cell = False
        self._link = ""
        self._linked = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Begin a paragraph, a line, an item, a cell or a link."""
        if tag == "br":
            self.parts.append("\n")
        elif tag == "li":
            self.parts.append("\n- ")
        elif tag in _CELLS:
            if self._row and self._cell:
                self._drop_space()
                self.parts.append(" | ")
            self._row = self._cell = True
        elif tag in _BLOCKS:
            self.parts.append("\n\n")
        if tag == "tr":
            self._row, self._cell = True, False
        if tag == "pre":
            self._pre += 1
        if tag == "a":
            self._end_link()
            self._link, self._linked = dict(attrs).get("href") or "", len(self.parts)

    def handle_endtag(self, tag: str) -> None:
        """End a paragraph or a link."""
        if tag in _BLOCKS:
            self.parts.append("\n\n")
        if tag in ("tr", "table"):
            self._row = self._cell = False
        if tag == "pre":
            self._pre = max(0, self._pre - 1)
        if tag == "a":
            self._end_link()

    def handle_data(self, data: str) -> None:
        """Keep a text."""
        if self._pre:
            self.kept = True
        elif self._row and data.isspace():
            data = " "  # line breaks between cells do not count
        else:
            data = _BLANKS.sub("\n", data)
        self.parts.append(data)

    def unknown_decl(self, data: str) -> None:
        """Ignore a declaration, which shows nothing."""

    def close(self) -> None:
        """End what is open."""
        super().close()
        self._end_link()

    def _drop_space(self) -> None:
        if self.parts[-1:] == [" "]:
            self.parts.pop()

    def _end_link(self) -> None:
        """Write the address of a link, unless it is what the link says."""
        address, self._link = self._link.strip(), ""
        said = "".join(self.parts[self._linked :])
        if _ADDRESS.match(address) and address.removeprefix("mailto:") not in said:
            self.parts.append(f" ({address})")


def _tags(text: str, *, closed: bool = False) -> Iterator[re.Match[str]]:
    """Yield the tags of a text.

    A tag counts that has an attribute, is closed or needs no closing one; with `closed` only those
    of blocks that are closed, too.
    """
    found = list(_TAG.finditer(text))
    opened = {match[2].lower() for match in found if not match[1]}
    ended = {match[2].lower() for match in found if match[1]}
    counts = (opened & ended) | (_VOID if closed else _ALONE)
    return (match for match in found if match[3] or match[2].lower() in counts)


def is_html(text: str) -> bool:
    """Return whether a text has tags or entities of HTML."""
    return ("<" in text and any(_tags(text))) or ("&" in text and bool(_ENTITY.search(text)))


def plain_of_html(text: str) -> str:
    """Return the text of HTML, without tags and entities.

    HTML that is written in entities alone (`&lt;p&gt;`) is read once more.
    """
    tags = list(_tags(text))
    if not tags:
        text = unescape(text)
        tags = list(_tags(text, closed=True))
    if not tags:
        return text.replace("\u00a0", " ").strip()
    reader, end = _Plain(), 0
    for tag in tags:
        # Other signs than tags (“I <3 you”) are text.
        reader.feed(text[end : tag.start()].replace("<", "&lt;") + tag[0])
        end = tag.end()
    reader.feed(text[end:].replace("<", "&lt;"))
    reader.close()
    plain = _MANY.sub("\n\n", "".join(reader.parts).replace("\u00a0", " "))
    return _FIRST_BLANKS.sub("", plain).rstrip() if reader.kept else _tidy(plain)


def _tidy(text: str) -> str:
    return _MANY.sub("\n\n", _BLANKS.sub("\n", text)).strip()
