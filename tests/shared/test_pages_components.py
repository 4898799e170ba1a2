"""The components of pages render with the arguments that they document."""

from __future__ import annotations

import re

import pytest
from django.template.loader import render_to_string

from annotations.forms.fields import ChoiceField, Option
from codesign.jobs.pages import ProgressCard
from codesign.shared.templatetags.codesign import about, percent_of, rate


def scale(chosen: int | None) -> ChoiceField:
    points = tuple(Option(str(n), str(n), n == chosen, f"point {n}") for n in range(1, 6))
    return ChoiceField("heard-A", "Heard, reply A", points, "A")


def part(name: str, /, **context: object) -> str:
    return render_to_string(f"components/{name}.html", context)


@pytest.mark.parametrize(
    ("done", "total", "read"), [(0, 0, "0%"), (1, 3, "33%"), (999, 1000, "99%"), (7, 7, "100%")]
)
def test_a_share_is_100_only_when_all_is_done(done: int, total: int, read: str) -> None:
    assert percent_of(done, total) == read


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (5, "less than a minute"),
        (60, "about 1 minute"),
        (1500, "about 25 minutes"),
        (5390, "about 90 minutes"),
        (10800, "about 3 hours"),
    ],
)
def test_times_are_said_roughly(seconds: int, said: str) -> None:
    assert about(seconds) == said


def test_a_scale_is_a_labelled_group_with_one_chosen() -> None:  # standards 5.2
    html = render_to_string("annotations/_scale.html", {"group": scale(3), "shape": "numbers"})
    assert html.count('type="radio"') == 5
    assert html.count("checked") == 1
    assert 'value="3" checked' in html
    assert "Heard, reply A</legend>" in html
    assert ", point 5" in html


def test_a_scale_with_nothing_chosen_has_none_checked() -> None:
    html = render_to_string("annotations/_scale.html", {"group": scale(None), "shape": "numbers"})
    assert "checked" not in html


def test_what_people_wrote_keeps_its_direction_and_language() -> None:  # standards 5.4
    turns = [{"role": "user", "content": "مرحبا <b>"}, {"role": "assistant", "content": "أهلا"}]
    html = part("conversation", turns=turns, language="ar")
    assert len(re.findall(r'lang="ar"\s+dir="rtl"', html)) == 2
    assert html.count('<p dir="auto">') == 2  # a paragraph in another language keeps its own
    assert "&lt;b&gt;" in html


def test_table_rows_must_be_as_long_as_the_columns() -> None:
    with pytest.raises(ValueError, match="zip"):
        part("table", caption="Pay", columns=[{"label": "day"}], rows=[["Monday", "£1"]])


def test_a_table_names_each_cell_for_narrow_screens() -> None:
    columns = [{"label": "day"}, {"label": "amount", "number": True}]
    html = part("table", caption="Pay", columns=columns, rows=[["Monday", "£1.00"]])
    assert '<th scope="row" role="rowheader"><bdi>Monday</bdi></th>' in html
    assert 'data-label="amount"' in html


def test_a_job_of_which_nobody_knows_how_much_it_is_says_no_number() -> None:
    job = ProgressCard(
        title="Writing", done=0, total=0, unit="replies", state="waiting", poll_url="/far/"
    )
    html = part("job_progress", job=job)
    assert "Waiting" in html
    assert " of " not in html


def test_a_job_that_has_done_all_but_goes_on_tells_no_pace_any_more() -> None:
    job = ProgressCard(
        title="Writing", done=9, total=9, unit="replies", state="tidying", rate=3, poll_url="/far/"
    )
    html = part("job_progress", job=job)
    assert "9 of 9 replies" in html
    assert "a second" not in html


@pytest.mark.parametrize(
    ("number", "said"),
    [(0.01, "0.1"), (0.42, "0.4"), (2.0, "2"), (9.96, "10"), (21732.4, "21,732")],
)
def test_slow_progress_shows_a_rate_above_zero(number: float, said: str) -> None:
    assert rate(number) == said


def test_a_job_that_is_over_asks_no_more_and_cannot_be_cancelled() -> None:
    job = ProgressCard(
        title="Writing", done=3, total=3, unit="replies", state="done", rate=3, left=60
    )
    html = part("job_progress", job=job)
    assert "a second" not in html
    assert " left" not in html
    assert "hx-get" not in html
    assert "<form" not in html
    assert "100%" in html
