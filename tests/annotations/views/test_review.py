"""Staff who read heavy texts in a review have a content note, Help and breaks (standards 4.14)."""

from __future__ import annotations

import pytest
from django.urls import reverse

from annotations.models import Flag, OwnText, TopicChoice
from annotations.services import review as service
from codesign.shared.actors import Actor
from codesign.studies.models import Member
from codesign.studies.rules import Role
from tests.factories.annotations import add_task, judge, judging_round, lease, send
from tests.factories.studies import CohortFactory, staff
from tests.support.judging_page import cohort_of, signed_in
from tests.support.pages import flowed

pytestmark = pytest.mark.django_db
NOTE = "Before you read"
REPORT = "It gives orders to somebody in pain."
BREAK = "Would you like a break?"
SUPPORT = "You are not alone."


@pytest.fixture
def member() -> Member:
    return judge()


def report(member: Member, *, intensity: int, count: int = 1) -> list[Flag]:
    made = judging_round(cohort_of(member), tasks=0, criteria=("heard",))
    flags = []
    for n in range(count):
        add_task(made, intensity=intensity, topics=["loss"])
        held = lease(member)
        flag = {"response": str(held.order_shown[0]), "harm": "other", "severity": 1}
        sent = send(held, key=f"{intensity} {n}", flags=[flag | {"note": REPORT}])
        flags.append(sent.judgement.flags.get())
    return flags


def url(member: Member, name: str, **keys: object) -> str:
    return reverse(f"annotations:{name}", kwargs={"slug": member.study.slug, **keys})


def test_a_heavy_text_is_covered_until_its_reader_opens_it(member: Member) -> None:
    (flag,) = report(member, intensity=3)
    client = signed_in(staff(member.study))
    asked = flag.response.prompt.messages[0]["content"]
    one = url(member, "review-decide", kind="flags", item_id=flag.id)
    for address in (url(member, "review"), url(member, "review-list"), one):
        page = client.get(address).content.decode()
        for words in (REPORT, asked, flag.response.text):
            assert words not in page, address
        assert "loss" in page
    page = flowed(client.get(url(member, "review")).content)
    for words in (NOTE, "This text is heavy.", "Leave for later", "Take a break", "Help"):
        assert words in page, words
    assert f"{one}?open=1&amp;on=1" in page
    page = client.get(f"{one}?open=1&on=1").content.decode()
    assert REPORT in page
    assert NOTE not in page
    done = client.post(f"{one}?open=1&on=1", {"state": "upheld", "seen": "reported"})
    assert done["Location"].startswith(url(member, "review") + "?")
    decided = client.get(url(member, "review-decided")).content.decode()
    assert "loss" in decided
    assert asked not in decided


def test_a_lighter_text_is_shown(member: Member) -> None:
    report(member, intensity=2)
    page = signed_in(staff(member.study)).get(url(member, "review")).content.decode()
    assert REPORT in page
    assert NOTE not in page


def test_a_clinician_is_asked_first_about_a_topic_that_they_do_not_want(member: Member) -> None:
    report(member, intensity=1)
    clinician = judge(cohort=CohortFactory.create(study=member.study, role=Role.CLINICIAN))
    client, addresses = signed_in(clinician), (url(member, "review"), url(member, "review-list"))
    for address in addresses:
        assert REPORT in client.get(address).content.decode()
    for choice, covered in (("never", True), ("ask", True), ("fine", False)):
        TopicChoice.objects.filter(member=clinician).delete()
        TopicChoice.objects.create(member=clinician, topic="loss", choice=choice)
        for address in addresses:
            assert (REPORT not in client.get(address).content.decode()) is covered


def test_a_break_is_offered_after_heavy_texts(member: Member) -> None:
    flags = report(member, intensity=2, count=21)
    reviewer = staff(member.study)
    client, address = signed_in(reviewer), url(member, "review")
    for flag in flags[:19]:
        actor = Actor.of(reviewer.user)
        service.decide(actor=actor, kind="flags", item_id=flag.id, state="upheld")  # type: ignore[arg-type]
    assert BREAK not in client.get(f"{address}?kind=flags&on=1").content.decode()
    one = url(member, "review-decide", kind="flags", item_id=flags[19].id)
    after = client.post(one, {"state": "upheld", "seen": "reported"}, follow=True)
    assert BREAK in after.content.decode()
    assert BREAK not in client.get(f"{address}?kind=flags").content.decode()


def test_help_after_a_note_is_shown_on_the_list_too(member: Member) -> None:
    (flag,) = report(member, intensity=1)
    client = signed_in(staff(member.study))
    one = url(member, "review-decide", kind="flags", item_id=flag.id)
    client.post(one, {"state": "upheld", "note": "Some days I want to kill myself too."})
    assert OwnText.objects.exists()
    assert SUPPORT in client.get(url(member, "review-list")).content.decode()
    assert SUPPORT not in client.get(url(member, "review-list")).content.decode()
