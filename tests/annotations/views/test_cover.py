"""The content note before a text, later, undo and breaks on the judging page."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client

from annotations.models import Assignment, Seat, TopicChoice
from annotations.rules.topics import Choice
from annotations.services import care_choices
from codesign.shared.actors import Actor
from codesign.studies.models import Member
from tests.factories.annotations import TOPIC, add_task, judge, judging_round
from tests.support.counting import queries_in
from tests.support.judging_page import filled, held, judge_url, one_url, signed_in

pytestmark = pytest.mark.django_db
WORDS = "A line that nobody should read unprepared."


@pytest.fixture
def member() -> Member:
    member = judge()
    made = judging_round(member.cohort, tasks=2)
    add_task(
        made,
        intensity=3,
        topics=["bereavement"],
        messages=[{"role": "user", "content": WORDS}],
    )
    Seat.objects.filter(task__prompt__intensity=3).update(shuffle=-1)
    return member


def opened(member: Member) -> tuple[Client, str]:
    """A client with the cover, and its words."""
    client = signed_in(member)
    return client, client.get(judge_url(member)).content.decode()


def test_a_heavy_text_is_not_in_the_page_until_it_is_opened(member: Member) -> None:
    client, page = opened(member)
    assert "This text is heavy." in page
    assert "bereavement" in page
    assert "only the safety lead of this study is told that today is hard for you" in page
    for button in ('value="view"', 'value="later"', 'value="stop"', 'name="skip"'):
        assert button in page
    one = held(member)
    for response in one.responses.values():
        assert response.text not in page
    assert WORDS not in page
    assert one.first_shown_at is None
    page = client.post(one_url(one), {"do": "view"}).content.decode()
    assert WORDS in page
    assert 'id="judge"' in page
    one.refresh_from_db()
    assert one.first_shown_at is not None
    assert WORDS in client.get(one_url(one)).content.decode()


def test_a_topic_to_ask_about_is_named(member: Member) -> None:
    TopicChoice.objects.filter(member=member, topic=TOPIC).update(choice=Choice.ASK)
    client, _ = opened(member)
    client.post(one_url(held(member)), {"skip": "other"})
    page = client.get(judge_url(member)).content.decode()
    assert "You wanted to be asked first about" in page
    assert "<bdi>low mood</bdi>" in page


def test_a_cover_makes_few_queries(member: Member) -> None:
    client, _ = opened(member)
    assert (
        queries_in(lambda: client.get(judge_url(member))) <= 12
    )  # one asks whether they have chosen topics


@pytest.mark.parametrize("way", ["stop", "later"])
def test_stop_and_later_from_the_cover_keep_the_draft(member: Member, way: str) -> None:
    client, _ = opened(member)
    one = held(member)
    Assignment.objects.filter(id=one.id).update(draft={"comment": "half a thought"})
    client.post(one_url(one), {"do": way})
    one.refresh_from_db()
    assert one.draft == {"comment": "half a thought"}
    assert one.state == "expired"


def test_later_saves_the_form_and_shows_the_next(member: Member) -> None:
    client, _ = opened(member)
    one = held(member)
    client.post(one_url(one), {"do": "view"})
    page = client.post(one_url(one), filled(one, do="later", comment="Not now."))
    assert "You may get this text again from tomorrow on." in page.content.decode()
    one.refresh_from_db()
    assert one.draft["comment"] == "Not now."  # type: ignore[index]
    assert one_url(held(member)) in page.content.decode()
    assert one_url(one) not in page.content.decode()
    again = client.post(one_url(one), {"do": "later"})
    assert again.status_code == 200


def test_answers_with_an_error_are_shown_and_not_covered_again(member: Member) -> None:
    client, _ = opened(member)
    one = held(member)
    client.post(one_url(one), {"do": "view"})
    page = client.post(one_url(one), filled(one, comparison=None, comment="Here to stay."))
    assert page.status_code == 422
    assert "Here to stay." in page.content.decode()


@pytest.mark.parametrize(
    ("sent", "says"),
    [
        ({"do": "send"}, ""),
        ({"mark": "A"}, ""),
        ({"skip": "nonsense"}, "Please choose one of the reasons."),
        ({"skip": "other", "skip_note": "n" * 501}, "n" * 501),
        ({"skip": "other", "skip_note": "n\x00"}, ""),
    ],
)
def test_no_refused_request_uncovers_a_text(
    member: Member, sent: dict[str, str], says: str
) -> None:
    client, _ = opened(member)
    one = held(member)
    answer = client.post(one_url(one), sent)
    page = answer.content.decode()
    assert answer.status_code == 422
    assert 'value="view"' in page
    assert says in page
    assert WORDS not in page
    one.refresh_from_db()
    assert (one.covered, one.first_shown_at) == (True, None)


def test_a_skip_offers_its_undo_and_the_undo_gives_the_text_back(member: Member) -> None:
    client, _ = opened(member)
    one = held(member)
    page = client.post(one_url(one), {"skip": "other"}).content.decode()
    assert 'value="undo"' in page
    assert f'action="{one_url(one)}"' in page
    assert 'value="undo"' in client.get(one_url(one)).content.decode()
    back = client.post(one_url(one), {"do": "undo"}, follow=True).content.decode()
    assert "You have this text again. It is already paid." in back
    assert held(member).task_id == one.task_id
    Assignment.objects.filter(state="skipped").update(ended_at=None)
    late = client.post(one_url(one), {"do": "undo"}, follow=True)
    assert "You have this text again." in late.content.decode()  # repeated


def test_an_undo_that_comes_too_late_says_so(member: Member) -> None:
    client, _ = opened(member)
    one = held(member)
    client.post(one_url(one), {"skip": "other"})
    one.refresh_from_db()
    assert one.ended_at is not None
    Assignment.objects.filter(id=one.id).update(ended_at=one.ended_at - timedelta(minutes=11))
    late = client.post(one_url(one), {"do": "undo"}, follow=True).content.decode()
    assert "This can no longer be undone." in late
    assert 'value="undo"' not in client.get(one_url(one)).content.decode()


def test_a_break_is_offered_with_a_way_to_go_on(member: Member) -> None:
    client, _ = opened(member)
    one = held(member)
    began = one.leased_at - timedelta(minutes=45) + timedelta(microseconds=1)
    Assignment.objects.filter(id=one.id).update(sitting_began=began)
    page = client.post(one_url(one), filled(one)).content.decode()
    assert "Would you like a break?" in page
    assert "You have been reading for a while." in page
    assert f'href="{judge_url(member)}"' in page
    assert "1 in this sitting" not in page


def test_a_full_day_says_what_was_done_and_earned(member: Member) -> None:
    care_choices.choose(actor=Actor.of(member.user), slug=member.study.slug, choices={}, minutes=5)
    client, _ = opened(member)
    one = held(member)
    Assignment.objects.filter(id=one.id).update(load_before=150)
    page = client.post(one_url(one), filled(one)).content.decode()
    assert "That is enough for today. Thank you." in page
    assert "Today: 1 done, <strong>£0.80</strong> earned." in " ".join(page.split())
    assert f'href="{judge_url(member)}"' not in page


AMBER = "note note-warn"


@pytest.mark.parametrize(("intensity", "amber"), [(1, False), (2, True)])
def test_only_texts_that_may_be_hard_are_below_a_warning(intensity: int, amber: bool) -> None:
    member = judge()
    made = judging_round(member.cohort, tasks=0)
    add_task(made, intensity=intensity, topics=["work"])
    page = opened(member)[1]
    note = page.partition('<div class="content-note')[2].partition("</div>")[0]
    assert (AMBER in note) is amber
    for part in ("work", "This text is lighter." if not amber else "hard to read", 'href="#skip"'):
        assert part in note


def test_a_light_text_to_ask_about_keeps_its_warning() -> None:
    member = judge()
    made = judging_round(member.cohort, tasks=0)
    add_task(made, intensity=1, topics=["work"])
    TopicChoice.objects.create(member=member, topic="work", choice=Choice.ASK)
    client = opened(member)[0]
    page = client.post(one_url(held(member)), {"do": "view"}).content.decode()
    assert AMBER in page.partition('<div class="content-note')[2].partition("</div>")[0]
