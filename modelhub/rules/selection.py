"""Which prompts a generation run answers, on plain values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from typing import Any

from django.utils.translation import gettext as _

from annotations.rules.text_kinds import Category
from annotations.rules.texts import storable

MOST_CHOSEN = 1_000
"""Topics, languages or ids of a selection."""
MOST_LETTERS = 120
"""Characters of one of these, as of an external id."""


@dataclass(frozen=True, slots=True)
class Selection:
    """Prompts that match all of these fields. An empty field matches all prompts."""

    categories: Sequence[str] = ()
    topics: Sequence[str] = ()
    """A prompt has one of them."""
    languages: Sequence[str] = ()
    external_ids: Sequence[str] = ()
    unanswered: bool = False
    """Only prompts to which none of the models that start together had responded."""

    def plain(self) -> dict[str, Any]:
        """Return what is chosen as plain values, to store it."""
        return {
            name: value if value is True else list(value)
            for name, value in asdict(self).items()
            if value
        }


ALL_PROMPTS = Selection()


def selection_from(plain: Mapping[str, Any]) -> Selection:
    """Return the selection that `plain` made; other keys are left alone."""
    names = [field.name for field in fields(Selection)]
    return Selection(**{name: plain[name] for name in names if name in plain})


def selection_problems(selection: Selection) -> dict[str, list[str]]:
    """Return the errors of each invalid part; empty if all are valid."""
    problems: dict[str, list[str]] = {}
    if not set(selection.categories) <= set(Category):
        sentence = _("Choose from %(known)s.") % {"known": ", ".join(Category)}
        problems["categories"] = [sentence]
    for name in ("topics", "languages", "external_ids"):
        chosen: Sequence[str] = getattr(selection, name)
        fit = all(storable(one) and len(one) <= MOST_LETTERS for one in chosen)
        if len(chosen) > MOST_CHOSEN or not fit:
            sentence = _("Choose at most %(most)s, each of at most %(letters)d characters.")
            problems[name] = [sentence % {"most": f"{MOST_CHOSEN:,}", "letters": MOST_LETTERS}]
    return problems
