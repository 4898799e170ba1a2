"""Training on plain values: what fits, what a run is called, what it is keyed by."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from typing import Any

from modelhub.rules.states import Method, ModelKind

# The configuration of a dataset release that each method learns from (training data 1.1).
CONFIG_OF = {
    Method.DPO: "preference",
    Method.REWARD: "preference",
    Method.SFT: "sft",
    Method.KTO: "unpaired_preference",
}
TRAINABLE = (ModelKind.EMBEDDED, ModelKind.ADAPTER)
NOUNS = {
    "preference": "preference pairs",
    "sft": "accepted rewrites",
    "unpaired_preference": "replies found good or bad",
}
"""What the records of a configuration are, for people."""
OF_ONE_BATCH = frozenset({"reward_accuracy", "reward_margin", "token_accuracy"})
"""Metrics of runs from before validation: they are of the last batch alone, so nobody is told."""


def config_hash(
    *,
    release: str,
    base: str,
    method: str,
    params: Mapping[str, Any],
    seed: int,
    system_message: str,
) -> str:
    """SHA-256, hex, over what decides an adapter: same key, same adapter."""
    decides = [release, base, method, dict(params), seed, system_message]
    text = json.dumps(decides, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()


def train_records(*, rows: Mapping[str, Mapping[str, int]]) -> dict[str, int]:
    """Records to train on by configuration, from the counts of a release's manifest."""
    return {config: splits.get("train", 0) for config, splits in rows.items()}


def records_problem(*, rows: Mapping[str, Mapping[str, int]], method: str) -> str | None:
    """Why a release cannot be learnt from in that way; None where it can, or where unknown."""
    config = CONFIG_OF[Method(method)]
    if not rows or train_records(rows=rows).get(config):
        return None
    return (
        f"This release has no {NOUNS[config]} to train on. Choose another release, or another "
        "way to train."
    )


def base_problem(*, kind: str, method: str) -> str | None:
    """Why a model cannot be trained in that way; None where it can."""
    if kind == ModelKind.SCORER:
        return "This model scores replies; training starts from one that writes them."
    if kind not in TRAINABLE:
        return "This model's weights are not here. Choose another model."
    if method == Method.REWARD and kind == ModelKind.ADAPTER:
        return "A reward model starts from a base model, not from an adapter."
    return None


def lineage_problem(*, releases: Iterable[str]) -> str | None:
    """Why a model is not used any more, from the states of what it and its parents learnt from.

    Their answers cannot be taken out of its weights; so nothing new is written or trained with it.
    """
    if "superseded" in releases:
        return (
            "This model has learnt from answers that somebody has taken back since, so nothing new "
            "is made with it. Choose another one."
        )
    return None


def release_problem(*, purpose: str, state: str) -> str | None:
    """Why a release must not be trained on; None where it may."""
    if state == "superseded":
        return (
            "Somebody in this release has taken their consent back. Make a new release and "
            "train on that."
        )
    if state != "frozen":
        return "This release is not finished yet."
    if purpose != "training":
        return f"This release is for {purpose}; people have not agreed to training with it."
    return None


def child_name(*, base: str, method: str, release: int, key: str) -> str:
    """What the trained model is called: parent, method, release, and a mark of its parameters."""
    return f"{base}-{method}-r{release}-{key[:6]}"
