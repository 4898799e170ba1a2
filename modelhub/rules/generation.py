"""Decisions of a generation run on plain values: settings, chunks, seeds."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass

SAMPLES, TEMPERATURE, MAX_NEW_TOKENS, BATCH_SIZE = 2, 0.8, 120, 8
"""Defaults of a run."""
MOST_SAMPLES, MOST_NEW_TOKENS, MOST_BATCH, MOST_SYSTEM = 8, 1_000, 64, 8_000
MAKE_AGAIN = 3
"""How often a text that cannot be shown is made again before its item fails."""
MOST_ATTEMPTS = 5
"""How often a chunk is claimed before its items fail: its workers died or were too slow."""
DISK_FULL_SECONDS = 15
"""Between two looks whether there is room again for what a model writes."""


@dataclass(frozen=True, slots=True)
class Settings:
    """What a run writes with; the same settings, prompts and model write the same texts."""

    samples: int = SAMPLES
    temperature: float = TEMPERATURE
    max_new_tokens: int = MAX_NEW_TOKENS
    batch_size: int = BATCH_SIZE
    seed: int = 0
    system_message: str = ""


def settings_problems(settings: Settings) -> dict[str, list[str]]:
    """Field → what is wrong with it; empty where all is fine."""
    checks = {
        "samples": (
            1 <= settings.samples <= MOST_SAMPLES,
            f"Choose 1 to {MOST_SAMPLES} responses for each prompt.",
        ),
        "temperature": (
            0 <= settings.temperature <= 2,
            "Choose a temperature from 0 to 2.",
        ),
        "max_new_tokens": (
            1 <= settings.max_new_tokens <= MOST_NEW_TOKENS,
            f"Choose a length of 1 to {MOST_NEW_TOKENS} tokens.",
        ),
        "batch_size": (
            1 <= settings.batch_size <= MOST_BATCH,
            f"Choose 1 to {MOST_BATCH} responses at a time.",
        ),
        "seed": (0 <= settings.seed < 2**63, "Choose a seed from 0 to 2^63 - 1."),
        "system_message": (
            len(settings.system_message) <= MOST_SYSTEM and "\x00" not in settings.system_message,
            f"The system message may have {MOST_SYSTEM} characters at most.",
        ),
    }
    problems = {name: [words] for name, (fine, words) in checks.items() if not fine}
    if not problems and settings.temperature == 0 and settings.samples > 1:
        problems["temperature"] = [
            "At temperature 0 every response to a prompt is the same: ask for one, or go higher."
        ]
    return problems


def config_hash(*, model: str, settings: Settings, prompts: str) -> str:
    """SHA-256, hex, of everything that decides what a run writes; `prompts` tells them apart."""
    values = {"model": model, "settings": asdict(settings), "prompts": prompts}
    return hashlib.sha256(json.dumps(values, sort_keys=True).encode()).hexdigest()


def first_chunk(*, samples: int, batch_size: int) -> int:
    """How many items the first chunk holds: the first prompt's alone, so a task comes soon."""
    return min(samples, batch_size)


def item_seed(
    *, run_seed: int, external_id: str, version: int, sample: int, made_again: int
) -> int:
    """The seed of one text, 63 bits: another one for each prompt, sample and try."""
    key = f"{run_seed}\x1f{external_id}\x1f{version}\x1f{sample}\x1f{made_again}"
    return int.from_bytes(hashlib.sha256(key.encode()).digest()[:8]) >> 1
