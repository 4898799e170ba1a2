"""States of models, generation and training, what people read for them, and what may follow what.

Labels: see `annotations.rules.states`.
"""

from __future__ import annotations

from enum import StrEnum

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _

from codesign.shared.states import Transitions


class ModelKind(TextChoices):
    """Where a model version comes from.

    An adapter is a LoRA trained on its parent. A scorer is one that scores replies. Scorers and
    imported models, of which only the name is known, cannot generate.
    """

    EMBEDDED = "embedded", _("comes with Codesign")
    ADAPTER = "adapter", _("trained here")
    SCORER = "scorer", _("trained here; scores replies and writes none")
    IMPORTED = "imported", _("known from imported responses")


class RunState(TextChoices):
    """The life of a generation run."""

    QUEUED = "queued", _("waiting for a worker")
    RUNNING = "running", _("writing")
    DONE = "done", _("done")
    CANCELLED = "cancelled", _("cancelled")
    FAILED = "failed", _("failed")


class ItemState(StrEnum):
    """One response to be written."""

    PENDING = "pending"
    DONE = "done"
    FAILED = "failed"


class TrainingState(StrEnum):
    """The states of a training run (training data 4.6)."""

    QUEUED = "queued"
    PREPARING = "preparing"
    TRAINING = "training"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"


class UploadState(TextChoices):
    """The life of a file of prompts that was brought on a page."""

    QUEUED = "queued", _("waiting for a worker")
    CHECKING = "checking", _("being looked through")
    CHECKED = "checked", _("waits for your yes")
    CONFIRMED = "confirmed", _("waiting for a worker")
    IMPORTING = "importing", _("being imported")
    DONE = "done", _("imported")
    CANCELLED = "cancelled", _("cancelled")
    FAILED = "failed", _("failed")


class Method(TextChoices):
    """How an adapter is trained."""

    SFT = "sft", _("Rewrites (SFT)")
    DPO = "dpo", _("Preferences (DPO)")
    KTO = "kto", _("Good and bad replies (KTO)")
    REWARD = "reward", _("Reward model")


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
