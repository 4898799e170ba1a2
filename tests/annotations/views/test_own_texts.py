"""Somebody writes that they want to die: help at once, and the text is theirs alone."""

from __future__ import annotations

import json
import uuid
from typing import Any

import pytest
from django.urls import reverse

from annotations.contract.unchecked import UncheckedSubmission
from annotations.models import OwnText, OwnTextMove, PassageLabel, ReviewDecision, Rubric
from annotations.queries import review as queries
from annotations.queries.review import Kind
from annotations.rules.own_texts import OWN_STATES, OwnKind, OwnState
from annotations.rules.states import Harm, RewriteState
from annotations.services import own_texts, review, submissions
from codesign.audit.models import Event
from codesign.care.models import Case
from codesign.care.services import cases
from codesign.compensation.queries import ledger
from codesign.consent.services import withdraw
from codesign.shared.actors import SYSTEM, Actor
from codesign.shared.errors import Conflict, Invalid, NotFound
from codesign.studies.models import Member
from codesign.studies.rules import Role
from tests.factories.annotations import answers, judge, judging_round, lease
from tests.factories.studies import staff
from tests.support.counting import queries_in
from tests.support.judging_api import Caller
from tests.support.judging_page import cohort_of, filled, judged, one_url, signed_in

pytestmark = pytest.mark.django_db

SAID = "Honestly I just want to die."
TITLE = "Thank you for writing this down."
CALM = "That sounds heavy. I am here."


@pytest.fixture
def member() -> Member:
    member = judge()
    judging_round(cohort_of(member), tasks=5, overlap=2)
    return member


@pytest.fixture
def coordinator(member: Member) -> Member:
    return staff(member.study)


def send(member: Member, **changes: Any) -> submissions.Submitted:
    assignment = lease(member)
    return submissions.submit(
        actor=Actor.of(member.user),
        assignment_id=assignment.id,
        sent=UncheckedSubmission(answers(assignment, **changes)),
        idempotency_key=str(assignment.id),
    )


def own_url(member: Member) -> str:
    return reverse("annotations:own-texts", kwargs={"slug": member.study.slug})


def free(member: Member, state: str = "free") -> OwnText:
    (text,) = OwnText.objects.filter(member=member)
    return own_texts.decide(actor=Actor.of(member.user), text_id=text.id, state=state)


# --- what nobody else sees -----------------------------------------------------------------------


def test_work_with_a_private_text_is_accepted_and_paid(member: Member) -> None:
    earned = []
    for comment in (SAID, "Fine."):
        sent = send(member, comment=comment)
        assert sent.next is not None
        assert sent.judgement.comment == comment  # kept as it was written
        earned.append(ledger.balances(member_id=member.id)["GBP"])
    assert earned[1] == 2 * earned[0] > 0


def test_a_rewrite_stays_out_of_review_its_counts_and_its_pages(
    member: Member, coordinator: Member
) -> None:
    rewrite, _ = judged(member, text=SAID)
    actor = Actor.of(coordinator.user)
    counts = queries.counts(actor=actor, study_id=member.study_id)
    assert (counts.rewrites, counts.later) == (0, 0)
    one = reverse(
        "annotations:review-decide",
        kwargs={"slug": member.study.slug, "kind": "rewrites", "item_id": rewrite.id},
    )
    client = signed_in(coordinator)
    assert client.get(one).status_code == 404
    assert client.post(one, {"state": "accepted"}).status_code == 404
    for address in ("review", "review-decided"):
        page = client.get(reverse(f"annotations:{address}", kwargs={"slug": member.study.slug}))
        assert SAID not in page.content.decode()
    for who in (actor, SYSTEM):
        with pytest.raises(NotFound, match="does not exist"):
            review.decide(
                actor=who, kind=Kind.REWRITES, item_id=rewrite.id, state=RewriteState.ACCEPTED
            )
    assert not ReviewDecision.objects.exists()


def test_an_allowed_rewrite_is_reviewed(member: Member, coordinator: Member) -> None:
    rewrite, _ = judged(member, text=SAID)
    free(member)
    actor = Actor.of(coordinator.user)
    assert queries.counts(actor=actor, study_id=member.study_id).rewrites == 1
    review.decide(actor=actor, kind=Kind.REWRITES, item_id=rewrite.id, state="accepted")
    with pytest.raises(Conflict, match="may already be in use"):
        free(member, "private")
    assert OwnText.objects.get().state == OwnState.FREE


def test_an_allowed_text_can_be_private_again_before_a_review(
    member: Member, coordinator: Member
) -> None:
    rewrite, _ = judged(member, text=SAID)
    for state in ("private", "free", "private"):
        free(member, state)
    with pytest.raises(NotFound, match="does not exist"):
        review.decide(
            actor=Actor.of(coordinator.user),
            kind=Kind.REWRITES,
            item_id=rewrite.id,
            state="accepted",
        )
    moves = OwnTextMove.objects.order_by("id").values_list("old_state", "new_state")
    assert list(moves) == [("waiting", "private"), ("private", "free"), ("free", "private")]


def test_a_report_counts_and_its_note_is_not_shown(member: Member, coordinator: Member) -> None:
    assignment = lease(member)
    flag = {"response": str(assignment.order_shown[0]), "harm": Harm.OTHER, "severity": 3}
    sent = send(member, flags=[flag | {"note": SAID}])
    row = sent.judgement.flags.get()
    actor = Actor.of(coordinator.user)
    assert queries.counts(actor=actor, study_id=member.study_id).flags == 1

    def note() -> str:
        item = queries.item(actor=actor, study_id=member.study_id, kind=Kind.FLAGS, item_id=row.id)
        assert item is not None
        return item.note

    assert note() == ""
    free(member)
    assert note() == SAID


def test_a_reviewers_note_is_private_too_and_shows_help(
    member: Member, coordinator: Member
) -> None:
    rewrite, _ = judged(member)
    client = signed_in(coordinator)
    one = reverse(
        "annotations:review-decide",
        kwargs={"slug": member.study.slug, "kind": "rewrites", "item_id": rewrite.id},
    )
    answer = client.post(one, {"state": "accepted", "note": SAID})
    assert answer.status_code == 302
    assert "support" not in answer["Location"]
    page = client.get(answer["Location"]).content.decode()
    assert TITLE in page
    assert TITLE not in client.get(answer["Location"]).content.decode()
    decision = ReviewDecision.objects.get()
    assert decision.new_state == RewriteState.ACCEPTED
    assert OwnText.objects.get().about == decision.id
    other = signed_in(staff(member.study))
    assert SAID not in other.get(one).content.decode()
    free(coordinator)
    assert SAID in other.get(one).content.decode()


@pytest.mark.parametrize("door", ["page", "api"])
@pytest.mark.parametrize(
    ("label", "is_own"), [("not-safe", False), ("kill-myself", True), ("", False)]
)
def test_a_label_that_was_chosen_is_not_searched(
    member: Member, door: str, label: str, is_own: bool
) -> None:
    PassageLabel.objects.create(
        rubric=Rubric.objects.get(), key="not-safe", position=0, language="en", title="Not safe"
    )
    assignment = lease(member)
    mark = {"response": str(assignment.order_shown[0]), "start": 0, "end": 4, "label": label}
    if door == "api":
        sent = Caller(member).submit(assignment.id, answers(assignment, highlights=[mark]))
        assert ("support" in sent.json()) == is_own
    else:
        fields = filled(assignment) | {"mark-A-1": "0-4", "mark-A-1-label": label}
        page = signed_in(member).post(one_url(assignment), fields)
        assert (TITLE in page.content.decode()) == is_own
    assert OwnText.objects.exists() == Case.objects.exists() == is_own


@pytest.mark.parametrize("words", [{"label": "I want to die"}, {"label": "a", "comment": SAID}])
def test_words_of_highlights_can_be_private(member: Member, words: dict[str, str]) -> None:
    assignment = lease(member)
    mark = {"response": str(assignment.order_shown[0]), "start": 0, "end": 4} | words
    caller = Caller(member)
    assert "support" in caller.submit(assignment.id, answers(assignment, highlights=[mark])).json()
    (text,) = OwnText.objects.all()
    assert text.kind == OwnKind.HIGHLIGHTS
    page = signed_in(member).get(own_url(member)).content.decode()
    assert words.get("comment", words["label"]) in page
    free(member)
    with pytest.raises(Conflict, match="may already be in use"):
        free(member, "private")
    assert "no longer make it private" in signed_in(member).get(own_url(member)).content.decode()


def test_the_audit_trail_does_not_reveal_private_texts(member: Member, coordinator: Member) -> None:
    """Neither audit rows nor home pages of others tell that somebody wrote such a text."""
    judged(member, text=CALM)
    judged(member, text=SAID)
    free(member)
    free(member, "private")
    submitted = Event.objects.filter(study_id=member.study_id, action="annotations.submitted")
    rows = [
        {key: getattr(event, key) for key in ("about_kind", "about_label", "data")}
        for event in submitted
    ]
    assert len(rows) == 2
    assert rows[0] == rows[1]
    told = json.dumps([[event.action, event.data] for event in Event.objects.all()])
    assert "own" not in told
    assert "private" not in told
    for role in (Role.COORDINATOR, Role.AUDITOR, Role.ML_ENGINEER):
        client = signed_in(staff(member.study, role))
        home = client.get(reverse("desk:study", kwargs={"slug": member.study.slug}))
        assert home.status_code == 200
        assert "Only you can see" not in home.content.decode()
        assert "own-texts" not in home.content.decode()


def test_texts_without_a_statement_cost_no_query(member: Member) -> None:
    caller = Caller(member)

    def asked(comment: str) -> int:
        assignment = lease(member)
        body = answers(assignment, comment=comment)
        return queries_in(lambda: caller.submit(assignment.id, body), status=201)

    asked("warm the caches")
    assert asked("") == asked("This is a long and calm text about a reply that I liked.")


# --- the author's page ---------------------------------------------------------------------------


def test_the_author_sees_it_and_decides(member: Member) -> None:
    judged(member, text=SAID)
    client = signed_in(member)
    home = reverse("desk:study", kwargs={"slug": member.study.slug})
    assert f'href="{own_url(member)}"' in client.get(home).content.decode()
    page = client.get(own_url(member)).content.decode()
    assert SAID in page
    assert "only you see it" in page
    (text,) = OwnText.objects.all()
    for state, says in (("private", "you keep it private"), ("free", "may be used")):
        answer = client.post(own_url(member), {"text": text.id, "state": state}, follow=True)
        assert says in answer.content.decode()
    assert "Only you can see" not in client.get(home).content.decode()


def test_it_is_said_that_the_safety_lead_sees_it_too(member: Member) -> None:
    judged(member, text=SAID)
    client = signed_in(member)
    home = reverse("desk:study", kwargs={"slug": member.study.slug})
    assert "Only you can see 1 of your texts." in client.get(home).content.decode()
    assert "only you see it" in client.get(own_url(member)).content.decode()
    cases.answer(actor=Actor.of(member.user), case_id=Case.objects.get().id, sent="me")
    page = client.get(home).content.decode()
    assert "Only you and the safety lead can see 1 of your texts." in page
    assert "Only you can see" not in page
    page = client.get(own_url(member)).content.decode()
    assert "only you and the safety lead see it" in page
    assert "only you see" not in page


def test_a_repeated_decision_changes_nothing(member: Member) -> None:
    judged(member, text=SAID)
    free(member)
    free(member)
    assert OwnTextMove.objects.count() == 1


def test_nobody_else_sees_or_decides(member: Member, coordinator: Member) -> None:
    judged(member, text=SAID)
    (text,) = OwnText.objects.all()
    for other in (coordinator, judge(cohort=member.cohort)):
        client = signed_in(other)
        assert SAID not in client.get(own_url(member)).content.decode()
        answer = client.post(own_url(member), {"text": text.id, "state": "free"})
        assert answer.status_code == 404
    for role in (Role.AUDITOR, Role.ML_ENGINEER, Role.SAFETY_LEAD):
        assert signed_in(staff(member.study, role)).get(own_url(member)).status_code == 403
    with pytest.raises(NotFound, match="does not exist"):
        own_texts.decide(actor=SYSTEM, text_id=text.id, state="free")
    text.refresh_from_db()
    assert text.state == OwnState.WAITING


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        ({"text": "", "state": "free"}, 404),
        ({"text": "\0", "state": "free"}, 404),
        ({"text": str(uuid.uuid4()), "state": "free"}, 404),
        ({"state": "waiting"}, 400),
        ({"state": "\0"}, 400),
        ({}, 400),
    ],
)
def test_invalid_requests_change_nothing(member: Member, sent: dict[str, str], status: int) -> None:
    judged(member, text=SAID)
    (text,) = OwnText.objects.all()
    answer = signed_in(member).post(own_url(member), {"text": str(text.id)} | sent)
    assert answer.status_code == status
    text.refresh_from_db()
    assert text.state == OwnState.WAITING


def test_former_members_still_see_their_texts(member: Member) -> None:
    judged(member, text=SAID)
    withdraw(actor=Actor.of(member.user), member=member)
    page = signed_in(member).get(own_url(member))
    assert SAID in page.content.decode()


def test_states_and_their_words_are_complete() -> None:
    assert set(OWN_STATES.table) == set(OwnState)
    with pytest.raises(Invalid, match="Unknown choice"):
        own_texts.decide(actor=SYSTEM, text_id=uuid.uuid4(), state="waiting")
