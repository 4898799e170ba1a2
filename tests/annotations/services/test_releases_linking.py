"""standards 7.1: one pseudonym in all releases needs a consent of its own."""

from __future__ import annotations

import pytest

from annotations.models import DatasetRelease
from annotations.queries.releases import JOB
from annotations.services import releases
from codesign.consent.models import ConsentChoice, ConsentRecord
from codesign.consent.rules import Purpose
from codesign.shared.actors import SYSTEM
from codesign.studies.models import Member
from tests.support.jobs import claimed
from tests.support.release_study import Story, release, rows

pytestmark = pytest.mark.django_db


def names(made: DatasetRelease) -> set[str]:
    return {row["rater_pseudonym"] for row in rows(made, "judgements")}


def choose(member: Member, granted: bool) -> None:
    record = ConsentRecord.objects.get(member=member)
    ConsentChoice.objects.create(record=record, purpose=Purpose.LINKING, granted=granted)


def test_only_people_who_chose_it_have_one_name_in_all_releases() -> None:
    story = Story()
    linked, other = story.member(), story.member()
    choose(linked, granted=True)
    prompt = story.prompt()
    for member in (linked, other):
        story.judge(member, prompt)
    first = release(story.study)
    story.judge(other, story.prompt())
    second, public = release(story.study), release(story.study, "publication")
    shared = names(first) & names(second)
    assert len(shared) == 1
    assert names(public) & names(first) == shared
    assert len(names(first)) == len(names(second)) == 2
    assert first.manifest["one_pseudonym_in_all_releases"] == 1
    ids = [{row["judgement_id"] for row in rows(made, "judgements")} for made in (first, second)]
    assert not ids[0] & ids[1]
    choose(linked, granted=False)
    third = release(story.study)
    assert not names(third) & names(second)
    assert third.manifest["one_pseudonym_in_all_releases"] == 0
    first.refresh_from_db()
    assert first.state == "frozen"


def test_a_choice_that_changes_before_the_freeze_starts_the_build_again() -> None:
    story = Story()
    member = story.member()
    choose(member, granted=True)
    story.judge(member, story.prompt())
    made = releases.request_release(actor=SYSTEM, study=story.study, purpose="training")
    with claimed(JOB, made.id) as work:
        draft = releases.write_draft(release=made, work=work)
        choose(member, granted=False)
        assert releases.freeze(release=made, draft=draft, work=work) is False
        assert releases.build_once(release=made, work=work)
    made.refresh_from_db()
    assert made.manifest["one_pseudonym_in_all_releases"] == 0
