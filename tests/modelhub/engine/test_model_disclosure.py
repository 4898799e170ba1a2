"""Model disclosure in texts, and trimming of unfinished responses."""

import json
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from modelhub.engine.errors import EngineError
from modelhub.engine.generate import DEFAULT_SYSTEM_MESSAGE, with_system
from modelhub.engine.model_disclosure import giveaway
from modelhub.engine.sentences import whole_sentences
from tests.support.model_disclosures import HARMLESS, OWN, SPEAKS
from tests.support.reporting import TOLD

CASES = Path(__file__).parent / "model_disclosure_false_positives.jsonl"


@pytest.mark.parametrize(("model", "text"), OWN)
def test_the_name_of_the_row_s_own_model_is_always_found(model: str, text: str) -> None:
    assert giveaway(text, [model])


@pytest.mark.parametrize(("model", "text"), HARMLESS)
def test_texts_without_model_disclosure_are_accepted(model: str, text: str) -> None:
    assert giveaway(text, [model]) is None


def test_recall_and_precision_on_labelled_sentences(
    record_property: Callable[[str, object], None],
) -> None:
    """All names of the own model, nearly all other disclosures, and no harmless text."""
    assert len(OWN) + len(SPEAKS) + len(HARMLESS) >= 120
    own = [bool(giveaway(text, [model])) for model, text in OWN]
    speaks = [bool(giveaway(text)) for text in SPEAKS]
    wrong = [text for model, text in HARMLESS if giveaway(text, [model])]
    hits = sum(own) + sum(speaks)
    record_property(
        TOLD,
        f"own names: recall {sum(own) / len(own):.2f} of {len(own)}; "
        f"other self-naming: recall {sum(speaks) / len(speaks):.2f} of {len(speaks)}; "
        f"precision {hits / (hits + len(wrong)):.2f} with {len(HARMLESS)} harmless ones",
    )
    assert all(own)
    assert sum(speaks) >= 0.95 * len(speaks)
    assert wrong == []


def test_lines_of_real_situations_that_were_refused_are_taken() -> None:
    for line in CASES.read_text(encoding="utf-8").splitlines():
        for reply in json.loads(line)["responses"]:
            assert giveaway(reply["text"], [reply["model"]]) is None, reply


@pytest.mark.parametrize(
    ("parts", "whole"),
    [
        ("Open the door to an AI. I was made for this.", "I was made by Open AI."),
        ("Deep breaths help those who seek. It was my training.", "My training at deep.seek"),
        ("I am in command, said R.", "I am Command R."),
    ],
)
def test_parts_of_a_name_do_not_hide_it_in_a_later_text(parts: str, whole: str) -> None:
    assert giveaway(parts) is None
    assert giveaway(whole)
    assert giveaway(parts) is None


def test_a_refusal_names_the_revealing_words() -> None:
    disclosure = giveaway("Rest first. I'm ChatGPT, by the way.")
    assert disclosure is not None
    assert disclosure.words == "i'm chatgpt"


@pytest.mark.parametrize(
    "text",
    [
        "I am an AI " * 4_500,
        "i am the a of " * 3_500 + "chatgpt claude",
        "as an ai model model model made and google " * 1_100,
        "zephyr 7 7 7 7 " * 3_300,
        "I’m an é " * 5_000 + "google",
    ],
)
def test_no_text_takes_long(text: str) -> None:
    began = time.perf_counter()
    giveaway(text, ["zephyr-7-7-7-9b"])
    assert time.perf_counter() - began < 2


@pytest.mark.parametrize(
    ("cut", "kept"),
    [
        ("I hear you. That is a lot to", "I hear you."),
        ("I hear you. That is a lot.", "I hear you. That is a lot."),
        ("Are you safe? If", "Are you safe?"),
        ('She said "stay." Then he', 'She said "stay."'),
        ("no end at all", "no end at all"),
        ("  ", ""),
        ("Talk to Dr. Sm", "Talk to Dr. Sm"),
        ("Rest first. Try food, e.g. so", "Rest first."),
        ("It is hard. Try:\n1. Walk\n2. Ta", "It is hard. Try:\n1. Walk"),
        ("It is hard. Try:\n- Wa", "It is hard."),
        ("It is hard. Try this:\n\n- ", "It is hard."),
        ("Version 3.5 of it", "Version 3.5 of it"),
        ("わかります。それは", "わかります。"),
        ("أنا هنا. هل أنت بخير؟ ربما", "أنا هنا. هل أنت بخير؟"),
    ],
)
def test_a_cut_text_ends_with_its_last_whole_sentence(cut: str, kept: str) -> None:
    assert whole_sentences(cut) == kept


def test_a_system_message_always_goes_first() -> None:
    hello = {"role": "user", "content": "Hello"}
    own = {"role": "system", "content": "Be brief."}
    empty = {"role": "system", "content": " "}
    assert with_system([hello], "Be kind.") == [{"role": "system", "content": "Be kind."}, hello]
    assert with_system([own, hello], "Be kind.") == [own, hello]
    assert with_system([empty, hello], "") == [
        {"role": "system", "content": DEFAULT_SYSTEM_MESSAGE},
        hello,
    ]


@pytest.mark.parametrize(
    "roles",
    [[], ["assistant"], ["user", "assistant"], ["tool", "user"], ["user", "system", "user"]],
)
def test_a_conversation_that_cannot_be_answered_is_refused(roles: list[str]) -> None:
    with pytest.raises(EngineError, match=r"conversation"):
        with_system([{"role": role, "content": "x"} for role in roles], "")


def test_importing_the_engine_does_not_load_the_heavy_libraries() -> None:
    code = """
import sys
import modelhub.engine.generate, modelhub.engine.model_disclosure, modelhub.engine.weights
heavy = {"torch", "transformers", "trl", "peft", "datasets", "pyarrow", "django"}
print(sorted(heavy & set(sys.modules)))
"""
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "[]"
