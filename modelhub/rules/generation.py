"""Rules of generation runs on plain values: settings, chunks and seeds."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _

from codesign.shared.money import CURRENCIES
from modelhub.rules.states import ModelKind

SAMPLES, TEMPERATURE, TOP_P, MAX_NEW_TOKENS, BATCH_SIZE = 2, 0.8, 0.95, 120, 8
"""Defaults of a run."""
MOST_MODELS = 6
"""Models of one start: as many as a comparison has responses."""
MOST_ARGUMENTS = 1_000
"""Characters of the template arguments, as JSON."""
RESERVED = frozenset(
    {
        "add_generation_prompt",
        "chat_template",
        "continue_final_message",
        "conversation",
        "documents",
        "messages",
        "padding",
        "return_dict",
        "return_tensors",
        "tokenize",
        "tools",
        "truncation",
    }
)
"""Template arguments that would change more than how the template treats the conversation."""
MICROS = 10**6
"""Prices and budgets are saved in millionths of a currency unit, which are whole numbers."""
MOST_PRICE = 10_000 * MICROS
MOST_BUDGET, MOST_BUDGET_TOKENS = 10**6 * MICROS, 10**12
SERVED_CHUNK = 8
"""Chunks of a model on a server are so many times as long as its requests at a time."""
AWAY_SECONDS = (15, 60, 240, 900)
"""Pauses of a run whose server cannot be reached, before it fails."""
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
    top_p: float = TOP_P
    max_new_tokens: int = MAX_NEW_TOKENS
    batch_size: int = BATCH_SIZE
    seed: int = 0
    system_message: str = ""
    template_arguments: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Budget:
    """What a run may use. Prices are in millionths of the currency, per million tokens."""

    most_tokens: int | None = None
    most_micros: int | None = None
    currency: str = ""
    price_read: int = 0
    price_written: int = 0


def in_micros(amount: Decimal | None) -> int | None:
    """Return an amount of money in millionths, rounded; None for None."""
    return None if amount is None else round(amount * MICROS)


def from_micros(micros: int | None) -> Decimal | None:
    """Return millionths as an amount of money without unneeded zeros; None for None."""
    if micros is None:
        return None
    amount = Decimal(micros) / MICROS
    return amount.quantize(Decimal("0.01")) if micros % 10_000 == 0 else amount.normalize()


def cost_of(*, read: int, written: int, budget: Budget) -> int:
    """Return the cost of tokens in millionths of the currency, rounded up."""
    return -(-(read * budget.price_read + written * budget.price_written) // MICROS)


def budget_left(*, read: int, written: int, budget: Budget) -> Budget:
    """Return the budget after some tokens. A limit that is passed becomes 0."""
    tokens, micros = budget.most_tokens, budget.most_micros
    spent = cost_of(read=read, written=written, budget=budget)
    return replace(
        budget,
        most_tokens=None if tokens is None else max(0, tokens - read - written),
        most_micros=None if micros is None else max(0, micros - spent),
    )


def budget_problems(budget: Budget) -> dict[str, list[str]]:
    """Return the errors of each invalid field of a budget; empty if all are valid."""
    priced = budget.price_read or budget.price_written
    checks = {
        "most_tokens": (
            budget.most_tokens is None or 1 <= budget.most_tokens <= MOST_BUDGET_TOKENS,
            _("Choose a budget of at least 1 token."),
        ),
        "most_micros": (
            budget.most_micros is None
            or (priced and bool(budget.currency) and 1 <= budget.most_micros <= MOST_BUDGET),
            _("A budget of money needs an amount, a currency and at least one price."),
        ),
        "currency": (
            not budget.currency or budget.currency in CURRENCIES,
            _("Enter the code of a currency, such as EUR."),
        ),
        "price_read": (
            0 <= budget.price_read <= MOST_PRICE,
            _("Enter a price from 0 to 10,000 for a million tokens."),
        ),
        "price_written": (
            0 <= budget.price_written <= MOST_PRICE,
            _("Enter a price from 0 to 10,000 for a million tokens."),
        ),
    }
    return {name: [words] for name, (valid, words) in checks.items() if not valid}


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
        "top_p": (0 < settings.top_p <= 1, _("Choose a top-p above 0 and up to 1.")),
        "template_arguments": (
            _is_small_object(settings.template_arguments),
            _(
                "Template arguments are a JSON object of at most %(most)d characters, such as "
                '{"enable_thinking": false}.'
            )
            % {"most": MOST_ARGUMENTS},
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


def _is_small_object(arguments: object) -> bool:
    """Return whether arguments are a small JSON object that cannot replace the conversation."""
    if not isinstance(arguments, Mapping) or RESERVED & set(arguments):
        return False
    try:
        text = json.dumps(dict(arguments), allow_nan=False)
    except (TypeError, ValueError):
        return False
    return len(text) <= MOST_ARGUMENTS and "\\u0000" not in text


def config_hash(*, model: str, settings: Settings, prompts: str) -> str:
    """Return the SHA-256 (hex) of everything that determines the texts of a run.

    `prompts` is a text that differs for each set of prompts.
    """
    values = {"model": model, "settings": asdict(settings), "prompts": prompts}
    return hashlib.sha256(json.dumps(values, sort_keys=True).encode()).hexdigest()


def chunk_size(*, batch_size: int, kind: str) -> int:
    """Return the items of a chunk: one batch, or several where a server answers one by one."""
    return batch_size * (SERVED_CHUNK if kind == ModelKind.SERVER else 1)


def first_chunk(*, samples: int, batch_size: int) -> int:
    """Return the size of the first chunk: one prompt's items, so that the first task opens soon."""
    return min(samples, batch_size)


def item_seed(
    *, run_seed: int, external_id: str, version: int, sample: int, made_again: int
) -> int:
    """Return the 63-bit seed of one text; it differs for each prompt, sample and try."""
    key = f"{run_seed}\x1f{external_id}\x1f{version}\x1f{sample}\x1f{made_again}"
    return int.from_bytes(hashlib.sha256(key.encode()).digest()[:8]) >> 1
