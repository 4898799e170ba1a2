"""The real embedded model: conversion, loading and generation."""

import subprocess
import sys
import time
from pathlib import Path

import pytest
import torch

from modelhub.engine.errors import EngineError
from modelhub.engine.generate import Completion, Request, generate_batch
from modelhub.engine.libraries import set_threads
from modelhub.engine.weights import EMBEDDED_NAME, LoadedModel, load, sha256_of_file
from tests.support.running import LONGEST

pytestmark = pytest.mark.slow

WEIGHTS = "model.safetensors"


def ask(*texts: str, first_seed: int = 1) -> list[Request]:
    return [
        Request([{"role": "user", "content": text}], seed)
        for seed, text in enumerate(texts, start=first_seed)
    ]


@pytest.fixture(scope="module")
def model(embedded_model: Path) -> LoadedModel:
    set_threads(2)
    return load(embedded_model)


def texts(completions: list[Completion]) -> list[str]:
    return [completion.text for completion in completions]


def test_concurrent_processes_convert_once_and_delete_leftovers(
    tmp_path: Path, embedded_model: Path
) -> None:
    half = tmp_path / EMBEDDED_NAME
    half.mkdir()
    (half / WEIGHTS).write_text("half")
    (tmp_path / ".partial-old").mkdir()
    code = (
        "import pathlib, sys; from modelhub.engine.weights import ensure_embedded;"
        "print((ensure_embedded(pathlib.Path(sys.argv[1])) / 'model.safetensors').stat().st_ino)"
    )
    both = [
        subprocess.Popen(
            [sys.executable, "-c", code, str(tmp_path)], stdout=subprocess.PIPE, text=True
        )
        for _ in range(2)
    ]
    inodes = [process.communicate(timeout=LONGEST)[0] for process in both]
    assert inodes[0] == inodes[1] != ""
    assert {path.name for path in tmp_path.iterdir()} == {EMBEDDED_NAME, ".lock"}
    assert sha256_of_file(half / WEIGHTS) == sha256_of_file(embedded_model / WEIGHTS)


def test_the_same_seed_and_batch_give_the_same_replies(model: LoadedModel) -> None:
    requests = ask("I cannot sleep.", "My sister is unwell and I do not know what to say to her.")
    once = generate_batch(model=model, requests=requests, max_new_tokens=12, seed=3)
    again = generate_batch(model=model, requests=requests, max_new_tokens=12, seed=3)
    other = generate_batch(model=model, requests=requests, max_new_tokens=12, seed=4)
    assert texts(once) == texts(again)
    assert all(a != b for a, b in zip(texts(once), texts(other), strict=True))
    assert all(c.finish_reason == ("length" if c.tokens == 12 else "stop") for c in once)
    assert max(c.tokens for c in once) == 12
    assert all(0 < c.latency_ms < 60_000 for c in once)


def test_each_request_s_seed_draws_its_own_reply(model: LoadedModel) -> None:
    question = "How are you?"
    replies = generate_batch(
        model=model, requests=ask(question, question), max_new_tokens=16, seed=3
    )
    assert replies[0].text != replies[1].text
    swapped = [Request([{"role": "user", "content": question}], seed) for seed in (2, 1)]
    turned = generate_batch(model=model, requests=swapped, max_new_tokens=16, seed=3)
    assert texts(turned) == texts(replies)[::-1]


def test_a_complete_response_has_the_finish_reason_stop(model: LoadedModel) -> None:
    reply = generate_batch(
        model=model,
        requests=ask("What is the capital of France? One word."),
        system_message="Answer with one word.",
        temperature=0,
        max_new_tokens=40,
        seed=0,
    )[0]
    assert reply.finish_reason == "stop"
    assert "Paris" in reply.text
    assert "<|" not in reply.text
    assert reply.tokens < 40


def test_a_conversation_of_several_turns_is_continued(model: LoadedModel) -> None:
    turns = [
        {"role": "user", "content": "My cat is called Biscuit."},
        {"role": "assistant", "content": "What a sweet name."},
        {"role": "user", "content": "What is my cat called?"},
    ]
    reply = generate_batch(
        model=model, requests=[Request(turns, 1)], temperature=0, max_new_tokens=20, seed=0
    )[0]
    assert "Biscuit" in reply.text


def test_a_conversation_longer_than_the_model_can_read_is_refused(model: LoadedModel) -> None:
    with pytest.raises(EngineError, match="With its response it can have at most 8192 tokens"):
        generate_batch(model=model, requests=ask("word " * 9000), seed=0)


def test_an_empty_batch_returns_no_responses(model: LoadedModel) -> None:
    assert generate_batch(model=model, requests=[], seed=0) == []


def test_a_loaded_model_is_kept_in_memory(embedded_model: Path) -> None:
    assert load(embedded_model) is load(embedded_model)


def test_a_model_generates_in_the_quicker_type_of_this_processor(model: LoadedModel) -> None:
    """Prevents bf16 where PyTorch computes it in loops, at a fifth of the speed of fp32."""

    def seconds(dtype: torch.dtype) -> float:
        left, right = torch.ones(256, 576, dtype=dtype), torch.ones(576, 1536, dtype=dtype)
        times = []
        for _ in range(5):
            begun = time.process_time()
            left @ right
            times.append(time.process_time() - begun)
        return min(times)

    other = {torch.bfloat16: torch.float32, torch.float32: torch.bfloat16}[model.model.dtype]
    assert seconds(model.model.dtype) < 4 * seconds(other)


def test_a_folder_without_weights_is_refused(tmp_path: Path) -> None:
    with pytest.raises(EngineError, match="no model weights"):
        load(tmp_path)
