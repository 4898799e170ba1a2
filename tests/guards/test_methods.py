"""Whatever method a browser uses, it shows a page of ours; a program reads a problem document."""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterator

import pytest
from django.test import Client
from django.urls import URLResolver, get_resolver, resolve

from codesign.studies.models import Study
from codesign.studies.rules import JUDGING, Role
from tests.factories.accounts import UserFactory
from tests.factories.studies import MemberFactory, StudyFactory, staff

pytestmark = pytest.mark.django_db
BROWSER = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}
OURS = "<main"


def routes(resolver: URLResolver, before: str = "") -> Iterator[str]:
    for entry in resolver.url_patterns:
        route = before + str(entry.pattern).lstrip("^")
        if isinstance(entry, URLResolver):
            yield from routes(entry, route)
        else:
            yield route


def address(route: str, study: Study) -> str:
    def value(match: re.Match[str]) -> str:
        kind, name = match[1] or "", match[2]
        return {"slug": study.slug}.get(name) or {"uuid": str(uuid.uuid4()), "int": "1"}.get(
            kind, "en"
        )

    return "/" + re.sub(r"<(?:(\w+):)?(\w+)>", value, route)


ROUTES = sorted({route for route in routes(get_resolver()) if "(" not in route} - {"healthz"})


def clients(study: Study) -> dict[str, Client]:
    people = {
        "panelist": MemberFactory.create(study=study, cohort__study=study).user,
        "staff": staff(study, *(set(Role) - JUDGING)).user,
        "site admin": UserFactory.create(is_site_admin=True),
    }
    client_of = {"nobody": Client()}
    for who, user in people.items():
        client_of[who] = Client()
        client_of[who].force_login(user)
    return client_of


def test_every_method_at_every_address_is_answered_by_a_page_or_a_problem() -> None:
    """Prevents a server error, or the browser's own error page, for a refused method."""
    study = StudyFactory.create()
    led, told = 0, 0
    for client in clients(study).values():
        for route in ROUTES:
            where = address(route, study)
            for method in ("GET", "HEAD", "POST", "PUT", "DELETE"):
                if "logout" in where:
                    continue
                answer = client.generic(method, where, headers=BROWSER)
                assert answer.status_code < 500, (method, where)
                if route.startswith("api/"):
                    if answer.status_code == 405:
                        assert answer.headers["Content-Type"] == "application/problem+json"
                    continue
                if answer.status_code == 405:
                    assert method not in ("GET", "HEAD"), where
                    assert answer.headers["Allow"]
                    assert OURS in answer.content.decode(), (method, where)
                    told += 1
                elif method == "GET" and answer.status_code == 302:
                    led += where.startswith(answer.headers["Location"])
    assert led > 10
    assert told > 100


POSTED_TO = [
    ("account/tokens/revoke/", "account/tokens/"),
    ("studies/s/people/{id}/revoke/", "studies/s/people/"),
    ("studies/s/rounds/{id}/open/", "studies/s/rounds/{id}/"),
    ("studies/s/releases/{id}/cancel/", "studies/s/releases/{id}/"),
    ("studies/s/generation/{id}/cancel/", "studies/s/generation/{id}/"),
    ("studies/s/imports/{id}/confirm/", "studies/s/imports/{id}/"),
    ("studies/s/training/{id}/cancel/", "studies/s/training/{id}/"),
]


@pytest.mark.parametrize(("posted", "page"), POSTED_TO)
def test_a_browser_is_led_from_a_button_to_its_page(posted: str, page: str) -> None:
    """Prevents a reload after a POST from ending at a page that says the method is not allowed."""
    study = StudyFactory.create(slug="s")
    client = clients(study)["staff"]
    some = str(uuid.uuid4())
    answer = client.get("/" + posted.format(id=some), headers=BROWSER)
    assert (answer.status_code, answer.headers["Location"]) == (302, "/" + page.format(id=some))
    resolve(answer.headers["Location"])


def test_a_program_that_reads_no_pages_gets_the_plain_answer() -> None:
    """Prevents a program from being redirected where it needs to see the 405."""
    client = clients(StudyFactory.create())["staff"]
    answer = client.get("/account/tokens/revoke/", headers={"Accept": "*/*"})
    assert (answer.status_code, answer.headers["Allow"]) == (405, "POST")
