"""Rules of generation runs on plain values: settings, chunks and seeds."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass

from django.utils.translation import gettext as _

SAMPLES, TEMPERATURE, MAX_NEW_TOKENS, BATCH_SIZE = 2, 0.8, 120, 8
"""Defaults of a run."""
MOST_SAMPLES, MOST_NEW_TOKENS, MOST_BATCH, MOST_SYSTEM = 8, 1_000, 64, 8_000
MAKE_AGAIN = 3
"""Retries of a text that cannot be shown, before its item fails."""
MOST_ATTEMPTS = 5
"""Claims of a chunk before its items fail, because its workers died or were too slow."""
DISK_FULL_SECONDS = 15
"""Seconds until a run checks again whether a full disk has free space."""


@dataclass(frozen=True, slots=True)
class Settings:
    """Settings of a run. The same settings, prompts and model write the same texts."""

    samples: int = SAMPLES
    temperature: float = TEMPERATURE
    max_new_tokens: int = MAX_NEW_TOKENS
    batch_size: int = BATCH_SIZE
    seed: int = 0
    system_message: str = ""


def settings_problems(settings: Settings) -> dict[str, list[str]]:
    """Return the errors of each invalid field; empty if all fields are valid."""
    checks = {
        "samples": (
            1 <= settings.samples <= MOST_SAMPLES,
            _("Choose 1 to %(most)d responses for each prompt.") % {"most": MOST_SAMPLES},
        ),
        "temperature": (
            0 <= settings.temperature <= 2,
            _("Choose a temperature from 0 to 2."),
        ),
        "max_new_tokens": (
            1 <= settings.max_new_tokens <= MOST_NEW_TOKENS,
            _("Choose a length of 1 to %(most)d tokens.") % {"most": MOST_NEW_TOKENS},
        ),
        "batch_size": (
            1 <= settings.batch_size <= MOST_BATCH,
            _("Choose a batch size of 1 to %(most)d.") % {"most": MOST_BATCH},
        ),
        "seed": (0 <= settings.seed < 2**63, _("Choose a seed from 0 to 2^63 - 1.")),
        "system_message": (
            len(settings.system_message) <= MOST_SYSTEM and "\x00" not in settings.system_message,
            _("The system message can have at most %(most)d characters.") % {"most": MOST_SYSTEM},
        ),
    }
    problems = {name: [words] for name, (valid, words) in checks.items() if not valid}
    if not problems and settings.temperature == 0 and settings.samples > 1:
        problems["temperature"] = [
            _(
                "At temperature 0 all responses to a prompt are the same. Ask for one response, or "
                "choose a higher temperature."
            )
        ]
    return problems


def config_hash(*, model: str, settings: Settings, prompts: str) -> str:
    """Return the SHA-256 (hex) of everything that determines the texts of a run.

    `prompts` is a text that differs for each set of prompts.
    """
    values = {"model": model, "settings": asdict(settings), "prompts": prompts}
    return hashlib.sha256(json.dumps(values, sort_keys=True).encode()).hexdigest()


def first_chunk(*, samples: int, batch_size: int) -> int:
    """Return the size of the first chunk: one prompt's items, so that the first task opens soon."""
    return min(samples, batch_size)


def item_seed(
    *, run_seed: int, external_id: str, version: int, sample: int, made_again: int
) -> int:
    """Return the 63-bit seed of one text; it differs for each prompt, sample and try."""
    key = f"{run_seed}\x1f{external_id}\x1f{version}\x1f{sample}\x1f{made_again}"
    return int.from_bytes(hashlib.sha256(key.encode()).digest()[:8]) >> 1
