"""A release stays right where people leave answers out, or are supported (standards 5.7)."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from codesign.care.models import SupportedTime
from tests.support.release_study import Story, files_of, release, rows

pytestmark = pytest.mark.django_db


META = ("example", "category", "intensity", "language")


def test_votes_are_of_those_who_compared_and_no_supporter_is_released() -> None:
    story = Story()
    compares, rates_only = story.member(), story.member()
    now = timezone.now()
    for began, ended in ((now - timedelta(days=2), now - timedelta(days=1)), (now, None)):
        SupportedTime.objects.create(member=rates_only, began_at=began, ended_at=ended)
    SupportedTime.objects.create(member=compares, began_at=now - timedelta(hours=2), ended_at=now)
    prompt = story.prompt()
    voted = story.judge(compares, prompt)
    story.judge(rates_only, prompt, ranking=[])
    made = release(story.study)
    (pair,) = rows(made, "preference")
    assert pair["chosen"][0]["content"] == story.responses(prompt)[0].text
    assert [(c["votes"], c["wins"]) for c in pair["meta"]["cohorts"]] == [(1, 1)]
    judgements = rows(made, "judgements")
    raters = {row["rater_pseudonym"] for row in judgements}
    assert len(raters) == 2
    assert "supported" not in files_of(made)
    assert {tuple(row["meta"]) for row in judgements} == {META}
    assert {row["kind"] for row in judgements} == {"rating", "ranking"}
    assert voted.member_id == compares.id
