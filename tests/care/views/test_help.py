"""The Help page: public, everywhere, with numbers one can press."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse
from django.utils.dateformat import format as date_format

from codesign.care import queries
from codesign.care.templatetags.care import callable_numbers
from tests.factories.studies import MemberFactory
from tests.support.pages import flowed

pytestmark = pytest.mark.django_db


def test_every_line_and_part_is_on_the_page(client: Client) -> None:  # standards 4.7
    page = client.get(reverse("care:help")).content.decode()
    for country, lines in queries.helplines_by_country():
        assert country in page
        for line in lines:
            assert date_format(line["checked_on"], "j F Y") in page
    for part in queries.help_parts():
        assert part["heading"] in page
    assert 'href="tel:116123"' in page


def test_each_country_stands_once() -> None:
    names = [country for country, _ in queries.helplines_by_country()]
    assert len(names) == len(set(names))


def test_who_is_in_a_study_sees_whom_to_write_to(client: Client) -> None:
    member = MemberFactory.create()
    address = f"mailto:{member.study.contact}"
    assert address not in client.get(reverse("care:help")).content.decode()
    client.force_login(member.user)
    assert address in client.get(reverse("care:help")).content.decode()


@pytest.mark.parametrize("name", ["account_login", "account_signup", "care:help"])
def test_help_is_in_the_header_for_everybody(client: Client, name: str) -> None:
    header = client.get(reverse(name)).content.decode().split("</header>")[0]
    assert f'href="{reverse("care:help")}"' in header  # standards 4.7


@pytest.mark.parametrize(
    ("words", "html"),
    [
        ("911", '<a href="tel:911">911</a>'),
        ("999 or 112", '<a href="tel:999">999</a> or <a href="tel:112">112</a>'),
        ("0800 111 0 111", '<a href="tel:08001110111">0800 111 0 111</a>'),
        ("<b>", "&lt;b&gt;"),
    ],
)
def test_numbers_can_be_pressed(words: str, html: str) -> None:
    assert callable_numbers(words) == html


@pytest.mark.parametrize(
    "elsewhere",
    ["https://elsewhere.example.org/", "//elsewhere.example.org", "javascript:alert(1)", "/\\x.y"],
)
def test_help_leads_back_only_within_this_site(client: Client, elsewhere: str) -> None:
    page = client.get(reverse("care:help"), {"next": elsewhere}).content.decode()
    assert "Back to where you were" not in page
    page = flowed(client.get(reverse("care:help"), {"next": "/studies/some/"}).content)
    assert 'href="/studies/some/">Back to where you were' in page
