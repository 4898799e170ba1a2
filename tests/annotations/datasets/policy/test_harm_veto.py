"""Reports of harm count for every consent of their author and reveal nothing about them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from annotations.datasets.policy.harm_veto import HarmFlags, is_vetoed
from annotations.datasets.policy.snapshot import FlagSnapshot, JudgedPrompt
from annotations.queries.releases import folder_of
from annotations.rules.states import FlagState, ReleasePurpose
from codesign.consent import services as consent
from codesign.consent.rules import Purpose, WithdrawalLevel
from codesign.shared.actors import Actor
from codesign.studies.models import Member
from tests.support.release_study import Story, release, rows, withdraw
from tests.support.snapshots import (
    built,
    judgement,
    made,
    prompt,
    response,
    selection,
)

A_FIRST = [["a"], ["b"]]
RATED = [{"response": name, "criterion": "heard", "score": 5} for name in "ab"]
BOTH = ("lived", "clinical")


@pytest.mark.parametrize(
    ("reporters", "judges", "vetoed"),
    [
        ([], 0, False),
        ([], 3, False),
        (["panelist"], 1, True),
        (["panelist"], 2, True),
        (["panelist"], 3, False),
        (["panelist", "panelist"], 4, True),
        (["panelist", "panelist"], 5, False),
        (["clinician"], 100, True),
        (["panelist", "clinician"], 100, True),
    ],
)
def test_a_clinician_or_half_of_all_who_judged_have_a_veto(
    reporters: list[str], judges: int, vetoed: bool
) -> None:
    assert is_vetoed(reporters, judges=judges) is vetoed


@pytest.mark.parametrize(
    ("state", "is_open", "is_upheld"),
    [
        (FlagState.REPORTED, True, False),
        (FlagState.TRIAGED, True, False),
        (FlagState.UPHELD, False, True),
        (FlagState.DISMISSED, False, False),
    ],
)
def test_a_flag_counts_for_its_text_and_for_no_other(
    state: str, is_open: bool, is_upheld: bool
) -> None:
    responses = {
        name: response(name, text=text)
        for name, text in zip("abc", ["Go", "GO", "No"], strict=True)
    }
    flags = HarmFlags(
        JudgedPrompt(prompt(), responses, [], flags=[FlagSnapshot("j", "a", "other", 1, state)])
    )
    for name in "ab":
        assert flags.has_open_flag(name) is is_open
        assert flags.has_upheld_flag(name) is is_upheld
    assert flags.is_upheld_text("go") is is_upheld
    assert not flags.has_open_flag("c")
    assert not flags.has_upheld_flag("c")
    assert not flags.is_upheld_text("No")


@pytest.mark.parametrize(
    ("gone", "compared_by", "kept"),
    [
        (["lived-9"], ["lived-1"], False),  # half of all
        (["lived-9"], ["lived-1", "lived-2"], True),  # a third
        (["lived-8", "lived-9"], ["lived-1", "lived-2"], False),
        (["clinical-9"], ["lived-1", "lived-2", "lived-3"], False),  # a clinician's veto
        ([], ["lived-1"], True),
    ],
)
@pytest.mark.parametrize("how", ["no consent", "withdrawn"])
@pytest.mark.parametrize("config", ["preference", "preference-lived"])
def test_no_preference_where_harm_was_found(
    gone: list[str], compared_by: list[str], kept: bool, how: str, config: str
) -> None:
    judged = [
        judgement(person, [], all_harmful=True, record_withdrawn=how == "withdrawn")
        for person in gone
    ] + [judgement(person, A_FIRST) for person in compared_by]
    granting = {*compared_by, *(gone if how == "withdrawn" else [])}
    records, dropped = made(selection(judged, granting=granting), config, *BOTH)
    assert len(records) == kept
    assert dropped == ({} if kept else {"all_harmful": 1})


@pytest.mark.parametrize("config", ["unpaired_preference", "unpaired_preference-lived"])
def test_no_response_is_good_where_harm_was_found(config: str) -> None:
    """The response is not bad either: the record would use a judgement without consent."""
    judged = [
        judgement("clinical-9", [], all_harmful=True),
        judgement("lived-1", A_FIRST, ratings=RATED),
    ]
    records, dropped = made(selection(judged, granting={"lived-1"}), config, *BOTH)
    assert (records, dropped) == ([], {"all_harmful": 2})


def test_a_reply_that_others_found_bad_is_not_good() -> None:
    low = [{**rating, "score": 1} for rating in RATED]
    judged = [
        judgement("clinical-9", [], all_harmful=True),
        judgement("lived-1", A_FIRST, ratings=low),
    ]
    records, _ = made(selection(judged, granting={"lived-1"}), "unpaired_preference")
    assert [record["label"] for record in records] == [False, False]


def test_a_comparison_without_consent_does_not_outweigh_a_warning() -> None:
    """The judgement would count in favour of a response without consent."""
    judged = [judgement("lived-9", [], all_harmful=True), judgement("lived-1", A_FIRST)]
    judged += [judgement(f"lived-{n}", A_FIRST) for n in (2, 3, 4)]
    records, dropped = made(selection(judged, granting={"lived-1"}), "preference")
    assert (records, dropped) == ([], {"all_harmful": 1})


def test_harm_found_in_the_same_text_counts_for_it() -> None:
    twins = [response("a", text="Same"), response("b"), response("c", text="same")]
    judged = [
        judgement("clinical-9", [], all_harmful=True, order_shown=["b", "c"]),
        judgement("lived-1", A_FIRST, ratings=RATED[:1]),
        judgement("lived-2", [["b"], ["c"]], ratings=[], order_shown=["b", "c"]),
    ]
    chosen = selection(judged, responses=twins, granting={"lived-1", "lived-2"})
    records, _ = made(chosen, "unpaired_preference")
    assert [r for r in records if r["label"]] == []


def test_another_release_has_other_names_once_harm_was_found(tmp_path: Path) -> None:
    """standards 7.1: what differs in its records differs in its names."""
    quiet = [judgement("lived-1", A_FIRST), judgement("clinical-9", A_FIRST)]
    loud = [quiet[0], judgement("clinical-9", [], all_harmful=True)]
    hashes = {
        built(selection(judged, granting={"lived-1"}), tmp_path / name).manifest["selection_hash"]
        for name, judged in (("quiet", quiet), ("loud", loud))
    }
    assert len(hashes) == 2


def _take_back(member: Member, what: str) -> None:
    if what in set(WithdrawalLevel):
        withdraw(member, WithdrawalLevel(what))
        return
    consent.change_choice(
        actor=Actor.of(member.user), member=member, purpose=Purpose(what), granted=False
    )


@pytest.mark.django_db
@pytest.mark.parametrize("purpose", sorted(ReleasePurpose))
@pytest.mark.parametrize("what", ["this purpose", *sorted(WithdrawalLevel)])
@pytest.mark.parametrize("cohort", BOTH)
def test_reports_of_harm_count_after_withdrawals(purpose: str, what: str, cohort: str) -> None:
    """The report counts for every purpose after its author withdraws one purpose or all."""
    story = Story()
    prompt = story.prompt()
    gone, stays = story.member(cohort), story.member()
    story.judge(stays, prompt)
    said = story.judge(gone, prompt, ranking=[], all_harmful=True, ratings=[])
    _take_back(gone, purpose if what == "this purpose" else what)
    dataset_release = release(story.study, purpose)
    assert rows(dataset_release, "preference") == rows(dataset_release, "unpaired_preference") == []
    assert dataset_release.manifest["dropped"]["preference"] == {"all_harmful": 1}
    assert not dataset_release.members.filter(member=gone).exists()
    assert [*dataset_release.manifest["people"]] == ["lived"]
    assert dataset_release.manifest["people"]["lived"]["people"] == 1
    assert len({row["rater_pseudonym"] for row in rows(dataset_release, "judgements")}) == 1
    assert {row["kind"] for row in rows(dataset_release, "judgements")} == {"rating", "ranking"}
    written = b"".join(p.read_bytes() for p in folder_of(dataset_release).rglob("*") if p.is_file())
    for name in (gone.id, gone.pseudonym, gone.user_id, said.id):
        assert str(name).encode() not in written
    assert "all_harmful" not in json.dumps(rows(dataset_release, "judgements"))
