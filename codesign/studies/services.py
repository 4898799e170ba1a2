"""Creating studies and cohorts, opening a study, adding and removing members."""

from __future__ import annotations

import uuid
from collections.abc import Iterable

from django.db import IntegrityError, transaction
from django.db.models import Max, ProtectedError
from django.utils import timezone, translation
from django.utils.text import slugify
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from codesign.accounts import services as accounts
from codesign.accounts.models import User
from codesign.accounts.queries import language_of
from codesign.audit import services as audit
from codesign.audit.registry import action
from codesign.shared.actors import Actor
from codesign.shared.errors import Conflict, Invalid, NotPermitted
from codesign.shared.keys import free_key
from codesign.shared.transition import Move, machine, transition
from codesign.studies import queries, rules
from codesign.studies.locks import lock_study
from codesign.studies.models import Cohort, Member, Study
from codesign.studies.permissions import MANAGE_PEOPLE, RUN_STUDY, require, require_to_add
from codesign.studies.signals import member_added, member_removed

STUDY_MADE = action("studies.made", gettext_lazy("created a study"))
STUDY_DESCRIBED = action("studies.described", gettext_lazy("changed the description of the study"))
COHORT_MADE = action("studies.cohort_made", gettext_lazy("created a cohort"))
COHORT_RENAMED = action("studies.cohort_renamed", gettext_lazy("renamed a cohort"))
COHORT_DROPPED = action("studies.cohort_dropped", gettext_lazy("deleted an unused cohort"))
MEMBER_ADDED = action("studies.member_added", gettext_lazy("added a person to the study"))
MEMBER_REMOVED = action("studies.member_removed", gettext_lazy("removed a person from the study"))
STAFF_STOPPED = action(
    "studies.staff_stopped", gettext_lazy("deactivated the account of a staff member")
)
STAFF_OPENED = action(
    "studies.staff_opened", gettext_lazy("reactivated the account of a staff member")
)
MADE_PUBLIC = action(
    "studies.made_public", gettext_lazy("showed or hid the public page of the study")
)
STATE_CHANGED = action("studies.state_changed", gettext_lazy("opened, paused or closed the study"))


@transaction.atomic
def make_study(
    *, actor: Actor, slug: str, title: str, contact: str, summary: str = "", organisation: str = ""
) -> Study:
    """Create a draft study. Its creator, a site admin or the system, gets no role in it."""
    if not (actor.is_system or actor.is_site_admin):
        raise NotPermitted(_("Only a site admin can create a study."))
    study = Study(
        slug=slug, title=title, contact=contact, summary=summary, organisation=organisation
    )
    try:
        with transaction.atomic():
            study.save()
    except IntegrityError:
        sentence = _("Another study has this address.")
        raise Invalid(sentence, {"slug": [sentence]}) from None
    audit.record(
        actor=actor, action=STUDY_MADE, study_id=study.id, about=("study", study.id, title)
    )
    return study


@transaction.atomic
def describe(
    *, actor: Actor, study: Study, title: str, summary: str, organisation: str, contact: str
) -> Study:
    """Change the description of a study: name, summary, organisation, contact."""
    require(actor, RUN_STUDY, study)
    study = lock_study(study_id=study.id)
    details = {
        "title": title,
        "summary": summary,
        "organisation": organisation,
        "contact": contact,
    }
    changed = [name for name, value in details.items() if getattr(study, name) != value]
    if not changed:
        return study
    for name in changed:
        setattr(study, name, details[name])
    study.save(update_fields=changed)
    audit.record(
        actor=actor,
        action=STUDY_DESCRIBED,
        study_id=study.id,
        about=("study", study.id, study.title),
        data={"changed": changed},
    )
    return study


@transaction.atomic
def set_public(*, actor: Actor, study: Study, is_public: bool) -> Study:
    """Show the study to people without an account, while it is open, or hide it."""
    require(actor, RUN_STUDY, study)
    study = lock_study(study_id=study.id)
    if study.is_public == is_public:
        return study
    study.is_public = is_public
    study.save(update_fields=["is_public"])
    audit.record(
        actor=actor,
        action=MADE_PUBLIC,
        study_id=study.id,
        about=("study", study.id, study.title),
        data={"public": is_public},
    )
    return study


@transaction.atomic
def change_state(*, actor: Actor, study: Study, state: rules.StudyState) -> Study:
    """Open, pause or close a study. Opening is refused while anything is missing.

    While a study is not open, nobody gets new tasks, but people may submit the tasks they hold. A
    paused study is only checked for what it may have lost: people in charge, and pay.
    """
    require(actor, RUN_STUDY, study)
    study = lock_study(study_id=study.id, exclusive=True)
    gaps = queries.gaps_of(study) if state == rules.StudyState.OPEN else []
    rules.STUDY_STATES.check(study.state, state)
    if gaps:
        missing = [gap.says for gap in gaps]
        sentence = _("This study cannot open yet. %(gaps)s") % {"gaps": " ".join(missing)}
        raise Conflict(sentence, missing=missing)
    transition(study, to=state, actor=actor)
    return study


def _log(move: Move) -> None:
    audit.record(
        actor=move.actor,
        action=STATE_CHANGED,
        study_id=move.row.id,
        about=("study", move.row.id, move.row.title),
        data={"from": move.old, "to": move.new},
    )


machine(Study, rules.STUDY_STATES, log=_log)


@transaction.atomic
def make_cohort(
    *,
    actor: Actor,
    study: Study,
    title: str,
    role: rules.Role,
    key: str = "",
    position: int | None = None,
) -> Cohort:
    """Create a cohort of people who judge in `role`, by default at the last position.

    Its `key`, by which data sets and programs refer to it, is made from the title if not given.
    Then a repeated request, such as a double click, returns the same cohort.
    """
    require(actor, MANAGE_PEOPLE, study)
    lock_study(study_id=study.id)
    cohorts = Cohort.objects.filter(study=study)
    if not key and (twin := cohorts.filter(title=title).first()):
        if twin.role != role:
            raise _name_taken()
        return twin
    if position is None:
        last = cohorts.aggregate(n=Max("position"))["n"]
        position = 0 if last is None else last + 1
    keys = set(cohorts.values_list("key", flat=True))
    cohort = Cohort.objects.create(
        study=study,
        key=key or free_key(title, taken=keys, instead=slugify(role)),
        title=title,
        role=role,
        position=position,
    )
    _tell_of(actor, COHORT_MADE, cohort)
    return cohort


def _name_taken() -> Invalid:
    sentence = _("Another cohort has this name.")
    return Invalid(sentence, {"title": [sentence]})


@transaction.atomic
def rename_cohort(*, actor: Actor, cohort: Cohort, title: str) -> Cohort:
    """Rename a cohort. The name must be unique. The key stays, because data sets refer to it."""
    require(actor, MANAGE_PEOPLE, cohort.study)
    lock_study(study_id=cohort.study_id)
    cohort = queries.cohort_in(study_id=cohort.study_id, cohort_id=cohort.id)
    if cohort.title == title:
        return cohort
    if Cohort.objects.filter(study_id=cohort.study_id, title=title).exists():
        raise _name_taken()
    cohort.title = title
    cohort.save(update_fields=["title"])
    _tell_of(actor, COHORT_RENAMED, cohort)
    return cohort


@transaction.atomic
def drop_cohort(*, actor: Actor, study: Study, cohort_id: uuid.UUID) -> None:
    """Delete a cohort that was created by mistake. Refused if it has people, pay or a round.

    A repeated request does nothing.
    """
    require(actor, MANAGE_PEOPLE, study)
    lock_study(study_id=study.id)
    cohort = Cohort.objects.filter(study=study, id=cohort_id).first()
    if cohort is None:
        return
    _tell_of(actor, COHORT_DROPPED, cohort)
    try:
        cohort.delete()
    except ProtectedError:
        raise Conflict(
            _("This cohort has people, pay or a round, so it cannot be deleted. You can rename it.")
        ) from None


def _tell_of(actor: Actor, done: str, cohort: Cohort) -> None:
    audit.record(
        actor=actor,
        action=done,
        study_id=cohort.study_id,
        about=("cohort", cohort.id, cohort.title),
    )


@transaction.atomic
def add_member(
    *, actor: Actor, study: Study, user: User, roles: Iterable[str], cohort: Cohort | None = None
) -> Member:
    """Add a person to a study. A judging role needs a cohort of that role.

    A person who was removed returns under the same pseudonym.
    """
    held = sorted(set(roles))
    require_to_add(actor, study, held)
    if problem := rules.role_problem(held):
        raise Invalid(problem, {"roles": [problem]})
    if (cohort is None) == bool(set(held) & rules.JUDGING):
        raise Invalid(_("Panelists and clinicians need a cohort; nobody else does."))
    if cohort and (cohort.study_id != study.id or cohort.role not in held):
        raise Invalid(
            _("This cohort is for another role."), {"cohort": [_("Choose another cohort.")]}
        )
    former = Member.objects.select_for_update(no_key=True).filter(study=study, user=user).first()
    if former and former.left_at is None:
        raise Conflict(_("This person is already in the study."))
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
    member_added.send(sender=Member, actor=actor, member=member)
    return member


@transaction.atomic
def remove_member(*, actor: Actor, member: Member) -> Member:
    """Remove a person from a study, effective now. Assignments that they hold are returned.

    They keep what they signed, sent and earned, still see it and can withdraw it. The last safety
    lead of an open study cannot be removed before there is another one or the study is paused.
    """
    require(actor, MANAGE_PEOPLE, member.study)
    if member.user_id == actor.user_id:
        raise Conflict(_("You cannot remove yourself. Ask another coordinator."))
    if rules.Role.SAFETY_LEAD in member.roles:
        _check_another_safety_lead(member)
    member = (
        Member.objects.select_for_update(no_key=True, of=("self",))
        .select_related("study")
        .get(id=member.id)
    )
    if member.left_at:
        raise Conflict(_("This person is no longer in the study."))
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


def _check_another_safety_lead(member: Member) -> None:
    """Refuse to leave an open study without a safety lead. Concurrent removals are serialised."""
    study = lock_study(study_id=member.study_id)
    others = queries.in_charge(study_id=study.id, role=rules.Role.SAFETY_LEAD)
    if study.state == rules.StudyState.OPEN and not others.exclude(id=member.id).exists():
        raise Conflict(
            _(
                "This is the only safety lead of an open study. Add another safety lead first, or"
                " pause the study."
            )
        )


STAFF_STOPPED_SAYS = gettext_lazy(
    "A site admin has deactivated the account %(email)s, which works on the study “%(title)s”. "
    "Its owner can no longer sign in. This is recorded in the audit trail of the study.\n\nIf you "
    "did not expect this, please ask another site admin or the people who run this site."
)
STAFF_OPENED_SAYS = gettext_lazy(
    "A site admin has reactivated the account %(email)s, which works on the study “%(title)s”. "
    "Its owner can sign in again. This is recorded in the audit trail of the study."
)


@transaction.atomic
def tell_of_account(*, actor: Actor, user: User, active: bool) -> None:
    """Record in each study that an account of its staff was deactivated or reactivated; mail staff.

    The owner of the account is told too, because they cannot find out here.
    """
    for place in queries.places_on_staff(user_id=user.id):
        audit.record(
            actor=actor,
            action=STAFF_OPENED if active else STAFF_STOPPED,
            study_id=place.study_id,
            about=("member", place.id, place.pseudonym),
            data={"roles": place.roles},
        )
        text = STAFF_OPENED_SAYS if active else STAFF_STOPPED_SAYS
        words = {"email": user.email, "title": place.study.title}
        for member in queries.staff_of(study_id=place.study_id):
            with translation.override(language_of(member.user)):
                accounts.send_mail(
                    to=member.user.email,
                    subject=_("An account of your study was changed"),
                    body=str(text) % words,
                )
