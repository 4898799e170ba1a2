"""Rules of training on plain values: what can be trained, names of models, keys of runs."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from modelhub.rules.registering import MOST_NAME
from modelhub.rules.states import BASES, Method, ModelKind

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise

# The config of a dataset release that each method learns from (training data 1.1).
CONFIG_OF = {
    Method.DPO: "preference",
    Method.REWARD: "preference",
    Method.SFT: "sft",
    Method.KTO: "unpaired_preference",
}
TRAINABLE = (*BASES, ModelKind.ADAPTER)
TRAINED = (ModelKind.ADAPTER, ModelKind.SCORER)
"""Kinds of models that were trained here."""
NOUNS: dict[str, _StrPromise] = {
    "preference": gettext_lazy("preference pairs"),
    "sft": gettext_lazy("accepted rewrites"),
    "unpaired_preference": gettext_lazy("responses rated good or bad"),
}
"""What pages call the records of each config."""
OF_ONE_BATCH = frozenset({"reward_accuracy", "reward_margin", "token_accuracy"})
"""Metrics that older runs kept of their last batch only. They are misleading, so never shown."""


def config_hash(
    *,
    release: str,
    base: str,
    method: str,
    params: Mapping[str, Any],
    seed: int,
    system_message: str,
) -> str:
    """Return the SHA-256 (hex) of everything that determines an adapter."""
    decides = [release, base, method, dict(params), seed, system_message]
    text = json.dumps(decides, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()


def train_records(*, rows: Mapping[str, Mapping[str, int]]) -> dict[str, int]:
    """Return the number of training records of each config, from a release's manifest."""
    return {config: splits.get("train", 0) for config, splits in rows.items()}


def records_problem(*, rows: Mapping[str, Mapping[str, int]] | None, method: str) -> str | None:
    """Return why a method cannot train on a release, or None if it can.

    `rows` are None for a release whose manifest does not count them.
    """
    config = CONFIG_OF[Method(method)]
    if rows is None or train_records(rows=rows).get(config):
        return None
    return _(
        "This release has no %(records)s to train on. Choose another release or another method."
    ) % {"records": NOUNS[config]}


def base_problem(*, kind: str, method: str) -> str | None:
    """Return why a method cannot train a model, or None if it can."""
    if kind == ModelKind.SCORER:
        return _("This model scores responses. Choose a model that writes responses.")
    if kind not in TRAINABLE:
        return _("Codesign does not have the weights of this model. Choose another model.")
    if method == Method.REWARD and kind == ModelKind.ADAPTER:
        return _("A reward model must start from a base model, not from an adapter.")
    return None


def lineage_problem(*, releases: Iterable[str]) -> str | None:
    """Return why a model must not be used any more, or None if it may.

    `releases` are the states of the releases that the model and its ancestors learnt from.
    Withdrawn judgements cannot be removed from its weights, so it must neither write nor be
    trained further.
    """
    if "superseded" in releases:
        return _(
            "This model learnt from judgements that were withdrawn later, so it cannot be used for "
            "new work. Choose another model."
        )
    return None


def release_problem(*, purpose: str, state: str) -> str | None:
    """Return why a release must not be trained on, or None if it may."""
    if state == "superseded":
        return _(
            "A person in this release has withdrawn their consent. Make a new release and train on "
            "that one."
        )
    if state != "frozen":
        return _("This release is not finished yet.")
    if purpose != "training":
        return _(
            "This release is for %(purpose)s. People did not agree to its use for training."
        ) % {"purpose": purpose}
    return None


def child_name(*, base: str, method: str, release: int, key: str) -> str:
    """Return a trained model's name: parent, method, release, and the start of the run's key.

    Each generation adds to the name, so a long name of the parent is cut.
    """
    end = f"-{method}-r{release}-{key[:6]}"
    return base[: MOST_NAME - len(end)].rstrip() + end
