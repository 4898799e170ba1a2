"""Invalid input while judging, on the page and in the API."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from django.utils import timezone

from annotations.models import Assignment, Flag, Judgement, Rewrite
from annotations.services import rounds
from annotations.tasks import expire_leases
from codesign.compensation.queries.ledger import balances
from codesign.shared.actors import SYSTEM
from codesign.studies.models import Member
from tests.factories.annotations import answers, judge, judging_round, lease, make_rubric
from tests.factories.annotations import send as send_as
from tests.factories.studies import CohortFactory
from tests.support.judging_api import Caller, problem
from tests.support.judging_doors import DOORS, Api, Door, Said, close
from tests.support.judging_page import filled, one_url, signed_in

pytestmark = pytest.mark.django_db
TEXTS = {
    "emoji": "I am 😶‍🌫️ and 👩🏽‍🚒 today",
    "combining marks": "Z̸a̷l̵g̶o̴ and e\u0301 beside é",
    "right to left": "لا أستطيع النوم \u200fمنذ \u202bأسبوع\u202c",
    "50,000 characters": "é" * 50_000,
    "markup": "<script>alert(1)</script> &amp; {{ x }} '; DROP TABLE",
}


@pytest.fixture
def member() -> Member:
    member = judge()
    judging_round(member.cohort, tasks=3)
    return member


@pytest.fixture(params=DOORS)
def door(request: pytest.FixtureRequest, member: Member) -> Door:
    return DOORS[request.param](member)


def comment_kept(held: Assignment) -> str:
    assert held.draft is not None
    return str(held.draft["comment"])


def nothing_stored(member: Member) -> bool:
    return not Judgement.objects.exists() and balances(member_id=member.id) == {}


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
def test_text_is_saved_unchanged(door: Door, text: str) -> None:
    held = lease(door.member)
    assert door.send(held, comment=text, rewrite=text).taken
    assert Judgement.objects.get().comment == text
    assert Rewrite.objects.get().text == text


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
def test_a_draft_is_saved_unchanged(door: Door, text: str) -> None:
    held = lease(door.member)
    assert door.keep(held, text).status < 400
    held.refresh_from_db()
    assert comment_kept(held) == text


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("a\x00b", "a character that cannot be saved"),
        ("é" * 50_001, "longer than 50,000 characters. Please shorten it."),
    ],
    ids=["NUL", "50,001 characters"],
)
@pytest.mark.parametrize("field", ["comment", "rewrite"])
def test_text_that_cannot_be_saved_is_reported_and_the_rest_is_kept(
    door: Door, field: str, text: str, says: str
) -> None:
    held = lease(door.member)
    refused = door.send(held, **{field: text})
    assert refused.status in (400, 422)
    assert says in refused.text
    assert nothing_stored(door.member)
    assert door.send(held, **{field: "Shorter."}).taken


def test_half_a_surrogate_pair(member: Member) -> None:
    """JSON can say it; a form cannot."""
    held = lease(member)
    body = answers(held, comment="\ud800")
    assert "cannot be saved" in str(problem(Caller(member).submit(held.id, body), 400)["fields"])


@pytest.mark.parametrize("score", [0, 6, -1, 3.5, 10**30, "many", ""])
def test_scores_off_the_scale(door: Door, score: Any) -> None:
    held = lease(door.member)
    refused = door.send(held, score=score)
    assert refused.status in (400, 422)
    assert nothing_stored(door.member)
    assert door.send(held, score=5).taken


def test_a_response_of_another_task_is_refused_through_the_api(member: Member) -> None:
    held = lease(member)
    other = judge(cohort=judge().cohort)
    judging_round(other.cohort)
    foreign = str(lease(other).order_shown[0])
    good = answers(held)
    for wrong in (
        {"ranking": [[foreign], [str(held.order_shown[0])]]},
        {"ratings": [good["ratings"][0] | {"response": foreign}, *good["ratings"][1:]]},
        {"rewrites": [{"response": foreign, "text": "Theirs."}]},
        {"flags": [{"response": foreign, "harm": "diagnosing", "severity": 1}]},
        {"highlights": [{"response": foreign, "start": 0, "end": 1, "label": "x"}]},
    ):
        refused = problem(Caller(member).submit(held.id, good | wrong), 400)
        assert any(field.startswith(next(iter(wrong))) for field in refused["fields"])


@pytest.mark.parametrize("letter", ["C", "FOREIGN"])
def test_a_response_of_another_task_is_refused_through_the_page(
    member: Member, letter: str
) -> None:
    """The page names responses by letter, so the id of another task's response is refused."""
    held = lease(member)
    other = judge()
    judging_round(other.cohort)
    name = letter.replace("FOREIGN", str(lease(other).order_shown[0]))
    fields = filled(held, comment="Mine.") | {
        f"rewrite-{name}": "No such reply.",
        f"rating-{name}-heard": "1",
        f"harm-{name}": "diagnosing",
        f"severity-{name}": "3",
        f"rank-{name}": "1",
    }
    assert signed_in(member).post(one_url(held), fields).status_code == 200
    judgement = Judgement.objects.get()
    assert {UUID(rating["response"]) for rating in judgement.ratings} == set(held.order_shown)
    assert not Rewrite.objects.exists()
    assert not Flag.objects.exists()


@pytest.mark.parametrize("comparison", ["C2", "A4", "D", "A"])
def test_a_comparison_that_is_not_on_the_page(member: Member, comparison: str) -> None:
    held = lease(member)
    answer = signed_in(member).post(one_url(held), filled(held) | {"comparison": comparison})
    assert answer.status_code in (400, 422)
    assert nothing_stored(member)


def test_assignments_of_other_people_and_studies_are_not_found(door: Door) -> None:
    same_study = lease(judge(cohort=door.member.cohort))
    elsewhere = judge()
    judging_round(elsewhere.cohort)
    for theirs in (same_study, lease(elsewhere)):
        before = Assignment.objects.filter(id=theirs.id).values().get()
        keep, send = door.keep(theirs, "Mine now."), door.send(theirs)
        for answer in (door.look(theirs), keep, send, door.skip(theirs)):
            assert answer.status == 404
        assert Assignment.objects.filter(id=theirs.id).values().get() == before
    assert nothing_stored(door.member)


def expire(held: Assignment) -> None:
    long_ago = timezone.now() - timedelta(minutes=1)
    Assignment.objects.filter(id=held.id).update(expires_at=long_ago)
    expire_leases()


def test_a_judgement_after_its_lease_is_kept_while_its_seat_is_free(door: Door) -> None:
    held = lease(door.member)
    expire(held)
    assert door.send(held).taken
    assert Judgement.objects.get().assignment_id == held.id
    assert balances(member_id=door.member.id) == {"GBP": 80}


def test_a_judgement_after_its_lease_whose_seat_is_taken_is_refused_and_the_draft_stays() -> None:
    for kind in DOORS.values():
        late = judge()
        judging_round(late.cohort, tasks=1)
        door = kind(late)
        held = lease(late)
        door.keep(held, "Written slowly.")
        expire(held)
        send_as(lease(judge(cohort=late.cohort)))
        refused = door.send(held, comment="Written slowly, and sent.")
        assert refused.status == 409
        held.refresh_from_db()
        assert comment_kept(held).startswith("Written slowly")
        assert balances(member_id=late.id) == {}


def test_a_late_submission_is_shown_to_its_author() -> None:
    """After a refused late submission, the author can open and copy their words."""
    late = judge()
    judging_round(late.cohort, tasks=1)
    held = lease(late)
    expire(held)
    send_as(lease(judge(cohort=late.cohort)))
    page = signed_in(late)
    fields = filled(held, comment="Written slowly.") | {"rewrite-A": "A kinder <reply>."}
    for answer in (page.post(one_url(held), fields), page.get(one_url(held))):
        said = answer.content.decode()
        assert "This text is no longer open" in said
        assert "Written slowly." in said
        assert "A kinder &lt;reply&gt;." in said
        assert "Your version of reply B" not in said
    assert balances(member_id=late.id) == {}


def test_assignments_open_when_a_round_closes_can_be_sent_and_are_paid(door: Door) -> None:
    held = lease(door.member)
    rounds.close_round(actor=SYSTEM, round=held.task.round)
    assert door.keep(held, "Nearly there.").status < 400
    assert door.send(held).taken
    assert balances(member_id=door.member.id) == {"GBP": 80}
    assert not Assignment.objects.filter(member=door.member).exclude(id=held.id).exists()


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("kind", DOORS.values(), ids=DOORS)
def test_a_double_click_is_one_judgement_and_one_credit(kind: type[Door]) -> None:
    member = judge()
    judging_round(member.cohort, tasks=3)
    held = lease(member)

    def send(door: Door) -> Said:
        try:
            return door.send(held, key="one click")
        finally:
            close()

    with ThreadPoolExecutor(4) as pool:
        for said in pool.map(send, [kind(member) for _ in range(4)]):
            assert said.taken
    assert Judgement.objects.count() == 1
    assert balances(member_id=member.id) == {"GBP": 80}


def test_double_submit_is_one_judgement_and_one_credit(door: Door) -> None:
    held = lease(door.member)
    for _ in range(3):
        assert door.send(held, comment="Once.").taken
    assert Judgement.objects.count() == 1
    assert balances(member_id=door.member.id) == {"GBP": 80}


def test_a_submission_from_a_second_tab_is_refused(door: Door) -> None:
    held = lease(door.member)
    assert door.send(held, key="tab 1", comment="First tab.").taken
    assert door.send(held, key="tab 2", score=1, comment="Second tab.").status == 409
    assert door.keep(held, "Second tab.").status == 409
    assert Judgement.objects.get().comment == "First tab."
    assert balances(member_id=door.member.id) == {"GBP": 80}


def test_two_tabs_with_drafts_keep_the_last_word_and_are_the_same_one(door: Door) -> None:
    held = lease(door.member)
    assert door.take().taken
    assert lease(door.member) == held
    door.keep(held, "First tab.")
    door.keep(held, "Second tab.")
    held.refresh_from_db()
    assert comment_kept(held) == "Second tab."


def test_the_back_button_shows_the_sent_judgement(door: Door) -> None:
    held = lease(door.member)
    assert door.send(held, key="one").taken
    following = lease(door.member)
    back = door.look(held)
    assert back.status == 200
    if isinstance(door, Api):
        said = json.loads(back.text)
        assert (said["id"], said["state"]) == (str(held.id), "submitted")
    else:
        assert "This text is sent" in back.text
    assert door.send(held, key="two", score=1).status == 409
    assert lease(door.member) == following
    assert door.send(following, key="three").taken


def test_a_rubric_can_change_during_an_assignment(door: Door) -> None:
    """A leased assignment keeps its rubric; the next assignment uses the new one."""
    held = lease(door.member)
    make_rubric(door.member.study, keys=("entirely", "new", "questions"))
    assert "Entirely" not in door.look(held).text
    assert door.send(held).taken
    judgement = Judgement.objects.get()
    assert judgement.assignment.rubric.version == 1
    assert {rating["criterion"] for rating in judgement.ratings} == {"heard", "usable"}


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("kind", DOORS.values(), ids=DOORS)
def test_two_people_taking_the_last_seat(kind: type[Door]) -> None:
    cohort = CohortFactory.create()
    doors = [kind(judge(cohort=cohort)) for _ in range(2)]
    judging_round(cohort, tasks=1)

    def take(door: Door) -> int:
        try:
            return door.take().status
        finally:
            close()

    with ThreadPoolExecutor(2) as pool:
        assert max(pool.map(take, doors)) < 400
    held = Assignment.objects.get()
    (first,) = [door for door in doors if door.member == held.member]
    (second,) = [door for door in doors if door.member != held.member]
    assert second.take().status in (200, 204)
    assert second.send(held).status == 404
    assert first.send(held).taken
    assert Judgement.objects.count() == 1
