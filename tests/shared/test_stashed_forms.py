"""A form sent after the session ended is restored when the person signs in again."""

from __future__ import annotations

import html
import re
import uuid
from typing import Any

import pytest
from django.contrib.sessions.models import Session
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from codesign.accounts.models import SignInMemory
from codesign.accounts.tasks import forget
from codesign.consent.models import ConsentDraft
from codesign.shared import stashed_forms
from codesign.studies.models import Member
from codesign.studies.rules import StudyState
from tests.factories.studies import StudyFactory, staff
from tests.support.consent_texts import written
from tests.support.sessions import made_here, session_ends

pytestmark = pytest.mark.django_db  # standards 5.3
INPUTS = re.compile(r'<input type="hidden" name="([^"]*)" value="([^"]*)">')
KEPT = "/account/login/?next=/kept/"


@pytest.fixture
def writer() -> Member:
    return staff(StudyFactory.create(state=StudyState.DRAFT))


def at(name: str, member: Member, **keys: Any) -> str:
    return reverse(name, kwargs={"slug": member.study.slug} | keys)


def fields(page: Any) -> dict[str, str]:
    inputs = INPUTS.findall(page.content.decode())
    return {name: html.unescape(value) for name, value in inputs if name != stashed_forms.CSRF}


def opened(client: Client, writer: Member) -> dict[str, str]:
    """The writer has a page with a form before them when their session ends; its hidden field."""
    client.force_login(writer.user)
    assert client.get(at("consent:write", writer)).status_code == 200
    session_ends()
    return made_here(client)


def test_stashed_text_is_sent_after_signing_in(client: Client, writer: Member) -> None:
    here = at("consent:write", writer)
    sent = written(title='All of <this> "here"') | opened(client, writer)
    away = client.post(here, sent)
    assert away.headers["Location"] == KEPT
    assert "What you filled in is kept." in client.get(KEPT).content.decode()
    assert not ConsentDraft.objects.exists()
    client.force_login(writer.user)
    for _ in range(2):  # reading it takes nothing away
        page = client.get("/kept/")
        assert page.status_code == 200
        assert fields(page) == {k: v for k, v in sent.items() if k != stashed_forms.CSRF}
    assert f'action="{here}"' in page.content.decode()
    assert writer.user.email in page.content.decode()
    assert not ConsentDraft.objects.exists()  # nothing is sent by itself
    assert client.post(here, fields(page)).status_code == 302
    assert ConsentDraft.objects.get().content["title"] == sent["title"]
    assert client.get("/kept/").headers["Location"] == "/"


@pytest.mark.parametrize(
    ("name", "keys"),
    [
        ("annotations:rubric-new", {}),
        ("annotations:rubric", {"key": "some"}),
        ("studies:about", {}),
        ("annotations:round-plan", {}),
        ("annotations:review-decide", {"kind": "flag", "item_id": uuid.uuid4()}),
        ("accounts:tokens", None),
    ],
)
def test_so_does_every_other_form(
    client: Client, writer: Member, name: str, keys: dict[str, Any] | None
) -> None:
    here = reverse(name) if keys is None else at(name, writer, **keys)
    own = opened(client, writer)
    away = client.post(f"{here}?a=b", {"words": ["All of", "this"], "note": ""} | own)
    assert away.headers["Location"] == KEPT
    client.force_login(writer.user)
    page = client.get("/kept/").content.decode()
    assert f'action="{here}?a=b"' in page
    assert set(INPUTS.findall(page)) >= {("words", "All of"), ("words", "this"), ("note", "")}


@pytest.mark.parametrize(
    "sent",
    [
        {"title": "x" * stashed_forms.MOST_BYTES},
        {"title": "é" * (stashed_forms.MOST_BYTES // 2)},
        {"new_password": "a-quiet-river"},
        {"file": SimpleUploadedFile("some.txt", b"words")},
    ],
    ids=["long", "long in bytes", "password", "file"],
)
def test_form_that_is_not_kept_says_so(
    client: Client, writer: Member, sent: dict[str, Any]
) -> None:
    here = at("consent:write", writer)
    away = client.post(here, sent | opened(client, writer))
    assert away.headers["Location"] == f"/account/login/?next={here}"
    page = client.get(away.headers["Location"]).content.decode()
    assert "could not be saved" in page
    assert "is kept" not in page
    client.force_login(writer.user)
    assert client.get("/kept/").headers["Location"] == "/"


def test_other_accounts_do_not_see_a_stashed_form(client: Client, writer: Member) -> None:
    other = staff(writer.study)
    client.post(at("consent:write", writer), written(title="Private") | opened(client, writer))
    assert client.get("/kept/").headers["Location"].startswith("/account/login/")
    client.force_login(other.user)
    for address in ("/kept/", at("consent:write", writer), at("desk:study", writer)):
        assert "Private" not in client.get(address, follow=True).content.decode()
    assert client.get("/kept/").headers["Location"] == "/"
    session_ends()
    client.force_login(writer.user)  # theirs is there still
    assert fields(client.get("/kept/"))["title"] == "Private"


def test_stashed_form_belongs_to_its_own_account(writer: Member) -> None:
    client = Client(enforce_csrf_checks=True)
    before = opened(client, writer)
    other = staff(writer.study)
    client.cookies.pop("csrftoken")  # as signing in makes a new one
    client.force_login(other.user)
    client.get(at("consent:write", writer))
    ours = {"Origin": "http://testserver"}
    sent = written(title="Private") | before
    page = client.post(at("consent:write", writer), sent, headers=ours)
    assert page.status_code == 403
    assert "Private" not in page.content.decode()
    session_ends()
    assert client.post(at("consent:write", writer), sent, headers=ours).status_code == 403
    client.force_login(other.user)
    assert client.get("/kept/").headers["Location"] == "/"


def test_signing_out_by_choice_leaves_nothing(client: Client, writer: Member) -> None:
    here, out = at("consent:write", writer), reverse("account_logout")
    own = opened(client, writer)
    client.post(here, written() | own)
    client.force_login(writer.user)
    assert client.post(out).status_code == 302
    client.force_login(writer.user)
    assert client.get("/kept/").headers["Location"] == "/"
    client.get(here)
    own = made_here(client)
    client.post(out)  # and what is sent from a page of before is not kept either
    assert client.post(here, written() | own).headers["Location"].endswith(f"next={here}")


def test_forms_cookie_is_set_once(client: Client, writer: Member) -> None:
    client.force_login(writer.user)
    told = client.get(at("consent:write", writer)).cookies[stashed_forms.COOKIE]
    assert (told["httponly"], told["samesite"]) == (True, "Lax")
    assert str(writer.user.pk) not in told.value
    assert stashed_forms.COOKIE not in client.get(at("consent:write", writer)).cookies


def test_of_a_stranger_nothing_is_stored(client: Client, writer: Member) -> None:
    opened(Client(), writer)
    SignInMemory.objects.all().delete()
    long = {"title": "x" * 900_000, stashed_forms.CSRF: "a" * 32}
    for name in ("consent:write", "studies:about", "enrolment:people", "annotations:judge"):
        client.post(at(name, writer), long)
    made_up = client.cookies
    made_up[stashed_forms.COOKIE] = "eyJhIjoiYiJ9:1abcde:signature"
    client.post(at("consent:write", writer), long)
    assert not Session.objects.exists()
    assert not SignInMemory.objects.exists()


def test_only_one_form_is_kept_per_account(client: Client, writer: Member) -> None:
    own = opened(client, writer)
    for number in range(5):
        client.post(at("consent:write", writer), written(title=f"No. {number}") | own)
    assert SignInMemory.objects.count() == 1
    client.force_login(writer.user)
    assert fields(client.get("/kept/"))["title"] == "No. 4"


def test_it_is_forgotten_after_an_hour(client: Client, writer: Member) -> None:
    client.post(at("consent:write", writer), written() | opened(client, writer))
    forget()
    assert SignInMemory.objects.count() == 1
    SignInMemory.objects.update(expires=timezone.now())
    forget()
    assert not SignInMemory.objects.exists()
