"""Markdown as HTML: nothing runs, nothing is fetched, nothing is hidden."""

from __future__ import annotations

import re
import time
from html import unescape

import pytest

from codesign.shared.markdown import direction_of, is_plain, to_html


def html(text: str, level: int = 4) -> str:
    return str(to_html(text, level=level, language="en"))


def shown(text: str) -> str:
    """Return the text that a reader sees."""
    return unescape(re.sub(r"<[^>]*>", "", html(text)))


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("**bold** and *soft*", "<strong>bold</strong> and <em>soft</em>"),
        ("- one\n- two", '<li dir="auto">one</li>'),
        ("one\ntwo", "one<br>\ntwo"),
        ("one\n\ntwo", '<p dir="auto">two</p>'),
        ("> said", '<blockquote>\n<p dir="auto">said</p>'),
        ("`code <b>`", "<code>code &lt;b&gt;</code>"),
        ("~~gone~~", "<s>gone</s>"),
        ("3. a\n7. b", '<ol start="3">\n<li dir="auto">a</li>\n<li value="7" dir="auto">b</li>'),
        ("1. one\n1. two", '<ol>\n<li dir="auto">one</li>\n<li dir="auto">two</li>'),
        ("```why\nsee\n```", '<span class="said-info">why</span>\n<code>see\n</code>'),
    ],
)  # fmt: skip
def test_markdown_is_shown_as_it_is_meant(text: str, part: str) -> None:
    assert part in html(text)


@pytest.mark.parametrize(
    "text",
    [
        "<script>alert(1)</script>",
        '<img src="https://example.org/x.png" onerror="alert(1)">',
        "<!-- a remark -->",
        "<b>bold</b>",
        "&lt; &#8238; &copy;",
        "[later]: https://example.org",
        "    four spaces",
        "| a | b |\n|---|---|\n| 1 | 2 | 3 |",
    ],
)
def test_what_other_renderers_run_decode_or_hide_is_shown_as_typed(text: str) -> None:
    assert shown(text).split() == text.split()
    assert not re.search(r"<(script|img|b|table)\b", html(text))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('[call us](https://example.org "now")', 'call us (https://example.org "now")'),
        ("[x](javascript:alert(1))", "x (javascript:alert(1))"),
        ("![a cat](https://example.org/cat.png)", "Picture: a cat (https://example.org/cat.png)"),
        ("![x](data:image/png;base64,AAAA)", "Picture: x (data:image/png;base64,AAAA)"),
        ("<https://example.org>", "https://example.org"),
        ("[**bold**](//example.org)", "bold (//example.org)"),
    ],
)
def test_links_and_pictures_are_words_with_their_address(text: str, words: str) -> None:
    assert shown(text).strip() == words
    assert not re.search(r"<(a|img)\b|href|src=", html(text))


def test_only_what_is_allowed_comes_through() -> None:
    text = "# H\n**b** *e* [l](x) ![i](y) `c`\n\n```\nf\n```\n> q\n\n- u\n\n1. o\n\n---\n~~s~~"
    tags = set(re.findall(r"</?([a-z0-9]+)", html(text)))
    assert tags <= {
        *("p", "br", "hr", "h4", "strong", "em", "s", "span", "bdi", "code", "pre"),
        *("blockquote", "ul", "ol", "li"),
    }
    assert set(re.findall(r' ([a-z]+)="', html(text))) <= {"dir", "class", "start", "value"}


@pytest.mark.parametrize(
    ("typed", "levels"),
    [
        ("# A\n## B\n# C", [4, 5, 4]),
        ("### A\n# B\n### C", [4, 4, 5]),
        ("# A\n###### B", [4, 5]),
        ("A\n===\n\nB\n---", [4, 5]),
        ("# A\n## B\n### C\n#### D", [4, 5, 6, 6]),
    ],
)
def test_headings_begin_below_those_of_the_page(typed: str, levels: list[int]) -> None:
    assert [int(level) for level in re.findall(r"<h(\d)", html(typed))] == levels


def test_paragraphs_have_their_own_direction() -> None:
    """Without the attribute in the sanitiser's list, `dir` would be dropped."""
    assert html("مرحبا\n\nHello").count('<p dir="auto">') == 2


@pytest.mark.parametrize("number", ["717-717-99", "717 717 99", "+34 024 11 22", "0800 1111"])
def test_numbers_keep_their_order_in_arabic(number: str) -> None:
    assert f'<bdi dir="ltr">{number}</bdi>' in html(f"اتصل بالرقم {number} الآن")


@pytest.mark.parametrize("text", ["**ملاحظة:**اتصل", "١. واحد\n٢. اثنان"])
def test_arabic_that_the_parser_does_not_understand_stays_readable(text: str) -> None:
    """CommonMark sees no bold text before a letter, and no list in Arabic-Indic numbers."""
    assert shown(text).split() == text.split()


@pytest.mark.parametrize(
    ("text", "plain"),
    [("One.\nTwo.\n\nThree.", True), ("A *word*", False), ("- list", False), ("# Head", False)],
)
def test_a_plain_version_is_offered_where_it_differs(text: str, plain: bool) -> None:
    assert is_plain(text) is plain


@pytest.mark.parametrize(
    ("language", "direction"),
    [("ar", "rtl"), ("ar-EG", "rtl"), ("he", "rtl"), ("en", "ltr"), ("es-MX", "ltr")],
)
def test_the_direction_of_a_language(language: str, direction: str) -> None:
    assert direction_of(language) == direction


@pytest.mark.parametrize(
    "text",
    ["[" * 20_000, "*" * 20_000, "> " * 5_000, "[a](" * 5_000, "`" * 20_000, "1 " * 10_000 + "!"],
)
def test_no_text_takes_long(text: str) -> None:
    begun = time.perf_counter()
    to_html(text, level=4, language="en")
    assert time.perf_counter() - begun < 5
