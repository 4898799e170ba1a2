"""Building and freezing a release: its records, killed builds, refusals and permissions."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.db import DatabaseError, transaction

from annotations.models import DatasetRelease, ReleaseMember
from annotations.queries.releases import JOB, folder_of
from annotations.rules.states import ReleaseState, RoundKind
from annotations.services import releases
from codesign.jobs.queries import job_about
from codesign.jobs.services import tending
from codesign.shared.actors import SYSTEM, Actor
from codesign.shared.errors import Invalid, NotPermitted
from tests.factories.modelhub import frozen_release
from tests.factories.studies import MemberFactory, StudyFactory
from tests.support.jobs import claimed, run
from tests.support.release_study import Story, release, rows, unwatched, withdraw

pytestmark = pytest.mark.django_db


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
    job = job_about(kind=JOB, subject_id=made.id)
    assert job.done == job.total == 2
    assert ReleaseMember.objects.filter(release=made).count() == 2
    assert made.manifest["consent_versions"][0]["number"] == 1
    assert made.manifest["rubric_versions"] == ["felt@1"]


def test_unrelated_writes_leave_every_data_file_as_it_was() -> None:
    """The same inputs give the same bytes while the study continues."""
    story = Story()
    prompt = story.prompt()
    story.rewrite(story.judge(story.member(), prompt))
    story.flag(story.judge(story.member("clinical"), prompt), story.responses(prompt)[1], "upheld")
    one = release(story.study)
    story.member()
    story.prompt(held_out=True)
    story.prompt()
    two = release(story.study)
    files = [{f["path"]: f["sha256"] for f in made.manifest["files"]} for made in (one, two)]
    assert {path for path in files[0] if files[0][path] != files[1].get(path)} == {"README.md"}
    changed = {k for k in two.manifest if two.manifest[k] != one.manifest.get(k)}
    assert changed == {"release", "parent", "files"}


def test_one_more_judgement_changes_every_name() -> None:
    """standards 7.1: pseudonyms hold within one selection."""
    story = Story()
    member = story.member()
    story.judge(member, story.prompt())
    one = release(story.study)
    story.judge(member, story.prompt())
    two = release(story.study)
    names = [{row["rater_pseudonym"] for row in rows(made, "judgements")} for made in (one, two)]
    assert one.selection_hash != two.selection_hash
    assert not names[0] & names[1]


def test_held_work_enters_once_it_is_cleared_for_use_and_is_counted_until_then() -> None:
    story = Story()
    member = story.member()
    for state in ("", "held", "used", "left_out", "not_paid"):
        judged = story.judge(member, story.prompt())
        judged.assignment.pay_check = state
        judged.assignment.save(update_fields=["pay_check"])
    made = release(story.study)
    assert len({row["judgement_id"] for row in rows(made, "judgements")}) == 2
    assert len(rows(made, "preference")) == 2
    assert made.manifest["dropped"]["preference"] == {"pay_check": 3}
    assert made.manifest["dropped"]["judgements"]["pay_check"] > 0


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
    pulled.save(update_fields=["withdrawn_at"])
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


def test_a_flag_counts_after_its_author_withdraws() -> None:
    """The flag still keeps the response out of preferences."""
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
    with claimed(JOB, made.id) as work:
        for _ in range(2):
            draft = releases.write_draft(release=made, work=work)
            files = {p.name: p.read_bytes() for p in draft.folder.rglob("*.*") if p.is_file()}
            drafts.append((draft.package.manifest_sha256, files))
    assert drafts[0] == drafts[1]


@pytest.mark.parametrize(
    ("granted", "says"),
    [
        (None, "there are no judgements"),
        (("take_part", "evaluation"), "1 by people whose consent now in force does not allow"),
    ],
)
def test_nothing_to_release(granted: tuple[str, ...] | None, says: str) -> None:
    story = Story()
    if granted:
        story.judge(story.member(granted=granted), story.prompt())
    made = releases.release_now(
        actor=SYSTEM, study=story.study, purpose="training", progress=unwatched
    )
    assert made.state == "failed"
    reason = job_about(kind=JOB, subject_id=made.id).reason
    assert reason.startswith("Nothing can be released yet: ")
    assert says in reason
    assert not Path(settings.RELEASES_DIR, str(made.id)).exists()


def test_another_worker_builds_after_one_is_killed() -> None:
    story = Story()
    story.judge(story.member(), story.prompt())
    made = releases.request_release(actor=SYSTEM, study=story.study, purpose="training")
    with claimed(JOB, made.id) as work:
        draft = releases.write_draft(release=made, work=work)
        leftover = Path(settings.RELEASES_DIR) / str(made.id)
        draft.folder.rename(leftover)  # killed between rename and commit
        (leftover / "stale").touch()
    assert tending.tend() == 1
    assert run(JOB, made.id).attempts == 2
    made.refresh_from_db()
    assert made.state == "frozen"
    assert not (leftover / "stale").exists()
    run(JOB, made.id)  # once more does nothing
    assert tending.tend() == 0


def test_personal_data_keeps_a_rewrite_out_and_helplines_do_not() -> None:
    """standards 7.5."""
    story = Story()
    for text in ("Ring me on 07700 900123.", "You could ring Samaritans on 116 123."):
        story.rewrite(story.judge(story.member(), story.prompt()), text)
    made = release(story.study)
    assert [r["completion"][0]["content"] for r in rows(made, "sft")] == [
        "You could ring Samaritans on 116 123."
    ]
    assert made.manifest["dropped"]["sft"] == {"personal_data": 1}


def test_builds_leave_no_draft(settings: Any, tmp_path: Path) -> None:
    """A build deletes its draft, both after a freeze and after a failure."""
    story = Story()
    story.judge(story.member(), story.prompt())
    settings.RELEASES_DIR = tmp_path / "releases"
    release(story.study)
    assert list((tmp_path / "releases" / ".building").iterdir()) == []
    (tmp_path / "file").touch()
    settings.RELEASES_DIR = tmp_path / "file"
    made = releases.release_now(
        actor=SYSTEM, study=story.study, purpose="training", progress=unwatched
    )
    assert made.state == "failed"
    reason = job_about(kind=JOB, subject_id=made.id).reason
    assert reason == "The files could not be written. Check the log of the server."


def test_releases_are_numbered_within_their_study() -> None:
    one, two = Story(), Story()
    numbers = [
        releases.request_release(actor=SYSTEM, study=story.study, purpose="training").number
        for story in (one, one, two)
    ]
    assert numbers == [1, 2, 1]


def test_a_double_click_requests_one_release() -> None:
    story = Story()
    story.judge(story.member(), story.prompt())
    actor = Actor.of(story.coordinator.user)

    def ask(purpose: str) -> int:
        return releases.request_release(actor=actor, study=story.study, purpose=purpose).number

    assert [ask("training"), ask("training"), ask("evaluation")] == [1, 1, 2]
    run(JOB, DatasetRelease.objects.get(number=1).id)
    assert ask("training") == 3


def test_roles_that_may_request_a_release() -> None:
    story = Story()
    asked = releases.request_release(
        actor=Actor.of(story.coordinator.user), study=story.study, purpose="training"
    )
    assert asked.requested_by == story.coordinator.user
    panelist = MemberFactory.create(cohort=story.cohorts["lived"])
    with pytest.raises(NotPermitted, match="Your role"):
        releases.request_release(
            actor=Actor.of(panelist.user), study=story.study, purpose="training"
        )
    with pytest.raises(Invalid, match="Choose a purpose"):
        releases.request_release(actor=SYSTEM, study=story.study, purpose="advertising")


@pytest.mark.parametrize("old", ["frozen", "superseded"])
@pytest.mark.parametrize("new", sorted(ReleaseState))
def test_a_frozen_release_is_never_built_again(old: str, new: str) -> None:
    """The database allows one change of a frozen release: to superseded."""
    row = frozen_release(StudyFactory.create(), state=old)
    frozen = DatasetRelease.objects.filter(id=row.id)
    if new in (old, "superseded"):
        frozen.update(state=new)
        return
    with pytest.raises(DatabaseError, match="stays_frozen"), transaction.atomic():
        frozen.update(state=new)
    with pytest.raises(DatabaseError, match="frozen"), transaction.atomic():
        frozen.update(manifest_sha256="0" * 64)
