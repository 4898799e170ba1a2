"""Scores of earlier replies, named options and own labels in a dataset release."""

from __future__ import annotations

from typing import Any

import pytest

from annotations.models import DatasetRelease
from annotations.queries.releases import folder_of
from annotations.rules.states import Ask
from codesign.studies.models import Member
from codesign.studies.rules import Role
from tests.factories.annotations import judge, lease
from tests.factories.studies import staff
from tests.support.judging_api import Caller
from tests.support.judging_page import cohort_of
from tests.support.release_study import release, rows
from tests.support.turns_rubric import judged_turns, turns_round

pytestmark = pytest.mark.django_db


def released(member: Member, **changes: Any) -> tuple[DatasetRelease, list[dict[str, Any]]]:
    held = lease(member)
    sent = Caller(member).submit(str(held.id), judged_turns(held, **changes))
    assert sent.status_code == 201
    staff(member.study, Role.COORDINATOR)
    made = release(member.study)
    return made, rows(made, "judgements")


def test_scores_of_turns_are_rows_without_a_response() -> None:
    member = judge()
    turns_round(cohort_of(member))
    made, judged = released(member)
    of_turns = [row for row in judged if "turn" in row]
    assert [
        (row["turn"], row["criterion"], row["kind"], row["value"], row.get("option"))
        for row in of_turns
    ] == [
        (1, "tone", "category", 2.0, "Neutral"),
        (1, "harm", "yes_no", 0.0, None),
        (2, "tone", "unsure", 1.0, None),
        (2, "harm", "yes_no", 1.0, None),
        (2, "worst", "rating", 3.0, None),
    ]
    assert not any("response_id" in row or "position" in row for row in of_turns)
    others = [row for row in judged if "turn" not in row]
    assert {row["option"] for row in others if row["criterion"] == "tone"} == {"Warm"}
    assert all(row["response_id"] and row["position"] for row in others)
    (asked,) = made.manifest["rubrics"].values()
    assert asked["criteria"]["tone"]["options"] == {
        "1": "Warm",
        "2": "Neutral",
        "3": "Cold",
        "4": "Mixed",
    }
    assert asked["criteria"]["tone"]["turns"] is True
    assert asked["labels"] == {"too_fast": "Too fast", "gentle": "Gentle"}


def test_rows_of_turns_are_null_where_parquet_has_no_value() -> None:
    import pyarrow.parquet as pq

    member = judge()
    turns_round(cohort_of(member))
    made, judged = released(member)
    tables = [pq.read_table(path) for path in folder_of(made).rglob("judgements/*.parquet")]
    read = [row for table in tables for row in table.to_pylist()]
    assert len(read) == len(judged)
    by_id = {row["record_id"]: row for row in judged}
    for row in read:
        same = by_id[row["record_id"]]
        for name in ("response_id", "position", "turn", "option"):
            assert row[name] == same.get(name)


def test_a_release_has_the_labels_of_the_study_and_no_words_of_people() -> None:
    member = judge()
    turns_round(cohort_of(member), asks=tuple(Ask))
    first = str(lease(member).order_shown[0])
    marks = [
        {"response": first, "start": 0, "end": 5 + place, "label": label}
        for place, label in enumerate(("too_fast", "warm", "My sister Ann"))
    ]
    _made, judged = released(member, highlights=marks)
    assert [row["criterion"] for row in judged if row["kind"] == "highlight"] == [
        "too_fast",
        "",
        "",
    ]
