"""How the model libraries are set before they are first used: offline, silent, no telemetry."""

import os
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

_DEFAULTS = {
    "HF_HUB_OFFLINE": "1",  # an operator who names a hub model sets it to 0
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "HF_HUB_DISABLE_PROGRESS_BARS": "1",
    "TOKENIZERS_PARALLELISM": "false",
    "TRANSFORMERS_NO_ADVISORY_WARNINGS": "1",
    # Threads that spin while they wait starve each other where the cores are busy: 21 tokens/s
    # instead of less than one, measured beside eight other programs on two cores.
    "OMP_WAIT_POLICY": "PASSIVE",
}


def prepare() -> None:
    """Set the libraries' environment; call before importing any of them."""
    for name, value in _DEFAULTS.items():
        os.environ.setdefault(name, value)


@contextmanager
def quiet() -> Iterator[None]:
    """Hold back progress bars, and the deprecations that peft and TRL cause in transformers."""
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
    """Let torch use `count` threads, at least 1 and at most the machine's cores; return it.

    The number takes part in the arithmetic's order, so results are only the same bytes for the
    same number: it is recorded with every run.
    """
    import torch

    bounded = max(1, min(count, os.cpu_count() or 1))
    torch.set_num_threads(bounded)
    return bounded
