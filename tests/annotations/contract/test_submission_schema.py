"""The OpenAPI schema of a submission is the parser: both accept and refuse the same values.

What a schema cannot know stays out: what an assignment asks, and that empty values are never
refused. A whole number written as 3.0 is an integer for JSON Schema; the parser refuses it.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable
from typing import Any

import hypothesis
import pytest
from drf_spectacular.generators import SchemaGenerator
from hypothesis import assume, given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator, FormatChecker

from annotations.contract.asked import Asked, Scale
from annotations.contract.draft import SubmissionDraft
from annotations.contract.submission import ENTRIES, FREE_TEXTS, MAX_ENTRIES, Submission
from annotations.contract.unchecked import UncheckedSubmission
from annotations.contract.values import is_empty
from annotations.rules.states import Ask, Harm
from codesign.shared.errors import Invalid

A, B = "aaaaaaaa-0000-4000-8000-000000000001", "bbbbbbbb-0000-4000-8000-000000000002"
ASKED = Asked(
    texts={A: "x" * 100, B: "y" * 100},
    scales={"heard": Scale(-100, 100)},
    asks=frozenset(Ask),
    each_turn=frozenset({"heard"}),
    turns=range(1, 2),
)
FIELDS = {
    "ratings": {"response", "criterion", "score"},
    "turn_ratings": {"turn", "criterion", "score"},
    "ranking": set(),
    "strength": set(),
    "all_harmful": set(),
    "cannot_rank": set(),
    "why": set(),
    "rewrites": {"response", "text"},
    "highlights": {"response", "start", "end", "label", "comment"},
    "flags": {"response", "harm", "severity", "note"},
    "comment": set(),
    "active_seconds": set(),
}
"""Fields, and those of their entries, as other programs rely on them."""
FULL: dict[str, Any] = {
    "ratings": [{"response": r, "criterion": "heard", "score": 3} for r in (A, B)],
    "turn_ratings": [{"turn": 1, "criterion": "heard", "score": 3}],
    "ranking": [[A], [B]],
}
ENTRY: dict[str, dict[str, Any]] = {
    "ratings": FULL["ratings"][0],
    "turn_ratings": FULL["turn_ratings"][0],
    "rewrites": {"response": A, "text": "Warmer."},
    "highlights": {"response": A, "start": 0, "end": 50},
    "flags": {"response": A, "harm": "other", "severity": 1},
}
NAMES = st.sampled_from([A, B, "heard", "other", *Harm])
TEXTS = st.sampled_from(["a", "x" * 60, "x" * 61, "x" * 50_000, "x" * 50_001])
NUMBERS = st.integers(-5, 10) | st.floats(-5, 10).filter(lambda n: not n.is_integer())
SCALARS = NAMES | TEXTS | NUMBERS | st.booleans()
VALUES = (
    SCALARS
    | st.lists(SCALARS, min_size=1, max_size=2)
    | st.dictionaries(st.sampled_from(["response", "odd"]), SCALARS, min_size=1)
    | st.sampled_from([[[A], [B]], [[A, B]], [A, B], [[1], [2]]])
)
"""Values of every kind, near the bounds of some field."""
UNKNOWN_TO_SCHEMA: dict[str, Callable[[Any], bool]] = {
    "response": lambda value: not isinstance(value, str) or value in (A, B),
    "criterion": lambda value: not isinstance(value, str) or value == "heard",
    "turn": lambda value: isinstance(value, bool) or not isinstance(value, int) or value <= 1,
    "end": lambda value: value != 51,
}
"""field → whether a value can be judged without knowing the assignment."""
quick = hypothesis.settings(max_examples=60, deadline=None, database=None)


@functools.cache
def validator() -> Draft202012Validator:
    generator = SchemaGenerator()  # type: ignore[no-untyped-call]
    components = generator.get_schema(public=True)["components"]  # type: ignore[no-untyped-call]
    names = ("Submission", "Rating", "TurnRating", "Rewrite", "Highlight", "Flag", "Harm")
    schemas = {name: components["schemas"][name] for name in names}
    schema = {"$ref": "#/components/schemas/Submission", "components": {"schemas": schemas}}
    return Draft202012Validator(schema, format_checker=FormatChecker())


def parses(body: dict[str, Any]) -> bool:
    try:
        UncheckedSubmission(body).checked(ASKED)
    except Invalid:
        return False
    return True


def check(body: dict[str, Any]) -> None:
    assert validator().is_valid(body) == parses(body), body


def fields_of_entries() -> list[tuple[str, str]]:
    return [(part, name) for part in sorted(ENTRIES) for name in sorted(FIELDS[part] | {"odd"})]


@pytest.mark.parametrize(("part", "name"), fields_of_entries())
def test_a_field_of_an_entry(part: str, name: str) -> None:
    @hypothesis.seed(1)
    @quick
    @given(value=VALUES)
    def try_it(value: Any) -> None:
        assume(not is_empty(value))
        assume(UNKNOWN_TO_SCHEMA.get(name, lambda _: True)(value))
        entry = ENTRY[part] | {name: value}
        if part == "ratings":
            other = FULL["ratings"][entry["response"] != B]
            check(FULL | {"ratings": [entry, other]})
        else:
            check(FULL | {part: [entry]})

    try_it()


@pytest.mark.parametrize("name", [*sorted(FIELDS), "odd"])
def test_a_field_of_the_submission(name: str) -> None:
    @hypothesis.seed(1)
    @quick
    @given(value=VALUES)
    def try_it(value: Any) -> None:
        assume(not is_empty(value))
        instead = name in ("all_harmful", "cannot_rank") and value is True
        whole = {part: sent for part, sent in FULL.items() if part != "ranking"}
        base = whole if instead else FULL
        if name == "why":  # the schema does not know the rubric's reasons
            assume(not isinstance(value, list) or not all(isinstance(one, str) for one in value))
        if name == "ranking":
            assume(value not in ([[A, A]], [[B]]))
        check(base | {name: value})

    try_it()


def test_the_fields_are_those_that_programs_rely_on() -> None:
    assert {
        name: set(ENTRIES[name].model_fields) if name in ENTRIES else set()
        for name in Submission.model_fields
    } == FIELDS
    assert set(SubmissionDraft.model_fields) == set(FIELDS)
    assert FREE_TEXTS == {
        "comment": (),
        "rewrites": ("text",),
        "highlights": ("label", "comment"),
        "flags": ("note",),
    }


@pytest.mark.parametrize("part", ENTRIES)
def test_lists_have_the_same_bound(part: str) -> None:
    schema = Submission.model_json_schema()["properties"][part]
    assert schema["maxItems"] == MAX_ENTRIES
    with pytest.raises(Invalid) as refused:
        UncheckedSubmission(FULL | {part: [ENTRY[part]] * (MAX_ENTRIES + 1)}).checked(ASKED)
    assert refused.value.fields[part] == [f"Use at most {MAX_ENTRIES} entries."]


@pytest.mark.parametrize("seconds", [0.5, 10**400, -3, math.inf])
def test_seconds_of_any_size_are_read(seconds: float) -> None:
    assert parses(FULL | {"active_seconds": seconds})
