"""A form that was sent by somebody whose session had ended is there once they are back."""

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

from codesign.accounts.tasks import forget
from codesign.consent.models import ConsentDraft
from codesign.shared import keeping
from codesign.studies.models import Member
from codesign.studies.rules import StudyState
from tests.consent.test_writing import written
from tests.factories.studies import StudyFactory, staff

pytestmark = pytest.mark.django_db  # standards 5.3
INPUTS = re.compile(r'<input type="hidden" name="([^"]*)" value="([^"]*)">')
KEPT = "/account/login/?next=/kept/"


@pytest.fixture
def writer() -> Member:
    return staff(StudyFactory.create(state=StudyState.DRAFT))


def at(name: str, member: Member, **keys: Any) -> str:
    return reverse(name, kwargs={"slug": member.study.slug} | keys)


def fields(page: Any) -> dict[str, str]:
    found = INPUTS.findall(page.content.decode())
    return {name: html.unescape(value) for name, value in found if name != keeping.CSRF}


def test_a_text_waits_and_is_sent_by_one_more_press(client: Client, writer: Member) -> None:
    here = at("consent:write", writer)
    sent = written(title='All of <this> "here"') | {keeping.CSRF: "of-a-session-before"}
    away = client.post(here, sent)
    assert away.headers["Location"] == KEPT
    assert "What you filled in is kept." in client.get(KEPT).content.decode()
    assert not ConsentDraft.objects.exists()
    client.force_login(writer.user)
    for _ in range(2):  # reading it takes nothing away
        page = client.get("/kept/")
        assert page.status_code == 200
        assert fields(page) == {k: v for k, v in sent.items() if k != keeping.CSRF}
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
    away = client.post(f"{here}?a=b", {"words": ["All of", "this"], "note": ""})
    assert away.headers["Location"] == KEPT
    client.force_login(writer.user)
    page = client.get("/kept/").content.decode()
    assert f'action="{here}?a=b"' in page
    assert set(INPUTS.findall(page)) >= {("words", "All of"), ("words", "this"), ("note", "")}


@pytest.mark.parametrize(
    "sent",
    [
        {"title": "x" * keeping.MOST_BYTES},
        {"title": "é" * (keeping.MOST_BYTES // 2)},
        {"new_password": "a-quiet-river"},
        {"file": SimpleUploadedFile("some.txt", b"words")},
    ],
    ids=["long", "long in bytes", "password", "file"],
)
def test_what_is_not_kept_is_not_said_to_be(
    client: Client, writer: Member, sent: dict[str, Any]
) -> None:
    here = at("consent:write", writer)
    away = client.post(here, sent)
    assert away.headers["Location"] == f"/account/login/?next={here}"
    page = client.get(away.headers["Location"]).content.decode()
    assert "could not be kept" in page
    assert "is kept" not in page
    client.force_login(writer.user)
    assert client.get("/kept/").headers["Location"] == "/"


def test_it_is_for_who_signs_in_next_and_for_nobody_after_them(
    client: Client, writer: Member
) -> None:
    client.post(at("consent:write", writer), written())
    client.force_login(writer.user)
    client.logout()
    client.force_login(staff(writer.study).user)
    assert client.get("/kept/").headers["Location"] == "/"


def test_it_is_forgotten_with_its_session(client: Client, writer: Member) -> None:
    client.post(at("consent:write", writer), written())
    forget()
    assert Session.objects.count() == 1
    Session.objects.update(expire_date=timezone.now())
    forget()
    assert not Session.objects.exists()
