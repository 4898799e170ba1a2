"""Corrections and releases: the latest revision counts, and what is released stays."""

from __future__ import annotations

from typing import Any

import pytest

from annotations.contract.unchecked import UncheckedSubmission
from annotations.models import Assignment, Judgement
from annotations.queries import listing, retractions
from annotations.queries.releases import JOB
from annotations.rules.states import FlagState, RoundKind
from annotations.services import corrections, releases
from codesign.shared.actors import SYSTEM, Actor
from codesign.shared.errors import Conflict
from tests.factories.annotations import answers
from tests.support.jobs import claimed
from tests.support.release_study import Story, release, rows, withdraw

pytestmark = pytest.mark.django_db


def corrected(story: Story, before: Judgement, **changes: Any) -> Judgement:
    """The next revision of what `Story.judge` made."""
    values = {"ranking": before.ranking, "revision": before.revision + 1}
    return story.sent(before.assignment, **values | changes)


def send_correction(assignment: Assignment, **changes: Any) -> corrections.Corrected:
    return corrections.correct(
        actor=Actor.of(assignment.member.user),
        assignment_id=assignment.id,
        revision=2,
        sent=UncheckedSubmission(answers(assignment, **changes)),
    )


def test_a_release_has_the_latest_revision_alone() -> None:
    story = Story()
    prompt = story.prompt()
    first, second = (str(response.id) for response in story.responses(prompt))
    judgement = story.judge(story.member(), prompt)
    story.rewrite(judgement, "Words that were replaced")
    corrected(story, judgement, ranking=[[second], [first]])
    made = release(story.study)
    (pair,) = rows(made, "preference")
    assert pair["chosen"][-1]["content"] == story.responses(prompt)[1].text
    assert len({row["judgement_id"] for row in rows(made, "judgements")}) == 1
    assert "Words that were replaced" not in str([rows(made, c) for c in ("sft", "preference")])


def test_a_report_that_was_taken_back_keeps_nothing_out() -> None:
    story = Story()
    prompt = story.prompt()
    judgement = story.judge(story.member(), prompt)
    story.flag(judgement, story.responses(prompt)[0], FlagState.REPORTED)
    corrected(story, judgement)
    assert rows(release(story.study), "preference")


def test_what_a_release_may_contain_is_not_corrected() -> None:
    story = Story()
    prompt = story.prompt()
    judgement = story.judge(story.member(), prompt)
    release(story.study)
    with pytest.raises(Conflict, match="may be part of a data set"):
        send_correction(judgement.assignment)
    later = story.judge(judgement.member, story.prompt())
    assert send_correction(later.assignment).judgement.revision == 2


@pytest.mark.parametrize(
    ("pay_check", "may"), [("held", True), ("left_out", True), ("not_paid", True), ("used", False)]
)
def test_what_a_release_dropped_can_be_corrected(pay_check: str, may: bool) -> None:
    story = Story()
    member = story.member()
    story.judge(member, story.prompt())
    judgement = story.judge(member, story.prompt())
    held = Assignment.objects.filter(id=judgement.assignment_id)
    held.update(pay_check=pay_check)
    release(story.study)
    if may:
        assert send_correction(held.get()).judgement.revision == 2
        return
    with pytest.raises(Conflict, match="may be part of a data set"):
        send_correction(held.get())


def test_a_superseded_release_still_contains_it() -> None:
    story = Story()
    prompt = story.prompt()
    judgement = story.judge(story.member(), prompt)
    leaves = story.member()
    story.judge(leaves, prompt)
    release(story.study)
    withdraw(leaves)
    with pytest.raises(Conflict, match="may be part of a data set"):
        send_correction(judgement.assignment)


def test_work_on_held_out_prompts_can_be_corrected_after_a_release() -> None:
    story = Story()
    member = story.member()
    story.judge(member, story.prompt())
    story.round = story.new_round(RoundKind.EVALUATION)
    judgement = story.judge(member, story.prompt(held_out=True))
    release(story.study)
    assert send_correction(judgement.assignment).judgement.revision == 2


@pytest.mark.parametrize("last", [False, True])
def test_a_correction_while_a_release_is_built_starts_it_again(last: bool) -> None:
    story = Story()
    prompt = story.prompt()
    judgement = story.judge(story.member(), prompt)
    made = releases.request_release(actor=SYSTEM, study=story.study, purpose="training")
    with claimed(JOB, made.id) as work:
        draft = releases.write_draft(release=made, work=work)
        send_correction(judgement.assignment)
        done = releases.freeze(release=made, draft=draft, work=work, despite_corrections=last)
    assert done is last


def test_a_correction_of_somebody_outside_the_release_starts_nothing_again() -> None:
    story = Story()
    prompt = story.prompt()
    story.judge(story.member(), prompt)
    outside = story.judge(story.member(granted=("take_part",)), prompt)
    made = releases.request_release(actor=SYSTEM, study=story.study, purpose="training")
    with claimed(JOB, made.id) as work:
        draft = releases.write_draft(release=made, work=work)
        send_correction(outside.assignment)
        assert releases.freeze(release=made, draft=draft, work=work)


def test_the_list_for_staff_has_the_latest_revision() -> None:
    story = Story()
    judgement = story.judge(story.member(), story.prompt())
    latest = corrected(story, judgement)
    listed = listing.judgements(study_id=story.study.id, asked={}, sources=None)
    assert list(listed) == [latest]


def test_a_retraction_names_the_records_of_the_released_revision() -> None:
    story = Story()
    prompt = story.prompt()
    member = story.member()
    judgement = story.judge(member, prompt)
    story.judge(story.member(), prompt)
    corrected(story, judgement)
    made = release(story.study)
    in_files = {row["judgement_id"] for row in rows(made, "judgements") if row["rater_pseudonym"]}
    withdraw(member)
    (entry,) = retractions.entries_of(
        study=story.study,
        retractions=list(retractions.retractions_of(study=story.study, asked={})),
    )
    assert len(entry.records["judgements"]) == 1
    assert set(entry.records["judgements"]) <= in_files
