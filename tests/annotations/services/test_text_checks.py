"""Prompts and replies that may hold personal data stay out until a coordinator clears them."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from annotations.models import Prompt, Response
from annotations.queries import text_checks as queries
from annotations.queries.text_checks import Kind
from annotations.rules.text_kinds import TextCheck
from annotations.rules.texts import marked
from annotations.services import text_checks
from codesign.audit.models import Event
from codesign.shared.actors import Actor
from codesign.shared.errors import Conflict, Invalid, NotFound, NotPermitted
from tests.factories.studies import StudyFactory, staff
from tests.support.release_study import Story, release, rows
from tests.support.snapshots import judgement, made, prompt, response, selection

RING, LINE = "Ring my sister on 07700 900123.", "Ring Samaritans on 116 123, or 988 in the US."
OTHER = "That sounds hard."
A_FIRST = [["a"], ["b"]]
RATED = [{"response": name, "criterion": "heard", "score": 5} for name in "ab"]


@pytest.fixture
def story(db: None) -> Story:
    """Three prompts: a private number in a response, a helpline, a private number in the prompt."""
    made = Story()
    member = made.member()
    made.judge(member, made.prompt(RING, OTHER))
    made.judge(member, made.prompt(LINE, OTHER))
    asked = [{"role": "user", "content": "Write to me at jo@example.org"}]
    made.judge(member, made.prompt(messages=asked))
    return made


def decide(story: Story, row: Any, state: str, **changes: Any) -> None:
    values: dict[str, Any] = {
        "actor": Actor.of(story.coordinator.user),
        "study": story.study,
        "kind": Kind.PROMPT if isinstance(row, Prompt) else Kind.RESPONSE,
        "text_id": row.id,
        "state": state,
        "seen": TextCheck.FOUND,
    }
    text_checks.decide(**values | changes)


def replies(made: Any) -> set[str]:
    texts = {r["chosen"][0]["content"] for r in rows(made, "preference")}
    return texts | {r["completion"][0]["content"] for r in rows(made, "unpaired_preference")}


def test_texts_with_personal_data_are_left_out_and_counted(story: Story) -> None:
    """standards 7.5: 261 rows of a release held a number that nobody had looked at."""
    dataset_release = release(story.study)
    assert replies(dataset_release) == {LINE, OTHER}
    assert dataset_release.manifest["dropped"]["preference"] == {"uncleared_text": 2}
    assert dataset_release.manifest["dropped"]["unpaired_preference"] == {"uncleared_text": 3}
    checks = Response.objects.values_list("text", "text_check")
    assert dict(checks)[RING] == TextCheck.FOUND
    assert {check for text, check in checks if text != RING} == {TextCheck.CLEAR}
    # They hold no text.
    assert len({row["prompt_id"] for row in rows(dataset_release, "judgements")}) == 3


def test_a_cleared_text_is_in_and_one_kept_out_is_not(story: Story) -> None:
    release(story.study)
    row, asked = Response.objects.get(text=RING), Prompt.objects.get(text_check="found")
    decide(story, row, "cleared")
    decide(story, asked, "kept_out")
    dataset_release = release(story.study)
    assert RING in replies(dataset_release)
    assert dataset_release.manifest["dropped"]["preference"] == {"uncleared_text": 1}
    decide(story, row, "kept_out", seen=TextCheck.CLEARED)
    assert RING not in replies(release(story.study))
    told = Event.objects.filter(action="annotations.text_decided")
    assert sorted(event.data["to"] for event in told) == ["cleared", "kept_out", "kept_out"]
    assert "07700" not in str([event.data for event in told])


def test_texts_are_looked_at_once(story: Story, settings: Any) -> None:
    """The second release starts no scan, because every text was scanned already."""
    release(story.study)
    assert [
        queries.not_looked_at(kind=kind, study_id=story.study.id, most=10) for kind in Kind
    ] == [[], []]
    one, two = release(story.study), release(story.study)
    assert one.selection_hash == two.selection_hash


def test_texts_without_judgements_are_not_scanned(db: None) -> None:
    story = Story()
    story.judge(story.member(), story.prompt())
    story.prompt(RING, OTHER)
    release(story.study)
    assert Response.objects.get(text=RING).text_check == TextCheck.UNCHECKED


def test_clearing_counts_for_every_copy_in_the_study_alone(story: Story) -> None:
    member, other = story.member(), Story()
    story.judge(member, story.prompt(RING, OTHER))
    other.judge(other.member(), other.prompt(RING, OTHER))
    for study in (story.study, other.study):
        release(study)
    decide(story, Response.objects.filter(text=RING, prompt__study=story.study)[0], "cleared")
    states = Response.objects.filter(text=RING).values_list("prompt__study", "text_check")
    assert sorted(states) == sorted([(story.study.id, "cleared")] * 2 + [(other.study.id, "found")])


def test_refused_decisions(story: Story) -> None:
    release(story.study)
    row = Response.objects.get(text=RING)
    clean = Response.objects.get(text=LINE)
    auditor = staff(story.study, "auditor")
    for refusal, said, changes in (
        (NotPermitted, "Your role", {"actor": Actor.of(auditor.user)}),
        (NotPermitted, "Your role", {"actor": Actor.of(story.member().user)}),
        (Invalid, "Unknown decision", {"state": "clear"}),
        (Invalid, "Unknown decision", {"state": ""}),
        (Conflict, "decided on this text in the meantime", {"seen": "kept_out"}),
        (NotFound, "no such text", {"text_id": clean.id}),
        (NotFound, "no such text", {"kind": Kind.PROMPT}),
    ):
        with pytest.raises(refusal, match=said):
            decide(story, row, **{"state": "cleared"} | changes)
    elsewhere = StudyFactory.create()
    coordinator = Actor.of(staff(elsewhere, "coordinator").user)
    with pytest.raises(NotFound, match="no such text"):
        decide(story, row, "cleared", study=elsewhere, actor=coordinator)
    row.refresh_from_db()
    assert row.text_check == TextCheck.FOUND


def test_the_page_lists_and_clears(story: Story, client: Client) -> None:
    release(story.study)
    client.force_login(story.coordinator.user)
    start = f"/studies/{story.study.slug}/releases/"
    assert "2 texts may contain personal data" in client.get(start).content.decode()
    page = client.get(f"{start}texts/").content.decode()
    assert "<mark>07700 900123</mark>" in page
    assert LINE not in page
    prompts = client.get(f"{start}texts/?kind=prompt").content.decode()
    assert "<mark>jo@example.org</mark>" in prompts
    row = Response.objects.get(text=RING)
    sent = {"state": "cleared", "seen": "found"}
    answer = client.post(f"{start}texts/response/{row.id}/", sent, follow=True)
    assert "07700" not in answer.content.decode()
    assert "07700" in client.get(f"{start}texts/?decided=1").content.decode()
    row.refresh_from_db()
    assert row.text_check == TextCheck.CLEARED
    for wrong in ({"state": "bogus", "seen": "found"}, {}):
        assert client.post(f"{start}texts/response/{row.id}/", wrong).status_code == 400
    assert client.post(f"{start}texts/bogus/{row.id}/", sent).status_code == 404


@pytest.mark.parametrize("role", ["auditor", "ml_engineer", "safety_lead"])
def test_others_do_not_see_the_page(story: Story, client: Client, role: str) -> None:
    client.force_login(staff(story.study, role).user)
    start = f"/studies/{story.study.slug}/releases/texts/"
    row = Response.objects.get(text=RING)
    assert client.get(start).status_code in (403, 404)
    assert client.post(f"{start}response/{row.id}/", {"state": "cleared"}).status_code in (403, 404)


# --- rules ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "dropped"),
    [
        ({"prompts": [prompt(uncleared=True)]}, {"uncleared_text": 1}),
        ({"responses": [response("a", uncleared=True), response("b")]}, {"uncleared_text": 1}),
        ({"responses": [response("a"), response("b", uncleared=True)]}, {"uncleared_text": 1}),
        ({"responses": [response("a"), response("b"), response("c", uncleared=True)]}, {}),
    ],
)
def test_a_preference_never_contains_uncleared_text(
    changes: dict[str, Any], dropped: dict[str, int]
) -> None:
    chosen = selection([judgement("lived-1", A_FIRST, ratings=RATED)], **changes)
    records, why = made(chosen, "preference")
    assert (len(records), why) == (0 if dropped else 1, dropped)


def test_listed_pairs_do_not_contain_personal_data() -> None:
    judged = [judgement(f"lived-{n}", A_FIRST) for n in range(3)]
    judged += [judgement(f"clinical-{n}", A_FIRST[::-1]) for n in range(3)]
    responses = [response("a", uncleared=True), response("b")]
    records, dropped = made(selection(judged, responses=responses), "preference")
    assert (records, dropped) == ([], {"uncleared_text": 1})


@pytest.mark.parametrize(
    ("text", "hits"),
    [
        ("Nothing here.", []),
        ("Ring 07700 900123 now", ["07700 900123"]),
        ("jo@example.org", ["jo@example.org"]),
        ("born 5-JAN, at M11AE", ["5-JAN,", "M11AE"]),
    ],
)
def test_possible_personal_data_is_marked(text: str, hits: list[str]) -> None:
    pieces = marked(text)
    assert "".join(piece for piece, _ in pieces) == text
    assert [piece for piece, hit in pieces if hit] == hits
