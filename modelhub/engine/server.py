"""Generates texts with a model on an OpenAI-compatible server.

A request holds the conversation and the sampling settings, and nothing about people or the study.
Temporary errors are retried here with growing, random pauses.
"""

import asyncio
import random
import threading
import time
from collections.abc import Callable, Coroutine, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar

from modelhub.engine.control_tokens import plain_turns
from modelhub.engine.errors import EngineError
from modelhub.engine.generate import Completion, Request, with_system
from modelhub.engine.sentences import whole_sentences
from modelhub.engine.server_answers import (
    LONGEST_WAIT,
    Answer,
    Failing,
    Halt,
    Server,
    is_temporary,
    name_in,
    read_answer,
    retry_after,
    tokens_of,
    verdict,
    wrote_nothing,
)

TRIES = 4
"""Requests for one text before it counts as failed."""
FIRST_PAUSE, LONGEST_PAUSE = 0.5, 8.0  # seconds
CONNECT_SECONDS, ANSWER_SECONDS = 10.0, 180.0
PROBE_SECONDS = 60.0
"""For the short answers of a check, even if the server has to load its model first."""
IN_A_ROW = 12
"""Texts that fail one after another before the server counts as broken."""
_UNTIL_CHECKED = 0.5  # seconds
_Result = TypeVar("_Result")
_PROBE_SYSTEM = "You write short stories."
_PROBE = "Begin a story about a lamp."


@dataclass(frozen=True)
class Sampling:
    """The settings of all texts of a call."""

    system_message: str
    temperature: float
    top_p: float
    max_new_tokens: int
    template_arguments: Mapping[str, Any] = field(default_factory=dict)


@dataclass
class Meter:
    """Counts tokens against a budget. A request is sent only if its longest answer fits.

    Prices are per token, in any unit; `most_cost` is in the same unit. None: no limit.
    """

    most_tokens: int | None = None
    most_cost: float | None = None
    price_read: float = 0.0
    price_written: float = 0.0
    read: int = 0
    written: int = 0
    _held: list[tuple[int, int]] = field(default_factory=list)

    def hold(self, read: int, written: int) -> bool:
        """Reserve tokens; return False if they do not fit the budget."""
        asked = (self.read, self.written), *self._held, (read, written)
        reads, writes = sum(r for r, _ in asked), sum(w for _, w in asked)
        if self.most_tokens is not None and reads + writes > self.most_tokens:
            return False
        cost = reads * self.price_read + writes * self.price_written
        if self.most_cost is not None and cost > self.most_cost:
            return False
        self._held.append((read, written))
        return True

    @property
    def holds(self) -> bool:
        """Whether tokens are reserved."""
        return bool(self._held)

    def settle(self, held: tuple[int, int], read: int, written: int) -> None:
        """Replace reserved tokens by those that were used."""
        self._held.remove(held)
        self.read += read
        self.written += written


@dataclass
class Batch:
    """The outcome of a call: an answer or an error for each request; None if it was not sent.

    `halt` is why the rest was not sent.
    """

    answers: list[Completion | EngineError | None]
    halt: Halt | None = None


def write_all(
    *,
    server: Server,
    requests: Sequence[Request],
    sampling: Sampling,
    concurrency: int,
    meter: Meter,
    check: Callable[[], object] = lambda: None,
) -> Batch:
    """Return one response for each request, with at most `concurrency` requests at a time.

    The requests run in another thread. `check` is called twice a second in the calling thread, so
    it may use the database. If it raises, all requests are cancelled.
    """
    return _watched(_Call(server, sampling, concurrency, meter).write(requests), check)


def _watched(asking: Coroutine[Any, Any, _Result], check: Callable[[], object]) -> _Result:
    """Run a coroutine in a thread, and cancel it if `check` raises."""
    loop: asyncio.AbstractEventLoop | None = None
    task: asyncio.Task[Any] | None = None
    running = threading.Event()

    async def ask() -> _Result:
        nonlocal loop, task
        loop, task = asyncio.get_running_loop(), asyncio.current_task()
        running.set()
        return await asking

    with ThreadPoolExecutor(1, thread_name_prefix="model-server") as threads:
        asked = threads.submit(asyncio.run, ask())
        try:
            while not wait([asked], timeout=_UNTIL_CHECKED).done:
                check()
        except BaseException:
            running.wait()
            if loop is not None and task is not None:
                with suppress(RuntimeError):  # the loop has just ended
                    loop.call_soon_threadsafe(task.cancel)
            raise
        return asked.result()


class _Call:
    """One call of `write_all`."""

    def __init__(self, server: Server, sampling: Sampling, concurrency: int, meter: Meter) -> None:
        self._server = server
        self._sampling = sampling
        self._slots = asyncio.Semaphore(concurrency)
        self._meter = meter
        self._halt: Halt | None = None
        self._failed_in_a_row = 0
        self._settled = asyncio.Event()
        self.answered_as = ""

    async def write(self, requests: Sequence[Request]) -> Batch:
        async with _client(self._server) as client:
            answers = await asyncio.gather(*(self._one(client, request) for request in requests))
            return Batch(list(answers), self._halt)

    async def _one(self, client: Any, request: Request) -> Completion | EngineError | None:
        try:
            turns = with_system(request.messages, self._sampling.system_message)
        except EngineError as error:
            return error
        messages = plain_turns(turns)
        async with self._slots:
            if self._halt:
                return None
            try:
                answer = await self.tried(client, messages, request.seed)
            except Halt as halt:
                self._halt = self._halt or halt
                return None
        return self._noted(answer)

    async def _hold(self, held: tuple[int, int]) -> bool:
        """Reserve tokens. If they do not fit, wait for requests that may use less than reserved."""
        while not self._meter.hold(*held):
            if not self._meter.holds:
                return False
            self._settled.clear()
            await self._settled.wait()
        return True

    def _noted(self, answer: Completion | EngineError) -> Completion | EngineError:
        failed = isinstance(answer, Failing)
        self._failed_in_a_row = self._failed_in_a_row + 1 if failed else 0
        if self._failed_in_a_row >= IN_A_ROW:
            self._halt = self._halt or Halt(
                f"The server failed on {IN_A_ROW} prompts in a row. {answer}"
            )
        return answer

    async def tried(
        self, client: Any, messages: list[dict[str, str]], seed: int
    ) -> Completion | EngineError:
        """Send a request, and repeat it after temporary errors."""
        problem: Exception | None = None
        for attempt in range(TRIES):
            if attempt:
                await asyncio.sleep(_pause(attempt, problem))
            try:
                return await self._try(client, messages, seed)
            except Halt:
                raise
            except Exception as error:
                problem = error
                if not is_temporary(error):
                    break
        return verdict(problem, self._server)

    async def _try(self, client: Any, messages: list[dict[str, str]], seed: int) -> Completion:
        """Send a request once. The reserved tokens count as used unless the answer has a count."""
        held = (_estimate(messages), self._sampling.max_new_tokens)
        if not await self._hold(held):
            raise Halt("The budget is used up.", over_budget=True)
        used, began = held, time.monotonic()
        try:
            given = await client.chat.completions.create(**self._body(messages, seed))
            answer, counted = read_answer(given, self._server)
            used = (counted[0] or held[0], counted[1])
            self.answered_as = name_in(given)
            return _completion(answer, used, round((time.monotonic() - began) * 1000))
        except Exception as error:
            if wrote_nothing(error):
                used = (0, 0)
            raise
        finally:
            self._meter.settle(held, *used)
            self._settled.set()

    def _body(self, messages: list[dict[str, str]], seed: int) -> dict[str, Any]:
        from openai import Omit

        sampling = self._sampling
        body: dict[str, Any] = {
            "model": self._server.model,
            "messages": messages,
            "max_tokens": sampling.max_new_tokens,
            "temperature": sampling.temperature,
            "top_p": sampling.top_p,
            "seed": seed % 2**31,  # more is refused by some servers
        }
        extra: dict[str, Any] = {}
        if sampling.template_arguments:
            extra["chat_template_kwargs"] = dict(sampling.template_arguments)
        if self._server.says_to_sample:
            extra["generation_config"] = _generation_config(sampling)
        if not self._server.key:
            body["extra_headers"] = {"Authorization": Omit()}
        return {**body, "extra_body": extra} if extra else body


def _generation_config(sampling: Sampling) -> str:
    """Return the configuration that makes `transformers serve` sample as asked."""
    from json import dumps

    if sampling.temperature <= 0:
        return dumps({"do_sample": False, "max_new_tokens": sampling.max_new_tokens})
    return dumps(
        {
            "do_sample": True,
            "temperature": sampling.temperature,
            "top_p": sampling.top_p,
            "max_new_tokens": sampling.max_new_tokens,
        }
    )


def _client(server: Server, seconds: float = ANSWER_SECONDS) -> Any:
    """Return a client that follows no redirects, retries nothing and names no organisation."""
    from openai import AsyncOpenAI, DefaultAsyncHttpxClient, Omit, Timeout

    timeout = Timeout(seconds, connect=CONNECT_SECONDS)
    headers: Any = {"OpenAI-Organization": Omit(), "OpenAI-Project": Omit()}
    return AsyncOpenAI(
        base_url=server.address,
        api_key=server.key or "none",
        max_retries=0,
        timeout=timeout,
        default_headers=headers,
        http_client=DefaultAsyncHttpxClient(follow_redirects=False, timeout=timeout),
    )


def _estimate(messages: Iterable[Mapping[str, str]]) -> int:
    return sum(tokens_of(message["content"]) + 8 for message in messages)


def _pause(attempt: int, problem: Exception | None) -> float:
    wanted = retry_after(problem)
    if wanted is not None and wanted <= LONGEST_WAIT:
        return wanted + random.uniform(0, 0.5)  # noqa: S311
    grown: float = min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** (attempt - 1))
    return grown * random.uniform(0.5, 1.0)  # noqa: S311


def _completion(answer: Answer, used: tuple[int, int], milliseconds: int) -> Completion:
    text = answer.text.strip()
    if answer.finish_reason == "length":
        return Completion(whole_sentences(text), "length", used[1], milliseconds)
    return Completion(text, "stop", used[1], milliseconds)


def check_server(server: Server, check: Callable[[], object] = lambda: None) -> dict[str, Any]:
    """Return facts about a served model, from two short texts that it generates.

    Facts: answers_as (the name in its answers), samples (whether two texts with other seeds
    differ) and says_to_sample (whether that needs the field `generation_config`). Raises
    EngineError if it cannot generate. `check` is as in `write_all`.
    """
    return _watched(_probe(server), check)


async def _probe(server: Server) -> dict[str, Any]:
    sampling = Sampling(system_message=_PROBE_SYSTEM, temperature=1.0, top_p=1.0, max_new_tokens=24)
    messages = [{"role": "system", "content": _PROBE_SYSTEM}, {"role": "user", "content": _PROBE}]
    facts: dict[str, Any] = {}
    for says_to_sample in (False, True):
        asked = replace(server, says_to_sample=says_to_sample)
        call = _Call(asked, sampling, 1, Meter())
        async with _client(asked, PROBE_SECONDS) as client:
            texts = [_text_of(await call.tried(client, messages, seed)) for seed in (1, 2)]
        if not facts and not any(texts):
            raise EngineError("The server answers, but its model wrote no text.")
        facts = {
            "answers_as": call.answered_as,
            "samples": texts[0] != texts[1],
            "says_to_sample": says_to_sample,
        }
        if facts["samples"]:
            return facts
    return {**facts, "says_to_sample": False}


def _text_of(answer: Completion | EngineError) -> str:
    if isinstance(answer, EngineError):
        raise answer
    return answer.text
