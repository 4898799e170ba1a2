"""One choice instead of two that contradict each other."""

from __future__ import annotations

import uuid

import pytest

from annotations.models import Judgement
from annotations.rules.states import Ask
from tests.factories.annotations import judge, judging_round
from tests.support.judging_page import cohort_of, filled, held, judge_url, one_url, signed_in
from tests.support.pages import flowed

pytestmark = pytest.mark.django_db


def test_two_replies_have_one_choice_for_comparison_and_harm() -> None:
    member = judge()
    judging_round(cohort_of(member), asks=(Ask.RANKING,))
    client = signed_in(member)
    words = flowed(client.get(judge_url(member)).content)
    assert '<input type="radio" name="comparison" value="harm">' in words
    assert 'name="all_harmful"' not in words
    first = held(member)
    client.post(one_url(first), {"do": "save", "comparison": "harm"})
    assert 'value="harm" checked' in client.get(judge_url(member)).content.decode()
    client.post(one_url(first), filled(first, comparison="harm"))
    judgement = Judgement.objects.get()
    assert (judgement.all_harmful, judgement.ranking) == (True, [])


def test_three_replies_have_places_and_a_choice_of_harm() -> None:
    member = judge()
    judging_round(
        cohort_of(member), sources=[uuid.uuid4() for _ in range(3)], asks=(Ask.RATING, Ask.RANKING)
    )
    client = signed_in(member)
    client.get(judge_url(member))
    first = held(member)
    harm = filled(first, comparison=None) | {"all_harmful": "on"}
    page = client.post(one_url(first), harm | {"rank-A": "1"})
    words = page.content.decode()
    assert page.status_code == 422
    assert 'href="#all_harmful"' in words
    assert 'id="all_harmful"' in words
    assert not Judgement.objects.exists()
    assert client.post(one_url(first), harm).status_code == 200
    assert Judgement.objects.get().all_harmful
