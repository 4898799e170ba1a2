"""A study in draft, and what it needs to open, piece by piece."""

from __future__ import annotations

from collections.abc import Callable

from annotations.models import Round
from annotations.rules.states import Ask, RoundKind
from annotations.services import rounds
from codesign.care.queries import rota as rota_queries
from codesign.care.services import rota
from codesign.shared.actors import SYSTEM
from codesign.studies.models import Cohort, Study
from codesign.studies.rules import Role, StudyState
from codesign.studies.services import make_cohort
from tests.factories.annotations import PromptFactory, make_rubric
from tests.factories.care import cover
from tests.factories.compensation import set_rate
from tests.factories.consent import publish
from tests.factories.studies import StudyFactory, staff


def draft_study() -> Study:
    """A study that says what it is, and has nothing else."""
    return StudyFactory.create(state=StudyState.DRAFT, summary="To try it out.")


def cohort_of(study: Study) -> Cohort:
    """Its first cohort, made where there is none."""
    cohort = Cohort.objects.filter(study=study).first()
    return cohort or make_cohort(actor=SYSTEM, study=study, title="Panel", role=Role.PANELIST)


def plan(study: Study, *, opened: bool = True) -> Round:
    """A round in which its first cohort is asked, with pay where it has to open."""
    made = rounds.make_round(
        actor=SYSTEM,
        study=study,
        kind=RoundKind.JUDGING,
        title="First round",
        cohorts=[rounds.CohortPlan(cohort_of(study), make_rubric(study), [Ask.RATING], 2)],
    )
    return rounds.open_round(actor=SYSTEM, round=made) if opened else made


def in_charge(study: Study) -> None:
    """A coordinator and a safety lead."""
    staff(study, Role.COORDINATOR)
    staff(study, Role.SAFETY_LEAD)


def care_plan(study: Study) -> None:
    """All safety leads in the rota, and what they do."""
    for lead in rota_queries.leads_outside_of_rota(study_id=study.id):
        rota.put_in_rota(actor=SYSTEM, study=study, member_id=lead.id)
    rota.write_escalation(actor=SYSTEM, study=study, text="Listen, then call the clinic.")


PIECES: dict[str, Callable[[Study], object]] = {
    "cohorts": cohort_of,
    "staff": in_charge,
    "care": care_plan,
    "helplines": cover,
    "consent": publish,
    "questions": make_rubric,
    "pay": lambda study: set_rate(cohort_of(study)),
    "prompts": lambda study: PromptFactory.create(study=study),
    "rounds": plan,
}
"""Publish check → what fills it, in the order of the set-up page."""


def ready_study() -> Study:
    """A study in draft that can open."""
    study = draft_study()
    for fill in PIECES.values():
        fill(study)
    return study
