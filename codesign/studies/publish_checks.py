"""What a study itself needs before it opens: who runs it, whom to ask, who judges."""

from __future__ import annotations

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from codesign.shared.visible import shows_nothing
from codesign.studies import queries
from codesign.studies.models import Study
from codesign.studies.registry import PUBLISH_CHECKS, Found, Gap, PublishCheck
from codesign.studies.rules import Role


def said(study: Study) -> Found:
    """What people read about the study, and whom they can ask (standards 4.7)."""
    href = reverse("studies:about", kwargs={"slug": study.slug})
    needed = [
        (study.summary, _("Say in a few sentences what the study is about.")),
        (study.organisation, _("Say who runs the study.")),
        (study.contact, _("Say which address people with questions write to.")),
    ]
    there = [_("Questions go to %(address)s.") % {"address": study.contact}]
    return Found(
        there=[] if shows_nothing(study.contact) else there,
        gaps=[Gap(words, href) for value, words in needed if shows_nothing(value)],
    )


def cohorts(study: Study) -> Found:
    """At least one group of people who judge."""
    found = queries.cohorts_of(study_id=study.id)
    there = [f"{cohort.title} ({Role(cohort.role).label})" for cohort in found]
    href = reverse("studies:cohorts", kwargs={"slug": study.slug})
    return Found(there=there, gaps=[] if there else [Gap(_("Say who judges."), href)])


PUBLISH_CHECKS.register(
    "about",
    PublishCheck(
        title=gettext_lazy("What the study is"),
        says=gettext_lazy("Its name, what it is about, who runs it, and whom people can ask."),
        order=10,
        look=said,
        url_name="studies:about",
        label=gettext_lazy("About the study"),
    ),
)
PUBLISH_CHECKS.register(
    "cohorts",
    PublishCheck(
        title=gettext_lazy("Who judges"),
        says=gettext_lazy("Cohorts are people who are asked the same and paid the same."),
        order=20,
        look=cohorts,
        url_name="studies:cohorts",
        label=gettext_lazy("Cohorts"),
    ),
)
