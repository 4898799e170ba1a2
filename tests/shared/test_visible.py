"""Which texts show nothing: a truth table, and what must go on being text."""

from __future__ import annotations

import time

import pytest
from django import forms

from codesign.shared.visible import seen, shows_nothing

NOTHING = {
    "empty": "",
    "white space": " \t\r\n\u00a0\u2003\u3000",
    "line and paragraph separators": "\u2028\u2029",
    "zero width": "\u200b\u200c\u200d\u2060\ufeff",
    "soft hyphen": "\u00ad",
    "directions": "\u200e\u200f\u061c\u202a\u202e\u2066\u2069",
    "controls": "\u0007\u0000\u007f\u0085",
    "Hangul fillers": "\u115f\u1160\u3164\uffa0",
    "combining grapheme joiner": "\u034f",
    "Mongolian selectors": "\u180b\u180c\u180d\u180e\u180f",
    "variation selectors": "\ufe00\ufe0f\U000e0100\U000e01ef",
    "tags": "\U000e0001\U000e0041\U000e007f\U000e0fff",
    "braille blank": "\u2800",
    "marks without a base": "\u0301\u20dd\ufe0f",
    "reserved for invisible ones": "\u2065\ufff8",
    "blanks of other scripts": "\U0001d159\U00013441\U00013442",
    "what was lost": "\ufffc\ufffd",
    "Khmer inherent vowels": "\u17b4\u17b5",
    "a mixture": " \u200b\u3164\u2800\u0301\n",
}
TEXT = {
    "a letter": "a",
    "a digit among the invisible": "\u200b7\u2060",
    "punctuation": ".",
    "an emoji joined by ZWJ": "\U0001f469\u200d\U0001f4bb",
    "a heart with its selector": "\u2764\ufe0f",
    "a keycap": "1\ufe0f\u20e3",
    "a flag of tags": "\U0001f3f4\U000e0067\U000e0062\U000e007f",
    "Persian with ZWNJ": "\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645",
    "Arabic from the right": "\u200f\u0645\u0631\u062d\u0628\u0627",
    "an Arabic sign that is drawn": "\u06dd",
    "a letter with a mark": "e\u0301",
    "a Devanagari letter with a vowel": "\u0939\u093f",
    "Chinese": "\u4f60\u597d",
    "a braille letter": "\u2801",
    "a Hangul letter": "\u3131",
    "a private character": "\ue000",
    "half a surrogate pair, which is refused elsewhere": "\ud83d",
}


@pytest.mark.parametrize("text", NOTHING.values(), ids=NOTHING)
def test_it_shows_nothing(text: str) -> None:
    assert shows_nothing(text)
    assert seen(text) == ""


@pytest.mark.parametrize("text", TEXT.values(), ids=TEXT)
def test_visible_text_is_unchanged(text: str) -> None:
    assert not shows_nothing(text)
    assert seen(f" {text}\n") == text


def test_a_long_text_of_nothing_takes_no_time() -> None:
    begun = time.process_time()
    assert shows_nothing("\u200b" * 50_000)
    assert time.process_time() - begun < 0.5


class Asked(forms.Form):
    """Fields of text, asked for or not."""

    name = forms.CharField()
    slug = forms.SlugField(required=False)
    note = forms.CharField(required=False, widget=forms.Textarea)


@pytest.mark.parametrize("text", NOTHING.values(), ids=NOTHING)
def test_a_form_takes_it_for_nothing(text: str) -> None:
    form = Asked({"name": text, "slug": text, "note": text})
    assert not form.is_valid()
    assert form.errors == {"name": ["Please fill this in."]}
    assert form.cleaned_data == {"slug": "", "note": ""}


@pytest.mark.parametrize("text", TEXT.values(), ids=TEXT)
def test_a_form_keeps_text_as_it_was_typed(text: str) -> None:
    form = Asked({"name": text})
    assert form.is_valid()
    assert form.cleaned_data["name"] == text
