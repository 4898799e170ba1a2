"""Forms of consent texts, filled in."""

from __future__ import annotations

from typing import Any

from codesign.consent import rules


def written(**changes: Any) -> dict[str, Any]:
    """What the form sends for a whole text."""
    sent = {
        "before": "",
        "title": "What you say yes to",
        "key_information": "First.\r\n \r\nSecond,\r\non two lines.",
        "parts-TOTAL_FORMS": "2",
        "parts-INITIAL_FORMS": "0",
        "parts-0-heading": "What you do",
        "parts-0-text": "You read.\n\n\nYou judge.",
        "parts-1-heading": "",
        "parts-1-text": "",
        "offer_training": "on",
    }
    for purpose in rules.Purpose:
        sent |= {f"title_{purpose}": f"Yes to {purpose}", f"help_{purpose}": "What it means."}
    return sent | changes
