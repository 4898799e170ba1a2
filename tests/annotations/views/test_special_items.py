"""Training and attention rounds on pages and by API: planned, answered, leased, explained."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from annotations.models import Assignment, ExpectedAnswer, Round
from annotations.queries import special_items as queries
from annotations.rules.states import Ask, ItemKind, RoundKind
from codesign.studies.models import Study
from codesign.studies.rules import Role
from tests.factories.annotations import (
    PromptFactory,
    ResponseFactory,
    answers,
    judge,
    judging_round,
    lease,
    make_rubric,
    send,
)
from tests.factories.compensation import set_rate
from tests.factories.studies import CohortFactory, staff
from tests.support.counting import queries_of
from tests.support.judging_api import Caller
from tests.support.judging_page import cohort_of, filled, one_url, signed_in
from tests.support.special_items import lead_aside, special_round, work

pytestmark = pytest.mark.django_db


def at(name: str, study: Study, **keys: Any) -> str:
    return reverse(f"annotations:{name}", kwargs={"slug": study.slug} | keys)


def plan(prompts: list[str], cohort_key: str, rubric_id: str, **changes: Any) -> dict[str, Any]:
    return {
        "kind": "training",
        "title": "Beginning",
        "prompts": "\n".join([*prompts, ""]),
        f"{cohort_key}-takes_part": "on",
        f"{cohort_key}-rubric": rubric_id,
        f"{cohort_key}-asks": [Ask.RATING, Ask.RANKING],
    } | changes


def test_a_training_round_from_the_plan_to_the_feedback(client: Client) -> None:
    member = judge()
    cohort = cohort_of(member)
    study = cohort.study
    set_rate(cohort)
    client.force_login(staff(study).user)
    prompt = PromptFactory.create(study=study)
    ResponseFactory.create_batch(2, prompt=prompt)
    address = at("special-round-plan", study)
    rubric = str(make_rubric(study).id)
    wrong = client.post(address, plan(["none"], cohort.key, rubric))
    assert wrong.status_code == 400
    assert "No prompt in use with two different replies: none." in wrong.content.decode()
    ids = [prompt.external_id]
    assert client.post(address, plan([], cohort.key, rubric)).status_code == 400
    assert client.post(address, plan(ids, cohort.key, rubric)).status_code == 302
    made = Round.objects.get(kind=RoundKind.TRAINING)
    of_round = at("round", study, round_id=made.id)
    assert "not written yet" in client.get(of_round).content.decode()
    (seat,) = queries.items_of(round=made)
    assert client.post(at("round-open", study, round_id=made.id)).status_code == 409
    item = at("expected-answer", study, seat_id=seat.id)
    part = {"comparison": "B1", "explanation": "Reply B asks first."}
    missing = client.post(item, part | {"rating-A-heard": "5"})
    assert missing.status_code == 400
    assert "Reply B asks first." in missing.content.decode()
    assert 'href="#rating-B-heard"' in missing.content.decode()
    scores = {f"rating-{letter}-{key}": "4" for letter in "AB" for key in ("heard", "usable")}
    assert client.post(item, part | scores).status_code == 302
    assert 'value="4" checked' in client.get(item).content.decode()
    assert client.post(at("round-open", study, round_id=made.id)).status_code == 302

    held = lease(member)
    assert held.item_kind == ItemKind.TRAINING
    judging = signed_in(member)
    assert "getting to know the questions" in judging.get(one_url(held)).content.decode()
    feedback = at("training-feedback", study, assignment_id=held.id)
    assert judging.get(feedback).status_code == 302  # nothing was sent yet
    sent = judging.post(one_url(held), filled(held, score=2))
    assert sent.headers["Location"] == feedback
    page = judging.get(feedback).content.decode()
    for said in ("Reply B asks first.", "no wrong answer", "4 (anchor 4)", "2 (anchor 2)"):
        assert said in page
    other = signed_in(judge(cohort=cohort))
    assert other.get(feedback).status_code == 404
    assert client.get(feedback).status_code == 403


def test_a_heavy_text_is_covered_before_its_expected_answer_is_written(client: Client) -> None:
    cohort = cohort_of(judge())
    client.force_login(staff(cohort.study).user)
    made = special_round(cohort, RoundKind.TRAINING, tasks=1, intensity=3)
    (seat,) = queries.items_of(round=made)
    item = at("expected-answer", cohort.study, seat_id=seat.id)
    words = seat.task.prompt.messages[0]["content"]
    covered = client.get(item).content.decode()
    assert "This text is heavy." in covered
    assert "low mood" in covered
    assert words not in covered
    assert words in client.get(item, {"open": "1"}).content.decode()


def test_feedback_by_api_and_no_trace_of_a_check() -> None:
    member = judge()
    cohort = cohort_of(member)
    special_round(cohort, RoundKind.TRAINING, tasks=1)
    made = judging_round(cohort, tasks=12)
    Round.objects.filter(id=made.id).update(check_every=5)
    caller = Caller(member)
    first = caller.lease().json()
    assert first["training"] is True
    training = Assignment.objects.get(id=first["id"])
    sent = caller.submit(first["id"], answers(training)).json()
    assert sent["feedback"]["explanation"] == "Warm."
    assert {one["score"] for one in sent["feedback"]["expected"]["ratings"]} == {4}
    ordinary = caller.lease().json()
    work(member, 10)
    held = lease(member)
    lead_aside(member)
    answer = caller.submit(held.id, answers(held), key="eleven").json()
    repeat = Assignment.objects.get(id=answer["next"]["id"])
    assert repeat.item_kind == ItemKind.REPEAT
    assert answer["next"].keys() == ordinary.keys()
    assert answer["next"]["training"] is False
    again = caller.submit(repeat.id, answers(repeat), key="again").json()
    assert again.keys() == answer.keys()
    page = signed_in(member).get(f"/studies/{member.study.slug}/mine/{repeat.id}/").content.decode()
    assert "repeat" not in page


def test_figures_are_on_the_page_of_the_round(client: Client) -> None:
    member = judge()
    cohort = cohort_of(member)
    client.force_login(staff(cohort.study, Role.AUDITOR).user)
    attention = special_round(cohort, RoundKind.ATTENTION, tasks=2)
    made = judging_round(cohort, tasks=3)
    Round.objects.filter(id=made.id).update(check_every=5)
    of_round = at("round", cohort.study, round_id=made.id)
    assert "No answers to compare yet." in client.get(of_round).content.decode()
    address = at("round", cohort.study, round_id=attention.id)
    few = queries_of(client, address)
    for number in range(2):
        held = lease(member)
        lead_aside(member)
        send(held, key=f"a{number}")
        send(lease(member), key=f"b{number}")
    page = client.get(address).content.decode()
    assert "Answers as expected" in page
    assert "8 of 8 the same" in page
    assert queries_of(client, address) == few
    assert at("expected-answer", cohort.study, seat_id=1)[:-2] not in page  # an auditor reads


def test_only_coordinators_plan_and_write_what_is_expected(client: Client) -> None:
    cohort = CohortFactory.create()
    made = special_round(cohort, RoundKind.TRAINING, tasks=1)
    (seat,) = queries.items_of(round=made)
    elsewhere = staff(CohortFactory.create().study)
    client.force_login(elsewhere.user)
    assert client.get(at("expected-answer", elsewhere.study, seat_id=seat.id)).status_code == 404
    for role in (Role.AUDITOR, Role.ML_ENGINEER):
        client.force_login(staff(cohort.study, role).user)
        assert client.get(at("special-round-plan", cohort.study)).status_code == 403
        address = at("expected-answer", cohort.study, seat_id=seat.id)
        assert client.post(address, {"explanation": "Mine."}).status_code == 403
    assert ExpectedAnswer.objects.get().explanation == "Warm."
