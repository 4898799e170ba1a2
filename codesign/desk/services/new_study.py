"""Making a study and handing it to its coordinator."""

from __future__ import annotations

from django.db import transaction

from codesign.desk import queries
from codesign.enrolment import services as enrolment
from codesign.shared.actors import Actor
from codesign.shared.errors import Invalid
from codesign.studies import services as studies
from codesign.studies.models import Study
from codesign.studies.rules import Role


@transaction.atomic
def start_study(
    *,
    actor: Actor,
    slug: str,
    title: str,
    summary: str,
    organisation: str,
    contact: str,
    email: str,
) -> Study:
    """Make a study in draft and invite `email` to coordinate it; both or neither.

    Who makes a study gets no role by that: a site admin who names somebody else stays outside.
    The same sent twice, as by a double click, makes one study.
    """
    said = {
        "title": title,
        "summary": summary,
        "organisation": organisation,
        "contact": contact,
    }
    try:
        study = studies.make_study(actor=actor, slug=slug, **said)
    except Invalid:
        twin = queries.draft_like(actor=actor, slug=slug, email=email, said=said)
        if twin is None:
            raise
        return twin
    enrolment.invite(actor=actor, study=study, email=email, roles=[Role.COORDINATOR])
    return study
