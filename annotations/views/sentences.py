"""Small helpers of the judging page: what it says after an action, and what asks for it."""

from __future__ import annotations

from django.utils.translation import gettext as _

from annotations.models import Assignment
from annotations.queries.no_work import Nothing
from codesign.shared.errors import Invalid, TooLarge
from codesign.shared.money import format_money
from codesign.studies.permissions import StudyRequest


def is_prefetch(request: StudyRequest) -> bool:
    """Return whether a browser prefetches the page. If refused, it requests the page later."""
    purpose = request.headers.get("Sec-Purpose", "") + request.headers.get("Purpose", "")
    return "prefetch" in purpose


def added(assignment: Assignment, *, held: bool) -> str:
    """Return a sentence to append: the amount that was added, or that the pay is checked first."""
    if not assignment.amount_minor:
        return ""
    if held:
        return " " + _("Thank you. A person checks the pay first. You did nothing wrong.")
    amount = format_money(assignment.amount_minor, assignment.currency)
    return " " + _("%(amount)s was added.") % {"amount": amount}


def stopped_for_support(assignment: Assignment) -> str:
    """Return what a person reads who stopped on this text and asked for support."""
    if assignment.pay_held:
        return _("You stopped, and that is fine. The text is finished.") + added(
            assignment, held=True
        )
    return _("You stopped, and that is fine. The text is finished and paid.")


def messages_of(refusal: Invalid | TooLarge) -> dict[str, str]:
    """Return a refusal as an error of the whole form."""
    fields = refusal.fields.values() if isinstance(refusal, Invalid) else ()
    return {"": " ".join(one for several in fields for one in several) or refusal.title}


def heading_of(state: str) -> str:
    """Return the heading of a page that explains why no text is shown."""
    return {
        "sent": _("This text is sent"),
        "skipped": _("You skipped this text"),
        "skipped_today": _("You skipped this text for today"),
        "over": _("This text is no longer open"),
        "stopped": _("Stopped for now"),
        "debrief": _("Thank you for today"),
        "rest": _("Would you like a break?"),
        "break": _("Would you like a break?"),
        "left": _("You have left this study"),
        Nothing.PAUSED: _("The study is paused"),
        Nothing.CLOSED: _("The study is not open now"),
        Nothing.UNPAID: _("The pay is not set yet"),
        Nothing.CAP: _("You have reached the limit that you set"),
        Nothing.BUDGET: _("There is no paid work right now"),
        Nothing.FULL: _("That is enough for today. Thank you."),
        Nothing.HEAVIEST: _("Only heavy texts are left for now"),
        Nothing.LATER: _("The remaining texts come back on another day"),
        Nothing.TOPICS: _("No texts are left with topics that are fine for you"),
        Nothing.WRITING: _("More texts are coming"),
        Nothing.OTHERS: _("Other people are reading the last texts"),
        Nothing.BETWEEN: _("No texts are open right now"),
        Nothing.DONE: _("You have finished all texts for now. Thank you."),
        Nothing.NONE_YET: _("There are no texts to read yet"),
    }[state]
