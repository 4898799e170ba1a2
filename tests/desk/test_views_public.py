"""The pages of studies that need no account, and asking to take part without telling anything."""

from __future__ import annotations

from functools import partial

import pytest
from django.test import Client
from django.urls import reverse

from codesign.accounts.models import OutgoingMail
from codesign.audit.models import Event
from codesign.enrolment.models import Invitation, PlaceRequest
from codesign.enrolment.services import MOST_REQUESTS, ask_to_take_part
from codesign.studies.models import Member, Study
from codesign.studies.rules import StudyState
from tests.factories.accounts import UserFactory
from tests.factories.annotations import judge, judging_round
from tests.factories.studies import CohortFactory, staff
from tests.support.counting import queries_of
from tests.support.judging_page import signed_in
from tests.support.pages import flowed
from tests.support.together import at_once, kinds

pytestmark = pytest.mark.django_db
LIST = reverse("desk:public-studies")
THANKS = "the people who run the study write."


@pytest.fixture
def member() -> Member:
    """A panelist of a public study."""
    member = judge()
    judging_round(member.cohort, tasks=1)
    set_public(member.study)
    return member


def set_public(study: Study, *, is_public: bool = True) -> None:
    address = reverse("studies:about", kwargs={"slug": study.slug})
    sent = {"do": "public"} | ({"is_public": "on"} if is_public else {})
    assert signed_in(staff(study)).post(address, sent).status_code == 302
    study.refresh_from_db()


def url(study: Study) -> str:
    return reverse("desk:public-study", kwargs={"slug": study.slug})


def people(study: Study) -> str:
    return reverse("enrolment:people", kwargs={"slug": study.slug})


def text_of(client: Client, address: str) -> str:
    return flowed(client.get(address).content.decode())


def test_a_study_is_public_only_if_its_coordinator_says_so_and_while_it_is_open() -> None:
    study = judge().study
    assert study.is_public is False
    assert Client().get(url(study)).status_code == 404
    set_public(study)
    assert Event.objects.get(action="studies.made_public").data == {"public": True}
    assert study.title in text_of(Client(), LIST)
    Study.objects.filter(id=study.id).update(state=StudyState.PAUSED)
    assert study.title not in text_of(Client(), LIST)
    assert Client().get(url(study)).status_code == 404
    assert Client().post(url(study), {"email": "a@example.org"}).status_code == 404
    Study.objects.filter(id=study.id).update(state=StudyState.OPEN)
    set_public(study, is_public=False)
    assert Client().get(url(study)).status_code == 404


def test_the_page_says_what_is_asked_paid_and_promised(member: Member) -> None:
    study = member.study
    page = text_of(Client(), url(study))
    for words in (
        study.title,
        study.organisation,
        f"mailto:{study.contact}",
        "Rate every reply",
        "for each text",
        "an hour",
        "What happens with your answers",
        "English",
        "United Kingdom",
        reverse("care:help"),
    ):
        assert words in page, words
    few = queries_of(Client(), url(study))
    for _ in range(3):
        judging_round(CohortFactory.create(study=study), tasks=1)
    assert queries_of(Client(), url(study)) == few
    few = queries_of(Client(), LIST)
    set_public(judge().study)
    assert queries_of(Client(), LIST) == few


def test_asking_tells_nothing_about_an_address(member: Member) -> None:
    study = member.study
    coordinator = signed_in(staff(study))
    invited = "invited@example.org"
    place = {"email": invited, "place": f"cohort:{member.cohort and member.cohort.key}"}
    coordinator.post(people(study), place)
    mails = OutgoingMail.objects.count()
    addresses = [member.user.email, invited, UserFactory.create().email, "new@example.org"]
    answers = set()
    for address in addresses:
        for _ in range(2):
            sent = Client(REMOTE_ADDR="192.0.2.1").post(url(study), {"email": address}, follow=True)
            page = sent.content.decode()
            assert THANKS in flowed(page)
            answers.add((sent.redirect_chain[0], page.count("<li"), len(page) // 100))
    assert len(answers) == 1
    assert OutgoingMail.objects.count() == mails
    stored = PlaceRequest.objects.values_list("email", flat=True)
    assert set(stored) == set(addresses[2:])
    assert Client().post(url(study), {"email": "no address"}).status_code == 400


def test_a_coordinator_invites_from_the_request_or_removes_it(member: Member) -> None:
    study = member.study
    for address in ("Ada@example.org", "bob@example.org"):
        Client(REMOTE_ADDR="192.0.2.2").post(url(study), {"email": address})
    coordinator = signed_in(staff(study))
    home = text_of(coordinator, reverse("desk:study", kwargs={"slug": study.slug}))
    assert "2 people ask to take part" in home
    first, second = PlaceRequest.objects.order_by("email")
    page = text_of(coordinator, people(study) + f"?request={first.id}")
    assert 'value="ada@example.org"' in page
    for bad in ("?request=x", f"?request={member.id}"):
        assert coordinator.get(people(study) + bad).status_code == 200
    place = {"email": "ada@example.org", "place": f"cohort:{member.cohort and member.cohort.key}"}
    assert coordinator.post(people(study), place).status_code == 302
    assert Invitation.objects.get().email == "ada@example.org"
    dismiss = reverse("enrolment:dismiss", kwargs={"slug": study.slug, "request_id": second.id})
    assert signed_in(member).post(dismiss).status_code == 403
    other = signed_in(staff(judge().study))
    assert other.post(dismiss).status_code == 404
    for _ in range(2):
        assert coordinator.post(dismiss).status_code == 302
    assert not PlaceRequest.objects.exists()
    assert Event.objects.filter(action="enrolment.place_dismissed").count() == 1


def test_asking_is_limited(member: Member) -> None:
    asker = Client(REMOTE_ADDR="192.0.2.3")
    answers = [
        asker.post(url(member.study), {"email": f"p{n}@example.org"}).status_code for n in range(41)
    ]
    assert 429 in answers
    waiting = PlaceRequest.objects.filter(study=member.study)
    PlaceRequest.objects.bulk_create(
        PlaceRequest(study=member.study, email=f"q{n}@example.org")
        for n in range(MOST_REQUESTS - waiting.count())
    )
    sent = Client(REMOTE_ADDR="192.0.2.4").post(url(member.study), {"email": "last@example.org"})
    assert sent.status_code == 302
    assert waiting.count() == MOST_REQUESTS


@pytest.mark.django_db(transaction=True)
def test_requests_at_once_stay_below_the_cap() -> None:
    study = judge().study
    set_public(study)
    PlaceRequest.objects.bulk_create(
        PlaceRequest(study=study, email=f"q{n}@example.org") for n in range(MOST_REQUESTS - 2)
    )
    asks = [partial(ask_to_take_part, study=study, email=f"p{n}@example.org") for n in range(8)]
    assert kinds(at_once(*asks)) == ["NoneType"] * 8
    assert PlaceRequest.objects.filter(study=study).count() == MOST_REQUESTS


def test_somebody_without_a_study_finds_a_way_on(member: Member) -> None:
    client = Client()
    client.force_login(UserFactory.create())
    page = text_of(client, reverse("desk:home"))
    assert url(member.study) in page
    assert "I was invited" in page
    assert reverse("account_email") in page
    set_public(member.study, is_public=False)
    assert "No study is looking for people right now" in text_of(client, reverse("desk:home"))
    assert LIST in text_of(Client(), reverse("account_login"))


def test_only_coordinators_show_a_study(member: Member) -> None:
    address = reverse("studies:about", kwargs={"slug": member.study.slug})
    assert signed_in(member).post(address, {"do": "public"}).status_code == 403
    member.study.refresh_from_db()
    assert member.study.is_public
