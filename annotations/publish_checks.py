"""Publish checks of this app: questions whose scores have words, and a round for every cohort."""

from __future__ import annotations

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from annotations.queries import progress, rubrics
from annotations.rules.states import Ask, RoundState
from codesign.studies.models import Study
from codesign.studies.queries import cohorts_of
from codesign.studies.registry import PUBLISH_CHECKS, CheckResult, Gap, PublishCheck


def questions(study: Study) -> CheckResult:
    """Check that one rubric has words for every score of every criterion."""
    href = reverse("annotations:rubrics", kwargs={"slug": study.slug})
    done, gaps, whole = [], [], False
    for rubric in rubrics.newest_of(study_id=study.id):
        keys = {"slug": study.slug, "key": rubric.key}
        lacking = rubrics.without_words(rubric)
        done.append(_("%(title)s, version %(n)d") % {"title": rubric.title, "n": rubric.version})
        whole = whole or not lacking
        for title in lacking:
            says = _("Say what each score of “%(question)s” means.") % {"question": title}
            gaps.append(Gap(says, reverse("annotations:rubric", kwargs=keys)))
    if not done:
        gaps = [Gap(_("Write the questions that people answer about each reply."), href)]
    return CheckResult(done=done, gaps=[] if whole else gaps)


def rounds(study: Study) -> CheckResult:
    """Check that every cohort has an open round, with questions whose scores have words."""
    plans = progress.plans_for_judging(study_id=study.id)
    done, gaps = [], []
    for cohort in cohorts_of(study_id=study.id):
        plan = plans.get(cohort.id)
        if plan is None:
            href = reverse("annotations:round-plan", kwargs={"slug": study.slug})
            says = _("Plan a round for %(cohort)s.")
            gaps.append(Gap(says % {"cohort": f"“{cohort.title}”"}, href))
            continue
        asked = ", ".join(str(ask.label) for ask in map(Ask, plan.asks))
        sentence = _("%(cohort)s: %(asked)s; %(n)d for each prompt; “%(questions)s”, version %(v)d")
        done.append(
            sentence
            % {
                "cohort": cohort.title,
                "asked": asked,
                "n": plan.overlap,
                "questions": plan.rubric.title,
                "v": plan.rubric.version,
            }
        )
        keys = {"slug": study.slug, "round_id": plan.round_id}
        href = reverse("annotations:round", kwargs=keys)
        if plan.round.state != RoundState.OPEN:
            says = _("Open the round “%(round)s”. It starts when the study opens.")
            gaps.append(Gap(says % {"round": plan.round.title}, href))
        if rubrics.without_words(plan.rubric):
            says = _("“%(round)s” uses questions whose scores have no words. Plan another round.")
            gaps.append(Gap(says % {"round": plan.round.title}, href))
    if not plans and not gaps:
        href = reverse("annotations:rounds", kwargs={"slug": study.slug})
        gaps = [Gap(_("Plan the first round after you have added the cohorts that judge."), href)]
    return CheckResult(done=done, gaps=list(dict.fromkeys(gaps)))


PUBLISH_CHECKS.register(
    "questions",
    PublishCheck(
        title=gettext_lazy("Questions"),
        says=gettext_lazy(
            "Questions about each reply, with scores from 1 to 5. Each score needs words."
        ),
        order=40,
        look=questions,
        url_name="annotations:rubrics",
        label=gettext_lazy("Questions"),
    ),
)
PUBLISH_CHECKS.register(
    "rounds",
    PublishCheck(
        title=gettext_lazy("The first round"),
        says=gettext_lazy(
            "What each cohort is asked, the questions, and the number of people for each prompt."
        ),
        order=70,
        look=rounds,
        url_name="annotations:rounds",
        label=gettext_lazy("Rounds"),
    ),
)
