"""Configures the model libraries before their first use: offline, quiet, no telemetry."""

import os
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

_DEFAULTS = {
    "HF_HUB_OFFLINE": "1",  # operators set this to 0 to use a model from the Hub
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "HF_HUB_DISABLE_PROGRESS_BARS": "1",
    "TOKENIZERS_PARALLELISM": "false",
    "TRANSFORMERS_NO_ADVISORY_WARNINGS": "1",
    # By default, waiting threads use the processor. With eight other programs on two cores, this
    # setting gives 21 tokens a second instead of less than one.
    "OMP_WAIT_POLICY": "PASSIVE",
}


def prepare() -> None:
    """Set environment variables of the libraries. Call this before importing any of them."""
    for name, value in _DEFAULTS.items():
        os.environ.setdefault(name, value)


@contextmanager
def quiet() -> Iterator[None]:
    """Suppress progress bars, and deprecation warnings that peft and TRL cause in transformers."""
    prepare()
    from transformers.utils import logging as transformers_logging

    logging: Any = transformers_logging
    logging.set_verbosity_error()
    logging.disable_progress_bar()
    with warnings.catch_warnings():
        warnings.filterwarnings(
            "ignore",
            message="`(is_)?gradient_checkpointing` is deprecated",
            category=FutureWarning,
        )
        yield


def set_threads(count: int) -> int:
    """Let torch use `count` threads, limited to 1 up to the number of cores; return the number.

    The number changes the order of additions, so results are only reproducible with the same
    number. It is recorded with every run.
    """
    import torch

    bounded = max(1, min(count, os.cpu_count() or 1))
    torch.set_num_threads(bounded)
    return bounded
