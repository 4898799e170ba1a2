"""The comparison of a reply with its rewrite."""

from __future__ import annotations

import time

import pytest

from annotations.rules.diff import Kind, Piece, compare, little_in_common

S, G, N = Kind.SAME, Kind.GONE, Kind.NEW


def pieces(*pairs: tuple[Kind, str]) -> list[Piece]:
    return [Piece(kind, text) for kind, text in pairs]


@pytest.mark.parametrize(
    ("old", "new", "left", "right"),
    [
        ("One two.", "One two.", pieces((S, "One two.")), pieces((S, "One two."))),
        (
            "Try to set five alarms today.",
            "Try to set one alarm today.",
            pieces((S, "Try to set "), (G, "five alarms"), (S, " today.")),
            pieces((S, "Try to set "), (N, "one alarm"), (S, " today.")),
        ),
        ("Please stop", "Please wait", pieces((S, "Please "), (G, "stop")),
         pieces((S, "Please "), (N, "wait"))),
        ("Stop now", "Wait now", pieces((G, "Stop"), (S, " now")),
         pieces((N, "Wait"), (S, " now"))),
        ("", "New.", [], pieces((N, "New."))),
        ("Old.", "", pieces((G, "Old.")), []),
        ("Don’t go there.", "Do go there.", pieces((G, "Don’t"), (S, " go there.")),
         pieces((N, "Do"), (S, " go there."))),
        ("مرحبا بك هنا", "مرحبا بك هناك", pieces((S, "مرحبا بك "), (G, "هنا")),
         pieces((S, "مرحبا بك "), (N, "هناك"))),
    ],
)  # fmt: skip
def test_words_that_changed(old: str, new: str, left: list[Piece], right: list[Piece]) -> None:
    assert compare(old, new) == (left, right)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("a b c d e f", "x b y d z f"),
        ("Line one.\n\nLine two.", "Line two.\nLine one."),
        ("  spaces  stay ", "spaces stay"),
        ("emoji 🙂 e\u0301 and more", "emoji 🙃 é and more"),
    ],
)
def test_each_side_joined_is_its_text(old: str, new: str) -> None:
    left, right = compare(old, new)
    assert "".join(piece.text for piece in left) == old
    assert "".join(piece.text for piece in right) == new


def test_a_single_word_between_changes_counts_as_changed() -> None:
    left, right = compare("you must go now", "they could go later")
    assert [piece.kind for piece in left] == [G]
    assert [piece.kind for piece in right] == [N]


def test_very_long_texts_are_compared_as_a_whole() -> None:
    start = time.perf_counter()
    left, right = compare("word " * 4000, "other " * 4000)
    assert time.perf_counter() - start < 1
    assert [len(left), len(right)] == [1, 1]


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("One two three four.", "One two three five.", False),
        ("Try to set five alarms today.", "I hear how tired you are of this.", True),
        ("Short and kind.", "Short and kind.", False),
        ("Stay.", "Stay. " + "And much more that was never said before. " * 5, True),
        ("a b c d e f g x y z", "a b c 1 2 3 4 5 6 7", False),  # exactly 30%
        ("a b c d e f g x y z", "a b 0 1 2 3 4 5 6 7", True),
    ],
)
def test_both_texts_are_shown_where_they_share_little(old: str, new: str, expected: bool) -> None:
    assert little_in_common(*compare(old, new)) is expected
