"""Building and freezing in the database: consent at the moment of the freeze, kills, withdrawal."""

from __future__ import annotations

import json
import threading
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.db import connection, transaction

from annotations.models import DatasetRelease, ReleaseMember
from annotations.queries.releases import folder_of
from annotations.rules.releases import MAX_BUILDS
from annotations.rules.states import RoundKind
from annotations.services import releases
from codesign.audit.models import Event
from codesign.consent import services as consent
from codesign.consent.rules import Purpose, WithdrawalLevel
from codesign.shared.actors import SYSTEM, Actor
from codesign.shared.errors import Invalid, NotPermitted
from codesign.studies.models import Member, Study
from tests.annotations.releases.story import GRANTS, Story
from tests.factories.consent import publish, sign
from tests.factories.studies import MemberFactory

pytestmark = pytest.mark.django_db


def release(study: Study, purpose: str = "training") -> DatasetRelease:
    made = releases.release_now(
        actor=SYSTEM, study=study, purpose=purpose, progress=lambda done, total: None
    )
    assert made.state == "frozen", made.error
    return made


def rows(made: DatasetRelease, config: str) -> list[dict[str, Any]]:
    files = sorted((folder_of(made) / "data" / config).glob("*.jsonl"))
    return [json.loads(line) for file in files for line in file.read_text().splitlines()]


def withdraw(member: Member, level: WithdrawalLevel = WithdrawalLevel.STOP_USE) -> None:
    consent.withdraw(actor=Actor.of(member.user), member=member, level=level)


def change(member: Member, purpose: Purpose, granted: bool) -> None:
    consent.change_choice(
        actor=Actor.of(member.user), member=member, purpose=purpose, granted=granted
    )


def test_a_release_holds_what_was_judged() -> None:
    story = Story()
    prompt = story.prompt()
    story.rewrite(story.judge(story.member(), prompt))
    story.judge(story.member("clinical"), prompt)
    made = release(story.study)
    assert sorted(r["meta"]["kind"] for r in rows(made, "preference")) == ["comparison", "rewrite"]
    assert [r["completion"][0]["content"] for r in rows(made, "sft")] == ["Kinder words"]
    assert len(rows(made, "judgements")) == 2 * (2 + 2) + 1
    assert (made.number, made.parent, made.has_examples) == (1, None, False)
    assert made.rows_done == made.rows_total == 2
    assert ReleaseMember.objects.filter(release=made).count() == 2
    assert made.manifest["consent_versions"][0]["number"] == 1
    assert made.manifest["rubric_versions"] == ["felt@1"]


def test_the_latest_revision_counts() -> None:
    story = Story()
    first = story.judge(story.member(), story.prompt())
    one, two = (str(r.id) for r in story.responses(first.assignment.prompt))
    story.revise(first.assignment, ranking=[[two], [one]])
    (record,) = rows(release(story.study), "preference")
    assert record["meta"]["chosen_response_id"] == two


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


def test_held_out_and_withdrawn_never_enter() -> None:
    story = Story()
    member = story.member()
    kept, held = story.prompt(), story.prompt(held_out=True)
    near = story.prompt(split_group=held.split_group)
    pulled = story.prompt()
    story.round = story.new_round(RoundKind.EVALUATION)
    compared = story.prompt()
    for prompt in (kept, held, near, pulled, compared):
        story.judge(member, prompt)
    pulled.withdrawn_at = pulled.created_at
    pulled.save()
    made = release(story.study)
    for config in ("preference", "judgements"):
        ids = {r.get("prompt_id") or r["meta"]["prompt_id"] for r in rows(made, config)}
        assert ids == {str(kept.id)}
    assert made.manifest["dropped"]["preference"] == {
        "evaluation_round": 1,
        "held_out": 1,
        "held_out_group": 1,
        "prompt_withdrawn": 1,
    }


def test_flags_count_whoever_raised_them() -> None:
    """A warning about a text holds although its author takes no part any more."""
    story = Story()
    prompt = story.prompt()
    gone = story.member()
    flagged = story.responses(prompt)[0]
    story.flag(story.judge(gone, prompt), flagged, "upheld")
    story.judge(story.member(), prompt)
    withdraw(gone)
    made = release(story.study)
    assert rows(made, "preference") == []
    assert made.manifest["dropped"]["preference"] == {"upheld_harm": 1}
    assert not made.members.filter(member=gone).exists()


def test_withdrawal_between_selection_and_freeze() -> None:
    story = Story()
    prompt = story.prompt()
    goes, stays = story.member(), story.member()
    for member in (goes, stays):
        story.judge(member, prompt)
    made = releases.request_release(actor=SYSTEM, study=story.study, purpose="training")
    assert releases._begin(made.id)
    draft = releases.write_draft(release=made, progress=lambda done, total: None)
    withdraw(goes)
    assert releases.freeze(release=made, draft=draft) is False
    assert releases.build_once(release=made, progress=lambda done, total: None)
    made.refresh_from_db()
    assert made.state == "frozen"
    assert [m.member for m in made.members.all()] == [stays]
    assert len({r["rater_pseudonym"] for r in rows(made, "judgements")}) == 1


def test_signing_anew_between_selection_and_freeze_is_a_change_too() -> None:
    story = Story()
    member = story.member()
    story.judge(member, story.prompt())
    made = releases.request_release(actor=SYSTEM, study=story.study, purpose="training")
    assert releases._begin(made.id)
    draft = releases.write_draft(release=made, progress=lambda done, total: None)
    withdraw(member)
    sign(member, GRANTS)
    assert releases.freeze(release=made, draft=draft) is False


@pytest.mark.django_db(transaction=True)
def test_withdrawal_during_the_freeze_waits_and_supersedes() -> None:
    """Two real connections: the withdrawal stands in line behind the freeze, then marks it."""
    story = Story()
    member = story.member()
    story.judge(member, story.prompt())
    made = releases.request_release(actor=SYSTEM, study=story.study, purpose="training")
    assert releases._begin(made.id)
    draft = releases.write_draft(release=made, progress=lambda done, total: None)
    failures: list[BaseException] = []

    def leave() -> None:
        try:
            withdraw(member)
        except BaseException as error:
            failures.append(error)
        finally:
            connection.close()

    with transaction.atomic():
        assert releases.freeze(release=made, draft=draft)
        leaving = threading.Thread(target=leave)
        leaving.start()
        _until_somebody_waits()
        assert leaving.is_alive()
    leaving.join(timeout=30)
    assert failures == []
    made.refresh_from_db()
    assert made.state == "superseded"
    assert made.superseded_at
    assert made.frozen_at
    assert made.superseded_at > made.frozen_at


def _until_somebody_waits() -> None:
    with connection.cursor() as cursor:
        for _ in range(5_000):
            cursor.execute("SELECT count(*) FROM pg_locks WHERE NOT granted")
            if cursor.fetchone()[0]:
                return
            cursor.execute("SELECT pg_sleep(0.002)")
    raise AssertionError("nobody waited for the freeze")


def test_next_release_is_without_who_left_and_the_earlier_is_superseded() -> None:
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


def test_files_name_nobody() -> None:
    """standards 7.1: no user, address, member or standing pseudonym in any file."""
    story = Story()
    members = [story.member(), story.member("clinical")]
    prompt = story.prompt()
    for member in members:
        judgement = story.judge(member, prompt)
        story.flag(judgement, story.responses(prompt)[1], "dismissed")
    made = release(story.study)
    words = {
        "private remark",
        "private note",
        str(made.study.secret),
        bytes(story.study.secret).hex(),
    }
    for member in members:
        words |= {str(member.id), str(member.user_id), member.user.email, member.pseudonym}
        words |= {str(j.id) for j in member.judgements.all()}
    for path in folder_of(made).rglob("*"):
        if path.is_file():
            content = path.read_bytes()
            assert [w for w in words if w.encode() in content] == [], path.name


def test_the_same_release_built_again_has_the_same_bytes() -> None:
    story = Story()
    for _ in range(4):
        story.rewrite(story.judge(story.member(), story.prompt()))
    made = releases.request_release(actor=SYSTEM, study=story.study, purpose="training")
    drafts = []
    for _ in range(2):
        draft = releases.write_draft(release=made, progress=lambda done, total: None)
        files = {p.name: p.read_bytes() for p in draft.folder.rglob("*.*") if p.is_file()}
        drafts.append((draft.package.manifest_sha256, files))
    assert drafts[0] == drafts[1]


@pytest.mark.parametrize(
    ("granted", "says"),
    [
        (None, "nobody has judged anything"),
        (("take_part", "evaluation"), "1 by people whose consent now in force does not allow"),
    ],
)
def test_nothing_to_release(granted: tuple[str, ...] | None, says: str) -> None:
    story = Story()
    if granted:
        story.judge(story.member(granted=granted), story.prompt())
    made = releases.release_now(
        actor=SYSTEM, study=story.study, purpose="training", progress=lambda done, total: None
    )
    assert made.state == "failed"
    assert made.error.startswith("Nothing may be released yet: ")
    assert says in made.error
    assert not Path(settings.RELEASES_DIR, str(made.id)).exists()


def test_a_killed_builder_is_followed_by_another() -> None:
    story = Story()
    story.judge(story.member(), story.prompt())
    made = releases.request_release(actor=SYSTEM, study=story.study, purpose="training")
    assert releases._begin(made.id)
    draft = releases.write_draft(release=made, progress=lambda done, total: None)
    leftover = Path(settings.RELEASES_DIR) / str(made.id)
    draft.folder.rename(leftover)  # killed between rename and commit
    (leftover / "stale").touch()
    assert releases.ring_releases() == 1
    releases.build_release(release_id=made.id)
    made.refresh_from_db()
    assert (made.state, made.builds) == ("frozen", 2)
    assert not (leftover / "stale").exists()
    releases.build_release(release_id=made.id)  # once more does nothing
    assert releases.ring_releases() == 0


@pytest.mark.django_db(transaction=True)
def test_only_one_builder_at_a_time() -> None:
    story = Story()
    story.judge(story.member(), story.prompt())
    made = releases.request_release(actor=SYSTEM, study=story.study, purpose="training")
    assert releases._take_lock(made.id, wait=False)
    seen: list[int] = []

    def try_it() -> None:
        releases.build_release(release_id=made.id)
        seen.append(releases.ring_releases())
        connection.close()

    other = threading.Thread(target=try_it)
    other.start()
    other.join(timeout=30)
    releases._let_go(made.id)
    made.refresh_from_db()
    assert (made.state, seen) == ("queued", [0])


def test_a_builder_that_dies_each_time_gives_up_with_a_sentence() -> None:
    story = Story()
    made = releases.request_release(actor=SYSTEM, study=story.study, purpose="training")
    for _ in range(MAX_BUILDS):
        assert releases._begin(made.id)
    assert not releases._begin(made.id)
    made.refresh_from_db()
    assert made.state == "failed"
    assert "stopped again and again" in made.error


def test_releases_are_numbered_within_their_study() -> None:
    one, two = Story(), Story()
    numbers = [
        releases.request_release(actor=SYSTEM, study=story.study, purpose="training").number
        for story in (one, one, two)
    ]
    assert numbers == [1, 2, 1]


def test_who_may_ask() -> None:
    story = Story()
    asked = releases.request_release(
        actor=Actor.of(story.coordinator.user), study=story.study, purpose="training"
    )
    assert asked.requested_by == story.coordinator.user
    panelist = MemberFactory.create(cohort=story.cohorts["lived"])
    with pytest.raises(NotPermitted):
        releases.request_release(
            actor=Actor.of(panelist.user), study=story.study, purpose="training"
        )
    with pytest.raises(Invalid):
        releases.request_release(actor=SYSTEM, study=story.study, purpose="advertising")
