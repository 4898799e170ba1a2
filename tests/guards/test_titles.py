"""Titles of pages are neutral: tabs and histories show them to whoever sees the screen.

A title never names a study, what people judge, or what a study is about (standards 4.13).
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from django.test import Client

from annotations.models import Prompt, Round
from codesign.studies.models import Study
from codesign.studies.rules import JUDGING, Role
from tests.factories.annotations import judge, judging_round, lease, send
from tests.factories.studies import staff
from tests.support.source import ROOT
from tests.support.study_pages import pages_of

TEMPLATES = sorted((ROOT / "templates").rglob("*.html"))
TITLE = re.compile(r"\{% block (?:head_)?title %\}(.*?)\{% endblock %\}", re.DOTALL)
VALUES = re.compile(r"\{\{.*?\}\}|\bwith \w+=")
WITH_VALUES = {
    "annotations/calm.html": "one of the fixed headings between two texts, checked below",
    "annotations/cover.html": "the number of the text in the sitting",
    "annotations/judge.html": "the number of the text in the sitting",
}
"""Templates whose title has a value, and what it is. Each must still have one."""
TELLING = re.compile(
    r"mental|psych|suicid|self-harm|distress|crisis|depress|anxi|trauma|disorder|illness|diagnos"
    r"|disclos|therap|patient|clinic|addict",
    re.IGNORECASE,
)


def name_of(path: Path) -> str:
    return path.relative_to(ROOT / "templates").as_posix()


def titles() -> dict[str, str]:
    """Return template → what stands in its block of the title."""
    blocks = {name_of(path): TITLE.search(path.read_text(encoding="utf-8")) for path in TEMPLATES}
    return {name: " ".join(block[1].split()) for name, block in blocks.items() if block}


def test_titles_hold_no_values() -> None:
    """Prevents a title with the name of a study, a round or a person in a browser's history."""
    with_values = {name for name, title in titles().items() if VALUES.search(title)}
    assert with_values == set(WITH_VALUES)


def test_titles_do_not_tell_what_a_study_is_about() -> None:
    """Prevents a title that tells others why somebody is on this site."""
    assert len(titles()) > 60
    assert {name: title for name, title in titles().items() if TELLING.search(title)} == {}


@pytest.mark.django_db
@pytest.mark.parametrize("role", [Role.PANELIST, "staff"])
def test_pages_have_neutral_titles(role: str) -> None:
    """Prevents a neutral template from being given a title that is not."""
    member = judge()
    judging_round(member.cohort, tasks=2)
    send(lease(member))
    Study.objects.update(title="Depression at work")
    Round.objects.update(title="Crisis texts")
    client = Client()
    client.force_login(
        member.user if role in JUDGING else staff(member.study, *(set(Role) - JUDGING)).user
    )
    member.study.refresh_from_db()
    pages = [page for status, page in pages_of(member.study, client).values() if status == 200]
    round_page = client.get(f"/studies/{member.study.slug}/rounds/{Round.objects.get().id}/")
    titled = [
        re.search(r"<title>(.*?)</title>", page, re.DOTALL)
        for page in [*pages, round_page.content.decode()]
    ]
    said = {" ".join(title[1].split()) for title in titled if title}
    assert len(said) > (3 if role in JUDGING else 15)
    for title in said:
        assert title.endswith("· Codesign")
        assert not TELLING.search(title), title
        assert Prompt.objects.all()[0].external_id not in title
