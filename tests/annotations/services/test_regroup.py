"""Split groups of an existing study, worked out again by the rules of today."""

from __future__ import annotations

import uuid
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from annotations.datasets.policy.splits import split_of
from annotations.models import MinhashBucket, Prompt, SplitGroupReason
from annotations.rules.prompts import PromptRow, content_hash
from annotations.services import prompts as services
from annotations.services import regroup
from annotations.services.regroup import regroup_prompts
from codesign.audit.models import Event
from codesign.jobs.models import Job
from codesign.jobs.rules import JobState
from codesign.shared.actors import SYSTEM, Actor
from codesign.shared.errors import Conflict, NotPermitted
from codesign.studies.models import Study
from codesign.studies.rules import Role
from tests.factories.modelhub import frozen_release
from tests.factories.studies import StudyFactory, staff
from tests.support import jobs
from tests.support.release_study import Story, release, rows
from tests.support.together import at_once

pytestmark = pytest.mark.django_db
SLEEP = "I lie awake at night because my father does not speak to me"
FEARS = ("rent and rain", "school", "the old knives", "silence at home")


def said(*turns: str) -> list[dict[str, str]]:
    return [
        {"role": ("user", "assistant")[place % 2], "content": turn}
        for place, turn in enumerate(turns)
    ]


def add(study: Study, name: str, *turns: str, **also: Any) -> None:
    row = PromptRow(messages=said(*turns), external_id=name, **also)
    services.add_prompts(actor=SYSTEM, study=study, rows=[row])


def by_earlier_rules(study: Study) -> None:
    """One group of all, without reasons, and buckets emptied as the migration does."""
    Prompt.objects.filter(study=study).update(split_group=uuid.UUID(int=5))
    MinhashBucket.objects.filter(study=study).delete()
    SplitGroupReason.objects.filter(study=study).delete()


@pytest.fixture
def study() -> Study:
    study: Study = StudyFactory.create()
    add(study, "greeting", "Hello", held_out=True)
    for number, fear in enumerate(FEARS):
        add(study, f"talk-{number}", "Hello", "Hi! What brings you here?", f"I fear {fear}")
    add(study, "near-1", SLEEP)
    add(study, "near-2", SLEEP.replace("father", "mother"))
    return study


def groups(study: Study) -> dict[str, uuid.UUID]:
    return dict(Prompt.objects.filter(study=study).values_list("external_id", "split_group"))


def test_prompts_held_out_by_a_greeting_are_freed(
    study: Study, capsys: pytest.CaptureFixture[str]
) -> None:
    imported = groups(study)
    by_earlier_rules(study)
    call_command("regroup_prompts", study.slug)
    assert groups(study) == imported, "as if they came in today"
    out = capsys.readouterr().out
    assert "14 of 14 prompts read and written\n" in out
    assert "Prompts: 7. In another group now: 7. No longer kept out of training by" in out
    assert "by a held-out prompt: 6." in out
    assert list(SplitGroupReason.objects.values_list("reason", flat=True)) == ["near"]
    row = Event.objects.get(action="annotations.regrouped")
    assert (row.study_id, row.data["freed"]) == (study.id, 6)
    again = regroup_prompts(actor=SYSTEM, study=study)
    assert (again.moved, again.freed, again.held_out, again.stay) == (0, 0, 0, 0)


def test_an_import_after_the_upgrade_finds_older_prompts(study: Study) -> None:
    by_earlier_rules(study)
    add(study, "new", SLEEP.replace("night", "dawn"))
    assert groups(study)["new"] == groups(study)["near-1"]


class Used:
    """Prompts that a release holds, on sides that the test chooses."""

    def __init__(self) -> None:
        self.story = Story()
        self.study = self.story.study
        self.people = [self.story.member() for _ in range(3)]

    def prompt(self, name: str, text: str, side: str, *, judged: bool = True, **also: Any) -> None:
        messages = said(text)
        prompt = self.story.prompt(
            external_id=name,
            messages=messages,
            content_hash=content_hash(messages),
            split_group=self.group(side),
            **also,
        )
        for member in self.people if judged else ():
            self.story.judge(member, prompt)

    def group(self, side: str) -> uuid.UUID:
        drawn = iter(uuid.uuid4, None)
        return next(group for group in drawn if self.side(group) == side)

    def side(self, group: uuid.UUID) -> str:
        return split_of(study_id=str(self.study.id), split_group=str(group))

    def sides(self) -> dict[str, str]:
        return {name: self.side(group) for name, group in groups(self.study).items()}


def test_used_prompts_keep_their_side_and_others_leave_training() -> None:
    used = Used()
    for number, side in enumerate(("train", "validation", "test", "test")):
        used.prompt(f"apart-{number}", f"{FEARS[number]} kept me from sleeping {number}", side)
    used.prompt("in-train", SLEEP, "train")
    used.prompt("in-test", SLEEP.replace("father", "mother"), "test")
    used.prompt("unused", SLEEP.replace("night", "dawn"), "train", judged=False)
    before = rows(release(used.study), "preference")
    sides = used.sides()
    counts = regroup_prompts(actor=SYSTEM, study=used.study)
    assert used.sides() == sides | {"unused": "test"}
    assert (counts.stay, counts.freed) == (2, 0)
    assert groups(used.study)["unused"] == groups(used.study)["in-test"]
    assert len(set(groups(used.study).values())) == 6
    assert regroup_prompts(actor=SYSTEM, study=used.study).moved == 0
    after = rows(release(used.study), "preference")
    assert len(after) == len(before) == 6


def test_used_training_prompts_are_not_moved_to_a_held_out_group() -> None:
    used = Used()
    used.prompt("in-train", SLEEP, "train")
    release(used.study)
    add(used.study, "held", SLEEP.replace("night", "dawn"), held_out=True)
    used.prompt("unused", SLEEP.replace("father", "mother"), "train", judged=False)
    Prompt.objects.filter(external_id="held").update(split_group=used.group("train"))
    counts = regroup_prompts(actor=SYSTEM, study=used.study)
    now = groups(used.study)
    assert (counts.stay, counts.held_out) == (1, 1)
    assert now["held"] == now["unused"] != now["in-train"]
    assert used.sides()["in-train"] == "train"


def test_an_import_moves_no_prompt_that_a_release_used_to_another_side() -> None:
    """The group that stood for all was the one of the smallest id, whatever side that is on."""
    used = Used()
    for number, side in enumerate(("train", "validation", "test") * 3):
        text = f"{SLEEP} {FEARS[number % 4]} {chr(97 + number) * 9} {chr(107 + number) * 9}"
        used.prompt(f"used-{number}", text, side)
    release(used.study)
    MinhashBucket.objects.all().delete()
    sides = used.sides()
    for number in range(9):
        text = Prompt.objects.get(external_id=f"used-{number}").messages[0]["content"]
        add(used.study, f"new-{number}", text.replace("father", "mother"))
    now = used.sides()
    assert {name: now[name] for name in sides} == sides
    for number in range(9):
        assert groups(used.study)[f"new-{number}"] == groups(used.study)[f"used-{number}"]
    held = SLEEP + " rent and rain aaaaaaaaa kkkkkkkkk"
    add(used.study, "held", held.replace("night", "dawn"), held_out=True)
    tied = groups(used.study)
    assert tied["held"] != tied["used-0"] == tied["new-0"]
    assert {name: used.sides()[name] for name in sides} == sides


def test_only_coordinators_may_regroup(study: Study) -> None:
    for role in (Role.ML_ENGINEER, Role.AUDITOR, Role.SAFETY_LEAD):
        with pytest.raises(NotPermitted, match="Your role"):
            regroup_prompts(actor=Actor.of(staff(study, role).user), study=study)
    coordinator = Actor.of(staff(study, Role.COORDINATOR).user)
    assert regroup_prompts(actor=coordinator, study=study).moved == 0
    with pytest.raises(CommandError, match="no study called nowhere"):
        call_command("regroup_prompts", "nowhere")


def test_regrouping_is_refused_during_a_build(study: Study) -> None:
    frozen_release(study, state="building")
    with pytest.raises(Conflict, match="is being built"):
        regroup_prompts(actor=SYSTEM, study=study)


def test_other_studies_are_left_alone(study: Study) -> None:
    other = StudyFactory.create()
    add(other, "near-1", SLEEP)
    by_earlier_rules(other)
    regroup_prompts(actor=SYSTEM, study=study)
    assert set(groups(other).values()) == {uuid.UUID(int=5)}


def test_the_command_is_a_job_of_the_study(study: Study) -> None:
    coordinator = staff(study)
    seen: list[tuple[int, int]] = []
    job = regroup.regroup_here(
        actor=Actor.of(coordinator.user),
        study=study,
        progress=lambda done, total: seen.append((done, total)),
    )
    assert (job.kind, job.state, job.study_id) == (regroup.JOB, JobState.DONE, study.id)
    assert (job.done, job.total) == (14, 14)
    assert job.requested_by_id == coordinator.user.id
    assert job.reason.startswith("Prompts: 7. In another group now: 0.")
    assert seen == sorted(seen)
    assert (seen[0], seen[-1]) == ((0, 14), (14, 14))


def test_the_split_groups_of_a_study_are_computed_once_at_a_time(study: Study) -> None:
    job = regroup.request(actor=SYSTEM, study=study)
    with pytest.raises(CommandError, match="are already being computed"):
        call_command("regroup_prompts", study.slug)
    assert jobs.run(regroup.JOB, study.id).id == job.id
    call_command("regroup_prompts", study.slug)
    assert Job.objects.filter(kind=regroup.JOB, state=JobState.DONE).count() == 2


def test_a_refused_command_is_in_the_history_with_its_reason(study: Study) -> None:
    frozen_release(study, state="building")
    with pytest.raises(CommandError, match="is being built"):
        call_command("regroup_prompts", study.slug)
    job = Job.objects.get(kind=regroup.JOB)
    assert (job.state, "is being built" in job.reason) == (JobState.FAILED, True)


def test_people_without_the_permission_start_no_job(study: Study) -> None:
    engineer = staff(study, Role.ML_ENGINEER)
    with pytest.raises(CommandError, match="Your role in this study does not include this"):
        call_command("regroup_prompts", study.slug, f"--as={engineer.user.email}")
    assert not Job.objects.filter(kind=regroup.JOB).exists()


@pytest.mark.django_db(transaction=True)
def test_a_cancelled_computation_changes_nothing(study: Study) -> None:
    by_earlier_rules(study)
    before = groups(study)
    job = regroup.request(actor=SYSTEM, study=study)

    def cancel(done: int, _total: int) -> None:
        if done == 0:  # it runs in a transaction, which a cancellation must not be part of
            at_once(lambda: regroup.cancel(actor=SYSTEM, study=study))

    assert jobs.run(regroup.JOB, study.id, cancel).state == JobState.CANCELLED
    assert groups(study) == before
    regroup.resume(actor=SYSTEM, study=study)
    assert jobs.run(regroup.JOB, study.id).id == job.id
    assert len(set(groups(study).values())) > 1
