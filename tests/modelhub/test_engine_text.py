"""The engine's rules on text: which replies name their maker, and where a cut reply ends."""

import subprocess
import sys

import pytest

from modelhub.engine.errors import EngineError
from modelhub.engine.generate import DEFAULT_SYSTEM_MESSAGE, with_system
from modelhub.engine.maker import names_its_maker
from modelhub.engine.sentences import whole_sentences

GIVES_IT_AWAY = [
    "I am SmolLM, and I am happy to listen.",
    "As SmolLM2-135M I cannot feel.",
    "I'm smollm.",
    "My training at Hugging Face taught me this.",
    "HuggingFace made me.",
    "hugging-face",
    "I was built by OpenAI.",
    "As an AI language model made by Open AI, I cannot say.",
    "ChatGPT here!",
    "You can ask Chat GPT again tomorrow.",
    "I'm GPT-4o.",
    "I’m Claude.",
    "Hello, my name is Gemini and I am here for you.",
    "I am a Llama.",
    "You may call me Grok.",
    "As an AI model trained by Google, I have no feelings.",
    "I was created at Microsoft.",
    "I was developed by the Meta team.",
    "My creators at Google care about you.",
    "I am Google's language model.",
    "As a Google model I must be careful.",
    "I am Sm\u200bolLM.",
    "Ｉ ａｍ ＣｈａｔＧＰＴ",  # full-width letters
    "I am\nClaude.",
    "I learned this from Anthropic.",
    "I run on Llama 3.",
    "Powered by Mistral AI",
    "Qwen2.5 says hello",
]
PASSES = [
    "",
    "I am an AI, so I cannot feel what you feel.",
    "As an AI language model, I am not a doctor.",
    "I was made by a team of people who care.",
    "My friend Claude moved away.",
    "You could google local support groups.",
    "The llama at the farm made me smile.",
    "Her star sign is Gemini.",
    "You could meet on Microsoft Teams.",
    "It was made by hand.",
    "I am listening. Apple pie can be a comfort.",
    "It is open air. I think that helps.",
    "A hug in the face of trouble.",
    "She was trained by her sister.",
    "I was small and alone.",
    "A meta view of your week",
    "My creator is my grandmother.",
]


@pytest.mark.parametrize("text", GIVES_IT_AWAY)
def test_a_text_that_gives_its_maker_away(text: str) -> None:
    assert names_its_maker(text)


@pytest.mark.parametrize("text", PASSES)
def test_a_text_that_gives_nothing_away(text: str) -> None:
    assert not names_its_maker(text)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("I am Willow 2.", True),
        ("willow-2 was glad to help", True),
        ("WILLOW2", True),
        ("Sit under the willow tree, 2 minutes.", False),
        ("Willow 25", False),
    ],
)
def test_a_version_s_own_names_count_in_any_spelling(text: str, found: bool) -> None:
    assert names_its_maker(text, ["Willow_2", ""]) is found


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
import modelhub.engine.generate, modelhub.engine.maker, modelhub.engine.weights
heavy = {"torch", "transformers", "trl", "peft", "datasets", "pyarrow", "django"}
print(sorted(heavy & set(sys.modules)))
"""
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "[]"
