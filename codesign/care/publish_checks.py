"""Publish checks: somebody acts, and knows how, in distress; every country has a helpline."""

from __future__ import annotations

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from codesign.care.queries import helplines as lines
from codesign.care.queries import rota
from codesign.care.rules.countries import country_name
from codesign.care.rules.helplines import due_words
from codesign.studies.models import Study
from codesign.studies.registry import PUBLISH_CHECKS, CheckResult, Gap, PublishCheck


def care(study: Study) -> CheckResult:
    """Check for a rota and for the text on what is done in distress (standards 4.9)."""
    href = reverse("care:plan", kwargs={"slug": study.slug})
    done, gaps, warnings = [], [], []
    turns = rota.rota_of(study_id=study.id)
    if turns:
        n = len(turns)
        says = ngettext(
            "%(n)d safety lead is in the rota.", "%(n)d safety leads are in the rota.", n
        )
        done.append(says % {"n": n})
    else:
        gaps.append(Gap(_("A safety lead has to put themselves into the rota."), href))
    if len(turns) == 1:
        warnings.append(_("Only one safety lead is in the rota: nobody acts while they are away."))
    if rota.escalation_of(study_id=study.id):
        done.append(_("What is done when somebody is in distress is written down."))
    else:
        gaps.append(
            Gap(_("A safety lead has to write what is done when somebody is in distress."), href)
        )
    return CheckResult(done=done, gaps=gaps, warnings=warnings)


PUBLISH_CHECKS.register(
    "care",
    PublishCheck(
        title=gettext_lazy("Care"),
        says=gettext_lazy("Who acts when somebody is in distress, and how."),
        order=26,
        look=care,
        url_name="care:plan",
        label=gettext_lazy("Rota"),
        again=True,
    ),
)


def helplines(study: Study) -> CheckResult:
    """Check for a country, and a verified crisis line in every country (standards 4.7)."""
    href = reverse("care:helplines", kwargs={"slug": study.slug})
    recruited = lines.recruited_codes(study_id=study.id)
    if not recruited:
        return CheckResult(gaps=[Gap(_("Name the countries in which you recruit."), href)])
    lacking = lines.codes_without_line(study_id=study.id)
    gaps = [
        Gap(_("Add and verify a crisis line: %(country)s.") % {"country": country_name(code)}, href)
        for code in lacking
    ]
    due = lines.lines_due(study_id=study.id)
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
