"""The rota of safety leads, and what a study does when somebody is in distress."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from django.utils import timezone

from codesign.audit.models import Event
from codesign.care.queries import rota as queries
from codesign.care.services import rota
from codesign.shared.actors import Actor
from codesign.shared.errors import Invalid, NotFound, NotPermitted
from codesign.studies.models import Member, Study
from codesign.studies.rules import Role
from tests.factories.cases import lead_of
from tests.factories.studies import StudyFactory, staff
from tests.support.together import at_once

pytestmark = pytest.mark.django_db
TODAY = date(2026, 11, 30)


def order(study: Study) -> list[uuid.UUID]:
    turns = queries.rota_of(study_id=study.id)
    assert [turn.place for turn in turns] == list(range(1, len(turns) + 1))
    return [turn.member.id for turn in turns]


@pytest.fixture
def study() -> Study:
    return StudyFactory.create()


@pytest.fixture
def leads(study: Study) -> list[Member]:
    return [lead_of(study) for _ in range(3)]


def do(service: Callable[..., Any], by: Member, member: Member, **values: Any) -> Any:
    return service(actor=Actor.of(by.user), study=by.study, member_id=member.id, **values)


def test_a_lead_gets_the_last_place_once(study: Study, leads: list[Member]) -> None:
    fourth = lead_of(study, in_rota=False)
    for _ in range(2):
        do(rota.put_in_rota, leads[0], fourth)
    assert order(study) == [lead.id for lead in (*leads, fourth)]


@pytest.mark.parametrize(("who", "left"), [(0, [1, 2]), (1, [0, 2]), (2, [0, 1])])
def test_those_after_a_lead_move_up(
    study: Study, leads: list[Member], who: int, left: list[int]
) -> None:
    do(rota.take_out_of_rota, leads[0], leads[who])
    assert order(study) == [leads[place].id for place in left]


@pytest.mark.parametrize(("who", "after"), [(0, [0, 1, 2]), (1, [1, 0, 2]), (2, [2, 0, 1])])
def test_a_lead_is_put_in_charge(
    study: Study, leads: list[Member], who: int, after: list[int]
) -> None:
    do(rota.hand_over_to, leads[0], leads[who])
    assert order(study) == [leads[place].id for place in after]


def test_who_is_away_is_not_in_charge(study: Study, leads: list[Member]) -> None:
    do(rota.set_absence, leads[0], leads[0], away_from=TODAY, away_until=TODAY)
    assert queries.in_charge(study_id=study.id, day=TODAY) == leads[1:]
    assert queries.in_charge(study_id=study.id, day=TODAY + timedelta(days=1)) == leads
    do(rota.set_absence, leads[0], leads[0], away_from=None, away_until=None)
    assert queries.in_charge(study_id=study.id, day=TODAY) == leads


@pytest.mark.parametrize(
    ("away_from", "away_until", "says"),
    [
        (TODAY, None, "or neither"),
        (None, TODAY, "or neither"),
        (TODAY, TODAY - timedelta(days=1), "before the first"),
    ],
)
def test_an_absence_without_an_order_is_refused(
    leads: list[Member], away_from: date | None, away_until: date | None, says: str
) -> None:
    with pytest.raises(Invalid, match=says):
        do(rota.set_absence, leads[0], leads[0], away_from=away_from, away_until=away_until)


def test_who_left_or_cannot_sign_in_is_not_in_charge(study: Study, leads: list[Member]) -> None:
    leads[0].left_at = timezone.now()
    leads[0].save()
    leads[1].user.is_active = False
    leads[1].user.save()
    assert queries.in_charge(study_id=study.id, day=TODAY) == [leads[2]]


SERVICES: list[tuple[Callable[..., Any], dict[str, Any]]] = [
    (rota.put_in_rota, {}),
    (rota.take_out_of_rota, {}),
    (rota.hand_over_to, {}),
    (rota.set_absence, {"away_from": TODAY, "away_until": TODAY}),
]


@pytest.mark.parametrize(("service", "values"), SERVICES)
def test_only_safety_leads_change_the_rota(
    study: Study, leads: list[Member], service: Callable[..., Any], values: dict[str, Any]
) -> None:
    for role in sorted(set(Role) - {Role.SAFETY_LEAD, Role.PANELIST, Role.CLINICIAN}):
        with pytest.raises(NotPermitted, match="does not include"):
            do(service, staff(study, role), leads[0], **values)


@pytest.mark.parametrize(("service", "values"), SERVICES)
def test_only_leads_of_the_study_are_in_its_rota(
    study: Study, leads: list[Member], service: Callable[..., Any], values: dict[str, Any]
) -> None:
    for other in (lead_of(StudyFactory.create()), staff(study)):
        with pytest.raises(NotFound, match="does not exist"):
            do(service, leads[0], other, **values)


@pytest.mark.django_db(transaction=True)
def test_two_leads_who_join_at_once_get_two_places() -> None:
    study = StudyFactory.create()
    leads = [lead_of(study, in_rota=False) for _ in range(3)]
    at_once(*[lambda lead=lead: do(rota.put_in_rota, lead, lead) for lead in leads])
    assert sorted(order(study)) == sorted(lead.id for lead in leads)


def test_what_is_done_in_distress_is_written_and_recorded(
    study: Study, leads: list[Member]
) -> None:
    actor = Actor.of(leads[0].user)
    for text in ("Call.", "  Call, then write.  "):
        rota.write_escalation(actor=actor, study=study, text=text)
    assert queries.escalation_of(study_id=study.id) == "Call, then write."
    assert Event.objects.filter(action="care.escalation_changed").count() == 2


@pytest.mark.parametrize("text", ["", "  ", "x" * 5001])
def test_a_text_that_is_empty_or_too_long_is_refused(leads: list[Member], text: str) -> None:
    with pytest.raises(Invalid, match=r"fill this in|5000 characters"):
        rota.write_escalation(actor=Actor.of(leads[0].user), study=leads[0].study, text=text)
