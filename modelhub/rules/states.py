"""Words and states of models, generation and training."""

from __future__ import annotations

from enum import StrEnum

from codesign.shared.states import Transitions


class ModelKind(StrEnum):
    """Where a model version comes from."""

    EMBEDDED = "embedded"  # shipped with the platform, weights on disk
    ADAPTER = "adapter"  # LoRA trained here on its parent
    SCORER = "scorer"  # LoRA trained here that scores replies; cannot generate
    IMPORTED = "imported"  # known by name from imported responses; cannot generate


class RunState(StrEnum):
    """The life of a generation run."""

    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    CANCELLED = "cancelled"
    FAILED = "failed"


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


class UploadState(StrEnum):
    """The life of a file of prompts that was brought on a page."""

    QUEUED = "queued"
    CHECKING = "checking"
    CHECKED = "checked"  # shown; waits for somebody to say yes
    CONFIRMED = "confirmed"
    IMPORTING = "importing"
    DONE = "done"
    CANCELLED = "cancelled"
    FAILED = "failed"


class Method(StrEnum):
    """How an adapter is trained."""

    SFT = "sft"
    DPO = "dpo"
    KTO = "kto"
    REWARD = "reward"


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
