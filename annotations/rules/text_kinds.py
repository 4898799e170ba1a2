"""Kinds of prompts and responses, and the check of their texts for personal data.

Separate from `states`, whose labels need Django's models: the process that reads files imports this
module, and Django would add a third of a second to every import (decision 28).
"""

from __future__ import annotations

from enum import StrEnum

from codesign.shared.states import Transitions


class Category(StrEnum):
    """What kind of help a prompt asks for (standards 1.1)."""

    EDUCATION = "education"
    ASSESSMENT = "assessment"
    INTERVENTION = "intervention"


class Origin(StrEnum):
    """Who wrote a text (standards 1.6)."""

    HUMAN = "human"
    AI = "ai"
    AI_EDITED = "ai_edited"


class TextCheck(StrEnum):
    """Whether a text may contain personal data. A coordinator decides on those that may."""

    UNCHECKED = "unchecked"
    CLEAR = "clear"  # nothing was found
    FOUND = "found"
    CLEARED = "cleared"  # a coordinator found that it is not personal data
    KEPT_OUT = "kept_out"


SCAN_STATES = Transitions.of("text", {"unchecked": ["clear", "found"]})
"""The moves that the scan makes. People make the others of `TEXT_STATES`."""
TEXT_STATES = Transitions.of(
    "text",
    {
        "unchecked": ["clear", "found"],
        "clear": [],
        "found": ["cleared", "kept_out"],
        "cleared": ["kept_out"],
        "kept_out": ["cleared"],
    },
)
