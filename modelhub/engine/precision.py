"""The number types of a training run, by what the device computes well (decision 46)."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Precision:
    """The type of the base's weights, and whether layers compute in bf16.

    The adapter's weights are fp32 in every case.
    """

    weights: Any
    autocast: bool

    def __str__(self) -> str:
        """Return the words for the model card."""
        weights = str(self.weights).removeprefix("torch.")
        return f"{weights} weights, {'bfloat16' if self.autocast else 'float32'} layers"


def precision_for(base: Path) -> Precision:
    """Return the types for a base model on this machine.

    Without a GPU that computes bf16, everything is fp32. With one, layers compute in bf16, and a
    base that was published in bf16 stays so, which takes half the memory and rounds nothing.
    """
    import torch
    from transformers import AutoConfig

    if not (torch.cuda.is_available() and torch.cuda.is_bf16_supported()):
        return Precision(torch.float32, autocast=False)
    config: Any = AutoConfig.from_pretrained(base, local_files_only=True)
    published_so = config.dtype == torch.bfloat16
    return Precision(torch.bfloat16 if published_so else torch.float32, autocast=True)
