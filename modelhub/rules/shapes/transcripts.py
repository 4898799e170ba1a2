"""Conversations that are one text: transcripts of HH-RLHF, `\\n\\nHuman: …\\n\\nAssistant: …`."""

from __future__ import annotations

import re
from typing import Any

from django.utils.translation import gettext as _

from codesign.shared.visible import shows_nothing
from modelhub.rules.raw_rows import BadRow
from modelhub.rules.shapes.turns import Turn, are_turns, turns_of
from modelhub.rules.shapes.values import parsed

REPLY = "\n\nAssistant:"
_HH = re.compile(r"(?:^|\n\n)(Human|Assistant): ?")


def transcript(text: str) -> list[Turn]:
    r"""Return the turns of a transcript of HH-RLHF, `\n\nHuman: …\n\nAssistant: …`."""
    parts = _HH.split(text)
    if not shows_nothing(parts[0]) or len(parts) < 3:
        raise BadRow(_("the transcript does not begin with “Human:” or “Assistant:”."))
    roles = {"Human": "user", "Assistant": "assistant"}
    pairs = zip(parts[1::2], parts[2::2], strict=True)
    return [{"role": roles[role], "content": said.strip()} for role, said in pairs]


def is_transcript(value: Any) -> bool:
    """Return whether a text is a transcript of HH-RLHF."""
    return isinstance(value, str) and re.match(r"\s*(Human|Assistant): ", value) is not None


def spoken(value: Any) -> Any:
    """Return the turns of a list of turns or of a transcript; every other value as it is.

    A transcript may end with the name of who speaks next.
    """
    value = parsed(value)
    if is_transcript(value) and REPLY in value:
        turns = transcript(value)
        return turns[:-1] if turns[-1]["content"] == "" else turns
    return turns_of(value) if are_turns(value) else value
