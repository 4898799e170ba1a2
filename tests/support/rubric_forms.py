"""Forms of rubrics, filled in."""

from __future__ import annotations

from typing import Any


def question(number: int, title: str, *, key: str = "", **changes: str) -> dict[str, str]:
    said = {"key": key, "title": title, "question": f"Was it {title}?"}
    said |= {f"anchor_{score}": f"{score} of 5" for score in range(1, 6)}
    return {f"questions-{number}-{name}": words for name, words in (said | changes).items()}


def written(*questions: dict[str, str], **changes: Any) -> dict[str, Any]:
    total = {"questions-TOTAL_FORMS": str(len(questions) + 1), "questions-INITIAL_FORMS": "0"}
    sent: dict[str, Any] = {"title": "How it feels"} | total
    for one in questions:
        sent |= one
    return sent | changes
