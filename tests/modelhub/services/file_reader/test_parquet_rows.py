"""Values of Parquet that JSON lacks."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow as pa

from tests.support.import_doors import table
from tests.support.read_files import Read


def test_an_unknown_time_zone_is_named(tmp_path: Path) -> None:
    family = pa.array([0], pa.timestamp("us", tz="Mars/Olympus"))
    read = Read(tmp_path, table(prompt=["Hello"], family=family), "p.parquet")
    assert read.problems == [
        "line 1: the value of family cannot be read (unknown time zone Mars/Olympus)."
    ]


def test_maps_of_arrow_are_objects(tmp_path: Path) -> None:
    kind = pa.list_(
        pa.struct([("text", pa.string()), ("scores", pa.map_(pa.string(), pa.float64()))])
    )
    responses = pa.array([[{"text": "A", "scores": [("warm", 4.0)]}]], kind)
    read = Read(tmp_path, table(prompt=["Hello"], responses=responses), "p.parquet")
    assert (read.prompts, read.problems) == (["Hello"], [])
    ((mark,),) = (one.marks for row in read.rows for one in row.responses)
    assert (mark.criterion, mark.value) == ("warm", 4.0)


def test_answers_of_argilla_are_read_from_columns(tmp_path: Path) -> None:
    columns: dict[str, list[Any]] = {
        "prompt": ["Hello"],
        "reply": ["Hi."],
        "warm.responses": [[4, 5]],
        "warm.responses.users": [["u", "v"]],
        "warm.responses.status": [["submitted", "draft"]],
        "warm.suggestion": [3],
    }
    read = Read(tmp_path, table(**columns), "p.parquet")
    ((mark,),) = (one.marks for row in read.rows for one in row.responses)
    assert (mark.criterion, mark.value, read.unused) == ("warm", 4.0, set())
