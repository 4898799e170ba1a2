"""Where rendered words are in their source."""

from __future__ import annotations

import re
import time
from html import unescape

import hypothesis
import pytest
from hypothesis import given
from hypothesis import strategies as st

from codesign.shared.markdown import runs, to_html

SAMPLES = [
    ("Some **strong** words", ["Some ", "strong", " words"]),
    ("a\\*b", ["a", "*b"]),
    ("[x](<u v>) v", ["x", " v"]),
    ('[a](b "a") a', ["a", " a"]),
    ("![al](al) al", [" al"]),
    ("**a* b", ["*", "a", " b"]),
    ("# # hash", ["# hash"]),
    ("1. 1\n2. two\n   more", ["1", "two", "more"]),
    ("`` ` `` end", ["`", " end"]),
    ("`a\nb` c", ["a\nb", " c"]),
    ("```py\n  x = 1\n\ny\n```\nafter", ["  x = 1\n\ny", "after"]),
    ("> q\n> r", ["q", "r"]),
    ("<https://example.org> z", ["https://example.org", " z"]),
    ("&amp; <b>", ["&amp; <b>"]),
    ("👩🏽‍🚒 *e\u0301* **ملاحظة:**اتصل", ["👩🏽‍🚒 ", "e\u0301", " **ملاحظة:**اتصل"]),
    ("one\r\ntwo\r\n\r\n- three", ["one", "two", "three"]),
    ("Title\n===\n\nwords ", ["Title", "words"]),
    ("", []),
]  # fmt: skip


@pytest.mark.parametrize(("text", "pieces"), SAMPLES)
def test_pieces_are_those_of_the_source(text: str, pieces: list[str]) -> None:
    found = runs(text)
    assert [text[run.start : run.end] for run in found] == pieces
    assert [run.start for run in found] == sorted(run.start for run in found)


@hypothesis.settings(max_examples=300, deadline=None, database=None)
@hypothesis.example("`\n`")
@given(st.text(alphabet="ab *_~`[]()!<>#-+1.\\\n\té🙂", max_size=60))
def test_a_piece_is_never_something_else(text: str) -> None:
    """A new line within code is shown as a space, which takes one place too."""
    end = 0
    for run in runs(text):
        assert text[run.start : run.end].replace("\n", " ") == run.text.replace("\n", " ")
        assert run.start >= end
        end = run.end


@pytest.mark.parametrize(("text", "pieces"), SAMPLES)
def test_places_change_nothing_that_readers_see(text: str, pieces: list[str]) -> None:
    def shown(html: str) -> str:
        return unescape(re.sub(r"<[^>]*>", "", html))

    plain = str(to_html(text, level=4, language="en"))
    placed = str(to_html(text, level=4, language="en", marks=((0, 2), (1, 3))))
    assert shown(placed) == shown(plain)
    assert "data-at" not in plain
    assert placed.count("data-at") >= len(pieces)


def test_marks_overlap() -> None:
    html = str(to_html("one **two** three", level=4, language="en", marks=((0, 9), (6, 9))))
    assert "<mark>one </mark>" in html
    assert '<mark class="mark-again">two</mark>' in html


def test_digits_within_a_word_stay_with_it() -> None:
    for text in ("rewritten123456789", "123456ab", "a_12345_b"):
        assert "<bdi" not in str(to_html(text, level=4, language="en"))
    assert "<bdi" in str(to_html("و116123", level=4, language="ar"))


def test_long_numbers_keep_their_direction_and_their_place() -> None:
    html = str(to_html("اتصل 0800 1111 الآن", level=4, language="ar", marks=()))
    assert '<bdi dir="ltr"><span data-at="5">0800 1111</span></bdi>' in html


@pytest.mark.parametrize(
    "text", ["*a " * 8_000, "[a](b) " * 4_000, "`a\\` " * 5_000, "- a\n" * 8_000]
)
def test_long_texts_take_little_time(text: str) -> None:
    begun = time.perf_counter()
    runs(text)
    assert time.perf_counter() - begun < 4
