"""What the home pages of staff show besides waiting work."""

from __future__ import annotations

import re

import pytest
from django.test import Client
from django.urls import reverse

from annotations.models import Assignment
from annotations.queries.progress import journeys
from codesign.compensation.queries.ledger import book_of
from codesign.compensation.services import ledger
from codesign.consent import queries as consent_queries
from codesign.consent import services as consent
from codesign.enrolment import services as enrolment
from codesign.shared.actors import SYSTEM, Actor
from codesign.studies.models import Cohort, Member
from codesign.studies.rules import Role, StudyState
from tests.factories.annotations import judge, judging_round, lease, send
from tests.factories.compensation import credit, set_rate
from tests.factories.consent import publish
from tests.factories.studies import CohortFactory, MemberFactory, StudyFactory, staff
from tests.support.counting import queries_of
from tests.support.pages import flowed

pytestmark = pytest.mark.django_db


def home(client: Client, member: Member) -> str:
    client.force_login(member.user)
    path = reverse("desk:study", kwargs={"slug": member.study.slug})
    return flowed(client.get(path).content)


def title(page: str) -> str:
    match = re.search(r"<h1>(.*?)</h1>", page)
    assert match
    return match[1]


def invite(cohort: Cohort, email: str) -> None:
    enrolment.invite(
        actor=SYSTEM, study=cohort.study, email=email, roles=[cohort.role], cohort=cohort
    )


@pytest.fixture
def panel() -> Cohort:
    """Five invited: one not here yet, one joined, one signed, one judging, one left."""
    cohort = CohortFactory.create(title="Lived experience")
    invite(cohort, "later@example.org")
    MemberFactory.create(cohort=cohort)
    judge(cohort=cohort)
    judges = judge(cohort=cohort)
    judging_round(cohort, tasks=1)
    send(lease(judges))
    gone = judge(cohort=cohort)
    consent.withdraw(actor=Actor.of(gone.user), member=gone)
    return cohort


def test_from_invitation_to_judging(panel: Cohort, client: Client) -> None:
    staff(panel.study)  # does not judge, and is not counted
    [journey] = journeys(study_id=panel.study_id)
    assert (journey.invited, journey.joined, journey.signed, journey.judging) == (5, 4, 2, 1)
    assert (journey.to_sign_again, journey.left) == (0, 1)
    page = home(client, staff(panel.study))
    picture = page[page.index("From invitation to judging") :]
    for said in ("80% of those invited", "50% of those who joined", "50% of those who signed"):
        assert said in picture, said
    assert "1 has left." in picture
    assert picture.count('<progress aria-hidden="true" max="5"') == 4  # said in figures beside it
    assert "By cohort" not in picture
    clinic = CohortFactory.create(study=panel.study, title="Clinic", role=Role.CLINICIAN)
    invite(clinic, "clinician@example.org")
    publish(panel.study, title="Another text")
    journey, other = journeys(study_id=panel.study_id)
    assert (journey.signed, journey.judging, journey.to_sign_again) == (0, 0, 2)
    assert (other.invited, other.joined) == (1, 0)
    page = home(client, staff(panel.study))
    assert "By cohort" in page
    assert "2 need to sign the new consent text." in page


def test_example_judgements_are_marked_everywhere() -> None:
    cohort = CohortFactory.create()
    member = judge(cohort=cohort)
    judging_round(cohort, tasks=1)
    assignment = lease(member)
    send(assignment)
    assert journeys(study_id=cohort.study_id)[0].judging == 1
    Assignment.objects.filter(id=assignment.id).update(example=True)
    assert journeys(study_id=cohort.study_id)[0].judging == 0


def test_an_empty_study_has_no_picture(client: Client) -> None:
    assert "From invitation to judging" not in home(client, staff(StudyFactory.create()))


@pytest.mark.parametrize(
    ("roles", "words"),
    [
        ([Role.COORDINATOR], "To do today"),
        ([Role.AUDITOR, Role.ML_ENGINEER], "To do today"),
        ([Role.SAFETY_LEAD], "Safety in this study"),
        ([Role.AUDITOR], "What you can read here"),
    ],
)
def test_home_heading_depends_on_roles(roles: list[Role], words: str, client: Client) -> None:
    page = home(client, staff(StudyFactory.create(state=StudyState.DRAFT), *roles))
    assert title(page) == words
    assert page.count("btn-primary") == 1


def test_an_auditor_is_led_to_everything_that_opens_for_them(panel: Cohort, client: Client) -> None:
    auditor = staff(panel.study, Role.AUDITOR)
    credit(judge(cohort=panel), 1250)
    page = home(client, auditor)
    version = consent_queries.current_version(study_id=panel.study_id, language="en")
    assert version
    assert version.content_hash in page
    assert "signed 4 times, 1 withdrawn" in page
    assert "£13.30" in page  # with the one text that the round paid for
    keys = {"slug": panel.study.slug}
    for name in (
        "desk:trail",
        "annotations:releases",
        "annotations:rounds",
        "annotations:review-decided",
        "compensation:rates",
        "compensation:entries",
        "modelhub:runs",
        "modelhub:training-runs",
        "modelhub:models",
    ):
        address = reverse(name, kwargs=keys)
        assert f'href="{address}"' in page
        assert client.get(address).status_code == 200
    for closed in ("enrolment:people", "annotations:review", "compensation:mine"):
        assert f'href="{reverse(closed, kwargs=keys)}"' not in page
    few = queries_of(client, reverse("desk:study", kwargs=keys))
    for number in range(3):
        publish(panel.study, title=f"Text {number}")
        credit(judge(cohort=panel))
    assert queries_of(client, reverse("desk:study", kwargs=keys)) == few


def test_safety_lead_page_says_what_exists(panel: Cohort, client: Client) -> None:
    page = home(client, staff(panel.study, Role.SAFETY_LEAD))
    assert "The rota or the text on what you do in distress is missing." in page
    assert f'href="{reverse("care:plan", kwargs={"slug": panel.study.slug})}"' in page
    assert reverse("annotations:review", kwargs={"slug": panel.study.slug}) not in page
    assert "From invitation to judging" not in page


def test_the_book_adds_up_per_study_and_currency(client: Client) -> None:
    member = MemberFactory.create()
    set_rate(member.cohort)
    wrong = credit(member, 500)
    credit(member, 80)
    credit(member, 70, currency="EUR")
    credit(MemberFactory.create(), 999)  # in another study
    ledger.reverse(transfer=wrong)
    euro, pound = book_of(study_id=member.study_id)
    assert (euro.currency, euro.earned, euro.entries, euro.corrected) == ("EUR", 70, 1, 0)
    assert (pound.currency, pound.earned, pound.entries, pound.corrected) == ("GBP", 80, 3, 1)
    assert euro.balanced
    assert pound.balanced
    page = home(client, staff(member.study))
    assert "£0.80" in page
    assert "1 of them is a correction." in page
