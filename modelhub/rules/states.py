"""States of models, generation and training, their labels, and the permitted transitions.

Labels: see `annotations.rules.states`.
"""

from __future__ import annotations

from enum import StrEnum

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _

from codesign.shared.states import Transitions


class ModelKind(TextChoices):
    """What a model version is, which decides how it is loaded.

    An adapter is a LoRA on its parent, trained here or registered. A scorer is a reward model.
    Scorers cannot generate responses, nor can imported models, of which only the name is known.
    """

    EMBEDDED = "embedded", _("shipped with Codesign")
    FOLDER = "folder", _("folder of weights")
    HUB = "hub", _("weights from the Hub")
    GGUF = "gguf", _("GGUF file")
    SERVER = "server", _("model on a server")
    ADAPTER = "adapter", _("adapter")
    SCORER = "scorer", _("trained here; scores responses, cannot write them")
    IMPORTED = "imported", _("known from imported responses")


BASES = (ModelKind.EMBEDDED, ModelKind.FOLDER, ModelKind.HUB, ModelKind.GGUF)
"""Kinds with weights of their own, in transformers' layout. Adapters need one of them."""
GENERATES = (*BASES, ModelKind.ADAPTER, ModelKind.SERVER)
"""Kinds that can write responses."""
REGISTERED = (ModelKind.FOLDER, ModelKind.HUB, ModelKind.GGUF, ModelKind.SERVER)
"""Kinds that exist only because a person registered them."""


class ModelState(TextChoices):
    """The states of a model version. Only a ready model can be used."""

    QUEUED = "queued", _("waiting for its check")
    CHECKING = "checking", _("being checked")
    READY = "ready", _("ready")
    REFUSED = "refused", _("refused")


class RunState(TextChoices):
    """The states of a generation run."""

    QUEUED = "queued", _("waiting for a worker")
    RUNNING = "running", _("writing")
    DONE = "done", _("done")
    CANCELLED = "cancelled", _("cancelled")
    FAILED = "failed", _("failed")


class ItemState(StrEnum):
    """The states of a generation item, which is one response to write."""

    PENDING = "pending"
    DONE = "done"
    FAILED = "failed"


class TrainingState(TextChoices):
    """The states of a training run (training data 4.6)."""

    QUEUED = "queued", _("waiting for a worker")
    PREPARING = "preparing", _("loading model and release")
    TRAINING = "training", _("training")
    DONE = "done", _("done")
    FAILED = "failed", _("failed")
    CANCELLED = "cancelled", _("cancelled")


class UploadState(TextChoices):
    """The states of an imported file of prompts."""

    QUEUED = "queued", _("waiting for a worker")
    CHECKING = "checking", _("being checked")
    CHECKED = "checked", _("waiting for your confirmation")
    CONFIRMED = "confirmed", _("waiting for a worker")
    IMPORTING = "importing", _("being imported")
    DONE = "done", _("imported")
    CANCELLED = "cancelled", _("cancelled")
    FAILED = "failed", _("failed")


class Method(TextChoices):
    """Training methods."""

    SFT = "sft", _("Rewrites (SFT)")
    DPO = "dpo", _("Preferences (DPO)")
    KTO = "kto", _("Good and bad responses (KTO)")
    REWARD = "reward", _("Reward model")


MODEL_STATES = Transitions.of(
    "model",
    {
        "queued": ["checking", "refused"],
        "checking": ["queued", "ready", "refused"],
        "ready": [],
        "refused": [],
    },
)
RUN_STATES = Transitions.of(
    "generation run",
    {
        "queued": ["running", "done", "cancelled", "failed"],
        "running": ["queued", "done", "cancelled", "failed"],
        "cancelled": ["queued"],
        "failed": ["queued"],
        "done": [],
    },
)
UPLOAD_STATES = Transitions.of(
    "import",
    {
        "queued": ["checking", "failed", "cancelled"],
        "checking": ["checked", "failed", "cancelled", "queued"],
        "checked": ["confirmed", "cancelled"],
        "confirmed": ["importing", "failed", "cancelled"],
        "importing": ["done", "failed", "cancelled", "confirmed"],
        "done": [],
        "cancelled": [],
        "failed": [],
    },
)
ITEM_STATES = Transitions.of(
    "generation item",
    {"pending": ["done", "failed"], "failed": ["pending"], "done": []},
)
TRAINING_STATES = Transitions.of(
    "training run",
    {
        "queued": ["preparing", "cancelled", "failed"],
        "preparing": ["training", "cancelled", "failed", "queued"],
        "training": ["done", "cancelled", "failed", "queued"],
        "done": [],
        "failed": ["queued"],
        "cancelled": ["queued"],
    },
)
