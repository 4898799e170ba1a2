"""What every response has in common, for every person and every error."""

from __future__ import annotations

import gzip

import pytest
from django.conf import settings
from django.core.exceptions import PermissionDenied, SuspiciousOperation
from django.http import HttpRequest, HttpResponse
from django.test import Client, override_settings
from django.urls import path

from codesign.config import urls as real
from tests.factories.annotations import judge
from tests.support.judging_page import signed_in

pytestmark = pytest.mark.django_db


def bad(request: HttpRequest) -> HttpResponse:
    raise SuspiciousOperation


def forbidden(request: HttpRequest) -> HttpResponse:
    raise PermissionDenied


def broken(request: HttpRequest) -> HttpResponse:
    raise RuntimeError("a fault made for a test")


urlpatterns = [
    *real.urlpatterns,
    *(
        path(f"{before}{view.__name__}/", view)
        for before in ("api/", "")
        for view in (bad, forbidden, broken)
    ),
]
handler400, handler403 = real.handler400, real.handler403
handler404, handler500 = real.handler404, real.handler500


@override_settings(ROOT_URLCONF=__name__)
@pytest.mark.parametrize(
    ("address", "status"),
    [
        ("bad/", 400),
        ("forbidden/", 403),
        ("broken/", 500),
        ("nowhere/", 404),
        ("v1/studies/%00/assignments/", 404),
        ("v1/assignments/%00/nothing/", 404),
    ],
)
def test_errors_are_problem_documents_for_programs_and_pages_for_people(
    address: str, status: int
) -> None:
    client = Client(raise_request_exception=False)
    answer = client.get(f"/api/{address}")
    assert answer.status_code == status
    assert answer["Content-Type"] == "application/problem+json"
    assert answer["Cache-Control"].count("no-store")
    assert answer.json()["status"] == status
    assert answer.json()["title"].endswith(".")
    page = client.get(f"/{address}")
    assert page.status_code == status
    assert page["Content-Type"].startswith("text/html")


def test_nothing_for_a_signed_in_person_or_a_program_is_stored() -> None:
    member = judge()
    client = signed_in(member)
    slug = member.study.slug
    pages = ["/", f"/studies/{slug}/", f"/studies/{slug}/consent/choices/", "/help/", "/nowhere/"]
    for address in [*pages, "/api/v1/studies/", "/api/v1/nowhere/"]:
        answer = client.get(address)
        assert "no-store" in answer["Cache-Control"], address
        assert "Cookie" in answer["Vary"], address
    api = Client().get("/api/v1/studies/")
    assert "no-store" in api["Cache-Control"]
    assert "Authorization" in api["Vary"]


def test_files_that_are_the_same_for_everybody_are_answered_before() -> None:
    static, no_store = (
        settings.MIDDLEWARE.index(name)
        for name in (
            "whitenoise.middleware.WhiteNoiseMiddleware",
            "codesign.shared.middleware.NoStoreMiddleware",
        )
    )
    assert static < no_store


def test_pages_are_compressed_and_files_and_answers_of_the_api_are_not() -> None:
    asks = {"Accept-Encoding": "gzip"}
    page = Client().get("/account/login/", headers=asks)
    assert page["Content-Encoding"] == "gzip"
    assert "Accept-Encoding" in page["Vary"]
    assert b"<h1" in gzip.decompress(page.content)
    assert not Client().get("/account/login/").has_header("Content-Encoding")
    assert not Client().get("/api/v1/schema/", headers=asks).has_header("Content-Encoding")
