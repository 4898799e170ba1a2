"""Publish check: a study needs people in charge before it opens."""

from __future__ import annotations

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from codesign.studies.models import Study
from codesign.studies.queries import in_charge
from codesign.studies.registry import PUBLISH_CHECKS, CheckResult, Gap, PublishCheck
from codesign.studies.rules import Role


def people_in_charge(study: Study) -> CheckResult:
    """Check for a coordinator and a safety lead who can sign in. Invitations do not count."""
    href = reverse("enrolment:people", kwargs={"slug": study.slug})
    needed = [
        (
            Role.COORDINATOR,
            _("There is a coordinator."),
            _("Name a coordinator, who runs the study."),
        ),
        (
            Role.SAFETY_LEAD,
            _("There is a safety lead."),
            _("Name a safety lead, who acts when a person in the study is in distress."),
        ),
    ]
    done, gaps = [], []
    for role, is_there, is_missing in needed:
        if in_charge(study_id=study.id, role=role).exists():
            done.append(is_there)
        else:
            gaps.append(Gap(is_missing, href))
    return CheckResult(done=done, gaps=gaps)


PUBLISH_CHECKS.register(
    "staff",
    PublishCheck(
        title=gettext_lazy("People in charge"),
        says=gettext_lazy("A coordinator, and a safety lead. People count once they have joined."),
        order=25,
        look=people_in_charge,
        url_name="enrolment:people",
        label=gettext_lazy("People"),
        again=True,
    ),
)
