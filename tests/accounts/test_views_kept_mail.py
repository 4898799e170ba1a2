"""Mail of a demo is kept as files and shown to the site admin alone."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from django.core import mail
from django.test import Client
from django.urls import reverse

from codesign.accounts import queries, rules
from codesign.shared.actors import SYSTEM, Actor
from codesign.studies.rules import Role
from tests.factories.accounts import UserFactory
from tests.factories.studies import MemberFactory, StudyFactory, staff
from tests.support.production import production_environment
from tests.support.running import ROOT, user_environment

pytestmark = pytest.mark.django_db
MAIL = "accounts:mail"


@pytest.fixture
def kept(settings: Any, tmp_path: Path) -> Path:
    """A folder into which mail goes."""
    settings.EMAIL_BACKEND = "django.core.mail.backends.filebased.EmailBackend"
    settings.MAIL_DIR = tmp_path / "mail"
    settings.EMAIL_FILE_PATH = str(settings.MAIL_DIR)
    return tmp_path / "mail"


def admin() -> Client:
    client = Client()
    client.force_login(UserFactory.create(is_site_admin=True))
    return client


def send(number: int = 1, body: str = "Your code is 123-456.\n\nIt lasts a while.") -> None:
    mail.EmailMessage(f"Subject {number}: naïve 한글", body, to=[f"p{number}@example.org"]).send()


def test_site_admin_reads_saved_mail(kept: Path) -> None:
    client = admin()
    assert "None yet." in client.get(reverse(MAIL)).content.decode()
    send()
    page = client.get(reverse(MAIL))
    shown = page.content.decode()
    for words in ("Subject 1: naïve 한글", "p1@example.org", "<p>Your code is 123-456.</p>"):
        assert words in shown
    assert "no-store" in page["Cache-Control"]
    assert reverse(MAIL) in client.get(reverse("accounts:people")).content.decode()


def test_mail_content_is_shown_as_text(kept: Path) -> None:
    send(body="<script>alert(1)</script>")
    assert "<script>alert" not in admin().get(reverse(MAIL)).content.decode()


def test_the_newest_come_first_within_bounds(kept: Path) -> None:
    for number in range(13):
        send(number)
        written = max(kept.glob("*.log"), key=lambda path: path.stat().st_mtime_ns)
        written.rename(kept / f"20260101-0000{number:02}-1.log")
    client = admin()
    first = client.get(reverse(MAIL)).content.decode()
    assert "Subject 12" in first
    assert "Subject 2:" not in first
    assert "Subject 2:" in client.get(reverse(MAIL), {"page": 2}).content.decode()
    actor = Actor.of(UserFactory.create(is_site_admin=True))
    assert len(queries.kept_mail(actor=actor, most=3)) == 3


def test_a_file_may_hold_several(kept: Path) -> None:
    with mail.get_connection() as connection:
        for number in range(3):
            mail.EmailMessage(f"S{number}", "b", to=["a@example.org"], connection=connection).send()
    (file,) = kept.glob("*.log")
    assert [one.subject for one in rules.mails_in(file.read_bytes())] == ["S2", "S1", "S0"]
    assert rules.mails_in(b"no mail at all") != []
    assert rules.mails_in(b"\xff\x00") != []
    assert rules.mails_in(b"") == []


@pytest.mark.parametrize("role", [*Role, None])
def test_only_site_admins_read_saved_mail(kept: Path, role: Role | None) -> None:
    send()
    client, study = Client(), StudyFactory.create()
    if role in (Role.PANELIST, Role.CLINICIAN):
        member = MemberFactory.create(cohort__study=study, cohort__role=role)
        client.force_login(member.user)
    elif role:
        client.force_login(staff(study, role).user)
    answer = client.get(reverse(MAIL))
    assert answer.status_code == (403 if role else 302)
    assert "123-456" not in answer.content.decode()
    assert queries.kept_mail(actor=Actor.of(UserFactory.create()), most=9) == []
    assert queries.kept_mail(actor=SYSTEM, most=9) == []


def test_no_mail_page_with_a_mail_server(kept: Path, settings: Any) -> None:
    send()
    settings.MAIL_SHOWN = False
    client = admin()
    assert client.get(reverse(MAIL)).status_code == 404
    assert reverse(MAIL) not in client.get(reverse("accounts:people")).content.decode()
    actor = Actor.of(UserFactory.create(is_site_admin=True))
    assert queries.kept_mail(actor=actor, most=9) == []


@pytest.mark.parametrize("server", ["", "smtp+tls://mail:secret@mail.example.org:587"])
def test_mail_page_exists_only_without_a_mail_server(server: str, tmp_path: Path) -> None:
    says = "import codesign.config.settings as s; print(s.MAIL_SHOWN)"

    def asked(environment: dict[str, str]) -> str:
        done = subprocess.run(
            [sys.executable, "-c", says], env=environment, cwd=ROOT, capture_output=True, text=True
        )
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    demo = user_environment(CODESIGN_HOME=str(tmp_path), EMAIL_URL=server)
    assert asked(demo) == str(not server)
    if server:
        assert asked(production_environment(tmp_path, EMAIL_URL=server)) == "False"
