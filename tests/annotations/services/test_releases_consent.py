"""Whose work a release may hold: consent at the freeze, and what a withdrawal does later."""

from __future__ import annotations

import threading

import pytest
from django.db import connection, transaction

from annotations.queries.releases import JOB
from annotations.services import releases
from codesign.audit.models import Event
from codesign.consent import services as consent
from codesign.consent.rules import Purpose, WithdrawalLevel
from codesign.shared.actors import SYSTEM, Actor
from codesign.studies.models import Member
from tests.factories.consent import publish, sign
from tests.support.jobs import claimed
from tests.support.release_study import GRANTS, Story, release, rows, withdraw
from tests.support.running import eventually
from tests.support.together import LONGEST, somebody_waits

pytestmark = pytest.mark.django_db


def change(member: Member, purpose: Purpose, granted: bool) -> None:
    consent.change_choice(
        actor=Actor.of(member.user), member=member, purpose=purpose, granted=granted
    )


@pytest.mark.parametrize("purpose", ["training", "evaluation", "publication"])
@pytest.mark.parametrize(
    ("case", "inside"),
    [
        ("granted", True),
        ("never signed for it", False),
        ("taken back", False),
        ("taken back and given again", True),
        ("given later", True),
        ("another purpose taken back", True),
        ("withdrawn", False),
        ("withdrawn, signed again", False),
        ("new version not signed yet", False),
        ("new version signed", True),
        ("new version signed without it", False),
        ("typo corrected", True),
    ],
)
def test_consent_matrix(purpose: str, case: str, inside: bool) -> None:
    """standards 2.5, 2.6, 2.7, 2.8: each use needs its own yes, in force now."""
    story = Story()
    wanted, other = Purpose(purpose), Purpose.RECONTACT
    all_but = tuple(g for g in GRANTS if g != purpose)
    member = story.member(granted=all_but if "never" in case or "later" in case else GRANTS)
    prompt = story.prompt()
    story.judge(member, prompt)
    story.judge(story.member(), prompt)
    if case == "another purpose taken back":
        change(member, other, True)
        change(member, other, False)
    elif case.startswith("taken back"):
        change(member, wanted, False)
    if case in ("given later", "taken back and given again"):
        change(member, wanted, True)
    if case.startswith("withdrawn"):
        withdraw(member)
    if case.startswith("new version") or case == "typo corrected":
        publish(story.study, material=case != "typo corrected")
        others = Member.objects.exclude(id=member.id).filter(cohort__isnull=False)
        if case != "typo corrected":
            sign(others.get(), GRANTS)
    if case in ("withdrawn, signed again", "new version signed"):
        sign(member, GRANTS)
    if case == "new version signed without it":
        sign(member, all_but)
    made = release(story.study, purpose)
    assert made.members.filter(member=member).exists() is inside
    assert len({r["rater_pseudonym"] for r in rows(made, "judgements")}) == (2 if inside else 1)
    if not inside:
        reasons = made.manifest["dropped"]["judgements"]
        assert sum(reasons.values()) == 4  # dropped and counted


def test_withdrawal_between_selection_and_freeze() -> None:
    story = Story()
    prompt = story.prompt()
    goes, stays = story.member(), story.member()
    for member in (goes, stays):
        story.judge(member, prompt)
    made = releases.request_release(actor=SYSTEM, study=story.study, purpose="training")
    with claimed(JOB, made.id) as work:
        draft = releases.write_draft(release=made, work=work)
        withdraw(goes)
        assert releases.freeze(release=made, draft=draft, work=work) is False
        assert releases.build_once(release=made, work=work)
        made.refresh_from_db()
        assert made.state == "frozen"
        assert [m.member for m in made.members.all()] == [stays]
        assert len({r["rater_pseudonym"] for r in rows(made, "judgements")}) == 1


def test_a_new_signature_before_the_freeze_counts_as_a_change() -> None:
    story = Story()
    member = story.member()
    story.judge(member, story.prompt())
    made = releases.request_release(actor=SYSTEM, study=story.study, purpose="training")
    with claimed(JOB, made.id) as work:
        draft = releases.write_draft(release=made, work=work)
        withdraw(member)
        sign(member, GRANTS)
        assert releases.freeze(release=made, draft=draft, work=work) is False


@pytest.mark.django_db(transaction=True)
def test_withdrawal_during_the_freeze_waits_and_supersedes() -> None:
    """Two real connections: the withdrawal stands in line behind the freeze, then marks it."""
    story = Story()
    member = story.member()
    story.judge(member, story.prompt())
    made = releases.request_release(actor=SYSTEM, study=story.study, purpose="training")
    with claimed(JOB, made.id) as work:
        draft = releases.write_draft(release=made, work=work)
        failures: list[BaseException] = []

        def leave() -> None:
            try:
                withdraw(member)
            except BaseException as error:
                failures.append(error)
            finally:
                connection.close()

        with transaction.atomic():
            assert releases.freeze(release=made, draft=draft, work=work)
            leaving = threading.Thread(target=leave)
            leaving.start()
            eventually(somebody_waits)
            assert leaving.is_alive()
        leaving.join(LONGEST)
        assert failures == []
        made.refresh_from_db()
        assert made.state == "superseded"
        assert made.superseded_at
        assert made.frozen_at
        assert made.superseded_at > made.frozen_at


def test_a_withdrawal_supersedes_the_release_and_the_next_excludes_it() -> None:
    """standards 2.9."""
    story = Story()
    prompt = story.prompt()
    goes, stays = story.member(), story.member()
    for member in (goes, stays):
        story.judge(member, prompt)
    first = release(story.study)
    withdraw(goes, WithdrawalLevel.STOP_TASKS)
    first.refresh_from_db()
    assert first.state == "superseded"
    second = release(story.study)
    assert second.parent == first
    assert second.manifest["parent"]["manifest_sha256"] == first.manifest_sha256
    assert [m.member for m in second.members.all()] == [stays]
    withdrawn_from = Event.objects.filter(action="annotations.release_superseded")
    assert [e.about_id for e in withdrawn_from] == [first.id]
    names = [{r["rater_pseudonym"] for r in rows(r_, "judgements")} for r_ in (first, second)]
    assert not names[0] & names[1]


def test_taking_back_one_purpose_supersedes_releases_for_it_alone() -> None:
    story = Story()
    member = story.member()
    story.judge(member, story.prompt())
    training, publication = release(story.study), release(story.study, "publication")
    change(member, Purpose.PUBLICATION, False)
    training.refresh_from_db()
    publication.refresh_from_db()
    assert (training.state, publication.state) == ("frozen", "superseded")
    assert publication.parent is None  # of another purpose
