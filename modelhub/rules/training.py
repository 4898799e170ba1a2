"""Training on plain values: what fits, what a run is called, what it is keyed by."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from modelhub.rules.states import Method

# The configuration of a dataset release that each method learns from (training_data.md).
CONFIG_OF = {
    Method.DPO: "preference",
    Method.REWARD: "preference",
    Method.SFT: "sft",
    Method.KTO: "unpaired_preference",
}
STALE_AFTER_SECONDS = 60  # without a heartbeat a run's process counts as dead


def config_hash(
    *, release: str, base: str, method: str, params: Mapping[str, Any], seed: int
) -> str:
    """SHA-256, hex, over what decides an adapter: same key, same adapter."""
    text = json.dumps([release, base, method, dict(params), seed], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()


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
