"""HTML becomes plain text with the same content, and other texts are not changed."""

from __future__ import annotations

import pytest

from modelhub.rules.html_text import is_html, plain_of_html

HTML = [
    ("<h2>Plan</h2><p>One<br/>two</p>\n\n\n<p>three</p>", "Plan\n\nOne\ntwo\n\nthree"),
    ("<div>a < b</div>", "a < b"),
    ("<b>x</b><script>alert(1)</script>", "x<script>alert(1)</script>"),
    ("<p>one\n   two", "one\ntwo"),
    ("Q <i think this helps> really <b>x</b>", "Q <i think this helps> really x"),
    ("A <em>few</em> words about <b>", "A few words about <b>"),
    ("<table><tr><td>8:00</td><td>Breakfast</td></tr></table>", "8:00 | Breakfast"),
    (
        "<table>\n<tr>\n <th>When</th>\n <th>What</th>\n</tr>\n<tr><td>8:00</td><td>Tea</td></tr>"
        "</table>after",
        "When | What\n\n8:00 | Tea\n\nafter",
    ),
    ('<a href="https://example.org">here</a> &amp; there', "here (https://example.org) & there"),
    ('<a href="https://example.org">https://example.org</a>', "https://example.org"),
    ('<a href="mailto:help@example.org">help@example.org</a>', "help@example.org"),
    ('Call <a class=x href="tel:0800">us</a>', "Call us (tel:0800)"),
    ('<a href="#top">up</a> <a href="javascript:alert(1)">on</a>', "up on"),
    ("<p>Do:</p><pre>if a:\n    b\n</pre><p>end</p>", "Do:\n\nif a:\n    b\n\nend"),
    ("<pre>  a\n    b</pre>", "  a\n    b"),
    ("a &lt; b\n    c &amp; d", "a < b\n    c & d"),
    ("&lt;p&gt;Hi&lt;/p&gt;", "Hi"),
    ("Use &lt;b&gt; or &lt;p&gt;", "Use <b> or <p>"),
]


@pytest.mark.parametrize(("html", "plain"), HTML)
def test_html_becomes_plain_text(html: str, plain: str) -> None:
    assert is_html(html)
    assert plain_of_html(html) == plain


@pytest.mark.parametrize(
    "text", ["Use the <b> tag?", "if x <b and y> c", "I <3 you", "</i>", "x <a y=> z", "<i think>"]
)
def test_other_texts_are_not_changed(text: str) -> None:
    assert not is_html(text)
    assert plain_of_html(text) == text


@pytest.mark.parametrize("text", ["<a x=" * 20_000, "<a" + " " * 50_000, "<a x='" * 20_000])
def test_long_texts_are_read_quickly(text: str) -> None:
    assert not is_html(text)
