"""Generation through a server, compared with a bare client at the same concurrency.

The server is the small one of the tests, in a process of its own, and takes a fifth of a second for
each answer. Ours includes all that a worker does: claiming chunks, checks of texts, saving.
"""

from __future__ import annotations

import asyncio
import socket
import statistics
import subprocess
import sys
import time
from contextlib import closing

PROMPTS, SAMPLES, CONCURRENCY, SECONDS = 256, 2, 16, 0.2
REPEATS = 3


def run() -> None:
    """Print responses per second of both, and the ratio."""
    from django.conf import settings

    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    address = f"http://127.0.0.1:{port}/v1"
    settings.MODEL_SERVERS = [address]
    server = subprocess.Popen(
        [sys.executable, "-m", "tests.support.model_server", str(port), str(SECONDS)]
    )
    try:
        _wait(port)
        _measure(address)
    finally:
        server.terminate()
        server.wait()


def _measure(address: str) -> None:
    print(
        f"\nGeneration through a server, {SECONDS} s a response, {CONCURRENCY} at a time, "
        f"{PROMPTS * SAMPLES} responses"
    )
    bare = statistics.median(_bare(address) for _ in range(REPEATS))
    ours = statistics.median(_ours(address, turn) for turn in range(REPEATS))
    print(f"responses per second: ours {ours:.1f}  bare {bare:.1f}  ratio {ours / bare:.2f}")


def _ours(address: str, turn: int) -> float:
    """Return responses per second of a run, with its jobs answered by this process."""
    from codesign.jobs.rules import JobState
    from codesign.shared.actors import SYSTEM
    from modelhub.models import ModelVersion
    from modelhub.queries.generation import KIND
    from modelhub.rules.generation import Settings
    from modelhub.services import generation
    from tests.factories.modelhub import add_prompts
    from tests.factories.studies import StudyFactory
    from tests.support import jobs

    study = StudyFactory.create()
    add_prompts(study, *(f"I cannot sleep. What helps? ({n})" for n in range(PROMPTS)))
    version = ModelVersion.objects.create(
        study=study, name="served", kind="server", location=address, served_name="made-up-model"
    )
    started = generation.start_run(
        actor=SYSTEM,
        study=study,
        version=version,
        settings=Settings(samples=SAMPLES, batch_size=CONCURRENCY, seed=turn + 1),
    )
    began = time.perf_counter()
    while jobs.run(KIND, started.id).state != JobState.DONE:
        pass
    seconds = time.perf_counter() - began
    started.refresh_from_db()
    return started.done / seconds


def _bare(address: str) -> float:
    """Return responses per second of `openai`'s async client and nothing else."""
    from openai import AsyncOpenAI

    async def all_of_them() -> None:
        slots = asyncio.Semaphore(CONCURRENCY)
        async with AsyncOpenAI(base_url=address, api_key="none") as client:

            async def one(number: int) -> None:
                async with slots:
                    await client.chat.completions.create(
                        model="made-up-model",
                        messages=[{"role": "user", "content": f"I cannot sleep. ({number})"}],
                        max_tokens=120,
                    )

            await asyncio.gather(*(one(number) for number in range(PROMPTS * SAMPLES)))

    began = time.perf_counter()
    asyncio.run(all_of_them())
    return PROMPTS * SAMPLES / (time.perf_counter() - began)


def _wait(port: int) -> None:
    """Wait until the server accepts connections."""
    while True:
        with closing(socket.socket()) as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.1)
