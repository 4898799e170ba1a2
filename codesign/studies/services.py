"""Making studies and cohorts, adding members and taking them out."""

from __future__ import annotations

from collections.abc import Iterable

from django.db import transaction
from django.utils import timezone

from codesign.accounts.models import User
from codesign.audit import services as audit
from codesign.audit.registry import action
from codesign.shared.actors import Actor
from codesign.shared.errors import Conflict, Invalid
from codesign.studies import rules
from codesign.studies.models import Cohort, Member, Study
from codesign.studies.permissions import MANAGE_PEOPLE, RUN_STUDY, require
from codesign.studies.signals import member_removed

STUDY_MADE = action("studies.made", "made a study")
COHORT_MADE = action("studies.cohort_made", "made a cohort")
MEMBER_ADDED = action("studies.member_added", "added a person to the study")
MEMBER_REMOVED = action("studies.member_removed", "took a person out of the study")
STATE_CHANGED = action("studies.state_changed", "opened, paused or closed the study")


@transaction.atomic
def make_study(
    *, actor: Actor, slug: str, title: str, contact: str, summary: str = "", organisation: str = ""
) -> Study:
    """Make a study in draft; its maker gets no role by that."""
    study = Study.objects.create(
        slug=slug, title=title, contact=contact, summary=summary, organisation=organisation
    )
    audit.record(
        actor=actor, action=STUDY_MADE, study_id=study.id, about=("study", study.id, title)
    )
    return study


@transaction.atomic
def change_state(*, actor: Actor, study: Study, state: rules.StudyState) -> Study:
    """Open, pause or close a study.

    While it is not open nobody is given anything new; what people hold they may still send.
    """
    require(actor, RUN_STUDY, study)
    study = Study.objects.select_for_update().get(id=study.id)
    old, study.state = study.state, rules.STUDY_STATES.check(study.state, state)
    study.save(update_fields=["state"])
    audit.record(
        actor=actor,
        action=STATE_CHANGED,
        study_id=study.id,
        about=("study", study.id, study.title),
        data={"from": old, "to": study.state},
    )
    return study


@transaction.atomic
def make_cohort(
    *, actor: Actor, study: Study, key: str, title: str, role: rules.Role, position: int = 0
) -> Cohort:
    """Make a cohort of people who judge in `role`."""
    require(actor, MANAGE_PEOPLE, study)
    cohort = Cohort.objects.create(study=study, key=key, title=title, role=role, position=position)
    audit.record(
        actor=actor, action=COHORT_MADE, study_id=study.id, about=("cohort", cohort.id, title)
    )
    return cohort


@transaction.atomic
def add_member(
    *, actor: Actor, study: Study, user: User, roles: Iterable[str], cohort: Cohort | None = None
) -> Member:
    """Add a person to a study; a judging role needs a cohort of that role.

    Who was taken out comes back under the same pseudonym.
    """
    require(actor, MANAGE_PEOPLE, study)
    held = sorted(set(roles))
    if problem := rules.role_problem(held):
        raise Invalid(problem, {"roles": [problem]})
    if (cohort is None) == bool(set(held) & rules.JUDGING):
        raise Invalid("Choose a cohort for somebody who judges, and for nobody else.")
    if cohort and (cohort.study_id != study.id or cohort.role not in held):
        raise Invalid("This cohort is for another role.", {"cohort": ["Choose another cohort."]})
    former = Member.objects.select_for_update(no_key=True).filter(study=study, user=user).first()
    if former and former.left_at is None:
        raise Conflict("This person is in the study already.")
    member = former or Member(study=study, user=user)
    member.roles, member.cohort, member.left_at = held, cohort, None
    member.save()
    audit.record(
        actor=actor,
        action=MEMBER_ADDED,
        study_id=study.id,
        about=("member", member.id, member.pseudonym),
        data={"roles": held, "cohort": cohort.key if cohort else None},
    )
    return member


@transaction.atomic
def remove_member(*, actor: Actor, member: Member) -> Member:
    """Take a person out of a study, at once; what they hold goes back.

    What they signed, sent and earned stays, and they still see it: it is theirs to take back.
    """
    require(actor, MANAGE_PEOPLE, member.study)
    if member.user_id == actor.user_id:
        raise Conflict("Somebody else has to take you out of the study.")
    member = (
        Member.objects.select_for_update(no_key=True, of=("self",))
        .select_related("study")
        .get(id=member.id)
    )
    if member.left_at:
        raise Conflict("This person is not in the study any more.")
    member.left_at = timezone.now()
    member.save(update_fields=["left_at"])
    audit.record(
        actor=actor,
        action=MEMBER_REMOVED,
        study_id=member.study_id,
        about=("member", member.id, member.pseudonym),
        data={"roles": member.roles},
    )
    member_removed.send(sender=Member, actor=actor, member=member)
    return member
