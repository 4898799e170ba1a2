"""Which bytes a Range header asks for (RFC 9110, section 14)."""

from __future__ import annotations

import pytest

from codesign.shared.downloads import span_of


@pytest.mark.parametrize(
    ("header", "span"),
    [
        ("bytes=0-0", (0, 1)),
        ("bytes=2-4", (2, 3)),
        ("bytes=2-", (2, 8)),
        ("bytes=0-999", (0, 10)),
        ("Bytes=9-9", (9, 1)),
        ("bytes=-3", (7, 3)),
        ("bytes=-999", (0, 10)),
        ("bytes=10-", (10, 0)),
        ("bytes=99-100", (99, 0)),
        ("bytes=-0", (10, 0)),
        ("", None),
        ("bytes=-", None),
        ("bytes=4-2", None),
        ("bytes=0-1,4-5", None),
        ("bytes=one-two", None),
        ("bytes=٣-٤", None),
        ("lines=0-1", None),
        ("bytes 0-1", None),
    ],
)
def test_span_in_ten_bytes(header: str, span: tuple[int, int] | None) -> None:
    assert span_of(header, 10) == span


def test_nothing_of_an_empty_file_can_be_asked_for() -> None:
    assert [span_of(header, 0) for header in ("bytes=0-", "bytes=-5")] == [(0, 0), (0, 0)]
