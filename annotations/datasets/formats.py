"""Parquet and JSONL of one config and split, under one schema.

`preference` and `sft` have the same keys in every record and never a null: a text that does not
exist is "", since trainers take nulls badly. `judgements` has columns that only some kinds fill
(start, end, strength, review): JSONL leaves the key out, Parquet, which has one schema, holds a
null there.
"""

from __future__ import annotations

import functools
import json
import os
from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any

_ENCODER = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"))
CHUNK = 10_000
"""Rows of a Parquet row group: what is held in memory at once."""


@functools.cache
def schemas() -> dict[str, Any]:
    """config → pyarrow schema."""
    import pyarrow as pa

    text, flag, number = pa.string(), pa.bool_(), pa.int64()
    messages = pa.list_(pa.struct([("role", text), ("content", text)]))
    about = [
        ("kind", text),
        ("example", flag),
        ("prompt_id", text),
        ("category", text),
        ("topics", pa.list_(text)),
        ("intensity", number),
        ("language", text),
        ("rubrics", pa.list_(text)),
    ]
    return {
        "preference": _preference(pa, about, messages),
        "sft": _sft(pa, about, messages),
        "judgements": _judgements(pa),
    }


_SIDES = ("chosen", "rejected")
_OF_A_SIDE = ("response_id", "model_version_id", "origin")


def _preference(pa: Any, about: list[Any], messages: Any) -> Any:
    text, number, share = pa.string(), pa.int64(), pa.float64()
    cohort = pa.struct(
        [("cohort", text), ("role", text)]
        + [(name, number) for name in ("wins", "ties", "losses")]
        + [("p", share)]
    )
    meta = pa.struct(
        about
        + [(f"{who}_{what}", text) for what in _OF_A_SIDE for who in _SIDES]
        + [("p", share), ("length_change", number), ("cohorts", pa.list_(cohort))]
    )
    said = [(name, messages) for name in ("prompt", *_SIDES)]
    return pa.schema([("record_id", text), *said, ("margin", share), ("meta", meta)])


def _sft(pa: Any, about: list[Any], messages: Any) -> Any:
    text = pa.string()
    meta = pa.struct(
        about
        + [(name, text) for name in ("cohort", "role", "origin")]
        + [(f"rewritten_{what}", text) for what in _OF_A_SIDE[:2]]
        + [("length_change", pa.int64())]
    )
    said = [("prompt", messages), ("completion", messages)]
    return pa.schema([("record_id", text), *said, ("meta", meta)])


def _judgements(pa: Any) -> Any:
    text, number = pa.string(), pa.int32()
    about = [("example", pa.bool_()), ("category", text), ("intensity", number)]
    return pa.schema(
        [(name, text) for name in ("record_id", "judgement_id", "round", "prompt_id")]
        + [(name, text) for name in ("response_id", "model_version_id", "rater_pseudonym")]
        + [(name, text) for name in ("cohort", "role", "rubric", "kind", "criterion")]
        + [("value", pa.float64()), ("is_tie", pa.bool_()), ("strength", number)]
        + [("start", number), ("end", number), ("review", text)]
        + [("position", number), ("repeat", number), ("active_ms", pa.int64())]
        + [("propensity", pa.float64()), ("consent_version", number), ("consent_scope", text)]
        + [("meta", pa.struct([*about, ("language", text)]))]
    )


def write(folder: Path, config: str, split: str, rows: Iterable[dict[str, Any]]) -> int:
    """Write `data/CONFIG/SPLIT.parquet` and `.jsonl`; returns the number of rows."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    schema = schemas()[config]
    base = folder / "data" / config
    base.mkdir(parents=True, exist_ok=True)
    count = 0
    with (
        pq.ParquetWriter(base / f"{split}.parquet", schema, compression="zstd") as table,
        (base / f"{split}.jsonl").open("w", encoding="utf-8") as lines,
    ):
        for chunk in _chunks(rows):
            columns = [
                pa.array([row.get(name) for row in chunk], kind)
                for name, kind in zip(schema.names, schema.types, strict=True)
            ]
            table.write_table(pa.Table.from_arrays(columns, schema=schema))
            lines.writelines(_line(row, schema.names) for row in chunk)
            count += len(chunk)
    return count


def _chunks(rows: Iterable[dict[str, Any]]) -> Iterator[list[dict[str, Any]]]:
    rest = iter(rows)
    while chunk := list(islice(rest, CHUNK)):
        yield chunk


def _line(row: dict[str, Any], names: Iterable[str]) -> str:
    return as_line({name: row[name] for name in names if name in row})


def as_line(value: Any) -> str:
    """One line of JSONL, always written the same way."""
    return _ENCODER.encode(value) + "\n"


def to_disk(path: Path) -> None:
    """Wait until a file, or a folder's list of names, is on the disk."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
