"""Every endpoint of the judging API, for people with and without permission."""

from __future__ import annotations

import json
import uuid
from functools import partial
from typing import Any

import pytest
from django.utils import timezone

from annotations.models import Assignment, Judgement
from annotations.rules.states import AssignmentState
from annotations.services import rounds
from codesign.accounts import services as accounts
from codesign.accounts.rules import TokenScope
from codesign.consent import services as consent
from codesign.shared.actors import SYSTEM, Actor
from codesign.studies.models import Member
from codesign.studies.rules import Role
from tests.factories.accounts import UserFactory
from tests.factories.annotations import SOURCE_A, SOURCE_B, add_task, answers, judge, judging_round
from tests.factories.studies import CohortFactory, MemberFactory, staff
from tests.support.counting import queries_in
from tests.support.judging_api import Caller, problem

pytestmark = pytest.mark.django_db


@pytest.fixture
def panelist() -> Caller:
    member = judge()
    judging_round(member.cohort, tasks=3, overlap=2)
    return Caller(member)


def test_studies_are_listed(panelist: Caller) -> None:
    (only,) = panelist.send("GET", "studies/").json()
    assert only["slug"] == panelist.member.study.slug
    assert only["roles"] == ["panelist"]
    assert panelist.send("GET", "studies/").status_code == 200


def test_all_tasks_from_the_first_lease_to_the_last(panelist: Caller) -> None:
    first = panelist.lease()
    assert first.status_code == 201
    again = panelist.lease()
    assert (again.status_code, again.json()["id"]) == (200, first.json()["id"])
    current = first.json()
    for number in range(3):
        assignment = Assignment.objects.get(id=current["id"])
        sent = panelist.submit(current["id"], answers(assignment), key=f"key {number}")
        assert sent.status_code == 201
        current = sent.json()["next"]
    assert current is None
    nothing = panelist.lease()
    assert (nothing.status_code, nothing.content) == (204, b"")
    assert Judgement.objects.count() == 3


def test_an_assignment_has_every_promised_key(panelist: Caller) -> None:
    shown = panelist.lease().json()
    assert {"id", "expires_at", "prompt", "responses", "rubric", "asks", "pay", "draft"} <= set(
        shown
    )
    assert set(shown["prompt"]) >= {
        "id",
        "messages",
        "category",
        "topics",
        "intensity",
        "language",
    }
    assert [response["label"] for response in shown["responses"]] == ["A", "B"]
    assert set(shown["rubric"]["criteria"][0]["scale"]) == {"kind", "min", "max", "anchors"}
    assert shown["rubric"]["version"] == 1
    assert shown["pay"] == {"amount_minor": 80, "currency": "GBP"}
    assert panelist.send("GET", f"assignments/{shown['id']}/").json() == shown


def test_the_system_message_is_not_shown() -> None:
    member = judge()
    made = judging_round(member.cohort, tasks=0)
    add_task(
        made,
        messages=[{"role": "system", "content": "Be X"}, {"role": "user", "content": "Hello"}],
    )
    shown = Caller(member).lease().json()
    assert shown["prompt"]["messages"] == [{"role": "user", "content": "Hello"}]


def test_a_repeated_request_stores_nothing(panelist: Caller) -> None:
    id = panelist.lease().json()["id"]
    body = answers(Assignment.objects.get(id=id))
    first = panelist.submit(id, body).json()
    again = panelist.submit(id, dict(reversed(list(body.items()))))
    assert again.status_code == 201
    assert again.json() == first
    problem(panelist.submit(id, body | {"comment": "another"}), 409)
    problem(panelist.submit(id, body, key="another"), 409)
    assert Judgement.objects.count() == 1
    consent.withdraw(actor=Actor.of(panelist.member.user), member=panelist.member)
    assert problem(panelist.submit(id, body), 403)["type"].endswith("no_consent")


def test_a_missing_idempotency_key_is_refused(panelist: Caller) -> None:
    id = panelist.lease().json()["id"]
    body = answers(Assignment.objects.get(id=id))
    refusal = problem(panelist.send("POST", f"assignments/{id}/submission/", body), 400)
    assert "Idempotency-Key" in refusal["fields"]
    problem(panelist.submit(id, body, key="x" * 121), 400)


def test_errors_are_reported_at_their_fields(panelist: Caller) -> None:
    id = panelist.lease().json()["id"]
    refusal = problem(panelist.submit(id, {"strength": 9, "surprise": 1}), 400)
    assert {"ranking", "strength", "surprise"} <= set(refusal["fields"])
    assert any(path.startswith("ratings.") for path in refusal["fields"])
    problem(panelist.submit(id, ["no object"]), 400)
    assert Assignment.objects.get(id=id).state == AssignmentState.LEASED


def test_unreadable_bodies(panelist: Caller) -> None:
    id = panelist.lease().json()["id"]
    for raw in ("{", "[" * 100_000, '{"comment": NaN}', b"\xff\xfe"):
        answer = panelist.client.generic(
            "POST",
            f"/api/v1/assignments/{id}/submission/",
            raw,
            content_type="application/json",
            headers={"Idempotency-Key": "k"},
        )
        problem(answer, 400)
    long = panelist.submit(id, {"comment": "x" * 2_000_001})
    problem(long, 413)
    for bad in ("a\x00b", "\ud800"):
        problem(panelist.submit(id, {"comment": bad, bad: 1}), 400)
        problem(panelist.send("PUT", f"assignments/{id}/draft/", {"comment": bad}), 400)
        problem(panelist.send("POST", f"assignments/{id}/skip/", {"reason": bad}), 400)
    held = Assignment.objects.get(id=id)
    assert (held.state, held.draft) == (AssignmentState.LEASED, None)
    untouched(id)


def untouched(id: str) -> None:
    """Check that nothing was saved and that the assignment is still leased."""
    held = Assignment.objects.get(id=id)
    assert (held.state, held.draft) == (AssignmentState.LEASED, None)
    assert not Judgement.objects.exists()


@pytest.mark.parametrize("digits", [400, 4000, 5000])
def test_invalid_numbers_are_refused(panelist: Caller, digits: int) -> None:
    """The refusal does not quote Python's error, and the draft is not saved."""
    id = panelist.lease().json()["id"]

    def sent(method: str, part: str, **body: Any) -> Any:
        raw = json.dumps(body | {"active_seconds": "N"}).replace('"N"', "9" * digits)
        return panelist.client.generic(
            method,
            f"/api/v1/assignments/{id}/{part}/",
            raw,
            content_type="application/json",
            headers={"Idempotency-Key": "k"},
        )

    for answer in (sent("PUT", "draft"), sent("POST", "submission", surprise=1)):
        refusal = problem(answer, 400)
        assert "digit" not in refusal["title"]
        assert "active_seconds" not in refusal.get("fields", {})
    assert Assignment.objects.get(id=id).draft is None
    complete = sent("POST", "submission", **answers(Assignment.objects.get(id=id)))
    assert complete.status_code == (201 if digits < 4300 else 400)  # clamped


def test_a_draft_is_saved_and_returned(panelist: Caller) -> None:
    id = panelist.lease().json()["id"]
    draft = {"comment": "half a thou", "ratings": [{"score": 3}]}
    kept = panelist.send("PUT", f"assignments/{id}/draft/", draft)
    assert (kept.status_code, kept.json()["draft"]) == (200, draft)
    assert panelist.lease().json()["draft"] == draft
    refusal = problem(panelist.send("PUT", f"assignments/{id}/draft/", {"odd": 1}), 400)
    assert set(refusal["fields"]) == {"odd"}


def test_skip_gives_the_next_one(panelist: Caller) -> None:
    id = panelist.lease().json()["id"]
    answer = panelist.send("POST", f"assignments/{id}/skip/", {"reason": "too_close", "note": "x"})
    assert answer.status_code == 200
    assert answer.json()["next"]["id"] != id
    again = panelist.send("POST", f"assignments/{id}/skip/", {"reason": "too_close", "note": "x"})
    assert again.json() == answer.json()
    for reason in ("bored", None, ["not_today"], 3):
        next_id = answer.json()["next"]["id"]
        refusal = problem(
            panelist.send("POST", f"assignments/{next_id}/skip/", {"reason": reason}), 400
        )
        assert set(refusal["fields"]) == {"reason"}
    problem(panelist.submit(id, {}), 409)


DOORS = [
    ("GET", "assignments/{id}/"),
    ("PUT", "assignments/{id}/draft/"),
    ("POST", "assignments/{id}/skip/"),
    ("POST", "assignments/{id}/submission/"),
]


def knock(caller: Caller, method: str, path: str, id: Any) -> Any:
    body = {"reason": "other"} if "skip" in path else {}
    return caller.send(method, path.format(id=id), body, **{"Idempotency-Key": "k"})


@pytest.mark.parametrize(("method", "path"), DOORS)
def test_assignments_of_others_are_not_found(panelist: Caller, method: str, path: str) -> None:
    id = panelist.lease().json()["id"]
    same_cohort = Caller(judge(cohort=panelist.member.cohort))
    elsewhere = Caller(judge())
    for other in (same_cohort, elsewhere, *staff_of(panelist.member)):
        problem(knock(other, method, path, id), 404)
    problem(knock(panelist, method, path, uuid.uuid4()), 404)
    problem(knock(panelist, method, path, "no-uuid"), 404)
    problem(knock(Caller(), method, path, id), 401)
    assert Assignment.objects.get(id=id).state == AssignmentState.LEASED


def staff_of(member: Member) -> list[Caller]:
    roles = (Role.COORDINATOR, Role.SAFETY_LEAD, Role.ML_ENGINEER, Role.AUDITOR)
    return [Caller(staff(member.study, role)) for role in roles]


def test_roles_that_may_lease(panelist: Caller) -> None:
    slug = panelist.member.study.slug
    clinician = judge(cohort=CohortFactory.create(study=panelist.member.study, role="clinician"))
    assert Caller(clinician).lease().status_code == 204
    for nobody in staff_of(panelist.member):
        problem(nobody.lease(slug), 403)
    problem(Caller(judge()).lease(slug), 404)
    problem(Caller().lease(slug), 401)
    problem(panelist.lease("no-such-study"), 404)
    admin = Caller()
    admin.client.force_login(UserFactory.create(is_site_admin=True))
    problem(admin.lease(slug), 404)


@pytest.mark.parametrize(("method", "path"), DOORS)
def test_requests_without_consent_are_refused(panelist: Caller, method: str, path: str) -> None:
    unsigned = Caller(MemberFactory.create(cohort=panelist.member.cohort))
    assert problem(unsigned.lease(), 403)["type"].endswith("no_consent")
    id = panelist.lease().json()["id"]
    consent.withdraw(actor=Actor.of(panelist.member.user), member=panelist.member)
    assert problem(knock(panelist, method, path, id), 403)["type"].endswith("no_consent")
    problem(panelist.lease(), 403)
    assert Assignment.objects.get(id=id).state == AssignmentState.RETURNED


def test_former_members_find_nothing(panelist: Caller) -> None:
    id = panelist.lease().json()["id"]
    Member.objects.filter(id=panelist.member.id).update(left_at=timezone.now())
    problem(panelist.lease(), 404)
    for method, path in DOORS:
        problem(knock(panelist, method, path, id), 404)
    assert panelist.send("GET", "studies/").json() == []
    untouched(id)


def test_tokens_need_their_scope(panelist: Caller) -> None:
    id = panelist.lease().json()["id"]
    program = Caller()
    for scope, allowed in ((TokenScope.JUDGE, True), (TokenScope.RELEASES, False)):
        _, secret = accounts.make_token(
            actor=SYSTEM, user=panelist.member.user, name=scope, scopes=[scope], days=1
        )
        answer = program.send("GET", f"assignments/{id}/", Authorization=f"Token {secret}")
        studies = program.send("GET", "studies/", Authorization=f"Token {secret}")
        assert answer.status_code == (200 if allowed else 403)
        problem(studies, 403)
    problem(program.send("GET", f"assignments/{id}/", Authorization="Token wrong"), 401)


def test_a_closed_round_accepts_open_assignments_and_leases_none(panelist: Caller) -> None:
    id = panelist.lease().json()["id"]
    assignment = Assignment.objects.get(id=id)
    rounds.close_round(actor=SYSTEM, round=assignment.task.round)
    sent = panelist.submit(id, answers(assignment))
    assert (sent.status_code, sent.json()["next"]) == (201, None)
    assert panelist.lease().status_code == 204


def test_queries_are_constant() -> None:
    """The number of queries does not grow with tasks, responses or judgements."""
    counts = []
    for tasks in (4, 12):
        member = judge()
        judging_round(member.cohort, tasks=tasks, overlap=3, sources=[SOURCE_A, SOURCE_B])
        caller = Caller(member)
        leased = queries_in(caller.lease, status=201)
        for number in range(tasks - 1):
            held = Assignment.objects.get(state=AssignmentState.LEASED, member=member)
            body = answers(held)
            submit = partial(caller.submit, held.id, body, key=str(number))
            sent = queries_in(submit, status=201)
        shown = queries_in(caller.lease)
        counts.append((leased, sent, shown))
    assert counts[0] == counts[1] == (20, 20, 8)


MODEL_WORDS = ("source", "model", "created_at", "number", "position", "seed", "propensity")


def test_an_assignment_does_not_reveal_the_model(panelist: Caller) -> None:
    """Checks every response of a whole sitting."""
    replies = [panelist.send("GET", "studies/"), panelist.lease()]
    for number in range(3):
        id = Assignment.objects.get(state=AssignmentState.LEASED).id
        replies.append(panelist.send("GET", f"assignments/{id}/"))
        replies.append(panelist.send("PUT", f"assignments/{id}/draft/", {"comment": "so far"}))
        body = answers(Assignment.objects.get(id=id))
        replies.append(panelist.submit(id, body, key=str(number)))
    for reply in replies:
        text = reply.content.decode()
        assert str(SOURCE_A) not in text
        assert str(SOURCE_B) not in text
        keys = set(all_keys(reply.json()))
        assert not keys & set(MODEL_WORDS)


def all_keys(value: Any) -> list[str]:
    if isinstance(value, dict):
        return [*value, *(key for part in value.values() for key in all_keys(part))]
    return [key for part in value for key in all_keys(part)] if isinstance(value, list) else []
