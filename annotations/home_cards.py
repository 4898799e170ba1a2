"""Home cards, steps and navigation links of this app: judging, reviews, pay checks, releases."""

from __future__ import annotations

from django.urls import Resolver404, resolve, reverse
from django.utils.text import capfirst
from django.utils.timezone import now
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from annotations.permissions import (
    CHECK_PAY,
    DOWNLOAD_RELEASES,
    JUDGE,
    OWN_TEXTS,
    REVIEW,
    SEE_OWN,
    SEE_RELEASES,
    SEE_ROUNDS,
    WITHDRAW_TEXTS,
)
from annotations.queries import (
    assignments,
    no_work,
    own_judgements,
    own_texts,
    pay_checks,
    progress,
    recipients,
    releases,
    review,
)
from annotations.registry import uses_of
from annotations.rules.states import ReleaseState
from codesign.care.registry import WAYS_ON, WAYS_TO_STOP
from codesign.compensation.queries import pay_choices
from codesign.compensation.registry import BESIDE_PAY
from codesign.shared.actors import Actor
from codesign.shared.counts import counted
from codesign.shared.templatetags.codesign import percent_of
from codesign.studies import registry
from codesign.studies.models import Member
from codesign.studies.rules import Role, StudyState


def read_and_judge(member: Member) -> registry.Step | None:
    """Return the step with the number of waiting texts, their pay and the button to start."""
    if member.cohort_id is None:
        return None
    if member.study.state == StudyState.PAUSED:
        return _pause(member)
    if member.study.state != StudyState.OPEN:
        return None
    actor = Actor.of(member.user)
    rate = pay_choices.rate_for(member=member, at=now())
    held = assignments.held(actor=actor, slug=member.study.slug)
    waiting = assignments.how_many_wait(member) + bool(held) if rate else 0
    why = None if waiting else no_work.why_nothing(actor=actor, member=member)
    if not held and waiting and rate and (spent := no_work.no_money(member, rate=rate)):
        waiting, why = 0, spent
    elif not held and waiting and (limited := no_work.limited(member)):
        waiting, why = 0, limited
    return registry.Step(
        says="",
        href=reverse("annotations:judge", kwargs={"slug": member.study.slug}) if waiting else "",
        label=_("Continue") if held and held.draft else _("Start"),
        template="annotations/_step.html",
        context={
            "waiting": waiting,
            "at_most": waiting >= assignments.AT_MOST,
            "rate": rate,
            "why": why,
            "begun": bool(held and held.draft),
        },
    )


def _pause(member: Member) -> registry.Step:
    """Return the step of a paused study, with a link to the assignment that is still open."""
    held = assignments.held(actor=Actor.of(member.user), slug=member.study.slug)
    says = _("The study is paused. You do not need to do anything.")
    if held:
        says = _("The study is paused. You can still send the text that you have open. It is paid.")
    return registry.Step(
        says=says,
        href=reverse("annotations:judge", kwargs={"slug": member.study.slug}) if held else "",
        label=_("Continue"),
    )


def _waiting_words(rewrites: int, flags: int) -> str:
    parts = []
    if rewrites:
        words = ngettext("%(n)s rewrite", "%(n)s rewrites", rewrites)
        parts.append(words % {"n": counted(rewrites)})
    if flags:
        words = ngettext("%(n)s report of harm", "%(n)s reports of harm", flags)
        parts.append(words % {"n": counted(flags)})
    if not parts:
        return ""
    words = ngettext("%(what)s waiting", "%(what)s waiting", rewrites + flags)
    return capfirst(words % {"what": _(" and ").join(parts)})


def review_step(member: Member) -> registry.Step | None:
    """Return the step with the number of rewrites and reports to review, for coordinators."""
    counts = review.counts(actor=Actor.of(member.user), study_id=member.study_id)
    if not counts.rewrites and not counts.flags:
        return None
    return registry.Step(
        says=_waiting_words(counts.rewrites, counts.flags),
        href=reverse("annotations:review", kwargs={"slug": member.study.slug}),
        label=_("Review"),
    )


def pay_checks_step(member: Member) -> registry.Step | None:
    """Return the step with the work whose pay is held until a coordinator checks it."""
    pieces, people = pay_checks.how_many(study_id=member.study_id)
    if not pieces:
        return None
    words = ngettext("%(n)s quick piece", "%(n)s quick pieces", pieces) % {"n": counted(pieces)}
    of = ngettext("from %(n)s person", "from %(n)s people", people) % {"n": counted(people)}
    return registry.Step(
        says=_("%(pieces)s %(people)s to check. Nothing is paid for them until you decide.")
        % {"pieces": words, "people": of},
        href=reverse("annotations:pay-checks", kwargs={"slug": member.study.slug}),
        label=_("Check the pay"),
    )


def held_pay(member: Member) -> registry.Panel | None:
    """Return the panel of a person's pay page with held pay; None without any."""
    own_pay = pay_checks.of_person(actor=Actor.of(member.user), member=member)
    if not own_pay.held:
        return None
    context = {"own_pay": own_pay, "study": member.study}
    return registry.Panel("annotations/_held_pay.html", context)


def review_card(member: Member) -> registry.Panel | None:
    """Return the card with the number of rewrites and reports to review, for clinicians."""
    counts = review.counts(actor=Actor.of(member.user), study_id=member.study_id)
    return registry.Panel(
        "annotations/_review_card.html",
        {
            "says": _waiting_words(counts.rewrites, counts.flags),
            "later": counts.later,
            "study": member.study,
        },
    )


def own_texts_card(member: Member) -> registry.Panel | None:
    """Return the card with the number of texts that are private; None without any."""
    count = own_texts.how_many(member=member)
    if not count:
        return None
    seen = own_texts.seen_by_safety_leads(member=member).exists()
    context = {"count": count, "lead_sees": seen, "study": member.study}
    return registry.Panel("annotations/_own_texts_card.html", context)


def mine_card(member: Member) -> registry.Panel | None:
    """Return the card that leads to what the member judged; None before the first text."""
    actor = Actor.of(member.user)
    if not own_judgements.finished(actor=actor, member=member).exists():
        return None
    sent_back = own_judgements.sent_back(actor=actor, member=member)
    context = {"study": member.study, "sent_back": sent_back}
    return registry.Panel("annotations/_mine_card.html", context)


def topics_card(member: Member) -> registry.Panel:
    """Return the card with the way to the member's topics and daily limit."""
    return registry.Panel("annotations/_topics_card.html", {"study": member.study})


def judged_card(member: Member) -> registry.Panel | None:
    """Return the card with the progress of each cohort; None in a study without cohorts."""
    cohorts = progress.judged_by_cohort(study_id=member.study_id)
    if not cohorts:
        return None
    examples = sum(cohort.examples for cohort in cohorts)
    return registry.Panel(
        "annotations/_judged_card.html", {"cohorts": cohorts, "examples": examples}
    )


def journey_card(member: Member) -> registry.Panel | None:
    """Return the card that counts people from invitation to judging, in total and by cohort."""
    cohorts = progress.journeys(study_id=member.study_id)
    if not cohorts:
        return None
    invited, joined, signed, judging, again, left = (
        sum(getattr(cohort, part) for cohort in cohorts)
        for part in ("invited", "joined", "signed", "judging", "to_sign_again", "left")
    )
    stages = [
        (_("Invited"), invited, ""),
        (_("Joined"), joined, share_of(joined, invited, _("%(share)s of those invited"))),
        (_("Signed"), signed, share_of(signed, joined, _("%(share)s of those who joined"))),
        (_("Judging"), judging, share_of(judging, signed, _("%(share)s of those who signed"))),
    ]
    context = {"stages": stages, "cohorts": cohorts, "most": invited, "again": again, "left": left}
    return registry.Panel("annotations/_journey_card.html", context)


def share_of(part: int, whole: int, words: str) -> str:
    """Return a sentence such as “71% of those …”, or "" if the whole is zero."""
    return words % {"share": percent_of(part, whole)} if whole else ""


def releases_step(member: Member) -> registry.Step | None:
    """Return the step about the newest release if it is missing, unfinished or superseded."""
    newest = releases.releases_of(study=member.study).first()
    if newest and newest.state == ReleaseState.FROZEN:
        return None
    if not newest and not progress.has_judgements(study_id=member.study_id):
        if not member.has_role(Role.ML_ENGINEER):
            return None
        words = _("Nothing has been judged yet. Dataset releases need judgements.")
        return registry.Step(says=words, href="", label="")
    says = _("There is no dataset release yet")
    if newest:
        states = {
            ReleaseState.SUPERSEDED: _("Release %(n)d is superseded; a new one is needed"),
            ReleaseState.FAILED: _("Release %(n)d could not be built"),
        }
        says = states.get(ReleaseState(newest.state), _("Release %(n)d is being built"))
        says %= {"n": newest.number}
    return registry.Step(
        says=says,
        href=reverse("annotations:releases", kwargs={"slug": member.study.slug}),
        label=_("Dataset releases"),
    )


def superseded_card(member: Member) -> registry.Panel | None:
    """Return the card with superseded releases that this person downloaded, and their uses."""
    superseded = recipients.taken_and_superseded(actor=Actor.of(member.user), study=member.study)
    if not superseded:
        return None
    uses = uses_of([release.id for release in superseded])
    rows = [
        {"release": release, "uses": [use for use in uses if use.release_id == release.id]}
        for release in superseded
    ]
    return registry.Panel(
        "annotations/_superseded_card.html", {"rows": rows, "study": member.study}
    )


def stop_judging(address: str) -> str:
    """Return the address of “Stop for now” if `address` is the judging page, else ""."""
    try:
        match = resolve(address)
    except Resolver404:
        return ""
    if match.view_name != "annotations:judge-one":
        return ""
    return reverse("annotations:judge-stopped", kwargs={"slug": match.kwargs["slug"]})


def continue_judging(member: Member) -> str:
    """Return the address of the text that a member holds, or of the next one; "" for staff."""
    if not member.has_role(*JUDGE.roles):
        return ""
    slug = member.study.slug
    if held := assignments.held(actor=Actor.of(member.user), slug=slug):
        keys = {"slug": slug, "assignment_id": held.id}
        return reverse("annotations:judge-one", kwargs=keys)
    return reverse("annotations:judge", kwargs={"slug": slug})


WAYS_ON.register("judging", continue_judging)
WAYS_TO_STOP.register("judging", stop_judging)
BESIDE_PAY.register("held", held_pay)
registry.STEPS.register(
    "pay-checks", registry.StepSource(CHECK_PAY.roles, order=15, find=pay_checks_step)
)
registry.STEPS.register("judging", registry.StepSource(JUDGE.roles, order=50, find=read_and_judge))
registry.STEPS.register(
    "review", registry.StepSource(frozenset({Role.COORDINATOR}), order=20, find=review_step)
)
registry.CARDS.register(
    "review", registry.CardSource(frozenset({Role.CLINICIAN}), order=5, find=review_card)
)
registry.CARDS.register(
    "own-texts", registry.CardSource(OWN_TEXTS.roles, order=40, find=own_texts_card)
)
registry.CARDS.register("mine", registry.CardSource(SEE_OWN.roles, order=35, find=mine_card))
registry.CARDS.register("topics", registry.CardSource(JUDGE.roles, order=30, find=topics_card))
registry.CARDS.register(
    "judged",
    registry.CardSource(frozenset({Role.COORDINATOR, Role.AUDITOR}), order=10, find=judged_card),
)
registry.CARDS.register(
    "journey",
    registry.CardSource(
        frozenset({Role.COORDINATOR}), order=10, find=journey_card, place=registry.Place.WIDE
    ),
)
registry.NAV.register(
    "review", registry.NavLink(gettext_lazy("Review"), "annotations:review", REVIEW, 20)
)
registry.STEPS.register(
    "releases",
    registry.StepSource(
        frozenset({Role.COORDINATOR, Role.ML_ENGINEER}), order=60, find=releases_step
    ),
)
registry.CARDS.register(
    "superseded", registry.CardSource(DOWNLOAD_RELEASES.roles, order=1, find=superseded_card)
)
registry.NAV.register(
    "releases", registry.NavLink(gettext_lazy("Releases"), "annotations:releases", SEE_RELEASES, 40)
)
registry.NAV.register(
    "rounds", registry.NavLink(gettext_lazy("Rounds"), "annotations:rounds", SEE_ROUNDS, 30)
)
registry.NAV.register(
    "prompts", registry.NavLink(gettext_lazy("Prompts"), "annotations:prompts", WITHDRAW_TEXTS, 25)
)
