"""A rubric as the people who judge will see it, with a made-up text and replies."""

from __future__ import annotations

import uuid

from django.utils.translation import gettext as _

from annotations.forms.judging_form import JudgingForm, judging_form
from annotations.queries.rubrics import RubricWords
from annotations.queries.shown import ShownAssignment, shown_rubric
from annotations.rules.states import Ask


def example_of(words: RubricWords, *, language: str) -> ShownAssignment:
    """Return an assignment that nobody has, with two example replies."""
    messages = [{"role": "user", "content": _("I have slept badly for weeks.")}]
    if words.each_turn:
        messages += [
            {"role": "assistant", "content": _("I am sorry. What keeps you awake?")},
            {"role": "user", "content": _("Thinking about work, mostly.")},
        ]
    replies = (_("That sounds hard. What would help tonight?"), _("Try to go to bed earlier."))
    return {
        "id": str(uuid.UUID(int=0)),
        "study": "",
        "state": "",
        "expires_at": "",
        "prompt": {
            "id": str(uuid.UUID(int=0)),
            "messages": messages,
            "category": "",
            "topics": [],
            "intensity": 1,
            "language": language,
        },
        "responses": [
            {"id": str(uuid.UUID(int=number)), "label": label, "text": text}
            for number, (label, text) in enumerate(zip("AB", replies, strict=True), start=1)
        ],
        "rubric": shown_rubric(words),
        "turns": list(words.turns_of(messages)),
        "asks": [Ask.RATING, Ask.RANKING],
        "pay": {"amount_minor": 0, "currency": "EUR"},
        "covered": False,
        "training": False,
        "draft": None,
    }


def preview_form(shown: ShownAssignment, *, clinical: bool) -> JudgingForm:
    """Return the empty judging form of an example."""
    return judging_form(shown, {}, clinical=clinical)
