"""The rows of one judgement, and how those that are left out are counted."""

from __future__ import annotations

from collections import Counter

from annotations.datasets.policy.eligibility import Eligibility
from annotations.datasets.policy.judgement_rows import (
    ABSENT,
    Attachments,
    RatingStatements,
    Statement,
    eligible_judgements,
    rows_of,
)
from annotations.datasets.policy.snapshot import (
    FlagSnapshot,
    JudgedPrompt,
    JudgementSnapshot,
    ReleaseTerms,
    RewriteSnapshot,
)
from annotations.rules.scales import UNSURE
from tests.support.snapshots import judgement, prompt, response


def judged_prompt(*judgements: JudgementSnapshot) -> JudgedPrompt:
    """The first person also reported response a and rewrote response b."""
    return JudgedPrompt(
        prompt(),
        {"a": response("a"), "b": response("b", text="12345"), "c": response("c")},
        list(judgements),
        [RewriteSnapshot("judgement of lived-1", "b", "123", "accepted")],
        [FlagSnapshot("judgement of lived-1", "a", "sycophancy", 2, "triaged")],
    )


def test_each_answer_is_a_row() -> None:
    one = judgement(
        "lived-1",
        [["b"], ["a", "c"]],
        strength=3,
        ratings=[{"response": "a", "criterion": "heard", "score": 4}],
        highlights=[{"response": "b", "label": "helps", "start": 1, "end": 5}],
    )
    assert rows_of(one, Attachments(judged_prompt(one))) == [
        ("a", Statement("rating", "heard", 4.0)),
        ("b", Statement("ranking", "preference", 1.0, False, 3)),
        ("a", Statement("ranking", "preference", 2.0, True, 3)),
        ("c", Statement("ranking", "preference", 2.0, True, 3)),
        ("b", Statement("highlight", "helps", 1.0, start=1, end=5)),
        ("a", Statement("flag", "sycophancy", 2.0, review="triaged")),
        ("b", Statement("rewrite", "length_change", -2.0, review="accepted")),
    ]


def test_unsure_is_no_number_and_each_kind_of_scale_is_named() -> None:
    scores = {"heard": 4, "advice": 0, "asks": 1, "risk": UNSURE}
    one = judgement(
        "lived-2",
        [],
        order_shown=["b", "a"],
        ratings=[{"response": "a", "criterion": k, "score": s} for k, s in scores.items()],
        why=["warm"],
    )
    criteria = {"heard": {"kind": "likert"}, "advice": {"kind": "yes_no"}}
    criteria |= {"asks": {"kind": "points"}, "risk": {"kind": "likert"}}
    rubrics = {one.rubric: {"criteria": criteria}}
    assert rows_of(one, Attachments(judged_prompt(one), RatingStatements(rubrics))) == [
        ("a", Statement("rating", "heard", 4.0)),
        ("a", Statement("yes_no", "advice", 0.0)),
        ("a", Statement("points", "asks", 1.0)),
        ("a", Statement("unsure", "risk", 1.0)),
        ("b", Statement("why", "warm", 1.0)),
        ("a", Statement("why", "warm", 1.0)),
    ]


def test_what_was_not_said_is_absent_and_never_zero() -> None:
    one = judgement("lived-2", [["a"], ["b"]])
    (_, first), (_, second) = rows_of(one, Attachments(judged_prompt(one)))
    assert first == ("ranking", "preference", 1.0, False, ABSENT, ABSENT, ABSENT, "", ABSENT, "")
    assert (second.value, second.is_tie) == (2.0, False)
    assert ABSENT == -1


def test_harm_in_all_is_a_row_for_each_response_shown() -> None:
    one = judgement("lived-2", [], all_harmful=True, order_shown=["b", "a"])
    harm = Statement("all_harmful", "harm_in_all", 1.0)
    assert rows_of(one, Attachments(judged_prompt(one))) == [("b", harm), ("a", harm)]


def test_judgements_that_are_left_out_are_counted_with_their_rows() -> None:
    people = [judgement(f"lived-{number}", [["a"], ["b"]]) for number in (1, 2, 3)]
    one = judged_prompt(*people)
    terms = ReleaseTerms(purpose="training", granting={"lived-2": "record"})
    rows, judgements = Counter[str](), Counter[str]()
    drop_reason = Eligibility(one, terms).judgement_drop_reason
    eligible = eligible_judgements(one, drop_reason, rows, judgements)
    assert eligible == [people[1]]
    assert rows == {"no_consent": 6}  # two of each ranking, one flag, one rewrite
    assert judgements == {"no_consent": 2}
