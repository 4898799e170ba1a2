"""Appeals against rejections: the person asks, and somebody who took no part decides."""

from __future__ import annotations

import uuid

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from codesign.audit import services as audit
from codesign.audit.registry import action
from codesign.compensation.models import Appeal
from codesign.compensation.permissions import DECIDE_APPEALS
from codesign.compensation.queries import rejections as queries
from codesign.compensation.rules.rejections import (
    ANSWER_WITHIN,
    APPEAL_STATES,
    LONGEST_APPEAL,
    LONGEST_REASON,
    AppealState,
    appeal_problem,
    reason_problem,
    storable,
)
from codesign.compensation.services import rejections, review_mails
from codesign.shared.actors import SYSTEM, Actor
from codesign.shared.errors import Conflict, Invalid, NotFound, NotPermitted
from codesign.shared.transition import Move, machine, transition
from codesign.shared.visible import shows_nothing
from codesign.studies.models import Member, Study
from codesign.studies.permissions import require

APPEALED = action("compensation.appealed", gettext_lazy("appealed against a rejection"))
DECIDED = action("compensation.appeal_decided", gettext_lazy("decided on an appeal"))

NOT_IN_TIME = gettext_lazy("Nobody decided on your appeal in time, so you are paid.")


def _log(move: Move) -> None:
    audit.record(
        actor=move.actor,
        action=DECIDED,
        study_id=move.row.rejection.study_id,
        about=("rejection", move.row.rejection_id, ""),
        data={"state": move.new},
    )


machine(Appeal, APPEAL_STATES, log=_log)


@transaction.atomic
def appeal(*, actor: Actor, study: Study, rejection_id: uuid.UUID, text: str) -> Appeal:
    """Appeal against a confirmed rejection of one's own work, once, within `APPEAL_WITHIN`.

    Former members can appeal too. Those who can decide get a mail.
    """
    rejection = rejections.locked(study=study, rejection_id=rejection_id)
    if rejection.member.user_id != actor.user_id:
        raise NotFound(_("You have no such entry."))
    now = timezone.now()
    if Appeal.objects.filter(rejection=rejection).exists():
        raise Conflict(_("You have already appealed."))
    if problem := appeal_problem(
        state=rejection.state, confirmed_at=rejection.confirmed_at, now=now
    ):
        raise Conflict(problem)
    made = Appeal.objects.create(
        rejection=rejection, text=_checked(text, "text", most=LONGEST_APPEAL)
    )
    audit.record(
        actor=actor,
        action=APPEALED,
        study_id=study.id,
        about=("rejection", rejection.id, ""),
    )
    review_mails.tell_of_appeal(rejection=rejection)
    return made


@transaction.atomic
def decide(
    *, actor: Actor, study: Study, rejection_id: uuid.UUID, state: str, answer: str
) -> Appeal:
    """Uphold the rejection, or grant the appeal and pay again. The person gets a mail.

    The answer is for the person. To uphold, it follows the same rule as a reason to reject.
    """
    decider = require(actor, DECIDE_APPEALS, study)
    if decider is None:
        raise NotPermitted(_("Only a person can do this."))
    if state not in (AppealState.UPHELD, AppealState.GRANTED):
        problem = _("Choose one of the decisions.")
        raise Invalid(problem, {"state": [problem]})
    text = _checked(answer, "answer", most=LONGEST_REASON)
    if state == AppealState.UPHELD and (problem := reason_problem(text) or ""):
        raise Invalid(problem, {"answer": [problem]})
    rejection = rejections.locked(study=study, rejection_id=rejection_id)
    if problem := queries.why_not_decide(member=decider, rejection=rejection) or "":
        raise NotPermitted(problem)
    found = Appeal.objects.select_related("rejection__member").filter(rejection=rejection).first()
    if found is None:
        raise NotFound(_("Nobody has appealed against this."))
    _decide(found, AppealState(state), actor=actor, decider=decider, answer=text)
    return found


def grant_overdue() -> int:
    """Grant appeals that nobody decided within `ANSWER_WITHIN`. Return their number.

    A timer calls this, so that nobody loses pay because a study has nobody to decide.
    """
    due = Appeal.objects.filter(
        state=AppealState.OPEN, created_at__lte=timezone.now() - ANSWER_WITHIN
    )
    granted = 0
    for overdue in due.select_related("rejection__study"):
        with transaction.atomic():
            rejections.locked(study=overdue.rejection.study, rejection_id=overdue.rejection_id)
            found = Appeal.objects.select_related("rejection__member__user").get(id=overdue.id)
            if found.state == AppealState.OPEN:
                _decide(
                    found,
                    AppealState.GRANTED,
                    actor=SYSTEM,
                    decider=None,
                    answer=str(NOT_IN_TIME),
                )
                granted += 1
    return granted


@transaction.atomic
def forget(*, member: Member) -> None:
    """Delete what a person wrote in their appeals, if they want to be erased.

    An open appeal is granted first: nobody could decide on it without its text.
    """
    for found in Appeal.objects.filter(rejection__member=member).select_related("rejection__study"):
        rejections.locked(study=found.rejection.study, rejection_id=found.rejection_id)
        found.refresh_from_db(fields=["state"])
        if found.state == AppealState.OPEN:
            answer = _("The text of the appeal was erased, so the work is paid.")
            _decide(found, AppealState.GRANTED, actor=SYSTEM, decider=None, answer=answer)
    Appeal.objects.filter(rejection__member=member).update(text="")


def _decide(
    found: Appeal, state: AppealState, *, actor: Actor, decider: Member | None, answer: str
) -> None:
    transition(
        found,
        to=state,
        actor=actor,
        changes={"decided_by": decider, "answer": answer, "decided_at": timezone.now()},
    )
    if state == AppealState.GRANTED:
        rejections.revoke(actor=actor, rejection=found.rejection, decider=decider)
    review_mails.tell_of_decision(rejection=found.rejection)


def _checked(text: str, field: str, *, most: int) -> str:
    text = text.replace("\r\n", "\n").strip()
    if shows_nothing(text):
        problem = _("Please write a few words.")
    elif len(text) > most or not storable(text):
        problem = _("Please use at most %(n)d ordinary characters.") % {"n": most}
    else:
        return text
    raise Invalid(problem, {field: [problem]})
