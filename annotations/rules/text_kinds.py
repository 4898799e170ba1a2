"""What prompts and responses are.

Apart from `states`, whose labels need Django's models: the process that reads files imports this
module, and a third of a second more would be felt at every import (decision 28).
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
    """Whether a prompt or response holds personal data; what is found waits for a coordinator."""

    UNCHECKED = "unchecked"
    CLEAR = "clear"  # nothing was found
    FOUND = "found"
    CLEARED = "cleared"  # somebody looked: it is nobody's
    KEPT_OUT = "kept_out"


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
