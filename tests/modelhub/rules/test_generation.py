"""Truth tables of generation: settings, chunks, seeds, leases, progress, drafts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from modelhub.engine.errors import EngineError
from modelhub.engine.generate import Completion, Request
from modelhub.rules import generation as rules
from modelhub.rules.generation import Settings
from modelhub.services.writing import Wanted, write_chunk


@pytest.mark.parametrize(
    ("settings", "field"),
    [
        (Settings(), None),
        (Settings(samples=0), "samples"),
        (Settings(samples=9), "samples"),
        (Settings(temperature=-0.1), "temperature"),
        (Settings(temperature=float("nan")), "temperature"),
        (Settings(temperature=0), "temperature"),
        (Settings(temperature=0, samples=1), None),
        (Settings(max_new_tokens=0), "max_new_tokens"),
        (Settings(batch_size=65), "batch_size"),
        (Settings(seed=-1), "seed"),
        (Settings(system_message="x" * 8_001), "system_message"),
        (Settings(system_message="a\x00"), "system_message"),
    ],
)
def test_settings(settings: Settings, field: str | None) -> None:
    assert set(rules.settings_problems(settings)) == ({field} if field else set())


def test_seeds_differ_by_everything_and_are_the_same_again() -> None:
    one: dict[str, Any] = {
        "run_seed": 1,
        "external_id": "a",
        "version": 1,
        "sample": 0,
        "made_again": 0,
    }
    others = [one | {key: 2 if key != "external_id" else "b"} for key in one]
    seeds = [rules.item_seed(**values) for values in (one, *others)]
    assert len(set(seeds)) == len(seeds)
    assert seeds[0] == rules.item_seed(**one)
    assert all(0 <= seed < 2**63 for seed in seeds)


def test_config_hash_covers_model_settings_and_prompts() -> None:
    base: dict[str, Any] = {"model": "m", "settings": Settings(), "prompts": "1 2"}
    digest = rules.config_hash(**base)
    assert digest == rules.config_hash(**base)
    assert digest != rules.config_hash(**base | {"prompts": "2 1"})
    assert digest != rules.config_hash(**base | {"settings": Settings(seed=1)})
    assert digest != rules.config_hash(**base | {"model": "n"})


def wanted(number: int, prompt: str = "p", **extra: Any) -> Wanted:
    return Wanted(
        item_id=number,
        prompt_key=prompt,
        prompt_version=1,
        sample=number,
        messages=[{"role": "user", "content": f"{prompt} asks"}],
        **extra,
    )


class Scripted:
    """A writer that says what the script says for each sample, one text a try."""

    def __init__(self, script: dict[str, list[str]]) -> None:
        self.script = {key: list(texts) for key, texts in script.items()}
        self.batches: list[list[int]] = []

    def __call__(self, requests: Sequence[Request]) -> list[Completion]:
        self.batches.append([request.seed for request in requests])
        texts = [self.script[request.messages[0]["content"]] for request in requests]
        if len(requests) > 1 and any(t[0] == "too long" for t in texts):
            raise EngineError("A conversation is too long.")
        said = [t.pop(0) for t in texts]
        if said == ["too long"]:
            raise EngineError("A conversation is too long.")
        return [Completion(text, "stop", 7, 5) for text in said]


def test_texts_that_name_their_maker_or_repeat_are_made_again_alone() -> None:
    writer = Scripted({"p asks": ["Hello.", " Hello.", "I am SmolLM.", "Good."], "q asks": ["Hm."]})
    drafts = write_chunk(wanted=[wanted(0), wanted(1), wanted(2, "q")], seed=5, write=writer)
    assert [(d.text, d.made_again, d.error) for d in drafts] == [
        ("Hello.", 0, ""),
        ("Good.", 2, ""),
        ("Hm.", 0, ""),
    ]
    assert [len(batch) for batch in writer.batches] == [3, 1, 1]
    seeds = [seed for batch in writer.batches for seed in batch]
    assert len(set(seeds)) == 5
    assert drafts[1].seed == writer.batches[2][0]


@pytest.mark.parametrize(
    ("texts", "says"),
    [
        (["Taken."] * 4, "the same text again and again"),
        (["I am SmolLM2."] * 4, "named its maker"),
        ([""] * 4, "nothing that can be shown"),
    ],
)
def test_after_four_tries_an_item_fails_with_the_reason(texts: list[str], says: str) -> None:
    from annotations.rules.texts import text_hash

    writer = Scripted({"p asks": texts})
    taken = frozenset({text_hash("Taken.")})
    (draft,) = write_chunk(wanted=[wanted(0, taken=taken)], seed=5, write=writer)
    assert says in draft.error
    assert (draft.text, draft.made_again, writer.script["p asks"]) == ("", 3, [])


def test_a_prompt_that_the_model_refuses_fails_alone() -> None:
    writer = Scripted({"p asks": ["too long"], "q asks": ["Hm."]})
    drafts = write_chunk(wanted=[wanted(0), wanted(1, "q")], seed=5, write=writer)
    assert [(d.text, d.error) for d in drafts] == [("", "A conversation is too long."), ("Hm.", "")]
