"""Paged lists show every row once, forwards and backwards, in every order."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from django.http import QueryDict
from django.test.utils import CaptureQueriesContext

from codesign.shared.keyset import Page, page_of
from codesign.studies.models import Study
from tests.factories.studies import StudyFactory

pytestmark = pytest.mark.django_db

NEWEST = ("-created_at", "-id")
ROWS = 11


@pytest.fixture(autouse=True)
def _studies() -> None:
    """Eleven rows; each three of the same moment, so that ids must decide."""
    for number in range(ROWS):
        study = StudyFactory.create(slug=f"study-{number:02}")
        moment = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(microseconds=number // 3)
        Study.objects.filter(id=study.id).update(created_at=moment)


def asked(by: tuple[str, ...], query: str = "", size: int = 4) -> Page:
    return page_of(Study.objects.all(), by=by, asked=QueryDict(query), size=size)


@pytest.mark.parametrize("by", [NEWEST, ("slug",), ("-slug",)])
def test_pages_show_every_row_once_in_both_directions(by: tuple[str, ...]) -> None:
    expected = list(Study.objects.order_by(*by))
    pages = [asked(by)]
    while pages[-1].next:
        pages.append(asked(by, f"after={pages[-1].next}"))
    assert [len(page) for page in pages] == [4, 4, 3]
    assert [row for page in pages for row in page] == expected
    back = [asked(by, "last=yes")]
    assert not back[0].next
    while back[-1].previous:
        back.append(asked(by, f"before={back[-1].previous}"))
    assert [row for page in reversed(back) for row in page] == expected
    assert not pages[0].previous
    assert pages[0].has_other_pages


@pytest.mark.parametrize(
    "query",
    ["after=", "after=nothing", "before=%00", "after=WyJhIl0", "after=W10", "after=bnVsbA",
     "before=WyJ4IiwgInkiXQ", "after=WzEsIDJd", "page=7"],
)  # fmt: skip
def test_invalid_mark_leads_to_the_first_page(query: str) -> None:
    assert list(asked(NEWEST, query)) == list(asked(NEWEST))


def test_a_list_that_exactly_fills_a_page_has_no_next_page() -> None:
    page = asked(("slug",), size=ROWS)
    assert (len(page), page.next, page.has_other_pages) == (ROWS, "", False)
    all_but_one = asked(("slug",), size=ROWS - 1)
    last = asked(("slug",), f"after={all_but_one.next}", size=1)
    assert (len(all_but_one), len(last), last.next) == (ROWS - 1, 1, "")


def test_new_rows_do_not_move_later_pages() -> None:
    first = asked(("slug",))
    second = list(asked(("slug",), f"after={first.next}"))
    StudyFactory.create(slug="before-all-others")
    assert list(asked(("slug",), f"after={first.next}")) == second


def test_a_page_is_one_query_and_reads_no_further_than_it_must() -> None:
    with CaptureQueriesContext(connection) as seen:
        asked(("slug",), "last=yes")
    (query,) = seen.captured_queries
    assert query["sql"].endswith("LIMIT 5")


def test_an_empty_list_has_no_other_pages() -> None:
    nothing = page_of(Study.objects.none(), by=("slug",), asked=QueryDict("last=yes"), size=4)
    assert not nothing.has_other_pages
    assert list(nothing) == []
