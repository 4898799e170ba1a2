"""Which values are accepted and refused, field by field."""

from __future__ import annotations

import math
from typing import Any

import pytest

from annotations.contract.asked import Asked, Scale
from annotations.contract.parts import MAX_TEXT
from annotations.contract.submission import MAX_ENTRIES, Submission
from annotations.contract.unchecked import MAX_DRAFT, UncheckedSubmission
from annotations.rules.states import Ask
from codesign.shared.errors import Invalid, TooLarge

A = "aaaaaaaa-0000-4000-8000-000000000001"
B = "bbbbbbbb-0000-4000-8000-000000000002"
C = "cccccccc-0000-4000-8000-000000000003"
TEXTS = {A: "Breathe 🌿 slowly", B: "Line one\nline two"}
EVERYTHING = frozenset(Ask)
RATINGS = [{"response": r, "criterion": "heard", "score": 3} for r in (A, B)]
FULL: dict[str, Any] = {"ratings": RATINGS, "ranking": [[A], [B]]}


def asked(asks: frozenset[Ask] = EVERYTHING, texts: dict[str, str] | None = None) -> Asked:
    return Asked(texts=texts or TEXTS, scales={"heard": Scale(1, 5)}, asks=asks)


def parse(body: Any, of: Asked) -> Submission:
    return UncheckedSubmission(body).checked(of)


def parse_draft(body: Any) -> dict[str, Any]:
    return UncheckedSubmission(body).as_draft()


def body_hash(body: Any) -> str:
    return UncheckedSubmission(body).fingerprint()


def read(changes: dict[str, Any], of: Asked | None = None) -> Submission:
    return parse(FULL | changes, of or asked())


def errors(changes: Any, of: Asked | None = None) -> dict[str, list[str]]:
    with pytest.raises(Invalid) as refused:
        parse(FULL | changes if isinstance(changes, dict) else changes, of or asked())
    assert all(
        sentence.endswith(".")
        for sentences in refused.value.fields.values()
        for sentence in sentences
    )
    return refused.value.fields


def test_a_minimal_submission_is_complete() -> None:
    submission = read({})
    assert [(r.response, r.criterion, r.score) for r in submission.ratings] == [
        (A, "heard", 3),
        (B, "heard", 3),
    ]
    assert submission.ranking == ((A,), (B,))
    assert (submission.strength, submission.all_harmful, submission.comment) == (None, False, "")
    assert (submission.rewrites, submission.highlights, submission.flags) == ((), (), ())


OPTIONAL = ("strength", "all_harmful", "cannot_rank", "rewrites", "highlights", "flags", "comment")
EMPTY: tuple[Any, ...] = (None, "", [], {}, False, "  \r\n ")


@pytest.mark.parametrize("field", [*OPTIONAL, "active_seconds", "unheard_of"])
@pytest.mark.parametrize("empty", EMPTY)
def test_empty_is_never_refused(field: str, empty: Any) -> None:
    assert read({field: empty}) == read({})


@pytest.mark.parametrize("field", ["ratings", "ranking", *OPTIONAL])
@pytest.mark.parametrize("empty", EMPTY)
def test_empty_and_unasked_is_never_refused(field: str, empty: Any) -> None:
    nothing = asked(frozenset())
    assert parse({field: empty}, nothing) == parse({}, nothing)


@pytest.mark.parametrize(
    ("changes", "asks"),
    [
        ({"ratings": RATINGS}, {Ask.RANKING}),
        ({"ranking": [[A], [B]]}, {Ask.RATING}),
        ({"strength": 1}, {Ask.RATING}),
        ({"all_harmful": True}, {Ask.RATING}),
        ({"rewrites": [{"response": A, "text": "better"}]}, {Ask.RATING}),
        ({"cannot_rank": True}, {Ask.FLAG}),
        ({"highlights": [{"response": A, "start": 0, "end": 2}]}, {Ask.FLAG}),
        ({"flags": [{"response": A, "harm": "other", "severity": 1}]}, {Ask.HIGHLIGHT}),
    ],
)
def test_fields_that_were_not_asked_for_are_refused(
    changes: dict[str, Any], asks: set[Ask]
) -> None:
    with pytest.raises(Invalid) as refused:
        parse(changes, asked(frozenset(asks)))
    (field,) = changes
    assert "This was not asked for." in refused.value.fields[field]


@pytest.mark.parametrize(
    ("changes", "path"),
    [
        ({"ratings": RATINGS[:1]}, f"ratings.{B}.heard"),
        ({"ratings": []}, f"ratings.{A}.heard"),
        ({"ratings": [*RATINGS, RATINGS[0]]}, "ratings.2"),
        ({"ratings": "high"}, "ratings"),
        ({"ratings": ["high"]}, "ratings.0"),
        ({"ratings": [RATINGS[0] | {"score": 0}]}, "ratings.0.score"),
        ({"ratings": [RATINGS[0] | {"score": 6}]}, "ratings.0.score"),
        ({"ratings": [RATINGS[0] | {"score": 3.5}]}, "ratings.0.score"),
        ({"ratings": [RATINGS[0] | {"score": "3"}]}, "ratings.0.score"),
        ({"ratings": [RATINGS[0] | {"score": True}]}, "ratings.0.score"),
        ({"ratings": [RATINGS[0] | {"criterion": "odd"}]}, "ratings.0.criterion"),
        ({"ratings": [RATINGS[0] | {"criterion": ["heard"]}]}, "ratings.0.criterion"),
        ({"ratings": [RATINGS[0] | {"response": C}]}, "ratings.0.response"),
        ({"ratings": [RATINGS[0] | {"response": [A]}]}, "ratings.0.response"),
        ({"ratings": [RATINGS[0] | {"weight": 2}]}, "ratings.0.weight"),
        ({"ratings": RATINGS * MAX_ENTRIES}, "ratings"),
        ({"ranking": []}, "ranking"),
        ({"ranking": [[A]]}, "ranking"),
        ({"ranking": [[A], [A]]}, "ranking"),
        ({"ranking": [[A], [B], [B]]}, "ranking"),
        ({"ranking": [[A], [C]]}, "ranking"),
        ({"ranking": [A, B]}, "ranking"),
        ({"ranking": [[A], [{"id": B}]]}, "ranking"),
        ({"ranking": "A"}, "ranking"),
        ({"all_harmful": True}, "ranking"),
        ({"all_harmful": "yes", "ranking": []}, "all_harmful"),
        ({"cannot_rank": True}, "ranking"),
        ({"cannot_rank": "yes", "ranking": []}, "cannot_rank"),
        ({"cannot_rank": True, "all_harmful": True, "ranking": []}, "cannot_rank"),
        ({"strength": 0}, "strength"),
        ({"strength": 4}, "strength"),
        ({"strength": True}, "strength"),
        ({"strength": 2, "ranking": [[A, B]]}, "strength"),
        ({"strength": 2, "ranking": [], "all_harmful": True}, "strength"),
        ({"strength": 2, "ranking": [], "cannot_rank": True}, "strength"),
        ({"rewrites": [{"response": A, "text": TEXTS[A]}]}, "rewrites.0.text"),
        ({"rewrites": [{"response": B, "text": "Line one\r\nline two \r\n"}]}, "rewrites.0.text"),
        ({"rewrites": [{"response": A, "text": "a"}, {"response": A, "text": "b"}]}, "rewrites.1"),
        ({"rewrites": [{"response": C, "text": "a"}]}, "rewrites.0.response"),
        ({"rewrites": [{"response": A, "text": ["a"]}]}, "rewrites.0.text"),
        ({"rewrites": [{"response": A, "text": "x" * (MAX_TEXT + 1)}]}, "rewrites.0.text"),
        ({"highlights": [{"response": A, "start": 3, "end": 3}]}, "highlights.0.end"),
        ({"highlights": [{"response": A, "start": -1, "end": 3}]}, "highlights.0.start"),
        ({"highlights": [{"response": A, "start": 0, "end": 17}]}, "highlights.0.end"),
        ({"highlights": [{"response": A, "start": 0}]}, "highlights.0.end"),
        ({"highlights": [{"response": A, "start": 0, "end": 1}] * 2}, "highlights.1"),
        (
            {"highlights": [{"response": A, "start": 0, "end": 1, "label": "x" * 61}]},
            "highlights.0.label",
        ),
        ({"flags": [{"response": A, "harm": "odd", "severity": 1}]}, "flags.0.harm"),
        ({"flags": [{"response": A, "harm": ["other"], "severity": 1}]}, "flags.0.harm"),
        ({"flags": [{"response": A, "note": "this"}]}, "flags.0.harm"),
        ({"flags": [{"response": A, "harm": "other", "severity": 0}]}, "flags.0.severity"),
        ({"flags": [{"response": A, "harm": "other", "severity": 4}]}, "flags.0.severity"),
        ({"flags": [{"response": A, "harm": "other"}]}, "flags.0.severity"),
        ({"flags": [{"response": C, "harm": "other", "severity": 1}]}, "flags.0.response"),
        ({"flags": [{"response": A, "harm": "other", "severity": 1}] * 2}, "flags.1"),
        ({"comment": "a\x00b"}, "comment"),
        ({"comment": "\ud800"}, "comment"),
        ({"comment": 5}, "comment"),
        ({"comment": "x" * (MAX_TEXT + 1)}, "comment"),
        ({"active_seconds": "long"}, "active_seconds"),
        ({"active_seconds": True}, "active_seconds"),
        ({"active_seconds": math.nan}, "active_seconds"),
        ({"surprise": 1}, "surprise"),
        ({"\ud800\x00": 1}, "??"),
    ],
)
def test_errors_are_reported_at_their_fields(changes: dict[str, Any], path: str) -> None:
    assert path in errors(changes)


def test_all_errors_are_reported_at_once() -> None:
    assert set(errors({"strength": 9, "comment": 1, "odd": 1})) == {"strength", "comment", "odd"}


@pytest.mark.parametrize("body", [None, [], "text", 5])
def test_only_an_object_is_read(body: Any) -> None:
    assert errors(body) == {}


def test_ties_and_empty_groups() -> None:
    assert read({"ranking": [[A, B]]}).ranking == ((A, B),)
    assert read({"ranking": [[], [B], [], [A]]}).ranking == ((B,), (A,))
    assert read({"ranking": [], "all_harmful": True}).all_harmful
    assert read({"ranking": [], "cannot_rank": True}).cannot_rank


def test_strength_needs_two() -> None:
    three = TEXTS | {C: "third"}
    ratings = [{"response": r, "criterion": "heard", "score": 3} for r in three]
    body = {"ratings": ratings, "ranking": [[A], [B], [C]], "strength": 1}
    with pytest.raises(Invalid) as refused:
        parse(body, asked(texts=three))
    assert set(refused.value.fields) == {"strength"}
    assert read({"strength": 3}).strength == 3


def test_ids_match_whatever_their_case() -> None:
    assert read({"ranking": [[A.upper()], [B]]}) == read({})


def test_offsets_are_code_points() -> None:
    """The leaf is one code point, though two UTF-16 units and four bytes."""
    (one,) = read({"highlights": [{"response": A, "start": 8, "end": 9}]}).highlights
    assert TEXTS[A][one.start : one.end] == "🌿"
    assert read({"highlights": [{"response": A, "start": 0, "end": 16}]}).highlights[0].end == 16


def test_empty_entries_are_ignored() -> None:
    submission = read(
        {
            "rewrites": [{"response": A, "text": " "}, {}],
            "flags": [{"response": A, "harm": "", "severity": None, "note": ""}],
            "highlights": [{"response": A, "start": None, "end": None}],
        }
    )
    assert submission == read({})


def test_line_ends_of_browsers_are_normalised() -> None:
    (one,) = read({"rewrites": [{"response": A, "text": " a\r\nb\rc "}]}).rewrites
    assert one.text == "a\nb\nc"


@pytest.mark.parametrize(
    ("given", "since_shown", "kept"),
    [(30, 100, 30_000), (500, 100, 100_000), (9_999, 9_999, 3_600_000), (-5, 10, 0), (5, -1, 0)],
)
def test_active_time_is_bounded(given: float, since_shown: float, kept: int) -> None:
    assert read({"active_seconds": given}).active_ms(since_shown=since_shown) == kept


@pytest.mark.parametrize(
    ("given", "read_as"), [(-3, 0), (1e300, 3600), (math.inf, 3600), (2.5, 2.5)]
)
def test_active_seconds_are_clamped(given: float, read_as: float) -> None:
    assert read({"active_seconds": given}).active_seconds == read_as


def test_the_fingerprint_ignores_the_order_of_keys() -> None:
    assert body_hash({"a": 1, "b": [2]}) == body_hash({"b": [2], "a": 1})
    assert body_hash({"a": 1}) != body_hash({"a": 2})
    assert body_hash({"a": "\ud800"})


@pytest.mark.parametrize(
    "draft",
    [
        {},
        {"ratings": [{"score": 3}]},
        {"comment": "half"},
        {"ranking": "any"},
        {"comment": "\\u0000"},
    ],
)
def test_drafts_may_be_incomplete(draft: dict[str, Any]) -> None:
    assert parse_draft(draft) == draft
    assert parse_draft(draft | {"unknown": ""}) == draft


@pytest.mark.parametrize(
    ("draft", "said"),
    [
        ([], "one JSON object"),
        (None, "one JSON object"),
        ({"odd": 1}, "only contain parts of a submission"),
        ({"comment": "\x00"}, "cannot be saved"),
        ({"flags": [{"note": "\ud800"}]}, "cannot be saved"),
        ({"ratings": [{"\x00": 1}]}, "cannot be saved"),
        ({"active_seconds": math.inf}, "invalid number"),
    ],
)
def test_drafts_that_cannot_be_saved_are_refused(draft: Any, said: str) -> None:
    with pytest.raises(Invalid, match=said):
        parse_draft(draft)


def test_drafts_are_bounded() -> None:
    with pytest.raises(TooLarge, match="too long to save"):
        parse_draft({"comment": "x" * MAX_DRAFT})
