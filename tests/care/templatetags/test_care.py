"""Numbers are dialled as they are typed, and keep their order in every script."""

from __future__ import annotations

import pytest

from codesign.care.templatetags.care import callable_numbers, textable_numbers


def link(dialled: str, shown: str) -> str:
    return f'<a href="tel:{dialled}"><bdi dir="ltr">{shown}</bdi></a>'


@pytest.mark.parametrize(
    ("words", "html"),
    [
        ("911", link("911", "911")),  # no country code before a short number
        ("999 or 112", f"{link('999', '999')} or {link('112', '112')}"),
        ("024", link("024", "024")),
        ("0800 111 0 111", link("08001110111", "0800 111 0 111")),
        ("+44 (20) 7946-0018", link("+442079460018", "+44 (20) 7946-0018")),
        ("(020) 7946 0018", link("02079460018", "(020) 7946 0018")),
        ("٩٩٩", link("999", "٩٩٩")),
        ("116 123, 112", f"{link('116123', '116 123')}, {link('112', '112')}"),
        ("<b>", "&lt;b&gt;"),
        ("", ""),
    ],
)
def test_numbers_can_be_pressed(words: str, html: str) -> None:
    assert callable_numbers(words) == html


def test_a_number_for_text_messages_keeps_its_order() -> None:
    assert textable_numbers("SHOUT to 85 258") == (
        'SHOUT to <a href="sms:85258"><bdi dir="ltr">85 258</bdi></a>'
    )
