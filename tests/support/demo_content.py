"""The words of the demo study, as its files hold them."""

from __future__ import annotations

import json
from typing import Any

from codesign.consent.rules import words_of
from tests.support.running import ROOT

PROMPTS: list[dict[str, Any]] = [
    json.loads(line)
    for line in (ROOT / "codesign/desk/demo/prompts.jsonl").read_text(encoding="utf-8").splitlines()
]


def shingles(text: str, size: int = 3) -> set[tuple[str, ...]]:
    """The runs of so many words in a text."""
    words = words_of(text)
    return {tuple(words[i : i + size]) for i in range(len(words) - size + 1)}
