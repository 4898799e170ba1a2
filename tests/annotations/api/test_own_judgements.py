"""The API of own judgements: list, read, correct."""

from __future__ import annotations

import uuid
from typing import Any

import pytest

from annotations.models import Assignment, Judgement
from codesign.studies.models import Member
from tests.factories.annotations import answers, judge, judging_round, lease, send
from tests.factories.studies import staff
from tests.support.judging_api import Caller, problem
from tests.support.judging_page import cohort_of
from tests.support.release_study import Story, release

pytestmark = pytest.mark.django_db


@pytest.fixture
def member() -> Member:
    member = judge()
    judging_round(cohort_of(member), tasks=2)
    return member


def listed(caller: Caller) -> Any:
    return caller.send("GET", f"studies/{caller.member.study.slug}/own-judgements/")


def correct(caller: Caller, held: Assignment, revision: Any = 2, **changes: Any) -> Any:
    path = f"assignments/{held.id}/judgement/revisions/{revision}/"
    return caller.send("PUT", path, answers(held, **changes))


def test_list_read_and_correct(member: Member) -> None:
    held, caller = lease(member), Caller(member)
    send(held, comment="A slip.", highlights=[])
    (work,) = listed(caller).json()["results"]
    assert work["id"] == str(held.id)
    assert (work["earned"], work["revisions"], work["skip_reason"]) == ("paid", 1, "")
    assert work["pay"] == {"amount_minor": 80, "currency": "GBP"}
    own = caller.send("GET", f"assignments/{held.id}/judgement/").json()
    assert own["answers"]["comment"] == "A slip."
    assert own["settled"] is None
    assert [one["label"] for one in own["assignment"]["responses"]] == ["A", "B"]
    made = correct(caller, held, comment="As meant.")
    assert made.status_code == 200
    assert made.json() == {
        "judgement": str(Judgement.objects.get(revision=2).id),
        "revision": 2,
        "kept_flags": 0,
    }
    assert correct(caller, held, comment="As meant.").json() == made.json()
    assert Judgement.objects.count() == 2


def test_what_was_read_can_be_sent_as_it_is(member: Member) -> None:
    held, caller = lease(member), Caller(member)
    first, second = (str(one) for one in held.order_shown)
    report = {"response": second, "harm": "diagnosing", "severity": 2, "note": "It labels."}
    send(
        held,
        rewrites=[{"response": first, "text": "My own words."}],
        highlights=[{"response": first, "start": 0, "end": 4, "label": "warm", "comment": ""}],
        flags=[report],
        strength=3,
        comment="It listens.",
    )
    own = caller.send("GET", f"assignments/{held.id}/judgement/").json()
    path = f"assignments/{held.id}/judgement/revisions/2/"
    assert caller.send("PUT", path, own["answers"]).status_code == 200
    again = caller.send("GET", f"assignments/{held.id}/judgement/").json()
    assert again["answers"] == own["answers"]


def test_a_skip_has_no_answers(member: Member) -> None:
    held, caller = lease(member), Caller(member)
    caller.send("POST", f"assignments/{held.id}/skip/", {"reason": "too_close"})
    (work,) = listed(caller).json()["results"]
    assert (work["skip_reason"], work["revisions"]) == ("too_close", 0)
    own = caller.send("GET", f"assignments/{held.id}/judgement/").json()
    assert own["answers"] is None
    problem(correct(caller, held), 409)


def test_refusals(member: Member) -> None:
    held, caller = lease(member), Caller(member)
    problem(caller.send("GET", f"assignments/{held.id}/judgement/"), 404)  # not sent yet
    send(held)
    problem(correct(caller, held, revision=3), 409)
    for nonsense in ("x", "-1", "1" * 30):
        problem(correct(caller, held, revision=nonsense), 404)
    missing = problem(correct(caller, held, ratings=[]), 400)
    assert any(name.startswith("ratings.") for name in missing["fields"])
    problem(caller.send("GET", f"assignments/{uuid.uuid4()}/judgement/"), 404)
    problem(caller.send("GET", "assignments/none/judgement/"), 404)
    assert Judgement.objects.count() == 1


def test_others_are_refused(member: Member) -> None:
    held = lease(member)
    send(held)
    for other in (judge(cohort=cohort_of(member)), judge(), staff(member.study)):
        problem(Caller(other).send("GET", f"assignments/{held.id}/judgement/"), 404)
        problem(correct(Caller(other), held), 404)
    problem(listed(Caller(staff(member.study))), 403)
    assert listed(Caller(judge(cohort=cohort_of(member)))).json()["results"] == []


def test_after_a_freeze() -> None:
    story = Story()
    judgement = story.judge(story.member(), story.prompt())
    release(story.study)
    caller = Caller(judgement.member)
    own = caller.send("GET", f"assignments/{judgement.assignment_id}/judgement/").json()
    assert own["settled"] == "released"
    assert "data set" in problem(correct(caller, judgement.assignment), 409)["title"]


def test_help_comes_with_a_correction_that_needs_it(member: Member) -> None:
    held, caller = lease(member), Caller(member)
    send(held)
    made = correct(caller, held, comment="I want to kill myself.").json()
    assert made["support"]["lines"]
