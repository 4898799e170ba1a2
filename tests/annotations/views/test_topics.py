"""The pages of topics and daily limits."""

from __future__ import annotations

import pytest
from django.urls import reverse

from annotations.models import OwnLimit, StudyLimit, StudyTopic, TopicChoice
from codesign.studies.models import Member
from codesign.studies.rules import Role
from tests.factories.annotations import judge, judging_round, lease
from tests.factories.studies import staff
from tests.support.counting import queries_of
from tests.support.judging_page import judge_url, signed_in
from tests.support.pages import flowed

pytestmark = pytest.mark.django_db


@pytest.fixture
def member() -> Member:
    member = judge()
    judging_round(member.cohort, tasks=2)
    return member


def url(member: Member, name: str = "topics") -> str:
    return reverse(f"annotations:{name}", kwargs={"slug": member.study.slug})


def field_of(member: Member, topic: str = "low mood") -> str:
    return f"topic-{StudyTopic.objects.get(study=member.study, topic=topic).id}"


def test_home_offers_the_page_before_the_first_text(member: Member) -> None:
    client = signed_in(member)
    home = client.get(reverse("desk:study", kwargs={"slug": member.study.slug})).content.decode()
    assert f'class="btn btn-primary" href="{url(member)}"' in flowed(home)
    page = client.get(url(member)).content.decode()
    assert "Before your first text" in page
    sent = client.post(url(member), {field_of(member): "ask", "then": "judge"})
    assert sent["Location"] == judge_url(member)
    lease(member)
    page = client.get(url(member)).content.decode()
    assert "Before your first text" not in page
    assert "Save and continue reading" in page


def test_choices_are_stored_and_shown_again(member: Member) -> None:
    client = signed_in(member)
    sent = client.post(url(member), {field_of(member): "never", "minutes": "30"})
    assert sent["Location"] == url(member)
    assert TopicChoice.objects.get().choice == "never"
    assert OwnLimit.objects.get().minutes == 30
    page = client.get(url(member)).content.decode()
    assert 'value="never"' in page
    assert 'value="30"' in page
    assert "checked" in page.partition('value="never"')[2].partition(">")[0]


@pytest.mark.parametrize("minutes", ["4", "61", "many"])
def test_bad_input_is_explained_and_nothing_is_lost(member: Member, minutes: str) -> None:
    client = signed_in(member)
    page = client.post(url(member), {field_of(member): "never", "minutes": minutes})
    assert page.status_code == 400
    words = page.content.decode()
    assert f'value="{minutes}"' in words
    assert "checked" in words.partition('value="never"')[2].partition(">")[0]
    assert not TopicChoice.objects.exists()


def test_many_topics_have_pages_and_a_constant_number_of_queries(member: Member) -> None:
    client = signed_in(member)
    few = queries_of(client, url(member))
    StudyTopic.objects.bulk_create(
        StudyTopic(study=member.study, topic=f"topic {n:03}") for n in range(150)
    )
    assert queries_of(client, url(member)) == few
    assert 'rel="next"' in client.get(url(member)).content.decode()
    second = client.get(url(member) + "?page=2").content.decode()
    assert "topic 149" in second
    client.post(url(member) + "?page=2", {field_of(member, "topic 149"): "never"})
    assert TopicChoice.objects.get().topic == "topic 149"


def test_only_people_who_judge_see_it(member: Member) -> None:
    coordinator = staff(member.study, Role.COORDINATOR)
    assert signed_in(coordinator).get(url(member)).status_code == 403
    assert signed_in(judge()).get(url(member)).status_code == 404


def test_the_coordinator_sets_the_limit_of_the_study(member: Member) -> None:
    coordinator = staff(member.study, Role.COORDINATOR)
    client, limit = signed_in(coordinator), url(member, "study-limit")
    assert limit in client.get(url(member, "rounds")).content.decode()
    assert 'value="60"' in client.get(limit).content.decode()
    assert client.post(limit, {"minutes": "2"}).status_code == 400
    assert client.post(limit, {"minutes": "45"})["Location"] == url(member, "rounds")
    assert StudyLimit.objects.get().minutes == 45
    assert "45 minutes" in signed_in(member).get(url(member)).content.decode()
    assert signed_in(member).get(limit).status_code == 403
