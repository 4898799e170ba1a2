"""What a study needs before it opens: something to judge."""

from __future__ import annotations

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from annotations.queries.filling import candidates
from annotations.rules.states import Waiting
from annotations.rules.text_kinds import Category
from codesign.shared.counts import counted, up_to_most
from codesign.studies.models import Study
from codesign.studies.registry import PUBLISH_CHECKS, CheckResult, Gap, PublishCheck


def prompts(study: Study) -> CheckResult:
    """At least one prompt that is in use and not kept for comparing models."""
    href = reverse("modelhub:uploads", kwargs={"slug": study.slug})
    number = up_to_most(
        candidates(study_id=study.id, which=Waiting.EVERY, categories=list(Category))
    )
    if not number:
        return CheckResult(gaps=[Gap(_("Import prompts; at least one to be judged."), href)])
    words = ngettext("%(n)s prompt to be judged", "%(n)s prompts to be judged", number)
    return CheckResult(done=[words % {"n": counted(number)}])


PUBLISH_CHECKS.register(
    "prompts",
    PublishCheck(
        title=gettext_lazy("Prompts"),
        says=gettext_lazy("What people and programs answer; replies come along or are generated."),
        order=60,
        look=prompts,
        url_name="modelhub:uploads",
        label=gettext_lazy("Import prompts"),
    ),
)
