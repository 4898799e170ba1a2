"""Care on home pages and in the navigation: cases, the rota, helplines."""

from __future__ import annotations

from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from codesign.care.permissions import ADJUST, HANDLE_CASES, HELPLINES, SAY_MOOD, SEE_PLAN
from codesign.care.queries import cases, helplines, moods, rota
from codesign.care.rules.countries import country_name
from codesign.care.rules.helplines import due_words
from codesign.care.rules.moods import Face, Moment, needs_an_answer
from codesign.consent import queries as consent
from codesign.shared.actors import Actor
from codesign.studies.models import Member
from codesign.studies.registry import (
    CARDS,
    NAV,
    STEPS,
    CardSource,
    NavLink,
    Panel,
    Step,
    StepSource,
)
from codesign.studies.rules import StudyState


def look_after(member: Member) -> Step:
    """Return a step with the number of open cases, or that nobody waits."""
    waiting = cases.open_cases(actor=Actor.of(member.user), study=member.study).count()
    says = (
        ngettext("%(n)d person waits for you to look", "%(n)d people wait for you to look", waiting)
        % {"n": waiting}
        if waiting
        else _("Nobody is waiting. You get a mail as soon as somebody may need you.")
    )
    return Step(
        says=says,
        href=reverse("care:cases", kwargs={"slug": member.study.slug}),
        label=_("People to look after"),
    )


def plan_is_missing(member: Member) -> Step | None:
    """Return a step if nobody is in the rota or nobody wrote what to do."""
    study_id = member.study_id
    if rota.rota_of(study_id=study_id) and rota.escalation_of(study_id=study_id):
        return None
    return Step(
        says=_("The rota or the text on what you do in distress is missing."),
        href=reverse("care:plan", kwargs={"slug": member.study.slug}),
        label=_("Rota, and what to do"),
    )


def in_charge_now(member: Member) -> Panel:
    """Return a panel that says who is in charge, and how people reach them."""
    leads = rota.in_charge(study_id=member.study_id, day=timezone.localdate())
    return Panel(
        "care/_card.html",
        {"study": member.study, "in_charge": [cases.name_of(lead) for lead in leads[:1]]},
    )


def lines_to_verify(member: Member) -> Step | None:
    """Return a step if lines were verified more than 90 days ago, or None."""
    due = helplines.lines_due(study_id=member.study_id)
    if not due:
        return None
    return _step(member, due_words(due))


def no_lines(member: Member) -> Step | None:
    """Return a warning if an open study lacks countries, or lines in one, or None.

    Only a study that opened before countries were asked for can lack them.
    """
    if member.study.state != StudyState.OPEN:
        return None
    if not helplines.recruited_codes(study_id=member.study_id):
        return _step(member, _("Name the countries in which this study recruits."))
    lacking = helplines.codes_without_line(study_id=member.study_id)
    if not lacking:
        return None
    countries = ", ".join(map(country_name, lacking))
    return _step(member, _("Add and verify a crisis line: %(country)s.") % {"country": countries})


def _step(member: Member, says: str) -> Step:
    href = reverse("care:helplines", kwargs={"slug": member.study.slug})
    return Step(says=says, href=href, label=_("Helplines"))


def how_are_you(member: Member) -> Panel | None:
    """Return the card that asks how somebody is before a session, at most once a day.

    Who said that they feel bad is thanked, and offered support.
    """
    if member.study.state != StudyState.OPEN:
        return None
    said = moods.today(member)
    if needs_an_answer(before=said.get(Moment.BEFORE), after=said.get(Moment.AFTER)):
        if cases.open_case_of(member=member) is not None:
            return None
        return Panel("care/_low_mood_card.html", {"study": member.study})
    if said or not moods.may_ask(member, Moment.BEFORE, said=said):
        return None
    if consent.id_in_force(member_id=member.id) is None:
        return None
    here = reverse("desk:study", kwargs={"slug": member.study.slug})
    return Panel(
        "care/_mood_card.html",
        {"study": member.study, "moment": Moment.BEFORE, "faces": Face.choices, "next": here},
    )


def how_you_work(member: Member) -> Panel:
    """Return the card that leads to how one works."""
    return Panel("care/_how_you_work_card.html", {"study": member.study})


CARDS.register("mood", CardSource(SAY_MOOD.roles, order=1, find=how_are_you))
CARDS.register("how you work", CardSource(ADJUST.roles, order=32, find=how_you_work))
STEPS.register("care plan", StepSource(HANDLE_CASES.roles, order=1, find=plan_is_missing))
STEPS.register("cases", StepSource(HANDLE_CASES.roles, order=80, find=look_after))
CARDS.register("care", CardSource(HANDLE_CASES.roles, order=10, find=in_charge_now))
NAV.register("cases", NavLink(gettext_lazy("Care"), "care:cases", HANDLE_CASES, 20))
NAV.register("rota", NavLink(gettext_lazy("Rota"), "care:plan", SEE_PLAN, 21))
STEPS.register("helplines missing", StepSource(HELPLINES.roles, order=2, find=no_lines))
STEPS.register("helplines due", StepSource(HELPLINES.roles, order=30, find=lines_to_verify))
NAV.register("helplines", NavLink(gettext_lazy("Helplines"), "care:helplines", HELPLINES, 82))
