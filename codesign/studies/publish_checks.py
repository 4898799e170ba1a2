"""Publish checks: a study needs a description and at least one cohort before it opens."""

from __future__ import annotations

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from codesign.shared.visible import shows_nothing
from codesign.studies import queries
from codesign.studies.models import Study
from codesign.studies.registry import PUBLISH_CHECKS, CheckResult, Gap, PublishCheck
from codesign.studies.rules import Role


def description(study: Study) -> CheckResult:
    """Check for a summary, an organisation and a contact address (standards 4.7)."""
    href = reverse("studies:about", kwargs={"slug": study.slug})
    needed = [
        (study.summary, _("Describe the study in a few sentences.")),
        (study.organisation, _("Name the organisation that runs the study.")),
        (study.contact, _("Add a contact address for questions.")),
    ]
    done = [_("Questions go to %(address)s.") % {"address": study.contact}]
    return CheckResult(
        done=[] if shows_nothing(study.contact) else done,
        gaps=[Gap(words, href) for value, words in needed if shows_nothing(value)],
    )


def cohorts(study: Study) -> CheckResult:
    """Check for at least one cohort."""
    done = [
        f"{cohort.title} ({Role(cohort.role).label})"
        for cohort in queries.cohorts_of(study_id=study.id)
    ]
    href = reverse("studies:cohorts", kwargs={"slug": study.slug})
    return CheckResult(done=done, gaps=[] if done else [Gap(_("Add a cohort."), href)])


PUBLISH_CHECKS.register(
    "about",
    PublishCheck(
        title=gettext_lazy("Description"),
        says=gettext_lazy("Its name, what it is about, who runs it, and whom people can ask."),
        order=10,
        look=description,
        url_name="studies:about",
        label=gettext_lazy("About the study"),
    ),
)
PUBLISH_CHECKS.register(
    "cohorts",
    PublishCheck(
        title=gettext_lazy("Cohorts"),
        says=gettext_lazy("A cohort is a group of people who get the same tasks and the same pay."),
        order=20,
        look=cohorts,
        url_name="studies:cohorts",
        label=gettext_lazy("Cohorts"),
    ),
)
