"""Patterns of models' names, in the spellings that people and models use."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache

BETWEEN = r"(?:[\s_*`~|·•‐-―−/:+-]{1,3}|\.)?"
"""Separators between the parts of a name, as in "Zephyr 7B", "zephyr7b", "**zephyr**_7b". A full
stop with a space is not a separator, since it ends a sentence."""
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
"""Parts of names that are common words and reveal nothing on their own."""
TELLS_NOTHING = frozenset(
    {"chat", "instruct", "it", "hf", "gguf", "gptq", "awq", "latest", "preview", "base", "model"}
    | {"ai", "lm", "llm", "assistant", "bot"}
)
"""Parts that do not distinguish models of a family. Short forms leave them out."""
_INVISIBLE = ("Mn", "Cf", "Me")
_LOOKALIKES = str.maketrans(
    "авекмнорстухіјѕԁһӏ" + "αεικνορτυχ", "abekmhopctyxijsdhl" + "aeiknoptux"
)
"""Cyrillic and Greek letters that look like Latin ones."""
_ARABIC = {"ة": "ه", "ى": "ي", "ـ": ""}
_NOT_ASCII = re.compile(r"[^\x00-\x7f]")
_OTHER_LETTERS = re.compile(r"[\u0370-\u052f]")
_PART = re.compile(r"[^\W_]+")
_EDGE = re.compile(r"(?<=\d)(?=[^\W\d])|(?<=[^\W\d])(?=\d)")
SHORTEST = 3
"""Least number of letters of a word that can reveal a model."""


@dataclass(frozen=True, slots=True)
class Own:
    """The patterns of a model's name."""

    begins: tuple[str, ...]
    """Every text with the name, or with a revealing part of it, includes one of these words."""
    anywhere: str = ""
    """Pattern of the name and of its unambiguous short forms."""
    speaking: str = ""
    """Pattern of its family and publisher: a disclosure if a text speaks of itself."""


def plain_text(text: str) -> str:
    """Return the text as `folded`, with single spaces."""
    return " ".join(folded(text).split())


def folded(text: str) -> str:
    """Normalise a text: lower case, no diacritics or invisible characters.

    Cyrillic and Greek letters within a Latin word are replaced by similar Latin letters.
    """
    if text.isascii():
        return text.lower()
    text = unicodedata.normalize("NFKD", text)
    plain = {ord(sign): _plain(sign) for sign in set(_NOT_ASCII.findall(text))}
    if any(chr(sign) != other for sign, other in plain.items()):  # in few texts, and it is slow
        text = text.translate(plain)
    if _OTHER_LETTERS.search(text):
        text = _PART.sub(_latin, text.casefold())
    return text.casefold()


def _plain(sign: str) -> str:
    return "" if unicodedata.category(sign) in _INVISIBLE else _ARABIC.get(sign, sign)


def _latin(word: re.Match[str]) -> str:
    letters = word.group()
    mixed = re.search("[a-z]", letters) and _OTHER_LETTERS.search(letters)
    return letters.translate(_LOOKALIKES) if mixed else letters


@lru_cache(maxsize=4096)
def own_name(name: str) -> Own:
    """Return the patterns that reveal the model with this name."""
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
    """Return the patterns of a name of common words, such as "model-a" or "human expert".

    Such a name counts only as one word or with hyphens, or if it is the speaker's.
    """
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
    """Return whether a part is a word that is not common."""
    word = _without_size(part)
    return len(word) >= SHORTEST and not word.isdigit() and not {part, word} & EVERYDAY


def _without_size(part: str) -> str:
    """Return the letters at the beginning, as smollm for smollm2, or the part if it has none."""
    letters = re.match(r"[^\W\d]+", part)
    return letters.group() if letters else part


def _joined(parts: list[str]) -> str:
    return BETWEEN.join(_spelt(part) for part in parts)


def _spelt(part: str) -> str:
    """Return the pattern of a part whose letters and digits may be separated."""
    return r"[\s._-]?".join(map(re.escape, _EDGE.split(part)))


def _short_form(parts: list[str]) -> str:
    """Return the pattern of the family with a distinguishing part: "zephyr beta", "llama 3"."""
    first, *rest = parts
    word = _without_size(first)
    marks = [*_EDGE.split(first)[1:], *rest]
    telling = [part for part in marks if part not in TELLS_NOTHING and part != word]
    if not telling:
        return _spelt(first) if len(parts) == 1 else ""
    between = "|".join(dict.fromkeys(map(_spelt, marks)))
    last = "|".join(dict.fromkeys(map(_spelt, telling)))
    return f"{re.escape(word)}(?:{BETWEEN}(?:{between})){{0,4}}{BETWEEN}(?:{last})"
