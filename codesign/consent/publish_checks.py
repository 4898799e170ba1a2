"""Publish check: a study needs a consent text before it opens."""

from __future__ import annotations

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from codesign.consent import queries
from codesign.studies.models import Study
from codesign.studies.registry import PUBLISH_CHECKS, CheckResult, Gap, PublishCheck


def text(study: Study) -> CheckResult:
    """Check that a text is published in the study's language. Only complete texts can be."""
    href = reverse("consent:write", kwargs={"slug": study.slug})
    last = queries.current_version(study_id=study.id, language=study.language)
    done, gaps = [], []
    if last:
        published = _("Version %(n)d (%(language)s) is published, with %(choices)d choices.")
        choices = len(last.content["choices"])
        done.append(published % {"n": last.number, "language": last.language, "choices": choices})
    else:
        gaps.append(Gap(_("Write and publish the text that people sign."), href))
    if queries.draft_of(study_id=study.id, language=study.language):
        done.append(_("A draft is saved but not published."))
    return CheckResult(done=done, gaps=gaps)


PUBLISH_CHECKS.register(
    "consent",
    PublishCheck(
        title=gettext_lazy("Consent text"),
        says=gettext_lazy(
            "What people read and sign, with a separate choice for each use of their answers."
        ),
        order=30,
        look=text,
        url_name="consent:write",
        label=gettext_lazy("Consent text"),
    ),
)
