"""Generates responses in batches, reproducibly.

Each request has its own random number generator, seeded by the batch's seed and the request's, so
the other requests of a batch do not affect it. The batch still changes the arithmetic slightly
(padding changes the order of additions). So a text is reproduced exactly only with the same seed,
batch, model files and number of threads; callers store all of them.
"""

import hashlib
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from modelhub.engine.control_tokens import plain_turns
from modelhub.engine.errors import EngineError
from modelhub.engine.libraries import quiet
from modelhub.engine.sentences import first_line, whole_sentences
from modelhub.engine.weights import LoadedModel

DEFAULT_SYSTEM_MESSAGE = (
    "You reply to a person who writes about their mental health. Be warm and calm, and use plain "
    "words. First show that you understood what they said. Then offer one small, safe next step "
    "or one gentle question. Write two to four short sentences. Do not diagnose. Do not advise on "
    "medicine. Never describe ways of hurting oneself. If they may be in danger, ask them to "
    "contact emergency services, a crisis line or someone they trust now."
)
MAX_NEW_TOKENS = 120
TEMPERATURE = 0.8
TOP_P = 0.95
# Nucleus sampling considers this many of the most likely tokens. The others have little
# probability, and sorting the whole vocabulary for every token takes a third of the time.
_CANDIDATES = 100

Message = dict[str, str]


@dataclass(frozen=True)
class Request:
    """A conversation that ends with a user turn, and the seed of its response."""

    messages: Sequence[Message]
    seed: int


@dataclass(frozen=True)
class Completion:
    """One response.

    `tokens` counts all generated tokens, including the end token and trimmed text. `latency_ms` is
    the time from the start of the batch to the last token of this response.
    """

    text: str
    finish_reason: Literal["stop", "length"]
    tokens: int
    latency_ms: int


def with_system(messages: Sequence[Message], system_message: str) -> list[Message]:
    """Return the conversation with a system message at the beginning.

    Without a system message, the chat template of SmolLM2 adds one that names the model and its
    maker. A conversation that has a system message keeps it.
    """
    problem = _problem(messages)
    if problem:
        raise EngineError(problem)
    if messages[0]["role"] == "system" and messages[0]["content"].strip():
        return list(messages)
    turns = [m for m in messages if m["role"] != "system"]
    return [{"role": "system", "content": system_message.strip() or DEFAULT_SYSTEM_MESSAGE}, *turns]


def _problem(messages: Sequence[Message]) -> str:
    if not messages or messages[-1]["role"] != "user":
        return "A conversation must end with a user turn."
    if any(m["role"] not in {"user", "assistant", "system"} for m in messages):
        return "The roles of a conversation must be system, user or assistant."
    if any(m["role"] == "system" for m in messages[1:]):
        return "A system message must be the first turn of a conversation."
    return ""


def generate_batch(
    *,
    model: LoadedModel,
    requests: Sequence[Request],
    system_message: str = DEFAULT_SYSTEM_MESSAGE,
    temperature: float = TEMPERATURE,
    top_p: float = TOP_P,
    template_arguments: Mapping[str, Any] | None = None,
    max_new_tokens: int = MAX_NEW_TOKENS,
    seed: int,
) -> list[Completion]:
    """Return one response for each request, in order. Temperature 0 picks the most likely tokens.

    `template_arguments` are passed to the model's chat template.

    A response that reaches `max_new_tokens` is trimmed to its last whole sentence; its finish
    reason is `length`. Raises EngineError for an invalid or too long conversation.
    """
    if not requests:
        return []
    import torch

    chats = [with_system(r.messages, system_message) for r in requests]
    inputs = _encode(model, chats, max_new_tokens, template_arguments or {})
    end_ids = _end_ids(model)
    sampler = _Sampler([_row_seed(seed, r.seed) for r in requests], temperature, top_p, end_ids)
    with quiet(), torch.inference_mode():
        output = model.model.generate(
            **inputs,
            do_sample=False,
            max_new_tokens=max_new_tokens,
            logits_processor=[sampler],
            eos_token_id=end_ids,
            pad_token_id=model.tokenizer.pad_token_id,
        )
    ended = sampler.finish()
    rows = output[:, inputs["input_ids"].shape[1] :].tolist()
    return [
        _completion(model, row, end_ids, milliseconds)
        for row, milliseconds in zip(rows, ended, strict=True)
    ]


def _encode(
    model: LoadedModel,
    chats: list[list[Message]],
    max_new_tokens: int,
    template_arguments: Mapping[str, Any],
) -> Any:
    chats = [plain_turns(chat, model.tokenizer) for chat in chats]
    if not model.takes_system:
        chats = [folded(chat) for chat in chats]
    texts = [_templated(model, chat, template_arguments) for chat in chats]
    inputs = model.tokenizer(texts, return_tensors="pt", padding=True, add_special_tokens=False)
    limit = getattr(model.model.config.get_text_config(), "max_position_embeddings", None)
    if limit and inputs["input_ids"].shape[1] + max_new_tokens > limit:
        raise EngineError(
            f"A conversation is too long. With its response it can have at most {limit} tokens."
        )
    return inputs


def _templated(
    model: LoadedModel, chat: list[Message], template_arguments: Mapping[str, Any]
) -> str:
    """Return a conversation as the model's chat template writes it; raises EngineError."""
    from jinja2 import TemplateError

    try:
        return str(
            model.tokenizer.apply_chat_template(
                chat, tokenize=False, add_generation_prompt=True, **template_arguments
            )
        )
    except TemplateError as error:
        raise EngineError(f"The chat template refused this: {first_line(error)}") from error


def folded(chat: list[Message]) -> list[Message]:
    """Return a conversation whose system message is the beginning of the first turn.

    For models whose chat template takes no system message, in generation and in training.
    """
    system, first, *rest = chat
    return [{**first, "content": f"{system['content']}\n\n{first['content']}"}, *rest]


def _end_ids(model: LoadedModel) -> list[int]:
    configured = model.model.generation_config.eos_token_id
    ids = configured if isinstance(configured, list) else [configured]
    return sorted({i for i in [*ids, model.tokenizer.eos_token_id] if i is not None})


def _row_seed(batch_seed: int, request_seed: int) -> int:
    digest = hashlib.sha256(f"{batch_seed}:{request_seed}".encode()).digest()
    return int.from_bytes(digest[:8]) >> 1


def _completion(
    model: LoadedModel, row: list[int], end_ids: list[int], milliseconds: int
) -> Completion:
    length = next((i for i, token in enumerate(row) if token in end_ids), None)
    text = model.tokenizer.decode(row[:length], skip_special_tokens=True).strip()
    if length is None:
        return Completion(whole_sentences(text), "length", len(row), milliseconds)
    return Completion(text, "stop", length + 1, milliseconds)


class _Sampler:
    """Draws the next token of each row from the row's own generator, and notes when a row ends.

    This is a logits processor for the library's greedy search. It leaves one possible token per
    row, so that the library still handles batching, caching and stopping.
    """

    def __init__(
        self, seeds: list[int], temperature: float, top_p: float, end_ids: list[int]
    ) -> None:
        import torch

        self._generators = [torch.Generator().manual_seed(seed) for seed in seeds]
        self._temperature = temperature
        self._top_p = top_p
        self._end_ids = torch.tensor(end_ids)
        self._started = time.monotonic()
        self._ended: list[int | None] = [None] * len(seeds)

    def __call__(self, input_ids: Any, scores: Any) -> Any:
        """One step: `scores` are the logits of the next token, row by row."""
        import torch

        picked = self._pick(scores)
        now = self._elapsed_ms()
        for row in torch.isin(picked[:, 0], self._end_ids).nonzero()[:, 0].tolist():
            if self._ended[row] is None:
                self._ended[row] = now
        return torch.full_like(scores, float("-inf")).scatter_(1, picked, 0.0)

    def _pick(self, scores: Any) -> Any:
        import torch

        if self._temperature <= 0:
            return scores.argmax(dim=-1, keepdim=True)
        count = min(_CANDIDATES, scores.shape[-1])
        logits, tokens = torch.topk(scores.float() / self._temperature, count, dim=-1)
        shares = logits.softmax(dim=-1)
        before = shares.cumsum(dim=-1) - shares
        reached = shares.masked_fill(before >= self._top_p, 0.0).cumsum(dim=-1)
        draws = torch.stack([torch.rand(1, generator=g) for g in self._generators])
        place = torch.searchsorted(reached, draws * reached[:, -1:], right=True)
        return tokens.gather(1, place.clamp(max=count - 1))

    def _elapsed_ms(self) -> int:
        return round((time.monotonic() - self._started) * 1000)

    def finish(self) -> list[int]:
        """Return the milliseconds until each row ended; for rows without an end, the whole time."""
        whole = self._elapsed_ms()
        return [whole if ended is None else ended for ended in self._ended]
