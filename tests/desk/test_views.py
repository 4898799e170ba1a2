"""Every page of these apps, for people with and without permission."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from codesign.compensation.models import PayRate
from codesign.studies.models import Cohort, Study
from codesign.studies.rules import JUDGING, Role
from tests.factories.accounts import UserFactory
from tests.factories.annotations import judge, judging_round
from tests.factories.compensation import credit, set_rate
from tests.factories.consent import consent_text, publish
from tests.factories.studies import CohortFactory, MemberFactory, StudyFactory, staff

pytestmark = pytest.mark.django_db

ALL = frozenset(Role)
COORDINATOR = frozenset({Role.COORDINATOR})
DOORS = [
    ("desk:study", ALL),
    ("desk:trail", frozenset({Role.AUDITOR})),
    ("consent:read", JUDGING),
    ("consent:choices", JUDGING),
    ("consent:leave", JUDGING),
    ("consent:write", COORDINATOR),
    ("consent:preview", COORDINATOR),
    ("studies:about", COORDINATOR),
    ("studies:cohorts", COORDINATOR),
    ("desk:set-up", COORDINATOR),
    ("desk:open", COORDINATOR),
    ("annotations:rubrics", COORDINATOR),
    ("annotations:rubric-new", COORDINATOR),
    ("enrolment:people", COORDINATOR),
    ("compensation:mine", JUDGING),
    ("compensation:rates", COORDINATOR | {Role.AUDITOR}),
    ("compensation:entries", COORDINATOR | {Role.AUDITOR}),
    ("annotations:rounds", COORDINATOR | {Role.AUDITOR}),
    ("annotations:review", COORDINATOR | {Role.CLINICIAN}),
    ("annotations:review-decided", COORDINATOR | {Role.CLINICIAN, Role.AUDITOR}),
]


@pytest.fixture
def study() -> Study:
    study = StudyFactory.create()
    for role in sorted(JUDGING):
        set_rate(CohortFactory.create(study=study, role=role))
    publish(study)
    return study


def signed_in_as(role: Role, study: Study) -> Client:
    if role in JUDGING:
        cohort = Cohort.objects.get(study=study, role=role)
        member = MemberFactory.create(cohort=cohort)
    else:
        member = staff(study, role)
    client = Client()
    client.force_login(member.user)
    return client


@pytest.mark.parametrize("role", sorted(Role))
@pytest.mark.parametrize(("name", "allowed"), DOORS, ids=[name for name, _ in DOORS])
def test_study_pages_open_only_for_their_roles(
    name: str, allowed: frozenset[Role], role: Role, study: Study
) -> None:
    answer = signed_in_as(role, study).get(reverse(name, kwargs={"slug": study.slug}))
    if role in allowed:
        assert answer.status_code in (200, 302)
    else:
        assert answer.status_code == 403


@pytest.mark.parametrize("name", [name for name, _ in DOORS])
def test_a_study_page_tells_strangers_nothing(name: str, study: Study, client: Client) -> None:
    address = reverse(name, kwargs={"slug": study.slug})
    answer = client.get(address)
    assert answer.status_code == 302
    assert answer.headers["Location"].startswith(reverse("account_login"))
    client.force_login(UserFactory.create())
    assert client.get(address).status_code == 404
    client.force_login(staff(StudyFactory.create()).user)  # a coordinator, of another study
    assert client.get(address).status_code == 404


CHANGES = [
    ("compensation:rates", {"amount": "1", "currency": "GBP", "minutes": "3"}),
    ("annotations:pause", {}),
    ("annotations:resume", {}),
    ("desk:open", {}),
    ("studies:about", {"title": "Another name"}),
    ("studies:cohorts", {"title": "More", "role": "panelist"}),
    ("consent:write", {"title": "Another text"}),
    ("consent:preview", {"shown_hash": ""}),
    ("annotations:rubric-new", {"title": "Others"}),
]


@pytest.mark.parametrize(("name", "sent"), CHANGES, ids=[name for name, _ in CHANGES])
def test_an_auditor_changes_nothing(name: str, sent: dict[str, str], study: Study) -> None:
    before = PayRate.objects.count()
    auditor = signed_in_as(Role.AUDITOR, study)
    assert auditor.post(reverse(name, kwargs={"slug": study.slug}), sent).status_code == 403
    assert PayRate.objects.count() == before


@pytest.mark.parametrize("role", sorted(Role))
def test_staff_read_the_consent_text_whole(role: Role, study: Study) -> None:
    publish(study, title="What came later")
    content = consent_text()
    at = {"slug": study.slug, "number": 1, "language": "en"}
    client = signed_in_as(role, study)
    answer = client.get(reverse("consent:text", kwargs=at))
    if role not in (Role.COORDINATOR, Role.AUDITOR):
        assert answer.status_code == 403
        return
    page = answer.content.decode()
    for said in (
        content["title"],
        *content["key_information"],
        *(paragraph for part in content["sections"] for paragraph in part["paragraphs"]),
        *(choice["help"] for choice in content["choices"]),
    ):
        assert said in page
    home = client.get(reverse("desk:study", kwargs={"slug": study.slug})).content.decode()
    assert reverse("consent:text", kwargs=at) in home
    assert client.get(reverse("consent:text", kwargs=at | {"number": 9})).status_code == 404
    elsewhere = StudyFactory.create()
    other = reverse("consent:text", kwargs=at | {"slug": elsewhere.slug})
    for reader in (client, signed_in_as(role, elsewhere)):
        assert reader.get(other).status_code == 404


@pytest.mark.parametrize("role", [Role.COORDINATOR, Role.AUDITOR])
def test_only_coordinators_see_forms_that_change_things(role: Role, study: Study) -> None:
    cohort = Cohort.objects.get(study=study, role=Role.PANELIST)
    person = judge(cohort=cohort)
    credit(person)
    judging_round(cohort)
    client = signed_in_as(role, study)
    shown = {"compensation:rates": "Set the rate", "compensation:entries": "Reject<"}
    shown["annotations:rounds"] = "Plan a round"
    for name, words in shown.items():
        page = client.get(reverse(name, kwargs={"slug": study.slug})).content.decode()
        main = page.split("<main")[1]
        assert (words in main) is (role == Role.COORDINATOR), name
        assert person.user.email not in page


def test_only_site_admins_open_accounts(client: Client, study: Study) -> None:
    address = reverse("accounts:people")
    assert client.get(address).status_code == 302
    client.force_login(staff(study, *sorted(Role(r) for r in ALL - JUDGING)).user)
    assert client.get(address).status_code == 403
    client.force_login(UserFactory.create(is_site_admin=True))
    assert client.get(address).status_code == 200


def test_a_site_admin_has_no_way_into_a_study(client: Client, study: Study) -> None:
    client.force_login(UserFactory.create(is_site_admin=True))
    for name, _allowed in DOORS:
        assert client.get(reverse(name, kwargs={"slug": study.slug})).status_code == 404


def test_tokens_page_needs_sign_in(client: Client) -> None:
    address = reverse("accounts:tokens")
    assert client.get(address).status_code == 302
    client.force_login(UserFactory.create())
    assert client.get(address).status_code == 200


@pytest.mark.parametrize("role", sorted(Role))
def test_only_staff_see_the_link_to_tokens(role: Role, study: Study) -> None:
    client = signed_in_as(role, study)
    tokens, home = reverse("accounts:tokens"), reverse("desk:home")
    first = client.get(reverse("account_email")).content.decode()
    other = client.get(reverse("account_logout")).content.decode()
    assert (tokens in other) is (role not in JUDGING)
    assert tokens in first  # for others at the bottom of the first page, for their programs
    assert ("For programs" in first) is (role in JUDGING)
    assert client.get(tokens).status_code == 200
    for page in (first, other):
        assert f'<a href="{home}">Back to your page</a>' in page


def test_help_is_for_everybody(client: Client) -> None:  # standards 4.7
    assert client.get(reverse("care:help")).status_code == 200


def test_home_knows_where_everybody_belongs(client: Client, study: Study) -> None:
    home = reverse("desk:home")
    assert client.get(home).headers["Location"] == reverse("account_login")
    user = UserFactory.create()
    client.force_login(user)
    assert "not in a study yet" in client.get(home).content.decode()
    first = staff(study)
    client.force_login(first.user)
    assert client.get(home).headers["Location"] == reverse(
        "desk:study", kwargs={"slug": study.slug}
    )
    other = StudyFactory.create()
    MemberFactory.create(cohort=CohortFactory.create(study=other), user=first.user)
    page = client.get(home).content.decode()
    assert study.title in page
    assert other.title in page
    client.force_login(UserFactory.create(is_site_admin=True))
    assert client.get(home).headers["Location"] == reverse("accounts:people")


@pytest.mark.parametrize("role", sorted(Role))
def test_each_home_has_at_most_one_primary_button(role: Role, study: Study) -> None:
    page = signed_in_as(role, study).get(reverse("desk:study", kwargs={"slug": study.slug}))
    assert page.content.decode().count("btn-primary") <= 1
    assert page.content.decode().count("<h1") == 1
