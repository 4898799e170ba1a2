"""Marking passages on the judging page without scripts, and ranking (standards 5.2, 5.6)."""

from __future__ import annotations

import uuid
from html import unescape

import pytest
from django.urls import reverse

from annotations.models import Assignment, Judgement, OwnText
from annotations.rules.states import Ask
from codesign.studies.models import Member
from tests.factories.annotations import (
    add_task,
    answers,
    judge,
    judging_round,
    lease,
)
from tests.support.counting import queries_of
from tests.support.judging_api import Caller
from tests.support.judging_page import cohort_of, filled, one_url, signed_in
from tests.support.pages import flowed

pytestmark = pytest.mark.django_db
SOURCE = (
    "<think>Plan.</think>\n\nSome **strong** words 👩🏽‍🚒 for cafe\u0301. So it is, so it is.\n\n"
    "- لا أستطيع النوم\n- <b>kind</b> [link](https://elsewhere.example.org)"
)
SHOWN = SOURCE.partition("</think>\n\n")[2]


@pytest.fixture
def member() -> Member:
    member = judge()
    made = judging_round(cohort_of(member), tasks=0)
    add_task(made, text=SOURCE)
    return member


def marked(held: Assignment) -> list[str]:
    """Return the words that the draft marks."""
    held.refresh_from_db()
    draft = (held.draft or {}).get("highlights", [])
    return [SHOWN[mark["start"] : mark["end"]] for mark in draft]


def marks_of(page: str) -> dict[str, str]:
    """Return the hidden inputs of marked passages on a page."""
    parts = flowed(page).split('<input type="hidden" name="mark-')[1:]
    inputs = [part.partition(">")[0].split('"') for part in parts]
    return {f"mark-{one[0]}": one[2] for one in inputs if not one[0].endswith("new")}


@pytest.mark.parametrize(
    ("words", "passage"),
    [
        ("strong words", "strong** words"),
        ("words 👩🏽‍🚒 for", "words 👩🏽‍🚒 for"),
        ("caf\u00e9", "cafe\u0301"),
        ("أستطيع", "أستطيع"),
        ("<b>kind</b> link", "<b>kind</b> [link"),
    ],
)
def test_copied_words_become_a_passage_of_the_source(
    member: Member, words: str, passage: str
) -> None:
    held, client = lease(member), signed_in(member)
    answer = client.post(one_url(held), {"words-A": words, "mark": "A"})
    assert answer.headers["Location"] == f"{one_url(held)}#reply-A"
    assert marked(held) == [passage]
    page = client.get(one_url(held)).content.decode()
    named = marks_of(page)
    assert len(named) == 1
    client.post(one_url(held), filled(held) | named)
    (mark,) = Judgement.objects.get().highlights
    assert SOURCE[mark["start"] : mark["end"]] == passage


@pytest.mark.parametrize(
    "words", ["👩🏽‍🚒", "e\u0301", "أستطيع النوم", "**strong**", "<b>kind</b>"]
)
def test_offsets_of_the_api_are_those_of_the_text_shown(member: Member, words: str) -> None:
    held = lease(member)
    start = SHOWN.index(words)
    first = str(held.order_shown[0])
    mark = {"response": first, "start": start, "end": start + len(words)}
    assert Caller(member).submit(held.id, answers(held, highlights=[mark])).status_code == 201
    (stored,) = Judgement.objects.get().highlights
    assert SOURCE[stored["start"] : stored["end"]] == words


def test_words_that_occur_twice_are_asked_about_and_others_are_refused(member: Member) -> None:
    held, client = lease(member), signed_in(member)
    page = client.post(one_url(held), {"words-B": "so it is", "mark": "B", "comment": "Kept."})
    said = unescape(page.content.decode())
    assert page.status_code == 422
    assert "These words are there 2 times." in said
    assert "Kept." in said
    second = f"{SHOWN.rindex('so it is')}-{SHOWN.rindex('so it is') + 8}"
    assert f'name="words-B-place" value="{second}"' in flowed(said)
    chosen = {"words-B": "so it is", "words-B-place": second, "mark": "B"}
    assert client.post(one_url(held), chosen).status_code == 302
    assert marked(held) == ["so it is"]
    for words, says in (("cold", "does not have these words"), (" ", "Please copy the words")):
        answer = client.post(one_url(held), {"words-A": words, "mark": "A"})
        assert (answer.status_code, says in answer.content.decode()) == (422, True)


def test_passages_overlap_have_words_of_their_own_and_are_removed(member: Member) -> None:
    held, client = lease(member), signed_in(member)
    inputs = {
        "mark-A-1": "0-11",
        "mark-A-1-label": "warm",
        "mark-A-1-comment": "It <b>sees</b> me.",
        "mark-A-7": "5-13",
        "mark-B-2": "0-4",
        "mark-B-3": "9-3",
        "mark-B-4": "0-99999",
        "mark-Z-4": "0-4",
    }
    client.post(one_url(held), inputs | {"do": "save"})
    assert marked(held) == ["Some **stro", "**strong", "Some"]
    page = client.get(one_url(held)).content.decode()
    assert '<mark class="mark-again">stro</mark>' in page
    assert "It &lt;b&gt;sees&lt;/b&gt; me." in page
    assert '<option value="warm" selected>Sounds warm</option>' in flowed(page)
    named = marks_of(page)
    assert list(named.values()) == ["0-11", "5-13", "0-4"]
    first, second, other = named
    answer = client.post(one_url(held), named | {"unmark": second})
    assert answer.headers["Location"].endswith("#reply-A")
    assert marked(held) == ["Some **stro", "Some"]
    twice = filled(held) | {first: "0-4", other.replace("B", "A"): "0-4"}
    refused = client.post(one_url(held), twice)
    assert refused.status_code == 422
    assert "This passage is marked twice." in refused.content.decode()
    long = filled(held) | {first: "0-4", f"{first}-comment": "é" * 50_001}
    assert client.post(one_url(held), long).status_code == 422
    assert not Judgement.objects.exists()


def test_words_left_in_the_field_are_marked_on_sending(member: Member) -> None:
    held, client = lease(member), signed_in(member)
    page = client.post(one_url(held), filled(held, words_A="so it is"))
    assert (page.status_code, Judgement.objects.exists()) == (422, False)
    client.post(one_url(held), filled(held, words_A="strong"))
    (mark,) = Judgement.objects.get().highlights
    assert SOURCE[mark["start"] : mark["end"]] == "strong"


def test_a_disclosure_beside_a_passage_stays_with_its_author(member: Member) -> None:
    held, client = lease(member), signed_in(member)  # standards 4.9
    said = {"mark-A-1": "0-4", "mark-A-1-comment": "I want to kill myself some days too."}
    page = client.post(one_url(held), filled(held) | said)
    assert page.status_code == 200
    assert OwnText.objects.get().kind == "highlights"


def test_marks_are_corrected_and_only_asked_marks_are_taken(member: Member) -> None:
    held, client = lease(member), signed_in(member)
    client.post(one_url(held), filled(held) | {"mark-A-1": "0-4", "mark-A-1-label": "cold"})
    at = reverse(
        "annotations:mine-correct", kwargs={"slug": member.study.slug, "assignment_id": held.id}
    )
    form = client.get(at).content.decode()
    named = marks_of(form)
    assert list(named.values()) == ["0-4"]
    more = filled(held) | named | {"words-B": "strong", "mark": "B", "revision": "2"}
    again = client.post(at, more)
    assert (again.status_code, len(marks_of(again.content.decode()))) == (200, 2)
    client.post(at, filled(held) | marks_of(again.content.decode()) | {"revision": "2"})
    assert len(Judgement.objects.get(revision=2).highlights) == 2
    other = judge()
    judging_round(cohort_of(other), asks=[Ask.RATING, Ask.RANKING])
    theirs, caller = lease(other), signed_in(other)
    assert "mark-A" not in caller.get(one_url(theirs)).content.decode()
    caller.post(one_url(theirs), filled(theirs) | {"mark-A-1": "0-4", "words-A": "heavy"})
    assert Judgement.objects.get(member=other).highlights == []


def test_marks_need_no_further_query(member: Member) -> None:
    held, client = lease(member), signed_in(member)
    few = queries_of(client, one_url(held))
    client.post(one_url(held), {"mark-A-1": "0-4", "mark-A-2": "5-11", "do": "save"})
    assert queries_of(client, one_url(held)) == few


@pytest.mark.parametrize("chosen", ["none", "harm"])
def test_two_replies_that_cannot_be_compared(chosen: str) -> None:
    member = judge()
    judging_round(cohort_of(member))
    held, client = lease(member), signed_in(member)
    client.post(one_url(held), {"comparison": chosen, "do": "save"})
    assert f'value="{chosen}" checked' in flowed(client.get(one_url(held)).content.decode())
    client.post(one_url(held), filled(held, comparison=chosen))
    judgement = Judgement.objects.get()
    assert (judgement.ranking, judgement.all_harmful) == ([], chosen == "harm")
    own = Caller(member).send("GET", f"assignments/{held.id}/judgement/").json()
    assert own["answers"]["cannot_rank"] is (chosen == "none")
    mine = reverse(
        "annotations:mine-one", kwargs={"slug": member.study.slug, "assignment_id": held.id}
    )
    words = {"none": "They cannot be compared", "harm": "Both could do harm"}
    assert words[chosen] in flowed(client.get(mine).content.decode())


def test_six_replies_are_ranked_with_ties_or_not_at_all() -> None:
    member = judge()
    judging_round(cohort_of(member), tasks=3, sources=[uuid.uuid4() for _ in range(6)])
    client = signed_in(member)
    held, ids = lease(member), [str(one) for one in lease(member).order_shown]
    places = dict(zip("ABCDEF", (2, 1, 2, 3, 6, 5), strict=True))
    ranks = {f"rank-{letter}": str(place) for letter, place in places.items()}
    page = client.post(one_url(held), filled(held, comparison=None) | ranks)
    assert page.status_code == 200
    a, b, c, d, e, f = ids
    assert Judgement.objects.get().ranking == [[b], [a, c], [d], [f], [e]]
    for number, name in ((2, "cannot_rank"), (3, "all_harmful")):
        held = lease(member)
        client.post(one_url(held), {name: "on", "do": "save"})
        assert "6 of 18 answered" in client.get(one_url(held)).content.decode()
        client.post(one_url(held), filled(held, comparison=None) | {name: "on"})
        assert Judgement.objects.count() == number
    assert [one.ranking for one in Judgement.objects.order_by("submitted_at")[1:]] == [[], []]
