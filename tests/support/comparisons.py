"""Evaluations in which people have compared a model with its parent."""

from __future__ import annotations

from collections.abc import Callable
from itertools import count

from annotations.models import Assignment
from codesign.consent.rules import Purpose
from codesign.shared.actors import SYSTEM
from codesign.studies.models import Member
from modelhub.models import Evaluation, GenerationRun, ModelVersion
from modelhub.services import chunks
from modelhub.services.evaluations import plan_evaluation
from modelhub.services.writing import Draft
from tests.factories.annotations import judge, judging_round, send
from tests.factories.modelhub import add_prompts, child_of
from tests.factories.studies import CohortFactory
from tests.support.generation_runs import claim, wanted

BOTH = (Purpose.TAKE_PART, Purpose.EVALUATION)


def two_panelists() -> list[Member]:
    """Two panelists of a study that has had a judging round and has three held-out prompts."""
    cohort = CohortFactory.create(title="Lived experience")
    members = [judge(cohort=cohort, granted=BOTH) for _ in range(2)]
    judging_round(cohort, tasks=0, overlap=2)
    add_prompts(cohort.study, "First", "Second", "Third", held_out=True)
    add_prompts(cohort.study, "For training")
    return members


def write(run: GenerationRun, text: Callable[[int], str]) -> None:
    """Let a run's model have written `text(number of the item)`."""
    numbers = count()
    while work := claim(run):
        drafts = [
            Draft(item_id=one.item_id, seed=1, text=text(next(numbers)), tokens=5)
            for one in wanted(work)
        ]
        chunks.save_chunk(work=work, drafts=drafts)


def compared(panel: list[Member], *, same: int = 0) -> Evaluation:
    """An evaluation that both models have answered, `same` prompts with the same words."""
    study = panel[0].study
    made = plan_evaluation(actor=SYSTEM, study=study, child=child_of(study))
    write(made.parent_run, lambda number: f"Words {number}.")
    write(made.child_run, lambda number: f"Words {number}." if number < same else f"New {number}.")
    made.refresh_from_db()
    return made


def prefers(assignment: Assignment, model: ModelVersion, evaluation: Evaluation) -> None:
    """Send the assignment with that model's response in front."""
    run = evaluation.child_run if model == evaluation.child else evaluation.parent_run
    items = run.items.filter(prompt_id=assignment.prompt_id)
    best = str(items.values_list("response_id", flat=True)[0])
    rest = [str(id) for id in assignment.order_shown if str(id) != best]
    send(assignment, ranking=[[best], rest])
