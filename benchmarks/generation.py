"""Generation, compared with a plain transformers loop: same model, batch, threads and dtype."""

from __future__ import annotations

import statistics
import time
from pathlib import Path

BATCHES = (8, 16)
REPEATS = 3
NEW_TOKENS = 64
SYSTEM = "Reply kindly and briefly."


def run() -> None:
    """Print tokens per second of both, and the ratio."""
    from django.conf import settings

    from modelhub.engine.generate import Request, generate_batch
    from modelhub.engine.libraries import set_threads
    from modelhub.engine.weights import ensure_embedded, load

    set_threads(2)
    loaded = load(ensure_embedded(Path(settings.MODELS_DIR)))
    print(
        f"\nGeneration, tokens per second ({loaded.model.dtype}, 2 threads), "
        "and a plain transformers loop"
    )
    for batch in BATCHES:
        requests = [
            Request([{"role": "user", "content": f"I cannot sleep. What helps? ({n})"}], seed=n)
            for n in range(batch)
        ]
        ours, bare = [], []
        for turn in range(REPEATS + 1):
            began = time.perf_counter()
            completions = generate_batch(
                model=loaded,
                requests=requests,
                system_message=SYSTEM,
                max_new_tokens=NEW_TOKENS,
                seed=turn,
            )
            ours.append(sum(c.tokens for c in completions) / (time.perf_counter() - began))
            bare.append(_bare(loaded, requests))
        own, plain = statistics.median(ours[1:]), statistics.median(bare[1:])
        print(f"batch {batch:>2}: ours {own:6.1f}  bare {plain:6.1f}  ratio {own / plain:.2f}")


def _bare(loaded: object, requests: list) -> float:
    """Return tokens per second of `model.generate` with the library's own sampling."""
    import torch

    chats = [
        loaded.tokenizer.apply_chat_template(
            [{"role": "system", "content": SYSTEM}, *request.messages],
            tokenize=False,
            add_generation_prompt=True,
        )
        for request in requests
    ]
    inputs = loaded.tokenizer(chats, return_tensors="pt", padding=True, add_special_tokens=False)
    began = time.perf_counter()
    with torch.inference_mode():
        output = loaded.model.generate(
            **inputs,
            do_sample=True,
            temperature=0.8,
            top_p=0.95,
            top_k=0,
            max_new_tokens=NEW_TOKENS,
            pad_token_id=loaded.tokenizer.pad_token_id,
        )
    seconds = time.perf_counter() - began
    written = output[:, inputs["input_ids"].shape[1] :]
    end = loaded.model.generation_config.eos_token_id
    ends = torch.tensor(end if isinstance(end, list) else [end])
    tokens = 0
    for row in written:
        stops = torch.isin(row, ends).nonzero()
        tokens += int(stops[0, 0]) + 1 if len(stops) else len(row)
    return tokens / seconds
