"""Logs say what happened and never name people (standards 7.1, 7.7)."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from celery import current_app
from django.core.mail import EmailMessage
from django.db import IntegrityError, connection, transaction
from django.http import HttpRequest, HttpResponse
from django.test import Client, override_settings
from django.urls import path, reverse

from annotations.models import Judgement
from codesign.accounts.models import User
from codesign.accounts.services import make_account
from codesign.config import urls as real
from codesign.shared.actors import SYSTEM
from codesign.shared.logs import request_id, scrubbed
from tests.factories.annotations import judge, judging_round
from tests.support.captured_logs import LogCapture, captured_logs
from tests.support.judging_page import cohort_of, filled, held, judge_url, one_url, signed_in
from tests.support.outbox import code_in, post_mail

pytestmark = pytest.mark.django_db

PASSWORD = "a-lamp-and-a-quiet-river-41"
EMAIL, NAME = "robin.fictional@example.org", "Robin Fictional"
TEXT = "This one sat with me when nobody else did."


@pytest.fixture
def logs() -> Iterator[LogCapture]:
    with captured_logs() as captured:
        yield captured


@pytest.fixture
def person() -> User:
    return make_account(actor=SYSTEM, email=EMAIL, password=PASSWORD, name=NAME)


def taken(request: HttpRequest, word: str) -> HttpResponse:
    """Fail as a constraint does: PostgreSQL quotes the row in its words."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO accounts_user SELECT (u).* FROM (SELECT u FROM accounts_user u LIMIT 1) x"
        )
    return HttpResponse()


urlpatterns = [path("taken/<str:word>/", taken), *real.urlpatterns]
handler404, handler500 = real.handler404, real.handler500


def test_signing_in_leaves_no_trace_of_who_it_was(
    logs: LogCapture, person: User, mailoutbox: list[EmailMessage]
) -> None:
    client = Client()
    client.post(reverse("account_login"), {"login": EMAIL, "password": "wrong-" + PASSWORD})
    client.post(reverse("account_request_login_code"), {"email": EMAIL})
    post_mail()
    code = code_in(mailoutbox[-1])
    client.post(reverse("account_confirm_login_code"), {"code": code})
    client.get(reverse("account_logout"))
    client.post(reverse("account_login"), {"login": EMAIL, "password": PASSWORD})
    client.get(f"/?code={code}&email={EMAIL}")
    client.get(f"/nowhere/{EMAIL}/?next={code}")
    assert len(logs.answered("account/login/")) == 2
    for secret in (EMAIL, NAME, "Robin", PASSWORD, code):
        assert secret not in logs.text(), secret


def test_judging_leaves_no_word_that_was_judged_or_written(logs: LogCapture) -> None:
    member = judge()
    judging_round(cohort_of(member))
    client = signed_in(member)
    page = client.get(judge_url(member), follow=True)
    assignment = held(member)
    client.post(one_url(assignment), filled(assignment, comment=TEXT))
    assert Judgement.objects.filter(comment=TEXT).exists()
    client.post(one_url(assignment), {"rating-A-overall": "9999", "comment": TEXT})
    texts = [TEXT, member.user.email, str(member.pseudonym)]
    texts += [response.text for response in assignment.task.responses.all()]
    assert page.status_code == 200
    for text in texts:
        assert text not in logs.text(), text
    assert {entry["status"] for entry in logs.answered("studies/<slug:slug>/judge/")} <= {200, 302}


@override_settings(ROOT_URLCONF=__name__)
def test_errors_are_logged_by_kind_and_place(logs: LogCapture, person: User) -> None:
    client = Client(raise_request_exception=False)
    answer = client.get(f"/taken/{EMAIL}/?who={EMAIL}", headers={"X-Request-ID": "from-proxy-1"})
    assert answer.status_code == 500
    assert answer["X-Request-ID"] == "from-proxy-1"
    (entry,) = [one for one in logs.entries() if one.get("error")]
    assert entry["error"] == IntegrityError.__name__
    assert entry["request"] == "from-proxy-1"
    assert any("test_logs.py" in place and "taken" in place for place in entry["where"])
    assert EMAIL not in logs.text()
    assert "already exists" not in logs.text()


def test_failing_task_is_logged_without_its_message(logs: LogCapture) -> None:
    def fail() -> None:
        raise ValueError(f"no such mailbox: {EMAIL}")

    task = current_app.task(name="tests.shared.fail")(fail)
    try:
        task.apply(headers={"codesign_request": "ring-12345"})
    finally:
        current_app.tasks.pop("tests.shared.fail")
    (entry,) = [one for one in logs.entries() if one.get("error")]
    assert (entry["error"], entry["request"]) == ("ValueError", "ring-12345")
    assert entry["message"].startswith("Task tests.shared.fail[")
    assert EMAIL not in logs.text()
    assert request_id.get() == ""


@pytest.mark.parametrize("offered", ["", "short", "x" * 65, "a b c d e f g h", "robin@example.org"])
def test_a_request_id_that_could_say_something_is_replaced(offered: str) -> None:
    own = Client().get("/help/", headers={"X-Request-ID": offered})["X-Request-ID"]
    assert own != offered
    assert len(own) == 32


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        (f"refused {{'{EMAIL}': (550, b'no')}}", "refused {'[address]': (550, b'no')}"),
        ("Error handling request /a/?code=1234 now", "Error handling request /a/?[query] now"),
        ("at /account/password/reset/key/3-abc-def/", "at /account/password/reset/key/[key]/"),
        ("two\nlines", "two lines"),
    ],
)
def test_words_of_libraries_lose_addresses_queries_and_keys(said: str, kept: str) -> None:
    assert scrubbed(said) == kept
