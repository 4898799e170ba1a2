"""No log shows that a person opened a page of care (standards 4.8, 4.9)."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from codesign.care.models import Case
from codesign.shared.logs import is_unlogged
from codesign.studies.models import Member
from tests.factories.annotations import judge, judging_round, lease
from tests.factories.cases import lead_of
from tests.support.captured_logs import LogCapture, captured_logs
from tests.support.judging_page import cohort_of, one_url, signed_in
from tests.support.outbox import post_mail

pytestmark = pytest.mark.django_db
ROOT = Path(__file__).resolve().parents[2]
SET_UP = {
    "plan",
    "write-plan",
    "change-rota",
    "helplines",
    "country-drop",
    "examples-copy",
    "line-new",
    "line",
    "line-verify",
    "line-remove",
    "wording",
}
"""Pages of care with which coordinators set up a study. They say nothing about a person."""


@pytest.fixture
def logs() -> Iterator[LogCapture]:
    with captured_logs() as captured:
        yield captured


@pytest.fixture
def member() -> Member:
    made = judge()
    lead_of(made.study)
    judging_round(cohort_of(made))
    return made


def at(name: str, member: Member, **keys: Any) -> str:
    return reverse(name, kwargs={"slug": member.study.slug} | keys)


def test_care_leaves_no_line_and_no_id(logs: LogCapture, member: Member) -> None:
    client = signed_in(member)
    proxy = {"X-Request-ID": "from-proxy-77"}
    client.get(reverse("care:help"), headers=proxy)
    client.get(at("care:ask", member), headers=proxy)
    asked = client.post(at("care:ask", member), headers=proxy)
    case = Case.objects.get()
    client.get(asked.headers["Location"], headers=proxy)
    client.post(asked.headers["Location"], {"do": "contact"}, headers=proxy)  # refused
    client.get(at("care:own-case", member, case_id=uuid.uuid4()), headers=proxy)  # not theirs
    client.get(at("care:how-you-work", member), headers=proxy)
    client.post(at("care:mood", member), headers=proxy)
    client.get(at("annotations:own-texts", member), headers=proxy)
    client.get(at("care:case", member, case_id=case.id), headers=proxy)  # refused
    lead = signed_in(lead_of(member.study))
    lead.get(at("care:cases", member), headers=proxy)
    lead.get(at("care:case", member, case_id=case.id), headers=proxy)
    post_mail()
    lines = logs.text()
    for secret in ("from-proxy-77", "support", "care/", "mood", "own-texts", "help/", str(case.id)):
        assert secret not in lines, secret
    assert not any(entry["message"] == "answered" for entry in logs.entries())


def test_stopping_for_support_looks_like_every_other_request(
    logs: LogCapture, member: Member
) -> None:
    client = signed_in(member)
    held = lease(member)
    client.get(one_url(held))
    client.post(one_url(held), {"do": "support"})
    assert Case.objects.exists()
    route = "studies/<slug:slug>/judge/<uuid:assignment_id>/"
    keys = {"time", "level", "logger", "message", "request", "method", "route", "status", "ms"}
    assert [(entry["method"], entry["status"]) for entry in logs.answered(route)] == [
        ("GET", 200),
        ("POST", 302),
    ]
    assert all(set(entry) == keys for entry in logs.answered(route))
    assert "support" not in logs.text()


def test_the_address_of_such_a_page_is_sent_nowhere(member: Member) -> None:
    client = signed_in(member)
    for path in (reverse("care:help"), at("care:ask", member)):
        assert client.get(path)["Referrer-Policy"] == "strict-origin"
    assert Client().get("/")["Referrer-Policy"] == "same-origin"


def patterns(resolver: URLResolver, before: str = "") -> Iterator[tuple[str, URLPattern]]:
    for entry in resolver.url_patterns:
        route = before + str(entry.pattern).lstrip("^")
        if isinstance(entry, URLResolver):
            yield from patterns(entry, route)
        else:
            yield route, entry


def test_every_page_of_care_is_unlogged_and_named_for_proxies() -> None:
    """Prevents requests for a new page of care from being logged, by Codesign or by a proxy."""
    for _route, entry in patterns(get_resolver()):
        view: Any = entry.callback
        if view.__module__.startswith("codesign.care."):
            assert is_unlogged(view) is (entry.name not in SET_UP), entry.name
    unlogged = re.search(r'"~(\^\S+)"\s+0;', (ROOT / "docs/deployment.md").read_text("utf-8"))
    assert unlogged
    for route, entry in patterns(get_resolver()):
        path = "/" + re.sub(r"<[^>]+>", "x", route)
        assert bool(re.match(unlogged[1], path)) is is_unlogged(entry.callback), route


def test_gunicorn_writes_no_access_log_whatever_its_options() -> None:
    program = (
        "import logging; from gunicorn.app.wsgiapp import WSGIApplication as A;"
        "app = A('%(prog)s'); log = app.cfg.logger_class(app.cfg);"
        "print(log.access_log.isEnabledFor(logging.INFO), log.access_log.handlers)"
    )
    options = ["-c", "python:codesign.config.gunicorn", "--access-logfile", "-", "x:y"]
    said = subprocess.run(
        [sys.executable, "-c", program, *options],
        capture_output=True,
        text=True,
        cwd=ROOT,
        env=os.environ | {"GUNICORN_CMD_ARGS": "--log-level debug"},
        check=True,
    )
    assert said.stdout.split() == ["False", "[]"]
