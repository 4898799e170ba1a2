"""From words that may tell of a crisis, through the author's answer, to what others see."""

from __future__ import annotations

import uuid

import pytest
from django.urls import reverse

from annotations.contract.skip import Skip
from annotations.models import OwnText
from annotations.queries import review as queries
from annotations.queries.own_texts import words_of_case
from annotations.queries.review import Kind
from annotations.services import review, submissions
from codesign.care.models import Case
from codesign.care.services import cases
from codesign.compensation.queries import ledger
from codesign.shared.actors import Actor
from codesign.studies.models import Member
from tests.factories.annotations import judge, judging_round, lease
from tests.factories.cases import lead_of
from tests.factories.studies import staff
from tests.support.judging_page import cohort_of, judged, one_url, signed_in

pytestmark = pytest.mark.django_db

SAID = "I want to die some days too."
NOW = "I am going to kill myself tonight."


@pytest.fixture
def member() -> Member:
    member = judge()
    judging_round(cohort_of(member), tasks=5, overlap=2)
    return member


def waiting(member: Member) -> int:
    """The number of rewrites that a coordinator may review."""
    coordinator = Member.objects.filter(study=member.study, roles__contains=["coordinator"]).first()
    actor = Actor.of((coordinator or staff(member.study)).user)
    return queries.counts(actor=actor, study_id=member.study_id).rewrites


def answer(member: Member, sent: str) -> Case:
    return cases.answer(actor=Actor.of(member.user), case_id=Case.objects.get().id, sent=sent)


def test_all_texts_of_a_judgement_are_one_case(member: Member) -> None:
    rewrite, _ = judged(member, text=SAID, comment="Honestly I want to die.")
    judgement = rewrite.judgement
    case = Case.objects.get()
    assert (case.member, case.about_kind, case.about) == (member, "judgement", judgement.id)
    assert case.urgency == "concern"
    assert sorted(words_of_case(case.about_kind, judgement.id)) == [
        "Honestly I want to die.",
        SAID,
    ]
    assert OwnText.objects.count() == 2


def test_the_most_urgent_text_decides(member: Member) -> None:
    judged(member, text=SAID, comment=NOW)
    assert (Case.objects.get().urgency, Case.objects.get().state) == ("imminent", "open")


def test_words_about_the_person_in_the_text_are_used_as_usual(member: Member) -> None:
    judged(member, text=SAID)
    assert waiting(member) == 0
    answer(member, "text")
    assert waiting(member) == 1
    assert OwnText.objects.get().state == "free"


@pytest.mark.parametrize("sent", ["me", "not_sure", "not_said"])
def test_other_answers_keep_the_words_with_their_author(member: Member, sent: str) -> None:
    judged(member, text=SAID)
    answer(member, sent)
    assert waiting(member) == 0
    assert OwnText.objects.get().state == "waiting"


def test_an_answer_that_changes_takes_the_words_back(member: Member) -> None:
    judged(member, text=SAID)
    answer(member, "text")
    answer(member, "me")
    assert waiting(member) == 0
    assert OwnText.objects.get().state == "private"


def test_words_that_were_reviewed_stay_and_the_answer_is_stored(member: Member) -> None:
    rewrite, _ = judged(member, text=SAID)
    answer(member, "text")
    review.decide(
        actor=Actor.of(staff(member.study).user),
        kind=Kind.REWRITES,
        item_id=rewrite.id,
        state="accepted",
    )
    assert answer(member, "me").state == "open"
    assert OwnText.objects.get().state == "free"


def test_a_note_of_a_skip_and_of_a_review_open_cases_of_their_own(member: Member) -> None:
    assignment = lease(member)
    submissions.skip(
        actor=Actor.of(member.user),
        assignment_id=assignment.id,
        skip=Skip.read(reason="too_close", note=SAID),
    )
    rewrite, _ = judged(member, text="That sounds heavy. I am here.")
    coordinator = staff(member.study)
    review.decide(
        actor=Actor.of(coordinator.user),
        kind=Kind.REWRITES,
        item_id=rewrite.id,
        state="accepted",
        note=SAID,
    )
    rows = Case.objects.order_by("created_at").values_list("member", "about_kind")
    assert list(rows) == [(member.id, "skip"), (coordinator.id, "review")]


def test_a_kind_that_nobody_knows_has_no_words() -> None:
    assert words_of_case("nothing", uuid.uuid4()) == []


def test_the_question_stands_on_the_page_that_answers(member: Member) -> None:
    client = signed_in(member)
    assignment = lease(member)
    here = one_url(assignment)
    page = client.post(here, {"skip": "too_close", "skip_note": SAID}).content.decode()
    case = Case.objects.get()
    address = reverse("care:own-case", kwargs={"slug": member.study.slug, "case_id": case.id})
    assert "What are these words about?" in page
    assert f'action="{address}"' in page
    client.post(address, {"do": "answer", "answer": "me"})
    lead = signed_in(lead_of(member.study))
    shown = reverse("care:case", kwargs={"slug": member.study.slug, "case_id": case.id})
    assert SAID in lead.get(shown).content.decode()


# --- the button that stops and gets support -------------------------------------------------------


def earned(member: Member) -> int:
    return ledger.balances(member_id=member.id).get("GBP", 0)


def press(member: Member) -> Case:
    assignment = lease(member)
    here = one_url(assignment)
    answered = signed_in(member).post(here, {"do": "support"})
    assert answered.status_code == 302
    case = Case.objects.get(member=member)
    assert str(case.id) in answered["Location"]
    assignment.refresh_from_db()
    assert (assignment.state, assignment.skip_reason, assignment.skip_paid) == (
        "skipped",
        "other",
        True,
    )
    return case


def test_who_stops_for_support_is_paid_and_looked_after(member: Member) -> None:
    lead = lead_of(member.study)
    before = earned(member)
    case = press(member)
    assert (case.state, case.reason) == ("open", "asked")
    assert earned(member) > before
    assert press(member) == case  # the same case, and the next text is paid too
    assert (
        signed_in(lead)
        .get(reverse("care:case", kwargs={"slug": member.study.slug, "case_id": case.id}))
        .status_code
        == 200
    )


def test_a_second_click_on_the_old_page_leads_to_the_same_support(member: Member) -> None:
    assignment = lease(member)
    here = one_url(assignment)
    client = signed_in(member)
    first, second = (client.post(here, {"do": "support"})["Location"] for _ in range(2))
    assert first == second
    assert Case.objects.count() == 1
