"""From what people really send, through review, to the records (training data 2.1)."""

from __future__ import annotations

from collections import Counter

import pytest

from annotations.models import Flag, Rewrite
from annotations.queries.review import Kind
from annotations.rules.states import FlagState, RewriteState
from annotations.services import review
from codesign.shared.actors import Actor
from tests.factories.annotations import judge, judging_round, lease, send
from tests.factories.studies import staff
from tests.support.judging_page import filled, one_url, signed_in
from tests.support.release_study import files_of, release, rows

pytestmark = pytest.mark.django_db


def test_everything_that_can_be_sent_arrives() -> None:
    member = judge()
    made = judging_round(member.cohort, tasks=2)
    coordinator = Actor.of(staff(made.study).user)
    assignment = lease(member)
    left, right = (str(response) for response in assignment.order_shown)
    send(
        assignment,
        strength=3,
        rewrites=[{"response": right, "text": "I hear how heavy this is."}],
        highlights=[{"response": left, "start": 0, "end": 4}],
        flags=[{"response": right, "harm": "sycophancy", "severity": 2, "note": "Private"}],
        comment="Private too",
    )
    send(lease(member), "two", ranking=[], all_harmful=True)
    flag, rewrite = Flag.objects.get(), Rewrite.objects.get()
    waiting = release(made.study).manifest["dropped"]
    assert waiting["preference"] == {"all_harmful": 1, "open_flag": 1}
    assert waiting["sft"] == {"not_reviewed": 1}

    review.decide(actor=coordinator, kind=Kind.FLAGS, item_id=flag.id, state=FlagState.UPHELD)
    review.decide(
        actor=coordinator, kind=Kind.REWRITES, item_id=rewrite.id, state=RewriteState.ACCEPTED
    )
    reviewed = release(made.study)
    chosen = {r["meta"]["kind"]: r for r in rows(reviewed, "preference")}
    assert chosen["comparison"]["meta"]["chosen_response_id"] == left
    assert chosen["comparison"]["margin"] == 3.0
    assert chosen["rewrite"]["meta"]["rejected_response_id"] == right
    assert [r["completion"][0]["content"] for r in rows(reviewed, "sft")] == [
        "I hear how heavy this is."
    ]
    kinds = Counter(row["kind"] for row in rows(reviewed, "judgements"))
    assert kinds == {
        "rating": 8,
        "ranking": 2,
        "all_harmful": 2,
        "highlight": 1,
        "flag": 1,
        "rewrite": 1,
    }


def test_what_people_mark_on_the_page_arrives_without_own_words() -> None:  # standards 7.5
    member = judge()
    made = judging_round(member.cohort, tasks=2)
    assignment, client = lease(member), signed_in(member)
    marks = {
        "mark-A-1": "0-4",
        "mark-A-1-label": "cold",
        "mark-A-1-comment": "Ann would say it like that.",
        "mark-B-2": "5-11",
        "mark-B-2-label": "as Ann said",
    }
    client.post(one_url(assignment), filled(assignment) | marks)
    client.post(one_url(lease(member)), filled(lease(member), comparison="none"))
    released = release(made.study)
    found = [row for row in rows(released, "judgements") if row["kind"] == "highlight"]
    assert [(row["criterion"], row["start"], row["end"]) for row in found] == [
        ("cold", 0, 4),
        ("", 5, 11),
    ]
    kinds = Counter(row["kind"] for row in rows(released, "judgements"))
    assert kinds == {"rating": 8, "ranking": 2, "highlight": 2}
    assert "Ann" not in files_of(released)
    assert len(rows(released, "preference")) == 1
