"""The Help page: public, everywhere, the lines of one's studies first, numbers one can press."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils.dateformat import format as date_format

from codesign.care.models import Helpline
from codesign.care.queries.help_page import example_lines, help_parts
from tests.factories.care import cover
from tests.factories.studies import CohortFactory, MemberFactory, staff
from tests.support.counting import queries_of
from tests.support.pages import flowed

pytestmark = pytest.mark.django_db

HELP = "/help/"


def test_every_example_and_part_is_on_the_page(client: Client) -> None:  # standards 4.7
    page = client.get(reverse("care:help")).content.decode()
    for line in example_lines():
        assert date_format(line.checked_on, "j F Y") in page
    for part in help_parts():
        assert part["heading"] in page
    assert 'href="tel:116123"' in page
    assert page.count('<span class="tag">example</span>') == 8  # one for each country


def test_members_see_the_lines_of_their_studies_first(client: Client) -> None:  # standards 4.7
    member = MemberFactory.create()
    cover(member.study, "ES", name="Teléfono de la Esperanza")
    Helpline.objects.filter(country_code="ES").update(languages=["es"])
    client.force_login(member.user)
    page = flowed(client.get(HELP).content)
    said = "The people who run your study have checked these lines."
    places = [page.index(words) for words in (said, "Samaritans", "Esperanza", "general list")]
    assert places == sorted(places)
    own = page[places[0] : places[-1]]
    assert own.index("tel:999") < own.index("Samaritans")  # emergency numbers come first
    stranger = Client().get(HELP).content.decode()
    assert said not in stranger
    assert "Esperanza" not in stranger


def test_a_line_that_nobody_verified_is_not_shown(client: Client) -> None:
    member = MemberFactory.create()
    cover(member.study, "ES", name="Teléfono de la Esperanza")
    Helpline.objects.filter(country_code="ES").update(verified_on=None)
    client.force_login(member.user)
    assert "Esperanza" not in client.get(HELP).content.decode()


def test_help_makes_constant_queries(client: Client) -> None:
    member = MemberFactory.create()
    client.force_login(member.user)
    few = queries_of(client, HELP)
    for number in range(5):
        cover(member.study, "IE", name=f"Line {number}")
    MemberFactory.create(user=member.user, cohort=CohortFactory.create())
    assert queries_of(client, HELP) == few


def test_who_is_in_a_study_sees_whom_to_write_to(client: Client) -> None:
    member = MemberFactory.create()
    address = f"mailto:{member.study.contact}"
    assert address not in client.get(reverse("care:help")).content.decode()
    client.force_login(member.user)
    assert address in client.get(reverse("care:help")).content.decode()


@pytest.mark.parametrize("name", ["account_login", "account_signup", "care:help"])
def test_help_and_exit_are_in_the_header_for_everybody(
    client: Client, name: str
) -> None:  # standards 4.7, 4.13
    header = client.get(reverse(name)).content.decode().split("</header>")[0]
    assert f'href="{reverse("care:help")}"' in header
    assert 'href="https://www.bbc.com/weather"' in header


def test_exit_is_on_the_pages_of_members_and_leads_where_the_operator_says(
    client: Client, settings: Any
) -> None:  # standards 4.13
    settings.QUICK_EXIT_URL = "https://news.example.org/"
    for member in (MemberFactory.create(), staff(MemberFactory.create().study)):
        client.force_login(member.user)
        page = client.get(reverse("desk:study", kwargs={"slug": member.study.slug}))
        header = page.content.decode().split("</header>")[0]
        assert 'href="https://news.example.org/"' in header
        assert "data-quick-exit" in header


@pytest.mark.parametrize(
    "elsewhere",
    ["https://elsewhere.example.org/", "//elsewhere.example.org", "javascript:alert(1)", "/\\x.y"],
)
def test_help_leads_back_only_within_this_site(client: Client, elsewhere: str) -> None:
    page = client.get(reverse("care:help"), {"next": elsewhere}).content.decode()
    assert "Back to where you were" not in page
    page = flowed(client.get(reverse("care:help"), {"next": "/studies/some/"}).content)
    assert 'href="/studies/some/">Back to where you were' in page


def test_emergency_numbers_are_shown_as_typed_with_source_and_day(client: Client) -> None:
    page = flowed(client.get(HELP).content)
    assert 'id="emergency"' in page
    assert '<a href="tel:911"><bdi dir="ltr">911</bdi></a>' in page
    assert "libphonenumber 9.0.43, looked up on 30 November 2026" in page
    first = page[page.index("If you are in danger now") : page.index("Lines to call, text")]
    assert "tel:" not in first  # whose country is not known


def test_the_number_of_ones_country_is_in_the_first_section(client: Client) -> None:
    member = MemberFactory.create(user__timezone="Asia/Tokyo")
    cover(member.study, "ES", name="Teléfono de la Esperanza")
    client.force_login(member.user)
    page = flowed(client.get(HELP).content)
    first = page[page.index("If you are in danger now") : page.index("Lines to call, text")]
    assert first.index("Spain</span>: <strong>") < first.index("Japan</span>: <strong>")
    assert 'href="tel:119"' in first


def test_the_team_and_the_own_lines_come_before_a_folded_general_list(client: Client) -> None:
    member = MemberFactory.create()
    cover(member.study, "ES", name="Teléfono de la Esperanza")
    client.force_login(member.user)
    page = flowed(client.get(HELP).content)
    own = ("Tell the safety lead that today is hard", "Esperanza", '<details class="lines">')
    places = [page.index(words) for words in (*own, "general list", "</details>")]
    assert places == sorted(places)
    assert '<details class="lines">' not in flowed(Client().get(HELP).content)
