"""The content security policy is in force, and tests notice its violations."""

from __future__ import annotations

import pytest
from django.http import HttpRequest, HttpResponse
from django.test import override_settings
from django.urls import path

from codesign.config.urls import urlpatterns as real
from tests.browser.conftest import OpenPage
from tests.browser.looking import watches

pytestmark = pytest.mark.django_db(transaction=True)

INLINE = {
    "style": "<style>h1 { color: red }</style>",
    "attribute": "<h1 style='color: red'>Inline</h1>",
    "script": "<script>document.title = 'inline'</script>",
    "handler": "<img src='data:,' onerror='document.title = 1'>",
    "stranger": "<link rel='stylesheet' href='http://strange.invalid/x.css'>",
}


def inline(request: HttpRequest, kind: str) -> HttpResponse:
    return HttpResponse(f"<!doctype html><title>Inline</title>{INLINE[kind]}")


urlpatterns = [path("inline/<str:kind>/", inline), *real]


@override_settings(ROOT_URLCONF=__name__)
@pytest.mark.parametrize("kind", INLINE)
def test_violations_of_the_policy_are_reported(open_page: OpenPage, kind: str) -> None:
    page = open_page()
    page.goto(f"/inline/{kind}/", wait_until="load")
    watch = watches[page]
    if not watch.refusals():
        page.wait_for_event("console")
    assert watch.refusals()
    assert page.title() == "Inline"
    watch.problems.clear()
