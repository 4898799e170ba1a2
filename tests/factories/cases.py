"""Care cases and rotas."""

from __future__ import annotations

import uuid
from typing import Any

from codesign.care.models import Case
from codesign.care.rules.disclosure.phrases import Urgency
from codesign.care.services import cases, rota
from codesign.shared.actors import SYSTEM
from codesign.studies.models import Member, Study
from codesign.studies.rules import Role
from tests.factories.studies import MemberFactory, staff


def noticed(member: Member | None = None, *, urgency: str = Urgency.CONCERN) -> Case:
    """A case about words that a member wrote; it waits for their answer unless it is imminent."""
    return cases.notice_words(
        member=member or MemberFactory.create(),
        about_kind="judgement",
        about=uuid.uuid4(),
        urgency=Urgency(urgency),
    )


def opened(member: Member | None = None) -> Case:
    """A case of a member who asked for support."""
    return cases.ask_for_support(member=member or MemberFactory.create())


def lead_of(study: Study, *, in_rota: bool = True) -> Member:
    """A safety lead, in the last place of the rota."""
    lead = staff(study, Role.SAFETY_LEAD)
    if in_rota:
        rota.put_in_rota(actor=SYSTEM, study=study, member_id=lead.id)
    return lead


def with_times(case: Case, **times: Any) -> Case:
    """Change the times of a case, such as `due_at`."""
    Case.objects.filter(id=case.id).update(**times)
    case.refresh_from_db()
    return case
