"""Arrow schemas of the files of a release: the format that recipients read."""

from __future__ import annotations

import functools
import os
from typing import Any

_SIDES = ("chosen", "rejected")
_RESPONSE_FIELDS = ("response_id", "model_version_id", "origin")


@functools.cache
def schemas(*, rated: bool = False) -> dict[str, Any]:
    """Config → pyarrow schema; `rated` is for releases with best-rated replies in `sft`.

    Makes Arrow use the system's allocator, which returns 50 MB that Arrow's own allocator keeps.
    """
    os.environ.setdefault("ARROW_DEFAULT_MEMORY_POOL", "system")  # Arrow reads it when loaded
    import pyarrow as pa

    text, flag, number = pa.string(), pa.bool_(), pa.int64()
    messages = pa.list_(pa.struct([("role", text), ("content", text)]))
    shared_meta = [
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
        "preference": _preference(pa, shared_meta, messages),
        "unpaired_preference": _unpaired(pa, shared_meta, messages),
        "sft": _sft(pa, shared_meta, messages, rated=rated),
        "comparisons": _comparisons(pa, shared_meta, messages),
        "judgements": _judgements(pa),
        "texts": _texts(pa, messages),
        "imported": _imported(pa),
    }


def _preference(pa: Any, shared_meta: list[Any], messages: Any) -> Any:
    text, number, share = pa.string(), pa.int64(), pa.float64()
    meta = pa.struct(
        shared_meta
        + [(f"{side}_{field}", text) for field in _RESPONSE_FIELDS for side in _SIDES]
        + [("p", share), ("length_change", number), ("cohorts", pa.list_(_tallies(pa)))]
    )
    texts = [(name, messages) for name in ("prompt", *_SIDES)]
    return pa.schema([("record_id", text), *texts, ("margin", share), ("meta", meta)])


def _tallies(pa: Any) -> Any:
    """The votes of one cohort on a pair."""
    return pa.struct(
        [("cohort", pa.string()), ("role", pa.string())]
        + [(name, pa.int64()) for name in ("wins", "ties", "losses")]
        + [(name, pa.float64()) for name in ("votes", "p")]
    )


def _comparisons(pa: Any, shared_meta: list[Any], messages: Any) -> Any:
    text, number = pa.string(), pa.int64()
    person = pa.struct(
        [
            *((name, text) for name in ("rater_pseudonym", "cohort", "role")),
            ("preference", number),
            ("all_harmful", pa.bool_()),
        ]
    )
    meta = pa.struct(
        [*shared_meta, ("round", text)]
        + [
            (f"response_{n}_{field}", text)
            for n in (1, 2)
            for field in ("id", "model_version_id", "origin")
        ]
        + [("p", pa.float64()), ("all_harmful", number), ("cohorts", pa.list_(_tallies(pa)))]
    )
    texts = [(name, messages) for name in ("prompt", "response_1", "response_2")]
    return pa.schema(
        [
            ("record_id", text),
            *texts,
            ("overall_preference", pa.float64()),
            ("individual_preferences", pa.list_(person)),
            ("meta", meta),
        ]
    )


def _texts(pa: Any, messages: Any) -> Any:
    text = pa.string()
    return pa.schema(
        [(name, text) for name in ("record_id", "kind", "prompt_id", "response_id")]
        + [("messages", messages), ("origin", text), ("model_version_id", text)]
        + [("category", text), ("topics", pa.list_(text)), ("intensity", pa.int64())]
        + [("language", text), ("held_out", pa.bool_())]
    )


def _imported(pa: Any) -> Any:
    text, number = pa.string(), pa.int64()
    return pa.schema(
        [(name, text) for name in ("record_id", "prompt_id", "response_id", "source")]
        + [("rater", number), ("kind", text), ("criterion", text), ("label", text)]
        + [("value", pa.float64()), ("start", number), ("end", number)]
    )


def _unpaired(pa: Any, shared_meta: list[Any], messages: Any) -> Any:
    text = pa.string()
    meta = pa.struct(
        [
            *shared_meta,
            *((field, text) for field in _RESPONSE_FIELDS),
            ("cohorts", pa.list_(_scores(pa))),
        ]
    )
    texts = [("prompt", messages), ("completion", messages), ("label", pa.bool_())]
    return pa.schema([("record_id", text), *texts, ("meta", meta)])


def _scores(pa: Any) -> Any:
    """The scores of one cohort on a response."""
    text = pa.string()
    return pa.struct(
        [("cohort", text), ("role", text), ("people", pa.int64()), ("median", pa.float64())]
    )


def _sft(pa: Any, shared_meta: list[Any], messages: Any, *, rated: bool) -> Any:
    """The schema of `sft`; `rated` adds the fields of best-rated replies."""
    text = pa.string()
    of_rating = [("response_id", text), ("model_version_id", text)]
    of_rating.append(("cohorts", pa.list_(_scores(pa))))
    meta = pa.struct(
        shared_meta
        + [(name, text) for name in ("cohort", "role", "origin")]
        + [(f"rewritten_{field}", text) for field in ("response_id", "model_version_id")]
        + [("length_change", pa.int64())]
        + (of_rating if rated else [])
    )
    texts = [("prompt", messages), ("completion", messages)]
    return pa.schema([("record_id", text), *texts, ("meta", meta)])


def _judgements(pa: Any) -> Any:
    text, number = pa.string(), pa.int32()
    shared_meta = [("example", pa.bool_()), ("category", text), ("intensity", number)]
    return pa.schema(
        [(name, text) for name in ("record_id", "judgement_id", "round", "prompt_id")]
        + [(name, text) for name in ("response_id", "model_version_id", "rater_pseudonym")]
        + [(name, text) for name in ("cohort", "role", "rubric", "kind", "criterion")]
        + [("value", pa.float64()), ("is_tie", pa.bool_()), ("strength", number)]
        + [("start", number), ("end", number), ("review", text)]
        + [("turn", number), ("option", text)]
        + [("position", number), ("active_ms", pa.int64()), ("day", pa.date32())]
        + [("propensity", pa.float64()), ("consent_version", number), ("consent_scope", text)]
        + [("meta", pa.struct([*shared_meta, ("language", text)]))]
    )
