"""Hints on wording: one fragment for all forms of coordinators, which stores and blocks nothing."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from codesign.audit.models import Event
from codesign.studies.models import Study
from codesign.studies.rules import JUDGING, Role
from tests.factories.studies import CohortFactory, MemberFactory, StudyFactory, staff
from tests.support.counting import queries_in
from tests.support.pages import flowed

pytestmark = pytest.mark.django_db

SENT = {"summary": "He committed suicide.", "title": "Talking to addicts"}


@pytest.fixture
def study() -> Study:
    return StudyFactory.create()


def address(study: Study) -> str:
    return reverse("care:wording", kwargs={"slug": study.slug})


@pytest.mark.parametrize("role", sorted(Role))
def test_only_coordinators_get_hints(study: Study, role: Role) -> None:
    if role in JUDGING:
        member = MemberFactory.create(cohort=CohortFactory.create(study=study, role=role))
    else:
        member = staff(study, role)
    client = Client()
    client.force_login(member.user)
    allowed = role == Role.COORDINATOR
    assert client.post(address(study), SENT).status_code == (200 if allowed else 403)
    assert client.get(address(study)).status_code == (405 if allowed else 403)


def test_strangers_get_none(study: Study, client: Client) -> None:
    assert client.post(address(study), SENT).status_code == 302
    client.force_login(staff(StudyFactory.create()).user)
    assert client.post(address(study), SENT).status_code == 404


@pytest.mark.parametrize("script", [True, False])
def test_every_field_of_the_form_is_checked(study: Study, client: Client, script: bool) -> None:
    client.force_login(staff(study).user)
    headers = {"HX-Request": "true"} if script else {}
    page = flowed(client.post(address(study), SENT, headers=headers).content)
    for words in ("committed suicide", "died by suicide", "addicts", "You decide"):
        assert words in page
    assert ("<h1>" in page) is not script
    assert 'href="https://www.who.int/' in page
    page = client.post(address(study), {"summary": "All well."}, headers=headers).content.decode()
    assert "No hints on the wording." in page


def test_markup_in_a_text_is_shown_and_not_run(study: Study, client: Client) -> None:
    client.force_login(staff(study).user)
    page = client.post(address(study), {"a": "<script>x</script> addict\0"}).content.decode()
    assert "<script>x" not in page


def test_it_stores_nothing(study: Study, client: Client) -> None:
    client.force_login(staff(study).user)
    before = Event.objects.count()
    short = queries_in(lambda: client.post(address(study), SENT))
    long = {f"field-{number}": "An addict. " * 1_000 for number in range(9)}
    assert queries_in(lambda: client.post(address(study), long)) == short
    assert Event.objects.count() == before


FORMS = ["studies:about", "consent:write", "annotations:rubric-new", "annotations:round-plan"]


@pytest.mark.parametrize("name", FORMS)
def test_the_forms_of_coordinators_offer_it_after_their_own_buttons(
    study: Study, client: Client, name: str
) -> None:
    CohortFactory.create(study=study)
    client.force_login(staff(study).user)
    page = client.get(reverse(name, kwargs={"slug": study.slug})).content.decode()
    form = page[page.index("<main") :]
    form = form[form.index("<form") : form.index("</form>")]
    assert f'formaction="{address(study)}"' in form
    assert 'formtarget="_blank"' in form
    if name != "consent:write":  # there the buttons are in the bar
        assert form.index("btn-primary") < form.index("formaction")  # Enter saves
