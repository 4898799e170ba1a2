"""Moods, check-ins and how a person works, through their pages."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from annotations.models import Assignment
from annotations.rules.states import Ask
from codesign.audit.models import Event
from codesign.care.models import Adjustments, Case, CheckIn, Mood, SupportedTime
from codesign.care.services import check_ins, moods
from codesign.consent import services as consent
from codesign.consent.rules import WithdrawalLevel
from codesign.shared.actors import Actor
from codesign.studies.models import Member
from codesign.studies.rules import Role
from tests.factories.annotations import judge, judging_round
from tests.factories.cases import lead_of
from tests.factories.studies import MemberFactory, staff
from tests.support.counting import queries_of
from tests.support.judging_page import filled, held, judge_url, one_url, signed_in
from tests.support.pages import flowed

pytestmark = pytest.mark.django_db
CHOICES = {
    "text_size": "large",
    "line_spacing": "wide",
    "left_out": ["ranking", "rewrite"],
    "lease_times": "2",
    "supported": "on",
    "asks_mood": "on",
}
ASKED = "How are you today?"
AFTER = "How are you now?"
WORSE = "Thank you for saying how you feel"


@pytest.fixture
def member() -> Member:
    member = judge()
    judging_round(member.cohort, tasks=3, overlap=2)
    return member


def url(member: Member, name: str) -> str:
    return reverse(f"care:{name}", kwargs={"slug": member.study.slug})


def home(client: Client, member: Member) -> str:
    return text_of(client, reverse("desk:study", kwargs={"slug": member.study.slug}))


def text_of(client: Client, address: str) -> str:
    return flowed(client.get(address).content.decode())


def after(member: Member) -> str:
    return reverse("annotations:judge-after", kwargs={"slug": member.study.slug})


def stopped(client: Client, member: Member) -> str:
    client.get(judge_url(member))
    page = client.post(one_url(held(member)), filled(held(member), do="stop"), follow=True)
    return flowed(page.content.decode())


# --- moods ---------------------------------------------------------------------------------------


def test_a_drop_offers_a_paid_stop_and_only_safety_leads_know(member: Member) -> None:
    """Standards 4.6."""
    lead = lead_of(member.study)
    client, events = signed_in(member), Event.objects.count()
    assert ASKED in home(client, member)
    client.post(url(member, "mood"), {"moment": "before", "face": "5"})
    assert ASKED not in home(client, member)
    assert Event.objects.count() == events
    page = stopped(client, member)
    assert AFTER in page
    assert WORSE not in page
    events = Event.objects.count()
    sent = client.post(url(member, "mood"), {"moment": "after", "face": "3", "next": after(member)})
    assert sent["Location"] == after(member)
    assert Event.objects.count() == events
    page = text_of(client, after(member))
    assert WORSE in page
    assert "the text that you had open is paid" in page
    assert AFTER not in page
    assert not Case.objects.exists()  # nothing happens unless they want it
    text = Assignment.objects.get()
    client.post(one_url(text), {"do": "support"})
    text.refresh_from_db()
    case = Case.objects.get()
    assert (text.skip_paid, case.reason) == (True, "mood")
    assert WORSE not in text_of(client, after(member))
    seen = signed_in(lead)
    assert "before: Very good, after: In between" in text_of(seen, url(member, "cases"))
    one = reverse("care:case", kwargs={"slug": member.study.slug, "case_id": case.id})
    assert "before: Very good, after: In between" in text_of(seen, one)
    few = queries_of(seen, url(member, "cases"))
    for _ in range(4):
        moods.say(member=judge(cohort=member.cohort), moment="before", face=2)
    assert queries_of(seen, url(member, "cases")) == few


@pytest.mark.parametrize("face", ["1", "2"])
def test_a_bad_mood_is_answered_whenever_it_is_said(member: Member, face: str) -> None:
    lead_of(member.study)
    client = signed_in(member)
    client.post(url(member, "mood"), {"moment": "before", "face": face})
    page = home(client, member)
    assert WORSE in page
    assert url(member, "ask") in page
    assert reverse("care:help") in page
    page = stopped(client, member)
    assert WORSE in page
    assert "You judged 0" not in page
    client.post(url(member, "ask"))
    assert Case.objects.get().reason == "asked"
    assert WORSE not in home(client, member)
    client.post(url(member, "mood"), {"moment": "after", "face": "5"})
    assert WORSE not in text_of(client, after(member))


def test_nobody_is_asked_twice_a_day_or_against_their_will(member: Member) -> None:
    client = signed_in(member)
    client.post(url(member, "mood"), {"moment": "before", "face": "pass"})
    assert ASKED not in home(client, member)
    assert AFTER not in stopped(client, member)
    Mood.objects.all().delete()
    client.post(url(member, "mood"), {"moment": "before", "face": "off"})
    assert not Mood.objects.exists()
    assert ASKED not in home(client, member)
    assert AFTER not in stopped(client, member)
    client.post(url(member, "how-you-work"), CHOICES)
    assert ASKED in home(client, member)
    for bad in ({"moment": "noon", "face": "1"}, {"moment": "after", "face": "6"}, {}):
        client.post(url(member, "mood"), bad)
    assert not Mood.objects.exists()
    elsewhere = {"moment": "after", "face": "4", "next": "https://example.org/"}
    assert client.post(url(member, "mood"), elsewhere)["Location"].startswith("/studies/")


def test_moods_are_their_owners_to_see_and_delete(member: Member) -> None:
    client = signed_in(member)
    other = judge(cohort=member.cohort)
    for one in (member, other):
        moods.say(member=one, moment="before", face=2)
    page = text_of(client, url(member, "how-you-work"))
    assert "before: Bad" in page
    client.post(url(member, "forget-moods"))
    assert list(Mood.objects.values_list("member", flat=True)) == [other.id]
    assert "Delete all of this" not in text_of(client, url(member, "how-you-work"))


def test_erasure_deletes_what_they_said(member: Member) -> None:
    client = signed_in(member)
    client.post(url(member, "how-you-work"), CHOICES)
    moods.say(member=member, moment="before", face=2)
    check_ins.ask_for(member=member, days=1)
    level = WithdrawalLevel.ERASE
    consent.withdraw(actor=Actor.of(member.user), member=member, level=level)
    for model in (Mood, CheckIn, Adjustments, SupportedTime):
        assert not model.objects.exists()
    assert client.post(url(member, "mood"), {"moment": "before", "face": "1"}).status_code == 403
    assert not Mood.objects.exists()


@pytest.mark.parametrize("name", ["mood", "ask-for-check-in", "how-you-work", "forget-moods"])
def test_only_people_who_judge_use_these_doors(member: Member, name: str) -> None:
    address = url(member, name)
    for refused in (staff(member.study, Role.SAFETY_LEAD), staff(member.study)):
        assert signed_in(refused).post(address).status_code == 403
    assert signed_in(MemberFactory.create()).post(address).status_code == 404
    assert Client().post(address)["Location"].startswith("/account/login/")


# --- after a session -----------------------------------------------------------------------------


def test_after_a_session_it_is_said_what_was_done_and_earned(member: Member) -> None:
    """Standards 4.11."""
    client = signed_in(member)
    assert "You judged" not in text_of(client, after(member))
    client.get(judge_url(member))
    first = held(member)
    client.post(one_url(first), filled(first, rewrite_A="I am here, and I have time."))
    page = stopped(client, member)
    for words in ("You judged 1 text.", "You wrote 1 reply of your own.", "1 done", "Helplines"):
        assert words in page, words
    assert reverse("annotations:mine", kwargs={"slug": member.study.slug}) in page
    sent = client.post(url(member, "ask-for-check-in"), {"days": "2", "next": after(member)})
    assert sent["Location"] == after(member)
    assert "We write to you on" in text_of(client, after(member))
    client.post(url(member, "ask-for-check-in"), {"days": "0"})
    assert not CheckIn.objects.exists()
    client.post(url(member, "ask-for-check-in"), {"days": "9"})
    assert not CheckIn.objects.exists()


def test_a_check_in_leads_to_somebody_to_talk_to(member: Member) -> None:
    client, other = signed_in(member), signed_in(MemberFactory.create())
    check_in = check_ins.ask_for(member=member, days=1)
    address = reverse("care:check-in", kwargs={"check_in_id": check_in.id})
    assert member.study.slug not in address
    assert "I am fine" not in text_of(other, address)
    other.post(address, {"do": "talk"})
    assert not Case.objects.exists()
    page = text_of(client, address)
    assert "I am fine" in page
    assert "116" in page
    sent = client.post(address, {"do": "talk"})
    case = Case.objects.get(member=member)
    assert (case.state, case.reason) == ("open", "asked")
    assert str(case.id) in sent["Location"]
    assert "There is nothing to do here" in text_of(client, address)


# --- how a person works --------------------------------------------------------------------------


def test_what_is_chosen_holds_from_the_next_text_on(member: Member) -> None:
    """Standards 5.7."""
    client = signed_in(member)
    client.get(judge_url(member))
    usual = held(member)
    assert client.post(url(member, "how-you-work"), CHOICES).status_code == 302
    page = client.get(url(member, "how-you-work")).content.decode()
    assert 'data-text="large" data-lines="wide"' in page
    client.post(one_url(usual), filled(usual))
    adjusted = held(member)
    assert Ask.RANKING in usual.asks
    assert adjusted.asks == [Ask.RATING, Ask.HIGHLIGHT, Ask.FLAG]
    assert adjusted.amount_minor == usual.amount_minor
    times = (adjusted.expires_at - adjusted.leased_at) / (usual.expires_at - usual.leased_at)
    assert times == 2
    sent = client.post(one_url(adjusted), filled(adjusted, comparison=None))
    assert sent.status_code == 200
    adjusted.refresh_from_db()
    assert adjusted.state == "submitted"


def test_the_trail_says_that_something_changed_and_not_what(member: Member) -> None:
    client = signed_in(member)
    for _ in range(2):
        client.post(url(member, "how-you-work"), CHOICES)
    event = Event.objects.get(action="care.adjusted")
    assert event.data == {}
    assert SupportedTime.objects.get().ended_at is None
    client.post(url(member, "how-you-work"), CHOICES | {"supported": ""})
    assert SupportedTime.objects.get().ended_at is not None
    assert Event.objects.filter(action="care.adjusted").count() == 2
    refused = client.post(url(member, "how-you-work"), CHOICES | {"lease_times": "5"})
    assert refused.status_code == 400
    assert Adjustments.objects.get().lease_times == 2
