"""Names of models in the spellings that people and models use for them."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache

BETWEEN = r"(?:[\s_*`~|·•‐-―−/:+-]{1,3}|\.)?"
"""What may stand between the parts of a name, as in "Zephyr 7B", "zephyr7b", "**zephyr**_7b"; no
dot with a space, which ends a sentence."""
EVERYDAY = frozenset(
    """
    human person people peer therapist counsellor counselor doctor clinician nurse expert volunteer
    professional coach friend listener support care user writer author staff team group panel
    model models base baseline control reference gold test dev train final new old best good better
    bad worse first second third one two three four left right chosen rejected warm kind short long
    plain simple direct empathic empathetic default original edited rewrite revised response reply
    answer assistant bot chatbot chat ai llm lm system agent helper helpful harmless safe instruct
    instruction it hf gguf gptq awq int4 int8 fp16 bf16 fp32 quantized latest preview exp
    experimental unknown other none null na various mixed ours theirs candidate version ver rev run
    study arm condition variant sample large small medium mini tiny nano micro big xl xxl tuned
    finetuned tune finetune sft dpo ppo kto orpo rlhf lora adapter merged alpha beta gamma delta pro
    plus max turbo ultra flash lite fast free online offline internal external the my our your and
    with for not you from this that
    """.split()  # noqa: SIM905
)
"""Parts of names that are words of every text: alone they give nothing away."""
TELLS_NOTHING = frozenset(
    {"chat", "instruct", "it", "hf", "gguf", "gptq", "awq", "latest", "preview", "base", "model"}
    | {"ai", "lm", "llm", "assistant", "bot"}
)
"""Parts that do not tell one model of a family from another; they are left out of short forms."""
_INVISIBLE = ("Mn", "Cf", "Me")
_LOOKALIKES = str.maketrans(
    "авекмнорстухіјѕԁһӏ" + "αεικνορτυχ", "abekmhopctyxijsdhl" + "aeiknoptux"
)
"""Cyrillic and Greek letters that look like Latin ones."""
_ARABIC = str.maketrans({"ة": "ه", "ى": "ي", "ـ": None})
_OTHER_LETTERS = re.compile(r"[\u0370-\u052f]")
_PART = re.compile(r"[^\W_]+")
_EDGE = re.compile(r"(?<=\d)(?=[^\W\d])|(?<=[^\W\d])(?=\d)")
SHORTEST = 3
"""Letters of a word that can give something away."""


@dataclass(frozen=True, slots=True)
class Own:
    """A model's name, taken apart."""

    begins: tuple[str, ...]
    """One of these stands in every text that holds the name or a part that tells."""
    anywhere: str = ""
    """A pattern of the name, and of short forms that can mean nothing else."""
    speaking: str = ""
    """A pattern of its family and of who published it: a giveaway where a text speaks of itself."""


def plain_text(text: str) -> str:
    """Without case, marks on letters, what cannot be seen, and other than single spaces.

    A word of Latin letters among which Cyrillic or Greek ones hide is taken for Latin.
    """
    if not text.isascii():
        text = unicodedata.normalize("NFKD", text)
        text = "".join(one for one in text if unicodedata.category(one) not in _INVISIBLE)
        text = text.translate(_ARABIC)
        if _OTHER_LETTERS.search(text):
            text = _PART.sub(_latin, text.casefold())
    return " ".join(text.casefold().split())


def _latin(word: re.Match[str]) -> str:
    found = word.group()
    mixed = re.search("[a-z]", found) and _OTHER_LETTERS.search(found)
    return found.translate(_LOOKALIKES) if mixed else found


@lru_cache(maxsize=4096)
def own_name(name: str) -> Own:
    """What of this name gives a model away, and where."""
    publisher, _, model = plain_text(name).rpartition("/")
    parts = _PART.findall(model)
    family = next((number for number, part in enumerate(parts) if _tells(part)), None)
    if family is None:
        return _of_everyday_words(parts)
    word = _without_size(parts[family])
    forms = [_joined(parts), _short_form(parts[family:])]
    makers = [part for part in _PART.findall(publisher) if _tells(part)]
    return Own(
        begins=(word, _without_size(parts[0]), *makers[:1]),
        anywhere="|".join(dict.fromkeys(filter(None, forms))),
        speaking="|".join([re.escape(word), *([_joined(makers)] if makers else [])]),
    )


def _of_everyday_words(parts: list[str]) -> Own:
    """Of "model-a" or "human expert": only as one word or with hyphens, and as who speaks."""
    if len(parts) < 2 and not any(map(str.isdigit, "".join(parts[:1]))):
        return Own(begins=())
    if not any(re.search(r"[^\W\d]", part) for part in parts):
        return Own(begins=())  # a date or a number
    return Own(
        begins=(_without_size(parts[0]),),
        anywhere="[-_.]?".join(map(re.escape, parts)),
        speaking=_joined(parts),
    )


def _tells(part: str) -> bool:
    """Whether it is a word, and none of every text."""
    word = _without_size(part)
    return len(word) >= SHORTEST and not word.isdigit() and not {part, word} & EVERYDAY


def _without_size(part: str) -> str:
    """smollm for smollm2: the letters that it begins with, or all of it where there are none."""
    found = re.match(r"[^\W\d]+", part)
    return found.group() if found else part


def _joined(parts: list[str]) -> str:
    return BETWEEN.join(_spelt(part) for part in parts)


def _spelt(part: str) -> str:
    """A part in which letters and digits may stand apart."""
    return r"[\s._-]?".join(map(re.escape, _EDGE.split(part)))


def _short_form(parts: list[str]) -> str:
    """The family with whatever tells it from its sisters: "zephyr beta", "llama 3"; "" without."""
    first, *rest = parts
    word = _without_size(first)
    marks = [*_EDGE.split(first)[1:], *rest]
    telling = [part for part in marks if part not in TELLS_NOTHING and part != word]
    if not telling:
        return _spelt(first) if len(parts) == 1 else ""
    between = "|".join(dict.fromkeys(map(_spelt, marks)))
    last = "|".join(dict.fromkeys(map(_spelt, telling)))
    return f"{re.escape(word)}(?:{BETWEEN}(?:{between})){{0,4}}{BETWEEN}(?:{last})"
