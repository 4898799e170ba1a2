"""Texts of models and libraries: whole sentences, storable texts, the first line of an error."""

import re

# A full stop with closing quotes or brackets, before white space or the end; or a full-width stop.
_END = re.compile(r"[.!?…؟।]+[\"'”’»)\]*_]*(?=\s|$)|[。！？]+[”’」』）]*|(?=\n)")
_NOT_AN_END = re.compile(
    r"(?:^|\s)(?:\(?\d{1,3}|[a-z]|e\.g|i\.e|etc|vs|dr|mr|mrs|ms|prof|st|no)\.$"
    r"|(?:^|\n)\s*[-*•]$|:$",
    re.IGNORECASE,
)


def whole_sentences(text: str) -> str:
    """Return `text` up to its last sentence end, or the whole text if it has none.

    A line break ends a list item. A number ("2."), an abbreviation ("e.g.") and a colon before a
    list do not end a sentence.
    """
    text = text.strip()
    for match in reversed(list(_END.finditer(text))):
        head = text[: match.end()].rstrip()
        if head and not _NOT_AN_END.search(head):
            return head
    return text


def storable(text: str) -> str:
    """Return a text from outside as the database can store it: without NUL and lone surrogates."""
    return text.replace("\x00", "").encode(errors="replace").decode()


def first_line(error: BaseException) -> str:
    """Return the first line of a library's error, at most 300 characters, as a sentence."""
    line = next(iter(storable(str(error)).strip().splitlines()), "") or type(error).__name__
    return line[:300].rstrip(". ") + "."
