"""Files are stored only from people who may upload them, not even for a moment otherwise."""

from __future__ import annotations

import io
import secrets
from pathlib import Path
from typing import Any

import pytest
from django.contrib.sessions.models import Session
from django.test import Client
from django.urls import NoReverseMatch, URLPattern, get_resolver, reverse

from codesign.accounts import services as accounts
from codesign.accounts.models import SignInMemory
from codesign.shared import stashed_forms, upload_handlers
from codesign.shared.actors import SYSTEM
from codesign.studies.models import Member, Study
from codesign.studies.rules import Role
from modelhub.models import Upload
from tests.factories.studies import MemberFactory, StudyFactory, staff
from tests.support.addresses import patterns, view_of
from tests.support.sessions import made_here, session_ends

pytestmark = pytest.mark.django_db
BOUNDARY = "a-line-between"
LONG = 4_000_000
"""More than memory should hold."""


class Watched(io.BytesIO):
    """A body; notes what lies in the folder of files that arrive while it is read."""

    def __init__(self, body: bytes) -> None:
        super().__init__(body)
        self.lying: set[Path] = set()
        self.taken = 0

    def read(self, size: int | None = -1, /) -> bytes:
        self.lying |= set(upload_handlers.folder().glob(f"{upload_handlers.PREFIX}*"))
        got = super().read(size)
        self.taken += len(got)
        return got


def multipart(token: str = "", length: int = LONG) -> bytes:
    csrf = f'name="{stashed_forms.CSRF}"'
    parts = [
        f"--{BOUNDARY}\r\nContent-Disposition: form-data; {csrf}\r\n\r\n{token}",
        f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="file"; filename="prompts.jsonl"'
        "\r\nContent-Type: application/x-ndjson\r\n\r\n" + "x" * length,
        f"--{BOUNDARY}--\r\n",
    ]
    return "\r\n".join(parts).encode()


def send(client: Client, address: str, body: Watched, **more: Any) -> Any:
    says: dict[str, Any] = {
        "CONTENT_LENGTH": str(len(body.getvalue())),
        "CONTENT_TYPE": f"multipart/form-data; boundary={BOUNDARY}",
        "wsgi.input": body,
    }
    return client.post(address, **(says | more))


@pytest.fixture(autouse=True)
def _own_folder(settings: Any, tmp_path: Path) -> None:
    settings.UPLOADS_DIR = tmp_path


@pytest.fixture
def study() -> Study:
    return StudyFactory.create()


def at(study: Study) -> str:
    return reverse("modelhub:uploads", kwargs={"slug": study.slug})


def of(member: Member) -> Client:
    client = Client(enforce_csrf_checks=True)
    client.force_login(member.user)
    client.get(reverse("desk:study", kwargs={"slug": member.study.slug}))
    return client


def token(client: Client, address: str) -> str:
    client.get(address)
    return client.cookies["csrftoken"].value


def test_a_file_of_who_may_send_it_is_written(study: Study) -> None:
    client = of(staff(study))
    body = Watched(multipart(token(client, at(study))))
    assert send(client, at(study), body).status_code == 302
    assert body.lying
    assert Upload.objects.count() == 1


@pytest.mark.parametrize("who", ["stranger", "panelist", "auditor", "elsewhere", "ended"])
def test_a_file_of_anybody_else_is_not(study: Study, who: str) -> None:
    client = Client(enforce_csrf_checks=True)
    if who == "panelist":
        client = of(MemberFactory.create(cohort__study=study))
    elif who == "auditor":
        client = of(staff(study, Role.AUDITOR))
    elif who == "elsewhere":
        client = of(staff(StudyFactory.create()))
    elif who == "ended":
        client = of(staff(study))
    form_at = {"stranger": reverse("account_login"), "ended": at(study)}
    given = token(client, form_at.get(who, reverse("account_email")))
    if who == "ended":
        session_ends()
    body = Watched(multipart(given))
    answer = send(client, at(study), body)
    expected = {"stranger": 302, "ended": 302, "elsewhere": 404}
    assert answer.status_code == expected.get(who, 403)
    assert (body.lying, Upload.objects.count()) == (set(), 0)
    if who == "stranger":
        assert body.taken == 0
        assert not Session.objects.exists()
        assert not SignInMemory.objects.exists()
    if who == "ended":  # read to its end, or no browser would show the way to sign in
        assert answer.headers["Location"].startswith(reverse("account_login"))
        assert body.taken == len(body.getvalue())


def test_a_forged_form_with_a_file_is_refused_where_files_are_taken(study: Study) -> None:
    client = of(staff(study))
    for given in ("", "b" * 32):
        answer = send(client, at(study), Watched(multipart(given)))
        assert answer.status_code == 403
    assert not Upload.objects.exists()


@pytest.mark.parametrize("name", ["account_login", "account_signup", "account_logout"])
def test_no_other_address_takes_files(name: str) -> None:
    client = Client(enforce_csrf_checks=True)
    given = token(client, reverse("account_login"))
    body = Watched(multipart(given))
    assert send(client, reverse(name), body).status_code == 413
    assert (body.lying, body.taken) == (set(), 0)
    short = Watched(multipart(given, length=1_000_000))
    assert send(client, reverse(name), short).status_code < 500
    assert short.lying == set()


def test_fields_of_such_a_form_arrive_without_its_file(study: Study) -> None:
    client = of(staff(study))
    here = reverse("studies:about", kwargs={"slug": study.slug})
    token(client, here)
    file = io.BytesIO(b"x" * 1_000_000)
    said = {"title": "T", "summary": "S", "organisation": "O", "contact": "o@example.org"}
    assert client.post(here, said | made_here(client) | {"file": file}).status_code == 302
    study.refresh_from_db()
    assert study.title == "T"


@pytest.mark.parametrize("kind", ["application/json", "application/x-ndjson", "text/csv"])
@pytest.mark.parametrize("who", ["stranger", "wrong token", "forged session", "panelist"])
def test_the_api_reads_no_body_before_it_knows_who_asks(study: Study, kind: str, who: str) -> None:
    client, more = Client(enforce_csrf_checks=True), {}
    if who == "wrong token":
        more = {"HTTP_AUTHORIZATION": "Token cds_wrong"}
    elif who == "forged session":
        client = of(staff(study))
    elif who == "panelist":
        member = MemberFactory.create(cohort__study=study)
        _token, secret = accounts.make_token(
            actor=SYSTEM, user=member.user, name="t", scopes=["prompts"], days=1
        )
        more = {"HTTP_AUTHORIZATION": f"Token {secret}"}
    body = Watched(b'{"prompt": "One."}\n' * 10_000)
    address = f"/api/v1/studies/{study.slug}/prompts/"
    answer = send(client, address, body, **({"CONTENT_TYPE": kind} | more))
    assert answer.status_code in (401, 403)
    assert (body.taken, body.lying) == (0, set())


def test_a_session_with_its_header_may_send_files_to_the_api(study: Study) -> None:
    client = of(staff(study))
    says = {"X-CSRFToken": token(client, at(study)), "Origin": "http://testserver"}
    address = f"/api/v1/studies/{study.slug}/prompts/"
    answer = client.post(
        address, b'{"prompt": "One."}\n', content_type="application/x-ndjson", headers=says
    )
    assert answer.status_code == 201


def test_forms_of_strangers_are_not_stored() -> None:
    """Every address that can be asked without an id, by a form of 900 KB."""
    words = secrets.token_hex(450_000)  # a session is compressed: this is not
    client, sent = Client(), {"words": words, "next": "/"}
    for pattern in patterns(get_resolver()):
        address = nowhere(pattern)
        if address is not None:
            client.post(address, sent)
    stored = [len(row.session_data) for row in Session.objects.all()]
    assert sum(stored) < 5_000
    assert sum(len(row.value) for row in SignInMemory.objects.all()) < 20_000


def nowhere(pattern: URLPattern) -> str | None:
    """The address of a view that takes no id; None for the others."""
    name = pattern.name
    for prefix in ("", "desk:", "accounts:"):
        try:
            return str(reverse(f"{prefix}{name}")) if name else None
        except NoReverseMatch:
            continue
    return None


def test_only_upload_views_check_the_token_themselves() -> None:
    """A page that is left out of the check before every view must make it itself."""
    exempt = {
        str(pattern.name)
        for pattern in patterns(get_resolver())
        if getattr(pattern.callback, "csrf_exempt", False)
        and not hasattr(view_of(pattern), "permission_classes")
        and "allauth" not in view_of(pattern).__module__
    }
    assert exempt == {"payout-results", "uploads"}
