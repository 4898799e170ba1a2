"""The judging page over HTTP."""

from __future__ import annotations

from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from django.utils import timezone

from annotations.models import Assignment, Flag, Judgement, Rewrite
from annotations.rules.states import Ask, AssignmentState, Harm, SeatState
from codesign.compensation.models import Transfer
from codesign.studies.models import Member
from tests.factories.annotations import judge, judging_round
from tests.support.counting import queries_in
from tests.support.judging_page import cohort_of, filled, held, judge_url, one_url, signed_in
from tests.support.pages import flowed

pytestmark = pytest.mark.django_db
ASKS = (Ask.RATING, Ask.RANKING, Ask.REWRITE, Ask.FLAG)


@pytest.fixture
def member() -> Member:
    member = judge()
    judging_round(cohort_of(member), tasks=3, asks=ASKS)
    return member


def test_the_page_shows_the_same_assignment_again(member: Member) -> None:
    client = signed_in(member)
    page = client.get(judge_url(member))
    assert page.status_code == 200
    assert page["Cache-Control"].count("no-store")
    words = page.content.decode()
    for part in ("Someone writes", "Reply A", "Reply B", "Heard, reply A", "£0.80", "1 in this"):
        assert part in words
    first = held(member)
    assert client.get(judge_url(member)).status_code == 200
    assert held(member) == first


def test_sending_stores_and_answers_with_the_next(member: Member) -> None:
    client = signed_in(member)
    client.get(judge_url(member))
    first = held(member)
    sent = filled(
        first,
        rewrite_A="A warmer\r\nreply.",
        harm_B=Harm.DIAGNOSING,
        severity_B=2,
        note_B="It names an illness.",
        comment="Hm.",
    )
    page = client.post(one_url(first), sent)
    assert page.status_code == 200
    second = held(member)
    assert second != first
    assert one_url(second) in page.content.decode()
    assert "2 in this sitting" in page.content.decode()
    judgement = Judgement.objects.get()
    order = [str(one) for one in first.order_shown]
    assert judgement.ranking == [[order[0]], [order[1]]]
    assert (judgement.strength, judgement.comment) == (2, "Hm.")
    assert len(judgement.ratings) == 4
    rewrite = Rewrite.objects.get()
    assert (str(rewrite.response_id), rewrite.text) == (order[0], "A warmer\nreply.")
    flag = Flag.objects.get()
    assert (str(flag.response_id), flag.harm, flag.severity) == (order[1], Harm.DIAGNOSING, 2)


def test_a_repeated_request_is_one_judgement_and_one_credit(member: Member) -> None:
    client = signed_in(member)
    client.get(judge_url(member))
    first = held(member)
    sent = filled(first, active_seconds=None)
    pages = [client.post(one_url(first), sent) for _ in range(2)]
    assert [page.status_code for page in pages] == [200, 200]
    assert all(one_url(held(member)) in page.content.decode() for page in pages)
    assert (Judgement.objects.count(), Transfer.objects.count()) == (1, 1)


@pytest.mark.parametrize(
    ("counted", "least", "most"), [("30", 30_000, 30_000), (None, 100_000, 110_000)]
)
def test_active_time_is_what_was_counted_or_since_it_was_shown(
    member: Member, counted: str | None, least: int, most: int
) -> None:
    client = signed_in(member)
    client.get(judge_url(member))
    first = held(member)
    shown = timezone.now() - timedelta(seconds=100)
    Assignment.objects.filter(id=first.id).update(first_shown_at=shown)
    client.post(one_url(first), filled(first, active_seconds=counted))
    assert least <= Judgement.objects.get().active_ms <= most


def test_sending_other_answers_later_is_refused(member: Member) -> None:
    client = signed_in(member)
    client.get(judge_url(member))
    first = held(member)
    client.post(one_url(first), filled(first))
    page = client.post(one_url(first), filled(first, score=1, key="another"))
    assert page.status_code == 409
    assert "This text is sent" in page.content.decode()
    assert judge_url(member) in page.content.decode()
    back = client.get(one_url(first))
    assert (back.status_code, "This text is sent" in back.content.decode()) == (200, True)


def test_missing_answers_are_named_and_the_others_stay(member: Member) -> None:
    client = signed_in(member)
    client.get(judge_url(member))
    first = held(member)
    sent = filled(first, rating_A_heard=None, comparison=None, harm_A="", severity_A=3)
    sent["comment"] = "Kept <b>here</b>."
    page = client.post(one_url(first), sent)
    words = page.content.decode()
    assert page.status_code == 422
    for name in ("rating-A-heard", "comparison", "harm-A"):
        assert f'href="#{name}"' in words
        assert f'id="{name}"' in words
    assert "rating-B-heard-error" not in words
    assert "Kept &lt;b&gt;here&lt;/b&gt;." in words
    assert words.count(" checked") == 4  # three ratings and the severity
    assert not Judgement.objects.exists()


@pytest.mark.parametrize(
    ("chosen", "groups", "strength"),
    [("A3", [[0], [1]], 3), ("A1", [[0], [1]], 1), ("0", [[0, 1]], None), ("B2", [[1], [0]], 2)],
)
def test_comparison_becomes_ranking_and_strength(
    member: Member, chosen: str, groups: list[list[int]], strength: int | None
) -> None:
    client = signed_in(member)
    client.get(judge_url(member))
    first = held(member)
    client.post(one_url(first), filled(first, comparison=chosen))
    judgement = Judgement.objects.get()
    order = [str(one) for one in first.order_shown]
    assert judgement.ranking == [[order[place] for place in group] for group in groups]
    assert judgement.strength == strength


def test_both_could_do_harm_needs_no_comparison(member: Member) -> None:
    client = signed_in(member)
    client.get(judge_url(member))
    first = held(member)
    sent = filled(first, comparison=None) | {"all_harmful": "on"}
    assert client.post(one_url(first), sent).status_code == 200
    judgement = Judgement.objects.get()
    assert (judgement.all_harmful, judgement.ranking) == (True, [])


def test_an_unchanged_reply_is_no_rewrite(member: Member) -> None:
    client = signed_in(member)
    client.get(judge_url(member))
    first = held(member)
    texts = {row.id: row.text for row in first.task.responses.all()}
    same = texts[first.order_shown[0]].replace("\n", "\r\n") + "\r\n"
    client.post(one_url(first), filled(first, rewrite_A=same))
    assert Judgement.objects.count() == 1
    assert not Rewrite.objects.exists()


def test_a_draft_is_shown_field_by_field(member: Member) -> None:
    client = signed_in(member)
    client.get(judge_url(member))
    first = held(member)
    draft = {"do": "save", "rating-B-usable": "2", "comparison": "B1", "rewrite-B": "Better."}
    draft |= {"harm-A": Harm.OTHER, "note-A": "half a report"}
    assert client.post(one_url(first), draft).headers["Location"] == one_url(first)
    page = client.get(judge_url(member)).content.decode()
    assert "\nBetter.</textarea>" in page
    words = flowed(page)
    assert 'name="rating-B-usable" value="2" checked' in words
    assert 'value="B1" checked' in words
    assert "half a report" in words
    assert words.count('<details class="tool" open>') == 2


@pytest.mark.parametrize(
    "draft",
    [
        {"ratings": "x", "ranking": 3, "flags": [1, None], "rewrites": [{"response": []}]},
        {"ratings": [{"response": "?", "criterion": {}}], "ranking": [3, ["?"], None]},
        {"comment": 5, "strength": "x", "all_harmful": "x", "active_seconds": [1]},
    ],
)
def test_an_invalid_draft_does_not_break_the_page(member: Member, draft: dict[str, Any]) -> None:
    client = signed_in(member)
    client.get(judge_url(member))
    Assignment.objects.update(draft=draft)
    assert client.get(judge_url(member)).status_code == 200


def test_requests_of_the_script_get_short_answers(member: Member) -> None:
    client = signed_in(member)
    client.get(judge_url(member))
    first = held(member)
    said = {"X-Requested-With": "judging"}
    assert client.post(one_url(first), {"do": "save"}, headers=said).status_code == 204
    client.post(one_url(first), filled(first))
    assert client.post(one_url(first), {"do": "save"}, headers=said).status_code == 409


def test_skip_is_paid_and_answers_with_the_next(member: Member) -> None:
    client = signed_in(member)
    client.get(judge_url(member))
    first = held(member)
    page = client.post(one_url(first), {"skip": "too_close", "skip_note": "Near."})
    assert one_url(held(member)) in page.content.decode()
    first.refresh_from_db()
    assert (first.state, first.skip_note) == (AssignmentState.SKIPPED, "Near.")
    assert Transfer.objects.count() == 1
    assert "You skipped this text" in client.get(one_url(first)).content.decode()


def test_an_expired_assignment_can_be_skipped(member: Member) -> None:
    client = signed_in(member)
    client.get(judge_url(member))
    first = held(member)
    Assignment.objects.filter(id=first.id).update(state=AssignmentState.EXPIRED)
    page = client.post(one_url(first), {"skip": "too_close"})
    assert page.status_code == 200
    assert one_url(held(member)) in page.content.decode()
    first.refresh_from_db()
    assert (first.state, first.skip_paid) == (AssignmentState.SKIPPED, True)


def test_asking_for_headers_alone_leases_nothing(member: Member) -> None:
    client = signed_in(member)
    assert client.head(judge_url(member)).status_code == 200
    for said in ({"Sec-Purpose": "prefetch"}, {"Purpose": "prefetch"}):
        assert client.get(judge_url(member), headers=said).status_code == 503
    assert not Assignment.objects.exists()


def test_an_unknown_skip_reason_is_refused_and_answers_stay(member: Member) -> None:
    client = signed_in(member)
    client.get(judge_url(member))
    written = {"skip": "because", "skip_note": "Near to me.", "comment": "So far."}
    page = client.post(one_url(held(member)), written)
    assert page.status_code == 422
    for said in ("Please choose one of the reasons.", "Near to me.", "So far."):
        assert said in page.content.decode()


def test_stop_saves_and_returns_the_seat(member: Member) -> None:
    """Others can lease the seat at once; a member who continues finds their draft."""
    client = signed_in(member)
    client.get(judge_url(member))
    first = held(member)
    page = client.post(one_url(first), {"do": "stop", "comment": "so far"}, follow=True)
    assert "Stopped for now" in page.content.decode()
    first.refresh_from_db()
    assert first.state == AssignmentState.EXPIRED
    assert first.seat.state == SeatState.FREE
    assert "so far" in client.get(judge_url(member)).content.decode()
    assert held(member).task_id == first.task_id


def test_the_page_after_the_last_text_says_so(member: Member) -> None:
    client = signed_in(member)
    page = client.get(judge_url(member))
    for _ in range(3):
        one = held(member)
        page = client.post(one_url(one), filled(one))
    words = page.content.decode()
    assert "You have finished all texts for now. Thank you." in words
    assert "£2.40" in words
    assert "finished all texts for now" in client.get(judge_url(member)).content.decode()


@pytest.mark.parametrize("count", [1, 3, 4])
def test_other_numbers_of_replies(count: int) -> None:
    import uuid

    member = judge()
    judging_round(cohort_of(member), sources=[uuid.uuid4() for _ in range(count)], asks=ASKS)
    client = signed_in(member)
    words = client.get(judge_url(member)).content.decode()
    assert ("rank-A" in words) is (count > 1)
    first = held(member)
    places = {
        f"rank-{letter}": str(place) for letter, place in zip("ABCD", (2, 1, 2, 3), strict=True)
    }
    sent = filled(first, comparison=None) | {k: v for k, v in places.items() if k in words}
    assert client.post(one_url(first), sent).status_code == 200
    order = [str(one) for one in first.order_shown]
    expected = {1: [[0]], 3: [[1], [0, 2]], 4: [[1], [0, 2], [3]]}[count]
    assert Judgement.objects.get().ranking == [[order[n] for n in group] for group in expected]


def test_only_what_is_asked_is_shown() -> None:
    member = judge()
    judging_round(cohort_of(member), asks=(Ask.RATING,))
    client = signed_in(member)
    words = client.get(judge_url(member)).content.decode()
    for part in ("comparison", "all_harmful", "rewrite-A", "harm-A"):
        assert f'name="{part}"' not in words
    first = held(member)
    sent = filled(first, comparison="A1", rewrite_A="x", harm_A="other", severity_A=1)
    assert client.post(one_url(first), sent).status_code == 200
    assert not Rewrite.objects.exists()


def test_no_system_message_is_shown() -> None:
    member = judge()
    made = judging_round(cohort_of(member), tasks=0)
    from tests.factories.annotations import add_task

    talk = [
        {"role": "system", "content": "Secret instructions"},
        {"role": "user", "content": "Hello <script>"},
        {"role": "assistant", "content": "Good day"},
        {"role": "user", "content": "And now?"},
    ]
    add_task(made, messages=talk)
    words = signed_in(member).get(judge_url(member)).content.decode()
    assert "Secret" not in words
    assert "Hello &lt;script&gt;" in words
    for part in ("Someone writes", "Earlier reply", "They continue"):
        assert words.count(part) == 1


def test_others_are_refused(member: Member) -> None:
    client = signed_in(member)
    client.get(judge_url(member))
    first = held(member)
    stranger = judge()
    assert signed_in(stranger).get(judge_url(member)).status_code == 404
    assert signed_in(stranger).get(one_url(first)).status_code == 404
    unsigned = judge(cohort=member.cohort)
    from codesign.consent.services import withdraw
    from codesign.shared.actors import Actor

    withdraw(actor=Actor.of(unsigned.user), member=unsigned)
    assert signed_in(unsigned).get(judge_url(member)).status_code in (302, 403)


def test_constant_queries() -> None:
    """The number of queries does not grow with tasks or with judgements."""
    counts = []
    for tasks in (3, 12):
        member = judge()
        judging_round(cohort_of(member), tasks=tasks, asks=ASKS, overlap=tasks)
        client = signed_in(member)
        client.get(judge_url(member))
        for _ in range(tasks - 1):
            one = held(member)
            sent = queries_in(partial(client.post, one_url(one), filled(one)))
        shown = queries_in(partial(client.get, judge_url(member)))
        assert Judgement.objects.filter(member=member).count() == tasks - 1
        counts.append((sent, shown))
    assert counts[0] == counts[1]
