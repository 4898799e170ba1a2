"""Where there is nothing to read, the page says truly why, and home says the same."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from annotations.models import Assignment, Prompt, Round
from annotations.queries import filling, offering
from annotations.services import assignments, care_choices, putting_off, rounds
from codesign.compensation.models import PayRate
from codesign.consent import services as consent
from codesign.consent.rules import Purpose
from codesign.jobs.models import Job
from codesign.jobs.rules import JobState
from codesign.jobs.services import queueing
from codesign.shared.actors import SYSTEM, Actor
from codesign.studies.models import Member
from codesign.studies.rules import StudyState
from modelhub.models import GenerationRun
from modelhub.rules.states import RunState
from tests.factories.annotations import (
    PromptFactory,
    ResponseFactory,
    add_task,
    judge,
    judging_round,
    lease,
    send,
)
from tests.factories.modelhub import add_prompts, child_of
from tests.support.held_pay import without_triggers
from tests.support.judging_page import cohort_of, judge_url, signed_in

pytestmark = pytest.mark.django_db
DONE = "You have finished all texts for now. Thank you."


def said(member: Member) -> tuple[str, str]:
    """(the judging page, the home page) of somebody."""
    client = signed_in(member)
    home = reverse("desk:study", kwargs={"slug": member.study.slug})
    return tuple(client.get(address).content.decode() for address in (judge_url(member), home))  # type: ignore[return-value]


@pytest.fixture
def member() -> Member:
    """Somebody who has judged the only text there is."""
    member = judge()
    judging_round(cohort_of(member))
    send(lease(member))
    return member


def test_a_person_who_finished_everything_is_thanked(member: Member) -> None:
    """Prompts without tasks (here one without replies, one with a single reply) promise nothing."""
    PromptFactory.create(study=member.study)
    ResponseFactory.create(prompt=PromptFactory.create(study=member.study))
    for page in said(member):
        assert DONE in page
        assert "being written" not in page


def test_one_reply_each_and_nothing_left_is_done(member: Member) -> None:
    """Case j_judge/n8 of November: prompts with one reply only."""
    alone = Round.objects.get()
    for _ in range(2):
        prompt = PromptFactory.create(study=member.study)
        ResponseFactory.create(prompt=prompt)
        rounds.add_tasks(actor=SYSTEM, round=alone, items=[(prompt, list(prompt.responses.all()))])
        send(lease(member), key=str(prompt.id))
    PromptFactory.create(study=member.study)
    assert all(DONE in page for page in said(member))


def test_a_new_person_sees_that_there_are_no_texts_yet(member: Member) -> None:
    fresh = judge(cohort=member.cohort)
    assert all(DONE not in page for page in said(fresh))
    assert "There are no texts to read yet" in said(fresh)[0]


def run_of(member: Member, state: RunState = RunState.RUNNING) -> GenerationRun:
    """A generation run whose texts come into the member's round."""
    from modelhub.services.generation import start_run
    from modelhub.services.versions import ensure_embedded_model

    add_prompts(member.study, "New.")
    run = start_run(
        actor=SYSTEM,
        study=member.study,
        version=ensure_embedded_model(),
        prompts=list(Prompt.objects.filter(study=member.study)[:1]),
        round=Round.objects.get(),
    )
    GenerationRun.objects.filter(id=run.id).update(state=state)
    return run


@pytest.mark.parametrize(
    ("state", "writing"),
    [("queued", True), ("running", True), ("failed", False), ("cancelled", False), ("done", False)],
)
def test_only_a_running_generation_counts_as_writing(
    member: Member, state: RunState, writing: bool
) -> None:
    run_of(member, state)
    for page in said(member):
        assert ("being written now" in page) is writing
        assert (DONE in page) is not writing


def test_a_page_says_that_a_round_is_being_filled_or_offered(member: Member) -> None:
    made = Round.objects.get()
    for kind in (filling.JOB, offering.JOB):
        job = queueing.start(actor=SYSTEM, kind=kind, subject_id=made.id)
        assert all("being written now" in page for page in said(member))
        Job.objects.filter(id=job.id).update(state=JobState.DONE, waits=False)
        assert all(DONE in page for page in said(member))


def test_members_who_allow_evaluation_see_that_an_evaluation_is_prepared(member: Member) -> None:
    from modelhub.services.evaluations import plan_evaluation

    add_prompts(member.study, "Held out", held_out=True)
    plan_evaluation(actor=SYSTEM, study=member.study, child=child_of(member.study))
    assert all(DONE in page for page in said(member))  # they did not agree to that
    consent.change_choice(
        actor=Actor.of(member.user), member=member, purpose=Purpose.EVALUATION, granted=True
    )
    assert all("being written now" in page for page in said(member))


def test_a_page_says_that_others_have_the_last_texts() -> None:
    member = judge()
    judging_round(cohort_of(member), tasks=2)
    colleague = judge(cohort=member.cohort)
    taken = lease(colleague)
    send(lease(member))
    for page in said(member):
        assert "Other people are reading the last texts" in page
    assignments.stop(actor=Actor.of(colleague.user), assignment_id=taken.id)
    assert lease(member).task_id == taken.task_id


def test_a_closed_round_and_a_paused_or_closed_study(member: Member) -> None:
    rounds.close_round(actor=SYSTEM, round=Round.objects.get())
    page, home = said(member)
    assert "No texts are open right now" in page
    assert "No texts are open right now" in home
    study = member.study
    for state, words in (
        (StudyState.PAUSED, "The study is paused"),
        (StudyState.CLOSED, "The study is not open now"),
    ):
        study.state = state
        study.save(update_fields=["state"])
        assert words in said(member)[0]


def test_a_missing_pay_rate_is_explained(member: Member) -> None:
    """A rate that begins later: nobody reads before their pay is known."""
    with without_triggers():
        PayRate.objects.update(effective_from=timezone.now() + timedelta(days=1))
    page, home = said(member)
    assert "The pay is not set yet" in page
    assert "set the pay" in home


def choose(member: Member, minutes: int | None = None, **choices: str) -> None:
    care_choices.choose(
        actor=Actor.of(member.user), slug=member.study.slug, choices=choices, minutes=minutes
    )


def test_refused_topics_are_named_as_the_reason(member: Member) -> None:
    add_task(Round.objects.get(), topics=["sleep"])
    choose(member, sleep="never")
    page, home = said(member)
    assert "No texts are left with topics that are fine for you" in page
    assert "topics that you never want to see" in home


def test_texts_for_another_day_are_named_as_the_reason(member: Member) -> None:
    add_task(Round.objects.get())
    putting_off.put_off(actor=Actor.of(member.user), assignment_id=lease(member).id)
    page, home = said(member)
    assert "The remaining texts come back on another day" in page
    assert "You kept the remaining texts for another day" in home


def test_a_second_heavy_text_in_a_row_is_named_as_the_reason(member: Member) -> None:
    for _ in range(2):
        add_task(Round.objects.get(), intensity=3)
    send(lease(member), key="heavy")
    page, home = said(member)
    assert "Only heavy texts are left for now" in page
    assert "Take a break" in page
    assert "Only heavy texts are left" in home


def test_a_full_day_is_named_as_the_reason(member: Member) -> None:
    add_task(Round.objects.get())
    choose(member, minutes=5)
    Assignment.objects.update(load_before=300)
    page, home = said(member)
    assert "That is enough for today. Thank you." in page
    assert "limit for one day" in home
