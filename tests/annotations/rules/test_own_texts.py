"""Which texts may tell of a crisis, and that each is looked at once."""

from __future__ import annotations

from annotations.rules.own_texts import Remembered, needs_support
from codesign.care.rules.disclosure.phrases import Urgency


def test_a_text_is_looked_at_once_and_never_kept() -> None:
    looked: list[str] = []

    def look(text: str) -> Urgency | None:
        looked.append(text)
        return Urgency.CONCERN if "die" in text else None

    urgency_of = Remembered(look)
    texts = ["I want to die", "A hard day", "\ud800"]
    for _ in range(3):
        assert [urgency_of(text) for text in texts] == [Urgency.CONCERN, None, None]
    assert looked == texts
    assert all(text not in repr(vars(urgency_of)) for text in texts[:2])
    for n in range(Remembered.MOST):
        urgency_of(f"text {n}")
    assert len(urgency_of._noticed) <= Remembered.MOST
    assert urgency_of(texts[0]) is Urgency.CONCERN


def test_any_of_several_texts_counts() -> None:
    assert needs_support(["A hard day", "I want to die"])
    assert not needs_support(["A hard day", ""])
    assert not needs_support([])
