"""The pages of what a person judged, and the form to correct it."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils.formats import date_format

from annotations.models import Assignment, Judgement, Round, Seat, SeenInReview
from annotations.rules.states import PayCheck
from annotations.views.own_judgements import WORKS_A_PAGE
from codesign.compensation.models import Transfer
from codesign.compensation.services import ledger
from codesign.consent.services import withdraw
from codesign.shared.actors import Actor
from codesign.studies.models import Member
from codesign.studies.rules import Role
from tests.factories.annotations import add_task, judge, judging_round, lease, send
from tests.factories.studies import staff
from tests.support.counting import pages_of, queries_of
from tests.support.judging_api import Caller
from tests.support.judging_page import cohort_of, filled, one_url, signed_in
from tests.support.pages import flowed
from tests.support.release_study import Story, release
from tests.support.sessions import made_here, session_ends

pytestmark = pytest.mark.django_db


@pytest.fixture
def member() -> Member:
    member = judge()
    judging_round(cohort_of(member), tasks=3)
    return member


def read(answer: Any) -> str:
    return flowed(answer.content)


def mine(member: Member) -> str:
    return reverse("annotations:mine", kwargs={"slug": member.study.slug})


def at(name: str, assignment: Assignment) -> str:
    keys = {"slug": assignment.study.slug, "assignment_id": assignment.id}
    return reverse(f"annotations:{name}", kwargs=keys)


def corrected(assignment: Assignment, **changes: Any) -> dict[str, str]:
    return filled(assignment, revision=2, key=None, do=None, **changes)


def test_the_list_has_what_was_judged_and_skipped_and_what_it_earned(member: Member) -> None:
    client = signed_in(member)
    judged = lease(member)
    send(judged)
    skipped = lease(member)
    client.post(one_url(skipped), {"skip": "too_close"})
    skipped.refresh_from_db()
    page = read(client.get(mine(member)))
    for assignment in (judged, skipped):
        assert assignment.prompt.messages[0]["content"] in page
    assert "Too close to home" in page
    assert "£0.80</span>: earned." in page
    assert skipped.ended_at
    assert date_format(skipped.ended_at, "j F Y") in page
    assert page.index(str(skipped.id)) < page.index(str(judged.id))


@pytest.mark.parametrize(
    ("pay_check", "words"),
    [(PayCheck.HELD, "a person checks the pay first"), (PayCheck.NOT_PAID, "not paid")],
)
def test_pay_that_is_held_or_not_paid_is_said(
    member: Member, pay_check: PayCheck, words: str
) -> None:
    held = lease(member)
    send(held)
    Assignment.objects.filter(id=held.id).update(pay_check=pay_check)
    assert f"£0.80</span>: {words}." in read(signed_in(member).get(mine(member)))


def test_a_reversed_payment_is_said(member: Member) -> None:
    send(lease(member))
    ledger.reverse(transfer=Transfer.objects.get())
    assert "earned, and reversed later" in read(signed_in(member).get(mine(member)))


def test_an_unpaid_skip_is_said(member: Member) -> None:
    client = signed_in(member)
    for _ in range(2):
        client.post(one_url(lease(member)), {"skip": "not_today"})
    assert "nothing earned" in read(client.get(mine(member)))


def test_the_list_has_pages_and_costs_the_same() -> None:
    member = judge()
    judging_round(cohort_of(member), tasks=WORKS_A_PAGE + 2)
    client = signed_in(member)
    for _ in range(2):
        send(lease(member), key=str(lease(member).id))
    few = queries_of(client, mine(member))
    for _ in range(WORKS_A_PAGE):
        send(lease(member), key=str(lease(member).id))
    assert queries_of(client, mine(member)) == few
    assert len(pages_of(client, mine(member))) == 2


def test_one_shows_the_answers_in_the_order_shown(member: Member) -> None:
    held = lease(member)
    report = {"response": str(held.order_shown[1]), "harm": "diagnosing", "severity": 2}
    send(
        held,
        comment="It listens.",
        rewrites=[{"response": str(held.order_shown[0]), "text": "My own words."}],
        highlights=[{"response": str(held.order_shown[0]), "start": 0, "end": 4, "label": "warm"}],
        flags=[report],
    )
    page = read(signed_in(member).get(at("mine-one", held)))
    texts = [held.responses[response].text for response in held.order_shown]
    assert page.index(texts[0]) < page.index(texts[1])
    for words in (
        "It listens.",
        "My own words.",
        "warm",
        "Tells the person what illness",
        "A better",
    ):
        assert words in page
    assert str(held.order_shown[0]) not in page


def test_correcting_by_the_form(member: Member) -> None:
    held = lease(member)
    client = signed_in(member)
    client.post(one_url(held), filled(held, comment="A slip."))
    form = client.get(at("mine-correct", held)).content.decode()
    assert "A slip." in form
    assert 'name="revision" value="2"' in form
    answer = client.post(
        at("mine-correct", held), corrected(held, comment="As meant."), follow=True
    )
    page = read(answer)
    assert "Your new answers count from now on. Your pay stays the same." in page
    assert "As meant." in page
    assert "A slip." not in page
    assert Transfer.objects.count() == 1
    assert "corrected" in read(client.get(mine(member)))


def test_after_sending_one_can_take_it_back(member: Member) -> None:
    held = lease(member)
    page = signed_in(member).post(one_url(held), filled(held)).content.decode()
    assert at("mine-correct", held) in page
    assert "Take back what you sent" in page


def test_a_double_click_corrects_once(member: Member) -> None:
    held = lease(member)
    send(held)
    client = signed_in(member)
    for _ in range(2):
        assert client.post(at("mine-correct", held), corrected(held)).status_code == 302
    assert Judgement.objects.count() == 2


def test_a_correction_is_saved_while_one_writes_it(member: Member) -> None:
    held = lease(member)
    send(held)
    client, address = signed_in(member), at("mine-correct", held)
    sent = corrected(held, comment="Half a thought.") | {"do": "save"}
    script = {"X-Requested-With": "judging"}
    assert client.post(address, sent, headers=script).status_code == 204
    page = read(client.get(address))
    assert "Half a thought." in page
    assert "did not send them" in page
    assert "Half a thought." not in read(client.get(at("mine-one", held)))
    assert Judgement.objects.count() == 1
    assert client.post(address, {"do": "afresh"}).status_code == 302
    assert "Half a thought." not in read(client.get(address))
    assert client.post(address, sent)["Location"] == address
    client.post(address, corrected(held, comment="The whole thought."))
    assert "did not send them" not in read(client.get(address))
    other = signed_in(judge(cohort=cohort_of(member)))
    assert other.post(address, sent, headers=script).status_code == 404
    SeenInReview.objects.create(member=member, prompt=held.prompt)
    assert client.post(address, sent, headers=script).status_code == 409
    assert "Half a thought." in read(client.post(address, sent))
    withdraw(actor=Actor.of(member.user), member=member)
    assert client.post(address, sent, headers=script).status_code == 403


def test_of_two_windows_the_second_loses_nothing(member: Member) -> None:
    held = lease(member)
    send(held)
    client = signed_in(member)
    client.post(at("mine-correct", held), corrected(held, comment="First."))
    answer = client.post(at("mine-correct", held), corrected(held, comment="Second."))
    assert answer.status_code == 409
    page = read(answer)
    assert "in another window" in page
    assert "Second." in page
    assert 'name="revision" value="3"' in page
    again = corrected(held, comment="Second.") | {"revision": "3"}
    assert client.post(at("mine-correct", held), again).status_code == 302
    assert Judgement.objects.latest_revisions().get().comment == "Second."


@pytest.mark.parametrize("revision", ["", "x", "-1", "99999999999999999999", "٢"])
def test_a_broken_number_of_a_revision_loses_nothing(member: Member, revision: str) -> None:
    held = lease(member)
    send(held)
    sent = corrected(held, comment="Kept.") | {"revision": revision}
    answer = signed_in(member).post(at("mine-correct", held), sent)
    assert answer.status_code == 409
    assert "Kept." in answer.content.decode()


def test_missing_answers_are_named_and_nothing_is_lost(member: Member) -> None:
    held = lease(member)
    send(held)
    sent = corrected(held, comment="Kept.", comparison=None)
    answer = signed_in(member).post(at("mine-correct", held), sent)
    assert answer.status_code == 422
    assert 'href="#comparison"' in answer.content.decode()
    assert "Kept." in answer.content.decode()
    assert Judgement.objects.count() == 1


def test_after_a_freeze_the_refusal_loses_nothing() -> None:
    story = Story()
    judgement = story.judge(story.member(), story.prompt())
    release(story.study)
    held, client = judgement.assignment, signed_in(judgement.member)
    sent = {"revision": "2", "comment": "Typed for nothing?", "comparison": "A2"}
    answer = client.post(at("mine-correct", held), sent)
    assert answer.status_code == 409
    assert "may be part of a data set" in read(answer)
    assert "Typed for nothing?" in read(answer)
    page = client.get(at("mine-correct", held), follow=True)
    assert page.redirect_chain == [(at("mine-one", held), 302)]
    assert "may be part of a data set" in read(page)
    assert at("mine-correct", held) not in page.content.decode()


def test_without_consent_the_form_keeps_what_was_typed(member: Member) -> None:
    held = lease(member)
    send(held)
    withdraw(actor=Actor.of(member.user), member=member)
    client = signed_in(member)
    answer = client.post(at("mine-correct", held), corrected(held, comment="Typed."))
    assert answer.status_code == 403
    assert "Typed." in read(answer)
    assert client.get(at("mine-one", held)).status_code == 200


def test_a_skip_is_shown_and_cannot_be_corrected(member: Member) -> None:
    held = lease(member)
    client = signed_in(member)
    client.post(one_url(held), {"skip": "other", "skip_note": "It was about my town."})
    page = read(client.get(at("mine-one", held)))
    assert "It was about my town." in page
    assert at("mine-correct", held) not in page
    assert client.get(at("mine-correct", held)).status_code == 302
    assert client.post(at("mine-correct", held), corrected(held)).status_code == 409


def test_a_text_that_was_skipped_on_its_content_note_stays_covered(member: Member) -> None:
    words = "A line that nobody should read unprepared."
    made = Round.objects.get()
    asked = [{"role": "user", "content": words}]
    add_task(made, intensity=3, topics=["bereavement"], messages=asked)
    Seat.objects.filter(task__prompt__intensity=3).update(shuffle=-1)
    held = lease(member)
    client = signed_in(member)
    client.post(one_url(held), {"skip": "other", "skip_note": "Not this one."})
    listed = read(client.get(mine(member)))
    assert at("mine-one", held) in listed
    assert "Covered by its content note." in listed
    covered = [client.get(at("mine-one", held))]
    covered += [client.post(at("mine-correct", held), sent, follow=True) for sent in (
        corrected(held), {"do": "afresh"}, {"mark": "A"}
    )]  # fmt: skip
    for page in map(read, covered):
        assert "This text is heavy." in page
        assert "bereavement" in page
        assert "Not this one." in page
        assert not [one for one in held.responses.values() if one.text in page]
        assert words not in page
    assert words not in listed
    in_study = read(Caller(member).send("GET", f"studies/{member.study.slug}/own-judgements/"))
    assert words not in in_study
    assert words in read(client.get(at("mine-one", held), {"open": "1"}))


def test_an_open_assignment_is_not_in_the_list(member: Member) -> None:
    held = lease(member)
    client = signed_in(member)
    assert "Nothing yet" in read(client.get(mine(member)))
    assert client.get(at("mine-one", held)).status_code == 404


@pytest.mark.parametrize("name", ["mine-one", "mine-correct"])
def test_nobody_opens_the_work_of_others(member: Member, name: str) -> None:
    held = lease(member)
    send(held)
    for other, status in (
        (judge(cohort=cohort_of(member)), 404),
        (judge(), 404),
        (staff(member.study), 403),
        (staff(member.study, Role.AUDITOR), 403),
    ):
        client = signed_in(other)
        assert client.get(at(name, held)).status_code == status
        assert client.post(at("mine-correct", held), corrected(held)).status_code == status
    assert Client().get(at(name, held)).status_code == 302
    assert Judgement.objects.count() == 1


def test_the_list_is_for_people_who_judge(member: Member) -> None:
    for role in (Role.COORDINATOR, Role.AUDITOR, Role.ML_ENGINEER, Role.SAFETY_LEAD):
        assert signed_in(staff(member.study, role)).get(mine(member)).status_code == 403
    assert signed_in(judge()).get(mine(member)).status_code == 404


def test_the_form_of_somebody_who_was_signed_out_is_kept(member: Member) -> None:
    held = lease(member)
    send(held)
    client = signed_in(member)
    client.get(at("mine-correct", held))
    session_ends()
    sent = corrected(held, comment="Still here.") | made_here(client)
    answer = client.post(at("mine-correct", held), sent)
    assert answer.headers["Location"] == f"/account/login/?next={at('mine-correct', held)}"
    client.force_login(member.user)
    assert "Still here." in client.get(at("mine-correct", held)).content.decode()


def test_home_leads_to_it_once_something_was_judged(member: Member) -> None:
    home = reverse("desk:study", kwargs={"slug": member.study.slug})
    client = signed_in(member)
    assert mine(member) not in client.get(home).content.decode()
    send(lease(member))
    assert mine(member) in client.get(home).content.decode()


def test_the_judging_page_leads_to_it_and_saves_first(member: Member) -> None:
    held = lease(member)
    client = signed_in(member)
    answer = client.post(one_url(held), filled(held, comment="Half a thought.", do="judged"))
    assert answer.headers["Location"] == mine(member)
    held.refresh_from_db()
    assert (held.draft or {})["comment"] == "Half a thought."


def test_help_is_shown_after_a_correction_that_needs_it(member: Member) -> None:
    held = lease(member)
    send(held)
    answer = signed_in(member).post(
        at("mine-correct", held), corrected(held, comment="I want to kill myself."), follow=True
    )
    assert "You are not alone" in read(answer)
