"""The pages on which coordinators and safety leads keep helplines."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from codesign.care.models import Helpline, RecruitedCountry
from codesign.studies.models import Study
from codesign.studies.rules import JUDGING, Role, StudyState
from tests.factories.care import cover
from tests.factories.studies import CohortFactory, MemberFactory, StudyFactory, staff
from tests.support.counting import queries_of
from tests.support.pages import flowed

pytestmark = pytest.mark.django_db

KEEPERS = {Role.COORDINATOR, Role.SAFETY_LEAD}
TYPED = {
    "country_code": "GB",
    "kind": "crisis line",
    "name": "Samaritans",
    "phone": "116 123",
    "languages": "en, cy",
    "source_url": "www.samaritans.org",
}


@pytest.fixture
def study() -> Study:
    return StudyFactory.create(state=StudyState.DRAFT)


@pytest.fixture
def lead(study: Study) -> Client:
    client = Client()
    client.force_login(staff(study, Role.SAFETY_LEAD).user)
    return client


def at(study: Study, name: str = "helplines", **keys: Any) -> str:
    return reverse(f"care:{name}", kwargs={"slug": study.slug, **keys})


def line_of(study: Study) -> Helpline:
    return Helpline.objects.get(study=study)


@pytest.mark.parametrize("role", sorted(Role))
def test_who_may_open_and_change(study: Study, role: Role) -> None:
    line = cover(study)
    if role in JUDGING:
        member = MemberFactory.create(cohort=CohortFactory.create(study=study, role=role))
    else:
        member = staff(study, role)
    client = Client()
    client.force_login(member.user)
    reads = [at(study), at(study, "line-new"), at(study, "line", line_id=line.id)]
    writes = [
        at(study, "line-verify", line_id=line.id),
        at(study, "examples-copy", code="IE"),
        at(study, "country-drop", code="GB"),
        at(study, "line-remove", line_id=line.id),
    ]
    answers = [client.get(address).status_code for address in reads]
    answers += [client.post(address).status_code for address in writes]
    allowed = [200, 200, 200, 302, 302, 302, 302]
    assert answers == (allowed if role in KEEPERS else [403] * 7)


def test_strangers_learn_nothing(study: Study, client: Client) -> None:
    line = cover(study)
    elsewhere = staff(StudyFactory.create())
    client.force_login(elsewhere.user)
    assert client.get(at(study)).status_code == 404
    own = reverse("care:line", kwargs={"slug": elsewhere.study.slug, "line_id": line.id})
    assert client.get(own).status_code == 404
    assert Client().get(at(study)).status_code == 302


def test_from_a_country_to_a_verified_line(study: Study, lead: Client) -> None:
    assert "No country yet" in lead.get(at(study)).content.decode()
    page = lead.post(at(study), {"country_code": "GB"}, follow=True).content.decode()
    assert "no verified crisis line" in page
    page = flowed(lead.post(at(study, "examples-copy", code="GB"), follow=True).content)
    assert "5 examples were copied. Check them before people see them." in page
    assert page.count("not verified, so not shown") == 5
    line = Helpline.objects.get(study=study, name="Samaritans")
    page = flowed(lead.post(at(study, "line-verify", line_id=line.id), follow=True).content)
    assert "“Samaritans” is verified as of today." in page
    assert "no verified crisis line" not in page
    lead_member = study.members.get()
    assert f"by {lead_member.pseudonym}" in page


def test_a_line_is_added_and_changed(study: Study, lead: Client) -> None:
    page = flowed(lead.get(at(study, "line-new"), {"country": "GB"}).content)
    assert '<option value="GB" selected>United Kingdom</option>' in page
    answer = lead.post(at(study, "line-new"), TYPED | {"verified": "on"}, follow=True)
    assert "English, Welsh" in answer.content.decode()
    line = line_of(study)
    assert (line.languages, line.source_url) == (["en", "cy"], "https://www.samaritans.org")
    assert line.verified_on == timezone.localdate()
    changed = TYPED | {"phone": "999"}
    answer = lead.post(at(study, "line", line_id=line.id), changed, follow=True)
    assert "Check the details before people see this line." in answer.content.decode()
    assert line_of(study).verified_on is None


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"phone": "12345"}, "“12345” is not a number that works in this country: United Kingdom."),
        ({"phone": ""}, "Add a phone number, a number for text messages or a web address."),
        ({"languages": "English"}, "“english” is not the code of a language"),
        ({"languages": ""}, "Please fill this in."),
        ({"source_url": ""}, "Please fill this in."),
        ({"source_url": "javascript:alert(1)"}, "Enter a valid URL."),
        ({"country_code": "XX"}, "Please choose one from the list."),
        ({"name": "n" * 121}, "Please keep this to 120 characters"),
        ({"name": "a\0"}, "Null characters are not allowed."),
    ],
)
def test_a_wrong_field_is_explained_and_nothing_is_lost(
    study: Study, lead: Client, changes: dict[str, str], said: str
) -> None:
    answer = lead.post(at(study, "line-new"), TYPED | {"hours": "day and night"} | changes)
    assert answer.status_code == 400
    page = answer.content.decode()
    assert said in page
    assert 'value="day and night"' in page
    assert not Helpline.objects.exists()


def test_an_open_study_says_what_to_do_first(client: Client) -> None:
    study = StudyFactory.create()
    client.force_login(staff(study).user)
    answer = client.post(at(study), {"country_code": "ES"})
    assert answer.status_code == 400
    assert "First add one for: Spain." in answer.content.decode()
    line = line_of(study)
    page = client.post(at(study, "line-remove", line_id=line.id), follow=True).content.decode()
    assert "First add one for: United Kingdom." in page
    page = client.post(at(study, "country-drop", code="GB"), follow=True).content.decode()
    assert "it needs at least one country" in page
    assert RecruitedCountry.objects.filter(study=study).count() == 1
    address = at(study, "line", line_id=line.id)
    answer = client.post(address, TYPED | {"phone": "999"})
    assert answer.status_code == 400
    assert "First add one for: United Kingdom." in answer.content.decode()


def test_removing_asks_first(study: Study, lead: Client) -> None:
    line = cover(study)
    address = at(study, "line-remove", line_id=line.id)
    assert "Remove “Samaritans”?" in lead.get(address).content.decode()
    assert Helpline.objects.exists()
    assert "“Samaritans” was removed." in lead.post(address, follow=True).content.decode()
    assert not Helpline.objects.exists()
    assert lead.post(address).status_code == 404  # pressed twice


@pytest.mark.parametrize("role", sorted(KEEPERS))
def test_old_lines_warn_on_the_page_at_home_and_in_the_set_up(client: Client, role: Role) -> None:
    study = StudyFactory.create()
    client.force_login(staff(study, role).user)
    home = reverse("desk:study", kwargs={"slug": study.slug})
    said = "1 helpline was last verified more than 90 days ago. Check it again."
    assert said not in client.get(home).content.decode()
    Helpline.objects.update(verified_on=timezone.localdate() - timedelta(days=91))
    page = client.get(home).content.decode()
    assert said in page
    assert f'href="{at(study)}"' in page
    assert "verify again" in client.get(at(study)).content.decode()
    if role == Role.COORDINATOR:
        set_up = reverse("desk:set-up", kwargs={"slug": study.slug})
        assert said in client.get(set_up).content.decode()


def test_home_warns_of_an_open_study_without_countries_or_lines(client: Client) -> None:
    study = StudyFactory.create()
    client.force_login(staff(study).user)
    home = reverse("desk:study", kwargs={"slug": study.slug})
    Helpline.objects.all().delete()
    words = "Add and verify a crisis line: United Kingdom."
    assert words in client.get(home).content.decode()
    RecruitedCountry.objects.all().delete()
    words = "Name the countries in which this study recruits."
    assert words in client.get(home).content.decode()


def test_the_page_makes_constant_queries(study: Study, lead: Client) -> None:
    cover(study)
    few = queries_of(lead, at(study))
    for number in range(4):
        line = cover(study, "IE", name=f"Line {number}")
        Helpline.objects.filter(id=line.id).update(verified_by=study.members.get())
    assert queries_of(lead, at(study)) == few
