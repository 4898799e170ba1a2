"""Web processes share the limits and the used codes of sign-ins (standards 7.7)."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import pytest
from allauth.mfa.totp.internal import auth as totp
from django.core.cache import cache
from django.db import connection
from django.urls import reverse

from codesign.accounts.models import SignInMemory, User
from codesign.accounts.services import forget_tries, make_account
from codesign.shared.actors import SYSTEM
from tests.support.running import PATIENCE, ROOT

pytestmark = pytest.mark.django_db(transaction=True)
PASSWORD, WRONG = "a-lamp-and-a-quiet-river-41", "a-guess"
TRIES = 5


class Process:
    """One web process."""

    def __init__(self, environment: dict[str, str]) -> None:
        self._child = subprocess.Popen(
            [sys.executable, "-m", "tests.support.another_process"],
            cwd=ROOT,
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def post(self, who: str, path: str, **data: str) -> Any:
        assert self._child.stdin is not None
        assert self._child.stdout is not None
        print(json.dumps([who, path, data]), file=self._child.stdin, flush=True)
        return json.loads(self._child.stdout.readline())

    def end(self) -> None:
        self._child.communicate(timeout=PATIENCE)


@pytest.fixture(scope="module")
def processes(django_db_setup: None) -> Iterator[list[Process]]:
    """Two web processes that share only this test's database."""
    environment = os.environ | {
        "DATABASE_URL": os.environ["DATABASE_URL"].replace(
            "/postgres?", f"/{connection.settings_dict['NAME']}?"
        ),
        "DJANGO_SETTINGS_MODULE": "codesign.config.settings",
        "ALLOWED_HOSTS": "localhost",
    }
    with ExitStack() as ends:
        started = []
        for _ in range(2):
            started.append(Process(environment))
            ends.callback(started[-1].end)
        yield started


@pytest.fixture
def person() -> User:
    return make_account(actor=SYSTEM, email="robin@example.org", password=PASSWORD)


def sign_in(process: Process, who: str, password: str = PASSWORD) -> Any:
    return process.post(who, reverse("account_login"), login="robin@example.org", password=password)


def test_a_code_signs_in_once_whichever_process_is_asked(
    person: User, processes: list[Process]
) -> None:
    secret = totp.generate_totp_secret()
    totp.TOTP.activate(person, secret)
    for number, process in enumerate(processes):
        assert sign_in(process, f"browser {number}")["to"] == reverse("mfa_authenticate")
    for _ in range(TRIES - 1):  # once more where a half minute ended in between
        counter = next(totp.yield_hotp_counters_from_time())
        code = totp.format_hotp_value(totp.hotp_value(secret, counter))
        answers = [
            process.post(f"browser {number}", reverse("mfa_authenticate"), code=code)
            for number, process in enumerate(processes)
        ]
        if answers[0]["signed_in"]:
            break
    assert [answer["signed_in"] for answer in answers] == [True, False]
    assert "That code is not right." in answers[1]["text"]


def test_tries_in_all_processes_count_together(person: User, processes: list[Process]) -> None:
    for number in range(TRIES):
        said = sign_in(processes[number % 2], f"guess {number}", WRONG)
        assert "is not right" in said["text"]
    for number, process in enumerate(processes):
        said = sign_in(process, f"again {number}")
        assert "was entered five times for this account" in said["text"]
        assert not said["signed_in"]


def test_expired_attempts_are_deleted() -> None:
    cache.set("tried-long-ago-at-192.0.2.1", [1], timeout=-60)
    cache.set("tried-just-now-at-192.0.2.2", [1], timeout=60)
    assert forget_tries() == 1
    assert "192.0.2.2" in SignInMemory.objects.get().cache_key
    assert forget_tries() == 0
