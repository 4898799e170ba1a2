"""A job of each kind for the fault tests, and what must be true afterwards."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings

from annotations.models import DatasetRelease, Prompt, ReleaseMember, Seat, Task
from annotations.queries import filling, offering
from annotations.queries import releases as release_queries
from annotations.rules.states import Waiting
from annotations.rules.text_kinds import Category
from annotations.services import regroup, releases, rounds
from annotations.services.filling import Fill, plan_round
from annotations.services.offering import BATCH
from annotations.services.rounds import CohortPlan
from benchmarks.people import OVERLAP, fill
from codesign.accounts.models import OutgoingMail
from codesign.accounts.queries import MAIL
from codesign.accounts.services import send_mail
from codesign.shared.actors import SYSTEM
from tests.factories.annotations import (
    PromptFactory,
    ResponseFactory,
    judge,
    judging_round,
    make_rubric,
)
from tests.factories.modelhub import add_prompts
from tests.factories.studies import CohortFactory, StudyFactory
from tests.support.release_study import Story

PROMPTS = 12


@dataclass(frozen=True)
class Scenario:
    """A job that waits for a worker.

    `table`, or only its `columns`, is written to when results are kept. `reports` says that its
    runner reports progress before its end: then faults strike in the middle of the work, otherwise
    right after the claim.
    """

    subject_id: uuid.UUID
    table: str
    is_complete: Callable[[], bool]
    is_tidy: Callable[[], bool]
    """Whether nothing is left that a cancelled job should not leave."""
    reports: bool = True
    columns: str = ""


def dataset_release() -> Scenario:
    story = Story()
    for _ in range(3):
        story.judge(story.member(), story.prompt())
    made = releases.request_release(actor=SYSTEM, study=story.study, purpose="training")
    folder = Path(settings.RELEASES_DIR) / str(made.id)

    def is_complete() -> bool:
        frozen = DatasetRelease.objects.get(id=made.id).state == "frozen"
        return frozen and folder.is_dir() and made.members.count() == 3

    def is_tidy() -> bool:
        draft = Path(settings.RELEASES_DIR) / ".building" / str(made.id)
        return not (folder.exists() or draft.exists() or ReleaseMember.objects.exists())

    return Scenario(made.id, "annotations_releasemember", is_complete, is_tidy)


def round_filling() -> Scenario:
    cohort = CohortFactory.create(role="panelist")
    rubric = make_rubric(cohort.study)
    for prompt in PromptFactory.create_batch(PROMPTS, study=cohort.study):
        ResponseFactory.create_batch(2, prompt=prompt)
    plans = [CohortPlan(cohort=cohort, rubric=rubric, asks=["ranking"], overlap=1)]
    made = plan_round(
        actor=SYSTEM,
        study=cohort.study,
        title="Second round",
        cohorts=plans,
        fill=Fill(which=Waiting.EVERY, categories=[Category.EDUCATION]),
    )

    def tasks() -> int:
        return Task.objects.filter(round=made).count()

    return Scenario(
        made.id, "annotations_task", lambda: tasks() == PROMPTS, lambda: tasks() in (0, PROMPTS)
    )


def round_offering() -> Scenario:
    member, many = judge(), BATCH + 20
    made = judging_round(member.cohort, tasks=0, overlap=OVERLAP, opened=False)
    fill(study_id=member.study_id, round_id=made.id, cohort_id=member.cohort_id, tasks=many)
    Seat.objects.update(offered=False)
    rounds.open_round(actor=SYSTEM, round=made)

    def offered() -> int:
        return Seat.objects.filter(task__round=made, offered=True).count()

    return Scenario(
        made.id,
        "annotations_seat",
        lambda: offered() == many,
        lambda: offered() in (BATCH, many),
        reports=False,
    )


def mail() -> Scenario:
    sent = send_mail(to="robin@example.org", subject="Hello", body="Words for Robin.")

    def is_sent() -> bool:
        return OutgoingMail.objects.get(id=sent.id).sent_at is not None

    return Scenario(sent.id, "accounts_outgoingmail", is_sent, lambda: not is_sent(), reports=False)


def regrouping() -> Scenario:
    """Prompts that the rules of an earlier version had put into one group."""
    study, together = StudyFactory.create(), uuid.UUID(int=5)
    texts = (f"A worry of its own about {thing}." for thing in ("rent", "school", "the rain"))
    add_prompts(study, *texts)
    prompts = Prompt.objects.filter(study=study)
    prompts.update(split_group=together)
    regroup.request(actor=SYSTEM, study=study)

    def groups() -> set[uuid.UUID]:
        return set(prompts.values_list("split_group", flat=True))

    return Scenario(
        study.id,
        "annotations_prompt",
        lambda: len(groups()) == 3,
        lambda: groups() == {together},
    )


SCENARIOS: dict[str, Callable[[], Scenario]] = {
    release_queries.JOB: dataset_release,
    filling.JOB: round_filling,
    offering.JOB: round_offering,
    regroup.JOB: regrouping,
    MAIL: mail,
}
