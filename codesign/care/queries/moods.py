"""Moods, for the person themselves and the safety leads of their study. Nobody else reads them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from django.db.models import F, QuerySet
from django.utils import timezone

from codesign.care.models import Adjustments, Mood
from codesign.care.permissions import HANDLE_CASES
from codesign.care.rules.moods import DROP, Face, Moment, day_of, is_drop
from codesign.shared.actors import Actor
from codesign.studies.models import Member, Study
from codesign.studies.permissions import require

SHOWN_TO_LEADS = timedelta(days=28)
MOST_OWN = 60
"""Days that a person sees of their own moods, the newest first."""


@dataclass(frozen=True, slots=True)
class MoodDay:
    """What a person said on one of their days, in words; "" where they said nothing."""

    member: Member
    day: date
    before: str
    after: str
    is_drop: bool


def today(member: Member) -> dict[str, int | None]:
    """Return moment → face (None if they passed) of the member's day; one query."""
    day = day_of(timezone.now(), zone=member.user.timezone)
    return dict(Mood.objects.filter(member=member, day=day).values_list("moment", "face"))


def may_ask(member: Member, moment: Moment, *, said: dict[str, int | None]) -> bool:
    """Return whether to ask a member now. `said` is what they said today; at most one query.

    Nobody is asked twice on a day, nor after they passed on that day, nor if they switched it off.
    """
    if moment in said or None in said.values():
        return False
    return not Adjustments.objects.filter(member=member, asks_mood=False).exists()


def feels_worse(member: Member) -> bool:
    """Return whether the member said today that they feel clearly worse after a session."""
    said = today(member)
    return is_drop(before=said.get(Moment.BEFORE), after=said.get(Moment.AFTER))


def own_moods(*, actor: Actor, member: Member) -> list[MoodDay]:
    """Return the actor's own moods, the newest day first; one query."""
    if member.user_id != actor.user_id:
        return []
    return _by_day(Mood.objects.filter(member=member))[:MOST_OWN]


def moods_of(*, actor: Actor, study: Study, member: Member) -> list[MoodDay]:
    """Return what a member said in the last four weeks, for a safety lead; one query."""
    require(actor, HANDLE_CASES, study)
    since = timezone.localdate() - SHOWN_TO_LEADS
    return _by_day(Mood.objects.filter(member=member, member__study=study, day__gte=since))


def drops_in(*, actor: Actor, study: Study) -> list[MoodDay]:
    """Return the days of the last four weeks after which somebody felt clearly worse."""
    require(actor, HANDLE_CASES, study)
    since = timezone.localdate() - SHOWN_TO_LEADS
    moods = Mood.objects.filter(member__study=study, day__gte=since)
    after = moods.filter(moment=Moment.AFTER, face__lte=Face.VERY_GOOD - DROP)
    return [one for one in _by_day(moods.filter(member__in=after.values("member"))) if one.is_drop]


def _by_day(moods: QuerySet[Mood]) -> list[MoodDay]:
    days: dict[tuple[date, Member], dict[str, int]] = {}
    rows = moods.exclude(face=None).select_related("member")
    for row in rows.order_by(F("day").desc(), "member_id", "moment"):
        days.setdefault((row.day, row.member), {})[row.moment] = row.face or 0
    return [
        MoodDay(
            member=member,
            day=day,
            before=_words(said.get(Moment.BEFORE)),
            after=_words(said.get(Moment.AFTER)),
            is_drop=is_drop(before=said.get(Moment.BEFORE), after=said.get(Moment.AFTER)),
        )
        for (day, member), said in days.items()
    ]


def _words(face: int | None) -> str:
    return str(Face(face).label) if face else ""
