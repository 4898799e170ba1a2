"""Harm reported in a hidden repeat counts in a release, although the repeat is no vote."""

from __future__ import annotations

import uuid
from typing import Any

import pytest

from annotations.models import Assignment, Judgement, Prompt
from annotations.queries import review
from annotations.queries.review import Kind
from annotations.rules.states import ItemKind
from annotations.services.review import decide
from codesign.shared.actors import Actor
from codesign.studies.models import Member
from tests.support.release_study import GRANTS, Story, release, rows

pytestmark = pytest.mark.django_db


def repeated(story: Story, first: Judgement, **changes: Any) -> Judgement:
    """What the member sent when the text came back; a ranking unless `changes` say otherwise."""
    again = Assignment.objects.get(id=first.assignment_id)
    again.id, again.item_kind = uuid.uuid4(), ItemKind.REPEAT
    again.save(force_insert=True)
    return story.sent(again, **{"ranking": first.ranking} | changes)


def chosen(story: Story) -> list[str]:
    return [row["chosen"][0]["content"] for row in rows(release(story.study), "preference")]


def judged(story: Story, member: Member, *others: Member) -> tuple[Prompt, Judgement]:
    prompt = story.prompt()
    for other in others:
        story.judge(other, prompt)
    return prompt, story.judge(member, prompt)


@pytest.mark.parametrize("granted", [GRANTS, ("take_part",)])
def test_a_flag_of_a_repeat_is_reviewed_and_keeps_its_text_from_being_chosen(
    granted: tuple[str, ...],
) -> None:
    story = Story()
    prompt, first = judged(story, story.member(granted=granted), story.member())
    better = story.responses(prompt)[0]
    assert chosen(story) == [better.text]
    repeat = repeated(story, first)
    rewrite = story.rewrite(repeat, state="pending")
    flag = story.flag(repeat, better, "reported")
    actor = Actor.of(story.coordinator.user)
    asked: dict[str, Any] = {"actor": actor, "study_id": story.study.id}
    counts = review.counts(**asked)
    assert (counts.flags, counts.rewrites) == (1, 0)
    assert review.item(**asked, kind=Kind.REWRITES, item_id=rewrite.id) is None
    assert not review.listed(**asked, kind=Kind.REWRITES).exists()
    assert chosen(story) == []
    decide(actor=actor, kind=Kind.FLAGS, item_id=flag.id, state="upheld")
    assert chosen(story) == []
    made = release(story.study)
    (bad,) = [row for row in rows(made, "unpaired_preference") if not row["label"]]
    assert bad["completion"][0]["content"] == better.text
    assert "flag" not in {row["kind"] for row in rows(made, "judgements")}


def test_harm_in_all_in_a_repeat_vetoes_and_is_no_row_and_no_second_person() -> None:
    story = Story()
    one, *others = (story.member() for _ in range(4))
    prompt, first = judged(story, one, *others)
    good = [response.text for response in story.responses(prompt)]
    repeated(story, first, ranking=[], all_harmful=True)
    assert chosen(story) == [good[0]]  # one in four of the lived-experience cohort
    clinician = story.member("clinical", granted=("take_part",))
    repeated(story, story.judge(clinician, prompt), ranking=[], all_harmful=True)
    made = release(story.study)
    assert rows(made, "preference") == []
    assert not [row for row in rows(made, "unpaired_preference") if row["label"]]
    released = rows(made, "judgements")
    assert len({row["judgement_id"] for row in released}) == 4
    assert "all_harmful" not in {row["kind"] for row in released}


def test_half_of_those_who_judged_veto_in_repeats() -> None:
    story = Story()
    one, *others = (story.member() for _ in range(3))
    prompt, first = judged(story, one, *others)
    repeated(story, first, ranking=[], all_harmful=True)
    assert chosen(story) == [story.responses(prompt)[0].text]
    again = Judgement.objects.get(member=others[0])
    repeated(story, again, ranking=[], all_harmful=True)
    assert chosen(story) == []  # two of three people
