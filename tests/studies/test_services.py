"""Making a study, handing it over, and what its coordinator says about it."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from codesign.accounts.models import OutgoingMail
from codesign.audit.models import Event
from codesign.audit.registry import ACTIONS, OnErasure
from codesign.enrolment import services as enrolment
from codesign.enrolment.models import Invitation
from codesign.shared.actors import SYSTEM, Actor
from codesign.shared.errors import Conflict, NotFound
from codesign.studies import services
from codesign.studies.models import Cohort, Member, Study
from codesign.studies.rules import Role, StudyState
from tests.factories.accounts import UserFactory
from tests.factories.compensation import set_rate
from tests.factories.studies import CohortFactory, MemberFactory, StudyFactory, staff
from tests.support.counting import queries_of
from tests.support.sessions import shown_lately
from tests.support.studies import NEW

pytestmark = pytest.mark.django_db


@pytest.fixture
def admin(client: Client) -> Client:
    client.force_login(UserFactory.create(email="ada@example.org", is_site_admin=True))
    return shown_lately(client)


def make(admin: Client, **changes: str) -> Any:
    return admin.post(reverse("desk:study-new"), NEW | changes)


def test_a_study_begins_as_a_draft_with_an_invited_coordinator(admin: Client) -> None:
    assert make(admin).headers["Location"] == reverse("desk:studies")
    study = Study.objects.get()
    assert (study.state, study.slug, study.organisation) == (
        StudyState.DRAFT,
        "quiet-nights",
        "Made-up Sleep Group",
    )
    assert not Member.objects.exists()
    invitation = Invitation.objects.get()
    assert (invitation.email, invitation.roles) == ("cora@example.org", [Role.COORDINATOR])
    mail = OutgoingMail.objects.get()
    assert mail.to == "cora@example.org"
    assert "Made-up Sleep Group invites you to work on a study" in mail.body
    assert "as coordinator." in mail.body
    assert reverse("account_signup") in mail.body
    made = Event.objects.get(action="studies.made")
    assert made.actor_id is not None
    page = admin.get(reverse("desk:studies")).content.decode()
    assert "cora@example.org" in page
    assert admin.get(reverse("desk:set-up", kwargs={"slug": study.slug})).status_code == 404


def test_coordinator_with_an_account_joins_immediately(admin: Client) -> None:
    answer = make(admin, email="ADA@example.org")
    assert answer.headers["Location"] == reverse("desk:set-up", kwargs={"slug": "quiet-nights"})
    assert Member.objects.get().user.email == "ada@example.org"
    assert admin.get(answer.headers["Location"]).status_code == 200


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"slug": "two words"}, "Please use only lower-case letters, digits and hyphens."),
        ({"slug": "taken"}, "Another study has this address."),
        ({"slug": "TAKEN"}, "Another study has this address."),
        ({"email": "nobody"}, "Please check this address"),
        ({"contact": ""}, "Please fill this in."),
        ({"contact": f"{'a' * 250}@example.org"}, "Please keep this to 254 characters"),
        ({"email": f"{'a' * 250}@example.org"}, "Please keep this to 254 characters"),
        ({"title": "x" * 201}, "Please keep this to 200 characters"),
    ],
)
def test_refused_study_says_why_and_is_not_created(
    changes: dict[str, str], says: str, admin: Client
) -> None:
    StudyFactory.create(slug="taken")
    answer = make(admin, **changes)
    assert answer.status_code == 400
    page = answer.content.decode()
    assert says in page
    assert "How replies feel." in page
    assert Study.objects.count() == 1
    assert not Invitation.objects.exists()


def test_a_site_admin_names_a_coordinator_only_where_nobody_runs_the_study(admin: Client) -> None:
    make(admin)
    study = Study.objects.get()
    address = reverse("desk:coordinator", kwargs={"slug": study.slug})
    again = admin.post(address, {"email": "cora@example.org"})
    assert again.status_code == 400
    assert "already been invited" in again.content.decode()
    assert admin.post(address, {"email": "carl@example.org"}).status_code == 302
    assert Invitation.objects.count() == 2
    member = staff(study)
    assert admin.get(address).headers["Location"] == reverse("desk:studies")
    assert admin.post(address, {"email": "eve@example.org"}).status_code == 302
    assert Invitation.objects.count() == 2
    member.user.is_active = False
    member.user.save()
    assert admin.get(address).status_code == 200


@pytest.mark.parametrize("role", sorted(set(Role) - {Role.PANELIST, Role.CLINICIAN}))
def test_a_site_admin_has_no_way_into_a_study_that_is_run(role: Role) -> None:
    study = StudyFactory.create()
    staff(study)
    actor = Actor.of(UserFactory.create(is_site_admin=True))
    user = UserFactory.create()
    with pytest.raises(NotFound, match="not in it"):
        services.add_member(actor=actor, study=study, user=user, roles=[role])
    with pytest.raises(NotFound, match="not in it"):
        enrolment.invite(actor=actor, study=study, email="x@example.org", roles=[role])


@pytest.mark.parametrize("role", sorted(set(Role) - {Role.COORDINATOR}))
def test_site_admin_can_only_add_a_coordinator_to_a_new_study(role: Role) -> None:
    cohort = CohortFactory.create()
    actor = Actor.of(UserFactory.create(is_site_admin=True))
    with pytest.raises(NotFound, match="not in it"):
        enrolment.invite(
            actor=actor, study=cohort.study, email="x@example.org", roles=[role], cohort=None
        )
    with pytest.raises(NotFound, match="not in it"):
        enrolment.invite(
            actor=actor,
            study=cohort.study,
            email="x@example.org",
            roles=[Role.COORDINATOR, role],
        )


@pytest.mark.parametrize("name", ["desk:studies", "desk:study-new"])
def test_only_site_admins_list_all_studies(name: str, client: Client) -> None:
    address = reverse(name)
    assert client.get(address).status_code == 302
    client.force_login(staff(StudyFactory.create()).user)
    assert client.get(address).status_code == 403
    assert client.post(address, NEW).status_code in (403, 405)
    assert Study.objects.count() == 1
    other = StudyFactory.create()
    named = reverse("desk:coordinator", kwargs={"slug": other.slug})
    assert client.post(named, {"email": "me@example.org"}).status_code == 403


def test_the_list_makes_constant_queries(admin: Client) -> None:
    staff(StudyFactory.create())
    few = queries_of(admin, reverse("desk:studies"))
    for number in range(3):
        study = StudyFactory.create(state=StudyState.DRAFT)
        staff(study)
        enrolment.invite(
            actor=SYSTEM, study=study, email=f"c{number}@example.org", roles=["coordinator"]
        )
    assert queries_of(admin, reverse("desk:studies")) == few


def test_coordinator_changes_the_description(client: Client) -> None:
    study = StudyFactory.create(state=StudyState.DRAFT)
    client.force_login(staff(study).user)
    address = reverse("studies:about", kwargs={"slug": study.slug})
    assert study.title in client.get(address).content.decode()
    said = {"title": "Another", "summary": "S.", "organisation": "O", "contact": "o@example.org"}
    assert client.post(address, said | {"contact": ""}).status_code == 400
    assert client.post(address, said).status_code == 302
    study.refresh_from_db()
    assert {name: getattr(study, name) for name in said} == said
    event = Event.objects.get(action="studies.described")
    assert event.data == {"changed": ["title", "summary", "organisation", "contact"]}
    assert client.post(address, said).status_code == 302  # nothing new, nothing recorded
    assert Event.objects.filter(action="studies.described").count() == 1


def test_cohorts_are_made_renamed_and_taken_out(client: Client) -> None:
    study = StudyFactory.create(state=StudyState.DRAFT)
    client.force_login(staff(study).user)
    address = reverse("studies:cohorts", kwargs={"slug": study.slug})
    for title in ("Lived experience", "Lived experience!", "生活"):
        assert client.post(address, {"title": title, "role": "panelist"}).status_code == 302
    made = list(Cohort.objects.filter(study=study))
    assert [cohort.key for cohort in made] == [
        "lived-experience",
        "lived-experience-2",
        "panelist",
    ]
    assert [cohort.position for cohort in made] == [0, 1, 2]
    assert client.post(address, {"title": "X", "role": "coordinator"}).status_code == 400
    one = reverse("studies:cohort", kwargs={"slug": study.slug, "cohort_id": made[1].id})
    assert client.post(one, {"title": "Families"}).status_code == 302
    taken = client.post(one, {"title": "Lived experience"})
    assert taken.status_code == 400
    assert "Another cohort has this name." in taken.content.decode()
    drop = reverse("studies:cohort-drop", kwargs={"slug": study.slug, "cohort_id": made[2].id})
    assert "Delete" in client.get(drop).content.decode()
    assert client.post(drop).status_code == 302
    there = Cohort.objects.filter(study=study).values_list("key", "title")
    assert list(there) == [
        ("lived-experience", "Lived experience"),
        ("lived-experience-2", "Families"),
    ]
    again = client.post(address, {"title": "Families", "role": "clinician"})
    assert "Another cohort has this name." in again.content.decode()
    assert client.post(drop).status_code == 302  # pressed twice
    other = CohortFactory.create()
    for name in ("studies:cohort", "studies:cohort-drop"):
        keys = {"slug": study.slug, "cohort_id": other.id}
        assert client.get(reverse(name, kwargs=keys)).status_code == 404
        client.post(reverse(name, kwargs=keys), {"title": "X"})
    assert Cohort.objects.filter(id=other.id, title=other.title).exists()


@pytest.mark.parametrize("by", ["people", "pay"])
def test_a_cohort_that_something_hangs_on_stays(by: str) -> None:
    cohort = CohortFactory.create()
    if by == "people":
        MemberFactory.create(cohort=cohort)
    else:
        set_rate(cohort)
    with pytest.raises(Conflict, match="so it cannot be deleted"):
        services.drop_cohort(actor=SYSTEM, study=cohort.study, cohort_id=cohort.id)
    assert Cohort.objects.filter(id=cohort.id).exists()
    assert not Event.objects.filter(action="studies.cohort_dropped").exists()


@pytest.mark.parametrize(
    "name",
    ["described", "cohort_renamed", "cohort_dropped"],
)
def test_audit_data_of_a_study_is_not_personal(name: str) -> None:
    assert ACTIONS.get(f"studies.{name}").on_erasure == OnErasure.NOTHING_HELD
