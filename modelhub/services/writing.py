"""Lets a model write the texts of one chunk, without database access."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from django.utils.translation import gettext as _

from annotations.rules.prompts import Message, text_problem
from annotations.rules.texts import text_hash
from modelhub.engine.errors import EngineError
from modelhub.engine.generate import Completion, Request, generate_batch
from modelhub.engine.model_disclosure import giveaway
from modelhub.engine.weights import EMBEDDED_NAME, LoadedModel
from modelhub.rules.generation import MAKE_AGAIN, Settings, item_seed
from modelhub.services.weights import Weights

Outcome = Completion | EngineError | None
"""A text, the error of one prompt, or None if it was not requested and is still to be written."""
WriteBatch = Callable[[Sequence[Request]], Sequence[Outcome]]


@dataclass(frozen=True, slots=True)
class Wanted:
    """One text to write. `taken` has the hashes of the prompt's other texts."""

    item_id: int
    prompt_key: str
    prompt_version: int
    sample: int
    messages: Sequence[Message]
    made_again: int = 0
    taken: frozenset[str] = field(default_factory=frozenset)


@dataclass(frozen=True, slots=True)
class Draft:
    """A text that was written, or the error."""

    item_id: int
    seed: int
    text: str = ""
    finish_reason: str = ""
    tokens: int = 0
    latency_ms: int = 0
    made_again: int = 0
    error: str = ""


def load(*, weights: Weights, threads: int) -> LoadedModel:
    """Load a model, with an adapter if it has one. The process keeps it in memory."""
    from modelhub.engine import libraries
    from modelhub.engine import weights as engine

    libraries.prepare()
    libraries.set_threads(threads)
    return engine.load(weights.base, weights.adapter)


def batch_writer(*, model: LoadedModel, settings: Settings) -> WriteBatch:
    """Return a function that writes one batch with these settings."""

    def write(requests: Sequence[Request]) -> list[Completion]:
        return generate_batch(
            model=model,
            requests=requests,
            system_message=settings.system_message,
            temperature=settings.temperature,
            top_p=settings.top_p,
            template_arguments=settings.template_arguments,
            max_new_tokens=settings.max_new_tokens,
            seed=settings.seed,
        )

    return write


def write_chunk(
    *,
    wanted: Sequence[Wanted],
    seed: int,
    write: WriteBatch,
    names: Sequence[str] = (EMBEDDED_NAME,),
) -> list[Draft]:
    """Write all texts of a chunk in one batch, and retry texts that cannot be shown.

    Texts that `write` did not ask for have no draft. `names` are the names of the models that
    are compared and their ancestors.

    A text cannot be shown if it is empty, reveals its model, or repeats another text to the same
    prompt. It is written again with a new seed up to three times; then its item fails.
    """
    taken = {w.prompt_key: set(w.taken) for w in wanted}
    for w in wanted:
        taken[w.prompt_key] |= w.taken
    drafts: dict[int, Draft] = {}
    left = list(wanted)
    for again in range(MAKE_AGAIN + 1):
        seeds = [_seed(seed, w, again) for w in left]
        refused = []
        for w, row_seed, completion in zip(left, seeds, _write(left, seeds, write), strict=True):
            if completion is None:
                drafts.pop(w.item_id, None)
                continue
            problem = _problem(completion, taken[w.prompt_key], names)
            drafts[w.item_id] = _draft(w, row_seed, completion, again, problem)
            if problem and isinstance(completion, Completion):
                refused.append(w)
            elif isinstance(completion, Completion):
                taken[w.prompt_key].add(text_hash(completion.text))
        left = refused
        if not left:
            break
    return [drafts[w.item_id] for w in wanted if w.item_id in drafts]


def _seed(seed: int, w: Wanted, again: int) -> int:
    return item_seed(
        run_seed=seed,
        external_id=w.prompt_key,
        version=w.prompt_version,
        sample=w.sample,
        made_again=w.made_again + again,
    )


def _write(wanted: Sequence[Wanted], seeds: Sequence[int], write: WriteBatch) -> Sequence[Outcome]:
    """Write one batch. After an error, write each text separately, so that only one fails."""
    requests = [Request(w.messages, s) for w, s in zip(wanted, seeds, strict=True)]  # type: ignore[arg-type]
    try:
        return write(requests)
    except EngineError as error:
        if len(requests) == 1:
            return [error]
    written: list[Outcome] = []
    for request in requests:
        try:
            written += write([request])
        except EngineError as error:
            written.append(error)
    return written


def _problem(completion: Completion | EngineError, taken: set[str], names: Sequence[str]) -> str:
    if isinstance(completion, EngineError):
        return str(completion)
    if text_problem(completion.text, "the response"):
        return _("The model wrote no text that can be shown.")
    if disclosure := giveaway(completion.text, names):
        return _("Every text revealed the model that wrote it. The last one: “%(words)s”.") % {
            "words": disclosure.words
        }
    if text_hash(completion.text) in taken:
        return _("The model wrote the same text every time.")
    return ""


def _draft(
    w: Wanted, seed: int, completion: Completion | EngineError, again: int, problem: str
) -> Draft:
    made_again = w.made_again + again
    if problem or isinstance(completion, EngineError):
        return Draft(item_id=w.item_id, seed=seed, made_again=made_again, error=problem[:300])
    return Draft(
        item_id=w.item_id,
        seed=seed,
        text=completion.text,
        finish_reason=completion.finish_reason,
        tokens=completion.tokens,
        latency_ms=completion.latency_ms,
        made_again=made_again,
    )
