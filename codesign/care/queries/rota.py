"""Who acts when somebody needs support."""

from __future__ import annotations

import uuid
from datetime import date

from codesign.care.models import CarePlan, Duty
from codesign.care.rules.cases import Turn, on_duty
from codesign.studies import queries as studies
from codesign.studies.models import Member
from codesign.studies.rules import Role


def rota_of(*, study_id: uuid.UUID) -> list[Turn]:
    """Return the turns of safety leads who can sign in now, in order; one query."""
    leads = studies.in_charge(study_id=study_id, role=Role.SAFETY_LEAD)
    duties = Duty.objects.filter(study=study_id, member__in=leads).select_related("member__user")
    return [
        Turn(duty.member, duty.place, duty.away_from, duty.away_until)
        for duty in duties.order_by("place")
    ]


def in_charge(*, study_id: uuid.UUID, day: date) -> list[Member]:
    """Return who is on duty on a day, the first in charge first.

    Without anybody in the rota, every safety lead who can sign in.
    """
    turns = on_duty(rota_of(study_id=study_id), day=day)
    if turns:
        return [turn.member for turn in turns]
    leads = studies.in_charge(study_id=study_id, role=Role.SAFETY_LEAD)
    return list(leads.select_related("user").order_by("created_at"))


def leads_outside_of_rota(*, study_id: uuid.UUID) -> list[Member]:
    """Return the safety leads who can sign in and have no place in the rota."""
    leads = studies.in_charge(study_id=study_id, role=Role.SAFETY_LEAD)
    return list(leads.filter(duty=None).select_related("user__identity").order_by("created_at"))


def cannot_act(*, study_id: uuid.UUID) -> list[Member]:
    """Return who has a place in the rota and cannot sign in, or is no safety lead any more."""
    leads = studies.in_charge(study_id=study_id, role=Role.SAFETY_LEAD)
    duties = Duty.objects.filter(study=study_id).exclude(member__in=leads)
    return [duty.member for duty in duties.select_related("member__user__identity")]


def escalation_of(*, study_id: uuid.UUID) -> str:
    """Return what the safety lead does when somebody is in distress; "" if nobody wrote it."""
    plan = CarePlan.objects.filter(study=study_id).first()
    return plan.escalation if plan else ""
