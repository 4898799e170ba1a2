"""Publish check: a study names its countries and has a verified helpline in each."""

from __future__ import annotations

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from codesign.care.queries import helplines as queries
from codesign.care.rules.countries import country_name
from codesign.care.rules.helplines import due_words
from codesign.studies.models import Study
from codesign.studies.registry import PUBLISH_CHECKS, CheckResult, Gap, PublishCheck


def helplines(study: Study) -> CheckResult:
    """Check for a country, and a verified crisis line in every country (standards 4.7)."""
    href = reverse("care:helplines", kwargs={"slug": study.slug})
    recruited = queries.recruited_codes(study_id=study.id)
    if not recruited:
        return CheckResult(gaps=[Gap(_("Name the countries in which you recruit."), href)])
    lacking = queries.codes_without_line(study_id=study.id)
    gaps = [
        Gap(_("Add and verify a crisis line: %(country)s.") % {"country": country_name(code)}, href)
        for code in lacking
    ]
    due = queries.lines_due(study_id=study.id)
    warnings = [due_words(due)] if due else []
    done = [country_name(code) for code in recruited if code not in lacking]
    return CheckResult(done=done, gaps=gaps, warnings=warnings)


PUBLISH_CHECKS.register(
    "helplines",
    PublishCheck(
        title=gettext_lazy("Helplines"),
        says=gettext_lazy("The countries in which you recruit, and a verified line in each."),
        order=27,
        look=helplines,
        url_name="care:helplines",
        label=gettext_lazy("Helplines"),
        again=True,
    ),
)
