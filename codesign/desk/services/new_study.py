"""Creating a study and handing it to its coordinator."""

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
    """Create a draft study and invite `email` to coordinate it; both or neither.

    Creating a study gives no role in it, so a site admin who names somebody else stays outside. A
    repeated request, such as a double click, creates one study.
    """
    details = {
        "title": title,
        "summary": summary,
        "organisation": organisation,
        "contact": contact,
    }
    try:
        study = studies.make_study(actor=actor, slug=slug, **details)
    except Invalid:
        twin = queries.draft_like(actor=actor, slug=slug, email=email, details=details)
        if twin is None:
            raise
        return twin
    enrolment.invite(actor=actor, study=study, email=email, roles=[Role.COORDINATOR])
    return study
