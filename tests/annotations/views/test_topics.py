"""The pages of topics and daily limits."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from django.urls import reverse

from annotations.models import (
    Assignment,
    OwnLimit,
    Round,
    Seat,
    StudyLimit,
    StudyTopic,
    TopicChoice,
)
from codesign.studies.models import Member, Study
from codesign.studies.rules import Role, StudyState
from tests.factories.annotations import add_task, judge, judging_round, lease
from tests.factories.studies import MemberFactory, staff
from tests.support.counting import queries_of
from tests.support.judging_page import judge_url, signed_in
from tests.support.pages import flowed

pytestmark = pytest.mark.django_db


@pytest.fixture
def member() -> Member:
    member = judge(chose_topics=False)
    judging_round(member.cohort, tasks=2)
    return member


def url(member: Member, name: str = "topics") -> str:
    return reverse(f"annotations:{name}", kwargs={"slug": member.study.slug})


def field_of(member: Member, topic: str = "low mood") -> str:
    return f"topic-{StudyTopic.objects.get(study=member.study, topic=topic).id}"


def test_the_judging_page_asks_for_topics_before_the_first_text(member: Member) -> None:
    client = signed_in(member)
    assert client.get(judge_url(member))["Location"] == url(member)
    assert not Assignment.objects.exists()
    page = client.get(url(member)).content.decode()
    assert "Before you read" in page
    assert "checked" not in page  # nothing is chosen beforehand
    sent = client.post(url(member), {field_of(member): "ask", "then": "judge"})
    assert sent["Location"] == judge_url(member)
    assert "You wanted to be asked first about" in flowed(
        client.get(sent["Location"]).content.decode()
    )
    page = client.get(url(member)).content.decode()
    assert "Before you read" not in page
    assert "Save and continue reading" in page


def test_fine_with_all_is_one_step_and_asked_once(member: Member) -> None:
    add_task(Round.objects.get(), topics=["sleep", "work"])
    client = signed_in(member)
    client.post(url(member), {"then": "judge"})
    chosen = TopicChoice.objects.filter(member=member).values_list("topic", "choice")
    assert dict(chosen) == {"low mood": "fine", "sleep": "fine", "work": "fine"}
    assert client.get(judge_url(member)).status_code == 200


def test_what_is_left_open_keeps_its_earlier_choice(member: Member) -> None:
    client = signed_in(member)
    client.post(url(member), {field_of(member): "never"})
    client.post(url(member), {"minutes": "30"})
    assert TopicChoice.objects.get().choice == "never"


def holds_a_text(member: Member) -> None:
    lease(member)


def cannot_have_a_text(member: Member) -> None:
    Seat.objects.update(offered=False)


def is_in_a_paused_study(member: Member) -> None:
    Study.objects.filter(id=member.study_id).update(state=StudyState.PAUSED)


@pytest.mark.parametrize("now", [holds_a_text, cannot_have_a_text, is_in_a_paused_study])
def test_nobody_is_asked_who_gets_no_new_text(
    member: Member, now: Callable[[Member], None]
) -> None:
    now(member)
    assert signed_in(member).get(judge_url(member)).status_code == 200


def test_nobody_is_asked_in_a_study_without_topics() -> None:
    member = judge(chose_topics=False)
    add_task(judging_round(member.cohort, tasks=0), topics=[])
    assert signed_in(member).get(judge_url(member)).status_code == 200


def test_consent_comes_before_the_topics(member: Member) -> None:
    unsigned = MemberFactory.create(cohort=member.cohort)
    sent = signed_in(unsigned).get(judge_url(unsigned))
    assert sent["Location"] == reverse("consent:read", kwargs={"slug": member.study.slug})


def test_the_topics_with_the_heaviest_texts_come_first(member: Member) -> None:
    made = Round.objects.get()
    for topics, intensity in [
        (["work", "suicidal thoughts"], 3),
        (["work", "anxiety"], 1),
        (["sleep"], 3),
        (["sleep"], 2),
        (["anxiety"], 1),
    ]:
        add_task(made, topics=topics, intensity=intensity)
    page = signed_in(member).get(url(member)).content.decode()
    listed = re.findall(r'<legend dir="auto">(.*?)</legend>', page)
    assert listed == ["suicidal thoughts", "sleep", "work", "anxiety", "low mood"]


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
    assert TopicChoice.objects.get(choice="never").topic == "topic 149"
    assert not TopicChoice.objects.filter(topic="topic 000").exists()  # on the first page


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
