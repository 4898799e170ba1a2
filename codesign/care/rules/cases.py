"""Care cases: their states, their urgency, and when somebody must look at one."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Any

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _

from codesign.care.rules.disclosure.phrases import Urgency
from codesign.shared.states import Transitions

TIME_TO_ANSWER = timedelta(minutes=15)
"""How long the question to the author stands before silence opens a case (standards 4.9)."""
IMMINENT_WITHIN = timedelta(hours=12)
REVIEW_WITHIN = timedelta(hours=24)
TOLD_AGAIN_AFTER = timedelta(days=1)
"""How often mails about a case that nobody looks at are repeated."""
SATURDAY = 5


class Reason(TextChoices):
    """Why a case was opened."""

    WORDS = "words", _("Something that they wrote")
    ASKED = "asked", _("They asked for support")
    MOOD = "mood", _("They felt worse after a session")


class Answer(TextChoices):
    """What the author of a text said that it is about (standards 4.9)."""

    ME = "me", _("It is about me.")
    TEXT = "text", _("It is about the person in the text. It can be used as usual.")
    NOT_SURE = "not_sure", _("I am not sure.")
    NOT_SAID = "not_said", _("I would rather not say.")


class Contact(TextChoices):
    """How the safety lead may contact the person. Nobody contacts them in another way."""

    NOBODY = "nobody", _("Nobody should contact me.")
    EMAIL = "email", _("By e-mail, to the address of my account.")
    PHONE = "phone", _("By phone or text message, to this number:")


class CaseState(StrEnum):
    """The life of a case."""

    WAITING = "waiting"  # for the author's answer; nobody else knows of it
    OPEN = "open"
    CLOSED = "closed"
    SETTLED = "settled"  # by the author's answer; nobody else ever knew of it


CASE_STATES = Transitions.of(
    "case",
    {
        "waiting": ["open", "settled"],
        "open": ["closed"],
        "closed": ["open"],
        "settled": ["open"],
    },
)
SEEN = (CaseState.OPEN, CaseState.CLOSED)
"""States in which the safety lead sees a case."""


class Outcome(TextChoices):
    """How a case ended."""

    TALKED = "talked", _("We talked, and they have what they need")
    REFERRED = "referred", _("They are with somebody who helps, such as a clinic or a helpline")
    DECLINED = "declined", _("They did not want contact")
    NO_REPLY = "no_reply", _("They did not reply to several attempts")
    NO_NEED = "no_need", _("There was no need for support")


def opens_a_case(answer: Answer) -> bool:
    """Return whether the safety lead hears of a text with this answer."""
    return answer in (Answer.ME, Answer.NOT_SURE)


def due_after(at: datetime, *, urgency: str) -> datetime:
    """Return by when somebody must look at a case that was opened, or last looked at, at `at`.

    Imminent risk within 12 hours on every day (Nock et al. 2020); all others within 24 hours, which
    do not run on Saturdays and Sundays. Days are those of the time zone of `at`.
    """
    if urgency == Urgency.IMMINENT:
        return at + IMMINENT_WITHIN
    due = at + REVIEW_WITHIN
    while due.weekday() >= SATURDAY:
        due += timedelta(days=1)
    return due


@dataclass(frozen=True, slots=True)
class Turn:
    """One person's place in the rota: the lower, the sooner."""

    member: Any
    place: int
    away_from: date | None = None
    away_until: date | None = None
    """The last day of the absence."""

    def is_away(self, day: date) -> bool:
        """Return whether the person is away on a day."""
        if self.away_from is None or self.away_until is None:
            return False
        return self.away_from <= day <= self.away_until


def on_duty(rota: Iterable[Turn], *, day: date) -> Sequence[Turn]:
    """Return who is on duty on a day, the first in charge first.

    If everybody is away, all of them, as somebody must hear of a case.
    """
    turns = sorted(rota, key=lambda turn: turn.place)
    return [turn for turn in turns if not turn.is_away(day)] or turns
