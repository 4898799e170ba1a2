"""A withdrawal lists the records to delete from earlier releases, without names."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from django.test import Client

from annotations.models import DatasetRelease, Retraction
from annotations.queries.releases import folder_of
from annotations.rules.states import RoundKind
from annotations.services.retractions import retract
from codesign.accounts import services as accounts
from codesign.accounts.rules import TokenScope
from codesign.consent import services as consent
from codesign.consent.rules import Purpose
from codesign.shared.actors import SYSTEM, Actor
from codesign.studies.models import Member
from codesign.studies.rules import Role
from tests.factories.consent import sign
from tests.factories.studies import MemberFactory, StudyFactory, staff
from tests.support.counting import queries_of
from tests.support.judging_api import problem
from tests.support.release_study import Story, release, rows, withdraw

pytestmark = pytest.mark.django_db


class Two:
    """Two people in two releases; both compared the same pair, one may have rewritten too.

    A rewrite makes each release start the process that looks for personal data, for seconds.
    """

    def __init__(self, *, with_rewrite: bool = False) -> None:
        self.story = Story()
        prompt = self.story.prompt()
        self.leaves, self.stays = self.story.member(), self.story.member("clinical")
        self.judgement = self.story.judge(self.leaves, prompt)
        if with_rewrite:
            self.story.rewrite(self.judgement)
        self.story.judge(self.stays, prompt)
        self.story.judge(self.stays, self.story.prompt())
        self.first = release(self.story.study)
        self.story.judge(self.leaves, self.story.prompt())
        self.second = release(self.story.study)
        self.client = Client()
        self.client.force_login(staff(self.story.study, Role.ML_ENGINEER).user)
        self.address = f"/api/v1/studies/{self.story.study.slug}/retractions/"

    def feed(self, query: str = "") -> list[dict[str, Any]]:
        results: list[dict[str, Any]] = self.client.get(self.address + query).json()["results"]
        return results


@pytest.fixture
def two() -> Two:
    return Two()


@pytest.fixture
def two_and_a_rewrite() -> Two:
    return Two(with_rewrite=True)


def ids(made: DatasetRelease, config: str, name: str = "record_id") -> set[str]:
    return {row[name] for row in rows(made, config)}


def test_each_release_lists_the_records_based_on_the_person(two_and_a_rewrite: Two) -> None:
    """By the names in that release's own files: applying the list leaves nothing of the person.

    standards 2.9.
    """
    two = two_and_a_rewrite
    assert two.feed() == []
    withdraw(two.leaves)
    feed = two.feed()
    assert [row["release_number"] for row in feed] == [1, 2]
    assert {row["code"] for row in feed} == {"consent_withdrawn"}
    for row, made in zip(feed, (two.first, two.second), strict=True):
        assert row["release"] == str(made.id)
        assert row["manifest_sha256"] == made.manifest_sha256
        judged = {r["judgement_id"]: r["cohort"] for r in rows(made, "judgements")}
        dropped = set(row["records"]["judgements"])
        assert dropped <= set(judged)
        assert {judged[name] for name in dropped} == {"lived"}
        assert {cohort for name, cohort in judged.items() if name not in dropped} == {"clinical"}
        assert ids(made, "sft") == set(row["records"]["sft"])
        unpaired = rows(made, "unpaired_preference")
        assert set(row["records"]["unpaired_preference"]) >= {
            r["record_id"]
            for r in unpaired
            if "lived" in {c["cohort"] for c in r["meta"]["cohorts"]}
        }
        assert ids(made, "unpaired_preference") - set(row["records"]["unpaired_preference"])
        kept = ids(made, "preference") - set(row["records"]["preference"])
        left = [r for r in rows(made, "preference") if r["record_id"] in kept]
        assert left
        assert {c["cohort"] for r in left for c in r["meta"]["cohorts"]} == {"clinical"}
    assert len(feed[0]["records"]["judgements"]) == 1  # what came after it is not in it
    assert not set(feed[0]["records"]["judgements"]) & set(feed[1]["records"]["judgements"])


@pytest.mark.parametrize("state", ["pending", "held_back"])
def test_work_outside_a_release_is_not_listed(state: str) -> None:
    story = Story()
    leaves, stays = story.member(), story.member("clinical")
    prompt = story.prompt()
    story.rewrite(story.judge(leaves, prompt), state=state)
    story.judge(leaves, story.prompt())
    story.judge(stays, prompt)
    made = release(story.study)
    withdraw(leaves)
    engineer = Client()
    engineer.force_login(staff(story.study, Role.ML_ENGINEER).user)
    address = f"/api/v1/studies/{story.study.slug}/retractions/"
    (listed,) = engineer.get(address).json()["results"]
    assert listed["records"]["sft"] == []
    folder = folder_of(made)
    for config, names in listed["records"].items():
        in_files = "".join(p.read_text() for p in folder.glob(f"data/*/{config}*/*.jsonl"))
        in_files += (folder / "contested.jsonl").read_text()
        assert [name for name in names if name not in in_files] == []
    assert len(listed["records"]["judgements"]) == 2
    assert listed["records"]["preference"]


def is_genuine(entry: dict[str, Any], key: dict[str, str]) -> bool:
    """Verify an entry as a recipient does, with the files of the release alone."""
    x, signature = (
        base64.urlsafe_b64decode(value + "=" * (-len(value) % 4))
        for value in (key["x"], entry["signature"])
    )
    said = {name: value for name, value in entry.items() if name != "signature"}
    canonical = json.dumps(said, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    try:
        Ed25519PublicKey.from_public_bytes(x).verify(signature, canonical.encode())
    except InvalidSignature:
        return False
    return True


def test_the_list_is_signed_and_checked_with_the_public_key_alone(two: Two) -> None:
    """standards 2.9."""
    withdraw(two.leaves)
    manifest = json.loads((folder_of(two.first) / "manifest.json").read_bytes())
    key, feed = manifest["retractions"]["key"], two.feed()
    listed = two.client.get(manifest["retractions"]["address"], {"release": manifest["release"]})
    assert listed.json()["results"] == feed[:1]
    assert two.client.get(f"{two.address}key/").json() == key
    assert set(key) == {"kty", "crv", "alg", "use", "x"}  # no private half
    assert [is_genuine(entry, key) for entry in feed] == [True, True]
    records = feed[0]["records"]
    for change in (
        {"code": "use_withdrawn"},
        {"retracted_on": "2020-01-01"},
        {"release": feed[1]["release"]},
        {"records": records | {"judgements": []}},
    ):
        assert not is_genuine(feed[0] | change, key)
    other, theirs = Client(), Story()
    other.force_login(staff(theirs.study, Role.ML_ENGINEER).user)
    another = other.get(f"/api/v1/studies/{theirs.study.slug}/retractions/key/").json()
    assert another["x"] != key["x"]
    assert not is_genuine(feed[0], another)
    assert other.get(f"{two.address}key/").status_code == 404


def test_the_list_names_nobody(two_and_a_rewrite: Two) -> None:
    two = two_and_a_rewrite
    withdraw(two.leaves)
    answer = two.client.get(two.address).content.decode()
    hidden = (
        two.leaves.id,
        two.leaves.user_id,
        two.leaves.user.email,
        two.leaves.pseudonym,
        two.judgement.id,
        two.judgement.assignment_id,
    )
    assert not [word for word in hidden if str(word) in answer]
    shown = two.feed()[0]
    assert set(shown) == {
        "id",
        "release",
        "release_number",
        "manifest_sha256",
        "retracted_on",
        "code",
        "records",
        "signature",
    }
    assert len(shown["retracted_on"]) == len("2026-01-01")  # no time of day


def test_a_later_withdrawal_is_listed_too(two: Two) -> None:
    """The release was superseded already; their work is in the copies all the same."""
    withdraw(two.leaves)
    withdraw(two.stays)
    assert [row["release_number"] for row in two.feed()] == [1, 2, 1, 2]
    assert [row["release_number"] for row in two.feed("?release=2")] == [2, 2]
    assert two.feed("?release=3") == []


def test_withdrawing_a_use_affects_only_its_releases(two: Two) -> None:
    evaluation = release(two.story.study, "evaluation")
    consent.change_choice(
        actor=Actor.of(two.leaves.user),
        member=two.leaves,
        purpose=Purpose.TRAINING,
        granted=False,
    )
    feed = two.feed()
    assert [(row["release_number"], row["code"]) for row in feed] == [
        (1, "use_withdrawn"),
        (2, "use_withdrawn"),
    ]
    withdraw(two.leaves)
    assert [row["release_number"] for row in two.feed()] == [1, 2, evaluation.number]
    assert two.feed()[0] == feed[0]  # once listed, for ever the same


def test_signing_again_keeps_retractions(two: Two) -> None:
    withdraw(two.leaves)
    sign(two.leaves, ("take_part", "training"))
    assert len(two.feed()) == 2
    assert retract(member=two.leaves) == 0
    assert Retraction.objects.count() == 2


def test_the_next_release_has_no_retractions(two: Two) -> None:
    withdraw(two.leaves)
    third = release(two.story.study)
    assert third.number not in {row["release_number"] for row in two.feed()}
    dropped = {i for row in two.feed() for i in row["records"]["judgements"]}
    assert not ids(third, "judgements", "judgement_id") & dropped


def test_comparisons_between_models_were_in_no_release(two: Two) -> None:
    two.story.round = two.story.new_round(RoundKind.EVALUATION)
    two.story.judge(two.leaves, two.story.prompt(held_out=True))
    third = release(two.story.study)
    withdraw(two.leaves)
    listed = two.feed(f"?release={third.number}")[0]["records"]["judgements"]
    assert set(listed) <= ids(third, "judgements", "judgement_id")


SEE = {Role.COORDINATOR, Role.ML_ENGINEER, Role.AUDITOR}


def test_roles_that_may_read(two: Two, subtests: pytest.Subtests) -> None:
    withdraw(two.leaves)
    judging = {Role.PANELIST: "lived", Role.CLINICIAN: "clinical"}
    for role in Role:
        member: Member = (
            MemberFactory.create(cohort=two.story.cohorts[judging[role]])
            if role in judging
            else staff(two.story.study, role)
        )
        client = Client()
        client.force_login(member.user)
        with subtests.test(str(role)):
            answer = client.get(two.address)
            if role in SEE:
                assert len(answer.json()["results"]) == 2
            else:
                problem(answer, 403)


def test_unknown_actors_and_ids_are_refused(two: Two) -> None:
    problem(Client().get(two.address), 401)
    elsewhere = Client()
    elsewhere.force_login(staff(StudyFactory.create(), Role.COORDINATOR).user)
    problem(elsewhere.get(two.address), 404)
    auditor = staff(two.story.study, Role.AUDITOR)
    for scope, status in ((TokenScope.RELEASES, 200), (TokenScope.JUDGE, 403)):
        _, secret = accounts.make_token(
            actor=SYSTEM, user=auditor.user, name=scope, scopes=[scope], days=1
        )
        program = Client(headers={"Authorization": f"Token {secret}"})
        assert program.get(two.address).status_code == status
    for wrong in ("x", "-1", "1" * 30, "٣", ""):
        problem(two.client.get(two.address, {"release": wrong}), 400)


def test_a_feed_resumes_from_its_last_page(two: Two) -> None:
    withdraw(two.leaves)
    first = two.client.get(two.address + "?page_size=1").json()
    second = two.client.get(first["next"]).json()
    assert [row["release_number"] for row in first["results"] + second["results"]] == [1, 2]
    assert second["next"] is None
    withdraw(two.stays)
    assert two.client.get(first["next"]).json()["next"]


def test_the_same_number_of_queries_however_many(two: Two) -> None:
    withdraw(two.leaves)
    few = queries_of(two.client, two.address)
    for _ in range(4):
        member = two.story.member()
        for _ in range(3):
            two.story.judge(member, two.story.prompt())
        release(two.story.study)
        withdraw(member)
    assert queries_of(two.client, two.address) == few
    json.dumps(two.feed())
