"""A form with an expired CSRF token is shown again with the person's words."""

from __future__ import annotations

import html
import re

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from annotations.models import Judgement
from codesign.studies.models import Member
from tests.factories.annotations import judge, judging_round
from tests.support.judging_page import cohort_of, filled, held, judge_url, one_url

pytestmark = pytest.mark.django_db
OURS = {"Origin": "http://testserver"}
INPUTS = re.compile(r'<input type="hidden" name="([^"]*)" value="([^"]*)">')


@pytest.fixture
def member() -> Member:
    member = judge()
    judging_round(cohort_of(member), tasks=2)
    return member


@pytest.fixture
def checked(member: Member) -> Client:
    """Signed in, with tokens checked; the page that they judge on is open."""
    client = Client(enforce_csrf_checks=True)
    client.force_login(member.user)
    client.get(judge_url(member))
    return client


def test_form_is_sent_again_from_the_error_page(checked: Client, member: Member) -> None:
    first = held(member)
    words = 'All of this,\r\n<b>"here"</b>.'
    before = checked.cookies.pop("csrftoken").value  # signed in again since, elsewhere
    checked.get(one_url(first))
    sent = filled(first) | {"comment": words, "csrfmiddlewaretoken": before}
    page = checked.post(one_url(first), sent, headers=OURS)
    shown = page.content.decode()
    assert page.status_code == 403
    assert f'action="{one_url(first)}"' in shown
    assert member.user.email in shown
    assert before not in shown
    assert not Judgement.objects.exists()  # nothing is sent by itself
    again = {name: html.unescape(value) for name, value in INPUTS.findall(shown)}
    assert checked.post(one_url(first), again, headers=OURS).status_code == 200
    assert Judgement.objects.get().comment == words.replace("\r\n", "\n")


@pytest.mark.parametrize("origin", ["https://elsewhere.example.org", "null", "http://testserver.x"])
def test_a_form_of_another_site_does_not_come_back(
    checked: Client, member: Member, origin: str
) -> None:
    first = held(member)
    page = checked.post(one_url(first), filled(first), headers={"Origin": origin})
    assert page.status_code == 403
    assert INPUTS.findall(page.content.decode()) == []


def test_without_an_origin_it_does_not_come_back(checked: Client, member: Member) -> None:
    first = held(member)
    page = checked.post(one_url(first), filled(first))
    assert (page.status_code, INPUTS.findall(page.content.decode())) == (403, [])


@pytest.mark.parametrize("what", ["password", "file", "nobody"])
def test_forms_with_files_or_passwords_do_not_come_back(checked: Client, what: str) -> None:
    given: dict[str, object] = {"login": "robin@example.org"}
    if what == "password":
        given["password"] = "a-quiet-river"
    if what == "file":
        given["file"] = SimpleUploadedFile("some.txt", b"words")
    if what == "nobody":
        checked.cookies.clear()
    page = checked.post(reverse("account_login"), given, headers=OURS)
    assert page.status_code == 403
    assert "robin@example.org" not in page.content.decode()
    assert "a-quiet-river" not in page.content.decode()
