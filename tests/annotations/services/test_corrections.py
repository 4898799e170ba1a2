"""Correcting a judgement: what counts, what stays, and who may."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import DatabaseError, transaction
from django.utils import timezone

from annotations.contract.unchecked import UncheckedSubmission
from annotations.models import Assignment, Flag, Judgement, OwnText, ReviewDecision, Rewrite
from annotations.queries import own_judgements, own_texts
from annotations.queries.review import Kind
from annotations.rules.own_judgements import MOST_REVISIONS
from annotations.rules.own_texts import OwnKind, OwnState
from annotations.rules.states import FlagState, RewriteState
from annotations.services import corrections, review, review_access, rounds
from annotations.services import own_texts as own_text_services
from codesign.audit.models import Event
from codesign.compensation.models import Transfer
from codesign.consent.services import withdraw
from codesign.shared.actors import SYSTEM, Actor
from codesign.shared.errors import Conflict, Invalid, NoConsent, NotFound
from codesign.studies.models import Member
from codesign.studies.rules import Role
from tests.factories.annotations import (
    SOURCE_B,
    PromptFactory,
    ResponseFactory,
    add_task,
    answers,
    judge,
    judging_round,
    lease,
    send,
)
from tests.factories.studies import CohortFactory, staff
from tests.support.judging_page import cohort_of
from tests.support.together import at_once, kinds

pytestmark = pytest.mark.django_db
STATEMENT = "I want to kill myself some days too."


@pytest.fixture
def member() -> Member:
    member = judge()
    judging_round(cohort_of(member), tasks=2)
    return member


def correct(assignment: Assignment, *, revision: int = 2, **changes: Any) -> corrections.Corrected:
    return corrections.correct(
        actor=Actor.of(assignment.member.user),
        assignment_id=assignment.id,
        revision=revision,
        sent=UncheckedSubmission(answers(assignment, **changes)),
    )


def rewrite(assignment: Assignment, text: str, place: int = 0) -> dict[str, str]:
    return {"response": str(assignment.order_shown[place]), "text": text}


def flag(assignment: Assignment, *, place: int = 1, **changes: Any) -> dict[str, Any]:
    report = {"harm": "diagnosing", "severity": 2, "note": "It labels."}
    return {"response": str(assignment.order_shown[place]), **report, **changes}


def decide(row: Rewrite | Flag, state: str) -> None:
    kind = Kind.REWRITES if isinstance(row, Rewrite) else Kind.FLAGS
    reviewer = Actor.of(staff(row.judgement.assignment.study).user)
    review.decide(actor=reviewer, kind=kind, item_id=row.id, state=state, note="Read twice.")


def test_a_correction_is_a_further_revision_and_the_first_stays(member: Member) -> None:
    held = lease(member)
    first = send(held, comment="A slip.").judgement
    made = correct(held, comment="As meant.").judgement
    assert list(Judgement.objects.latest_revisions()) == [made]
    assert list(Judgement.objects.order_by("revision").values_list("revision", "comment")) == [
        (1, "A slip."),
        (2, "As meant."),
    ]
    assert made.active_ms == first.active_ms
    event = Event.objects.get(action="annotations.corrected")
    assert (event.about_id, event.data) == (held.id, {"revision": 2})
    assert correct(held, revision=3).judgement.revision == 3


def test_the_ledger_and_the_seat_are_untouched(member: Member) -> None:
    held = lease(member)
    send(held)
    before = list(Transfer.objects.values_list("id", flat=True))
    correct(held, comment="As meant.")
    assert list(Transfer.objects.values_list("id", flat=True)) == before
    held.refresh_from_db()
    assert held.state == "submitted"


def test_the_same_correction_again_stores_nothing_twice(member: Member) -> None:
    held = lease(member)
    send(held)
    made = correct(held, comment="As meant.")
    again = correct(held, comment="As meant.")
    assert (again.judgement, again.repeated) == (made.judgement, True)
    assert Judgement.objects.count() == 2


@pytest.mark.parametrize("revision", [0, 1, 3, 10**6])
def test_a_correction_of_what_was_not_read_is_refused(member: Member, revision: int) -> None:
    held = lease(member)
    send(held)
    with pytest.raises(Conflict, match="in the meantime"):
        correct(held, revision=revision, comment="Late.")
    assert Judgement.objects.count() == 1


def test_of_two_windows_the_second_is_told(member: Member) -> None:
    held = lease(member)
    send(held)
    correct(held, comment="First window.")
    with pytest.raises(Conflict, match="another window"):
        correct(held, comment="Second window.")
    assert Judgement.objects.latest_revisions().get().comment == "First window."


@pytest.mark.django_db(transaction=True)
def test_two_corrections_at_once_leave_one() -> None:
    member = judge()
    judging_round(cohort_of(member), tasks=1)
    held = lease(member)
    send(held)
    results = at_once(*[lambda n=n: correct(held, comment=f"Window {n}.") for n in range(3)])
    assert kinds(results) == ["Conflict", "Conflict", "Corrected"]
    assert Judgement.objects.count() == 2


def test_the_same_rules_as_for_judging(member: Member) -> None:
    held = lease(member)
    send(held)
    with pytest.raises(Invalid, match="missing") as refused:
        correct(held, ratings=[], flags=[flag(held, harm="nonsense")])
    assert "flags.0.harm" in refused.value.fields
    assert any(name.startswith("ratings.") for name in refused.value.fields)
    assert Judgement.objects.count() == 1


def test_only_what_was_sent_can_be_corrected(member: Member) -> None:
    held = lease(member)
    with pytest.raises(Conflict, match="that you have sent"):
        correct(held)


def test_nobody_corrects_the_work_of_others(member: Member) -> None:
    held = lease(member)
    send(held)
    for other in (judge(cohort=cohort_of(member)), staff(member.study)):
        with pytest.raises(NotFound, match="does not exist"):
            corrections.correct(
                actor=Actor.of(other.user),
                assignment_id=held.id,
                revision=2,
                sent=UncheckedSubmission(answers(held)),
            )
    with pytest.raises(NotFound, match="does not exist"):
        corrections.correct(
            actor=SYSTEM, assignment_id=held.id, revision=2, sent=UncheckedSubmission({})
        )


def test_without_consent_nothing_is_corrected(member: Member) -> None:
    held = lease(member)
    send(held)
    withdraw(actor=Actor.of(member.user), member=member)
    with pytest.raises(NoConsent, match="sign the consent"):
        correct(held)


def test_answers_stay_after_reading_in_review_what_others_wrote() -> None:
    author = judge()
    clinicians = CohortFactory.create(study=author.study, role=Role.CLINICIAN)
    clinician = judge(cohort=clinicians)
    made = judging_round(cohort_of(author), clinicians, tasks=0)
    add_task(made)
    theirs, mine = lease(author), lease(clinician)
    send(theirs, rewrites=[rewrite(theirs, "A kinder reply.")])
    send(mine)
    item = review_access.next_waiting(
        actor=Actor.of(clinician.user), study=author.study, kind=Kind.REWRITES
    )
    assert item is not None
    with pytest.raises(Conflict, match="what others wrote"):
        correct(mine)
    correct(theirs)  # the author has read nothing of others


def test_a_bound_for_programs(member: Member) -> None:
    held = lease(member)
    judgement = send(held).judgement
    Judgement.objects.bulk_create(
        Judgement(
            assignment=held,
            member=member,
            revision=revision,
            consent_record=judgement.consent_record,
            active_ms=1,
            submitted_at=timezone.now(),
            idempotency_key="",
            body_hash="",
        )
        for revision in range(2, MOST_REVISIONS + 1)
    )
    with pytest.raises(Conflict, match="very often"):
        correct(held, revision=MOST_REVISIONS + 1)


@pytest.mark.parametrize(
    ("before", "text", "after"),
    [
        (RewriteState.ACCEPTED, "A kinder reply.", RewriteState.ACCEPTED),
        (RewriteState.HELD_BACK, "A kinder reply.", RewriteState.HELD_BACK),
        (RewriteState.PENDING, "A kinder reply.", RewriteState.PENDING),
        (RewriteState.ACCEPTED, "A kinder reply, corrected.", RewriteState.PENDING),
        (RewriteState.HELD_BACK, "A kinder reply, corrected.", RewriteState.PENDING),
    ],
)
def test_a_changed_rewrite_is_reviewed_anew(
    member: Member, before: str, text: str, after: str
) -> None:
    held = lease(member)
    old = send(held, rewrites=[rewrite(held, "A kinder reply.")]).judgement.rewrites.get()
    if before != RewriteState.PENDING:
        decide(old, before)
    made = correct(held, rewrites=[rewrite(held, text)]).judgement
    new = made.rewrites.get()
    assert new.state == after
    old.refresh_from_db()
    assert old.state == before
    notes = ReviewDecision.objects.filter(rewrite=new).values_list("new_state", "note")
    assert list(notes) == ([] if after == RewriteState.PENDING else [(after, "Read twice.")])


@pytest.mark.parametrize(
    ("state", "changes", "after"),
    [
        (FlagState.UPHELD, {}, FlagState.UPHELD),
        (FlagState.DISMISSED, {}, FlagState.DISMISSED),
        (FlagState.TRIAGED, {}, FlagState.TRIAGED),
        (FlagState.UPHELD, {"severity": 3}, FlagState.REPORTED),
        (FlagState.DISMISSED, {"note": "Look again."}, FlagState.REPORTED),
    ],
)
def test_a_changed_report_is_reviewed_anew(
    member: Member, state: str, changes: dict[str, Any], after: str
) -> None:
    held = lease(member)
    old = send(held, flags=[flag(held)]).judgement.flags.get()
    decide(old, state)
    made = correct(held, flags=[flag(held, **changes)])
    assert made.judgement.flags.get().state == after
    assert made.kept == ()


@pytest.mark.parametrize(
    ("state", "stays"),
    [(FlagState.UPHELD, True), (FlagState.DISMISSED, False), (FlagState.REPORTED, False)],
)
def test_a_report_that_a_reviewer_upheld_stays(member: Member, state: str, stays: bool) -> None:
    held = lease(member)
    old = send(held, flags=[flag(held)]).judgement.flags.get()
    if state != FlagState.REPORTED:
        decide(old, state)
    made = correct(held, flags=[])
    assert list(made.judgement.flags.values_list("state", flat=True)) == [state] * stays
    assert len(made.kept) == stays


def test_what_was_replaced_can_no_longer_be_reviewed(member: Member) -> None:
    held = lease(member)
    old = send(held, rewrites=[rewrite(held, "A kinder reply.")]).judgement.rewrites.get()
    correct(held, rewrites=[rewrite(held, "Another reply.")])
    with pytest.raises(Conflict, match="corrected this"):
        decide(old, RewriteState.ACCEPTED)


def test_a_replaced_private_text_is_listed_once(member: Member) -> None:
    held = lease(member)
    actor = Actor.of(member.user)
    send(held, comment=STATEMENT)
    correct(held, comment=STATEMENT, flags=[flag(held)])
    (own,) = own_texts.own_texts(actor=actor, member=member)
    assert (own.kind, own.text, own.state) == (OwnKind.COMMENT, STATEMENT, OwnState.WAITING)
    assert own_texts.how_many(member=member) == 1
    correct(held, revision=3, comment="Nothing of the kind.")
    assert own_texts.own_texts(actor=actor, member=member) == []
    assert own_texts.how_many(member=member) == 0


@pytest.mark.parametrize("state", [OwnState.FREE, OwnState.PRIVATE])
@pytest.mark.parametrize(
    "kind", [OwnKind.COMMENT, OwnKind.REWRITE, OwnKind.FLAG_NOTE, OwnKind.HIGHLIGHTS]
)
def test_an_unchanged_text_keeps_what_its_author_decided(
    member: Member, kind: OwnKind, state: OwnState
) -> None:
    held = lease(member)
    first = str(held.order_shown[0])
    by_kind: dict[OwnKind, dict[str, Any]] = {
        OwnKind.COMMENT: {"comment": STATEMENT},
        OwnKind.REWRITE: {"rewrites": [rewrite(held, STATEMENT)]},
        OwnKind.FLAG_NOTE: {"flags": [flag(held, note=STATEMENT)]},
        OwnKind.HIGHLIGHTS: {
            "highlights": [
                {"response": first, "start": 0, "end": 4, "label": "", "comment": STATEMENT}
            ]
        },
    }
    parts = by_kind[kind]
    send(held, **parts)
    own_text_services.decide(
        actor=Actor.of(member.user), text_id=OwnText.objects.get().id, state=state
    )
    correct(held, ranking=[[str(one)] for one in reversed(held.order_shown)], **parts)
    latest = OwnText.objects.latest("created_at")
    assert (latest.kind, latest.state) == (kind, state)
    assert OwnText.objects.count() == 2


def test_a_new_statement_in_a_correction_stays_private(member: Member) -> None:
    held = lease(member)
    send(held, comment="Fine.")
    made = correct(held, comment=STATEMENT).judgement
    text = OwnText.objects.get()
    assert (text.about, text.state) == (made.id, OwnState.WAITING)


def test_a_revision_is_never_changed_and_never_twice(member: Member) -> None:
    held = lease(member)
    send(held)
    made = correct(held).judgement
    for change in ({"comment": "x"}, {"revision": 7}):
        with pytest.raises(DatabaseError, match="append_only"), transaction.atomic():
            Judgement.objects.filter(id=made.id).update(**change)
    made.pk = None
    with pytest.raises(DatabaseError, match="judgement_once_per_revision"), transaction.atomic():
        made.save(force_insert=True)


def test_offsets_of_highlights_are_those_of_the_stored_text() -> None:
    member = judge()
    made = judging_round(cohort_of(member), tasks=0)
    source = "<think>Be brief.</think>\n\nSleep **well** tonight.<|im_end|>"
    prompt = PromptFactory.create(study=member.study)
    response = ResponseFactory.create(prompt=prompt, text=source)
    other = ResponseFactory.create(prompt=prompt, source=SOURCE_B)
    rounds.add_tasks(actor=SYSTEM, round=made, items=[(prompt, [response, other])])
    held = lease(member)
    start = "Sleep **well** tonight.".index("well")
    mark = {"response": str(response.id), "start": start, "end": start + 4, "label": "kind"}
    judgement = send(held, highlights=[mark]).judgement
    (stored,) = judgement.highlights
    assert source[stored["start"] : stored["end"]] == "well"
    own = own_judgements.own_judgement(actor=Actor.of(member.user), assignment_id=held.id)
    assert own.judgement is not None
    (told,) = own_judgements.as_sent(judgement=own.judgement)["highlights"]
    assert (told["start"], told["end"]) == (start, start + 4)
