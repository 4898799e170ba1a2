"""Who acts when, and what the study does when somebody is in distress."""

from __future__ import annotations

import uuid
from datetime import date

from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from codesign.audit import services as audit
from codesign.audit.registry import action
from codesign.care.models import CarePlan, Duty
from codesign.care.permissions import PLAN_CARE
from codesign.care.services import calls
from codesign.shared.actors import Actor
from codesign.shared.errors import Invalid, NotFound
from codesign.studies import queries as studies
from codesign.studies.locks import lock_study
from codesign.studies.models import Member, Study
from codesign.studies.permissions import require
from codesign.studies.rules import Role

CHANGED = action("care.rota_changed", gettext_lazy("changed the rota of safety leads"))
PLANNED = action("care.escalation_changed", gettext_lazy("changed what is done in distress"))
LONGEST_PLAN = 5000


@transaction.atomic
def write_escalation(*, actor: Actor, study: Study, text: str) -> CarePlan:
    """Store what the safety lead does, step by step, and whom they call."""
    require(actor, PLAN_CARE, study)
    text = text.strip()
    if not text:
        raise Invalid(_("Please fill this in."), {"escalation": [_("Please fill this in.")]})
    if len(text) > LONGEST_PLAN:
        says = _("Please keep this to %(n)d characters.") % {"n": LONGEST_PLAN}
        raise Invalid(says, {"escalation": [says]})
    plan, _is_new = CarePlan.objects.update_or_create(study=study, defaults={"escalation": text})
    audit.record(actor=actor, action=PLANNED, about=("study", study.id, ""), study_id=study.id)
    return plan


@transaction.atomic
def put_in_rota(*, actor: Actor, study: Study, member_id: uuid.UUID) -> Duty:
    """Give a safety lead the last place in the rota, and tell them if somebody needs support.

    Repeating it changes nothing.
    """
    lead = _lead(actor, study, member_id)
    if duty := Duty.objects.filter(member=lead).first():
        return duty
    duty = Duty.objects.create(study=study, member=lead, place=_places(study) + 1)
    _record(actor, study)
    calls.tell_new_lead(lead=lead)
    return duty


@transaction.atomic
def take_out_of_rota(*, actor: Actor, study: Study, member_id: uuid.UUID) -> None:
    """Take a safety lead out of the rota; those after them move up."""
    duty = _duty(actor, study, member_id)
    duty.delete()
    for later in Duty.objects.filter(study=study, place__gt=duty.place).order_by("place"):
        later.place -= 1
        later.save(update_fields=["place"])
    _record(actor, study)


@transaction.atomic
def hand_over_to(*, actor: Actor, study: Study, member_id: uuid.UUID) -> None:
    """Put a safety lead in charge; those before them move down by one."""
    duty = _duty(actor, study, member_id)
    if duty.place == 1:
        return
    for earlier in Duty.objects.filter(study=study, place__lt=duty.place).order_by("place"):
        earlier.place += 1
        earlier.save(update_fields=["place"])
    duty.place = 1
    duty.save(update_fields=["place"])
    _record(actor, study)


@transaction.atomic
def set_absence(
    *,
    actor: Actor,
    study: Study,
    member_id: uuid.UUID,
    away_from: date | None,
    away_until: date | None,
) -> Duty:
    """Store the first and the last day on which a safety lead is away; None twice for never."""
    duty = _duty(actor, study, member_id)
    if (away_from is None) != (away_until is None):
        says = _("Please give the first and the last day, or neither.")
        raise Invalid(says, {"away_until": [says]})
    if away_from and away_until and away_until < away_from:
        says = _("The last day is before the first.")
        raise Invalid(says, {"away_until": [says]})
    duty.away_from, duty.away_until = away_from, away_until
    duty.save(update_fields=["away_from", "away_until"])
    _record(actor, study)
    return duty


def _lead(actor: Actor, study: Study, member_id: uuid.UUID) -> Member:
    """Return a safety lead of the study who can sign in; the study is locked."""
    require(actor, PLAN_CARE, study)
    lock_study(study_id=study.id)
    leads = studies.in_charge(study_id=study.id, role=Role.SAFETY_LEAD)
    lead = leads.filter(id=member_id).first()
    if lead is None:
        raise NotFound
    return lead


def _duty(actor: Actor, study: Study, member_id: uuid.UUID) -> Duty:
    """Return a place in the rota; the study is locked."""
    require(actor, PLAN_CARE, study)
    lock_study(study_id=study.id)
    duty = Duty.objects.filter(study=study, member=member_id).first()
    if duty is None:
        raise NotFound
    return duty


def _places(study: Study) -> int:
    return Duty.objects.filter(study=study).count()


def _record(actor: Actor, study: Study) -> None:
    audit.record(actor=actor, action=CHANGED, about=("study", study.id, ""), study_id=study.id)
