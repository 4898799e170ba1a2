"""Detects model disclosure: words in a response that reveal the model that wrote it.

Judging is blind, so such responses are refused. `giveaway` finds two kinds of disclosure:

- The text includes the name of its model (`own`), in any usual spelling.
- The text says that it is an AI product, or that an AI company made it: "I am ChatGPT", "as a
  language model trained by OpenAI", in English, Spanish and Arabic.

Mentions of other products are allowed ("I asked ChatGPT"), and so are persons, animals and star
signs with the name of a product ("My name is Claude and I have lived with …"). If a product's name
is also a word, the text must also say that an AI is speaking. "I am an AI" reveals no model and is
allowed.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache

from modelhub.engine.model_names import BETWEEN, folded, own_name

J = BETWEEN
# Names that only AI products have; Arabic as normalised by `plain_text`.
_PRODUCTS = (
    rf"chat{J}gpt(?:{J}\d\w*)?",
    rf"gpt{J}\d\w*(?:{J}(?:turbo|mini|nano|pro))?",
    rf"smol{J}lm\w*",
    rf"deep{J}seek(?:{J}[rv]\d\w*)?",
    r"qwen[\d.]*\w*",
    rf"llama{J}\d[\d.]*\w*",
    rf"code{J}llama",
    rf"mi[sx]tral(?:{J}(?:ai|large|small|\d\w*))?",
    rf"claude{J}(?:\d[\d.]*|opus|sonnet|haiku|instant)(?:{J}(?:\d[\d.]*|opus|sonnet|haiku))?",
    rf"gemini{J}(?:\d[\d.]*|pro|ultra|flash|nano|advanced)",
    rf"gemma{J}\d\w*",
    rf"phi{J}\d[\d.]*",
    rf"command{J}r\+?",
    rf"vicuna{J}\d+b",
    rf"hugging{J}chat",
    rf"(?:microsoft|github|ms){J}copilot",
    rf"meta{J}ai",
    rf"google{J}(?:bard|assistant|gemini|ai)",
    r"replika",
    r"chatglm\w*",
    rf"stable{J}lm\w*",
    "(?:شات|تشات|جات) ?جي ?بي ?تي",
    "(?:ديب|ديبسيك) ?سيك",
)
# Names that are also words, or names of persons, animals or star signs.
_ALSO_WORDS = (
    "claude", "gemini", "gemma", "bard", "llama", "alpaca", "vicuna", "falcon", "phi", "grok",
    "copilot", "granite", "nova", "titan", "gpt", "ernie", "kimi", "orca", "zephyr", "hermes",
    "dolphin", "olmo", "jamba", "solar", "nemotron", "minimax",
    "siri", "alexa", "cortana", "كلود", "جيميناي", "جيمناي", "جيميني", "لاما", "غروك", "جروك",
)  # fmt: skip
# Companies that only make AI.
_LABS = (
    rf"open{J}ai",
    r"anthropic",
    rf"hugging{J}face",
    rf"(?:google{J})?deep{J}mind",
    rf"deep{J}seek",
    rf"mi[sx]tral{J}ai",
    rf"meta{J}ai",
    r"x\.?ai",
    r"cohere",
    rf"stability{J}ai",
    rf"moonshot(?:{J}ai)?",
    rf"zhipu(?:{J}ai)?",
    rf"ai21(?:{J}labs)?",
    rf"eleuther{J}ai",
    rf"inflection{J}ai",
    "(?:شركه )?(?:اوبن|اوپن) ?(?:اي|ايه|ا) ?(?:اي|ايه)",
    "(?:شركه )?انثروبيك",
    "هاجينغ ?فيس",
)
_COMPANIES = (
    "google", "microsoft", "meta", "facebook", "amazon", "apple", "alibaba(?: cloud)?", "ibm",
    "nvidia", "baidu", "tencent", "bytedance", "samsung", "(?:شركه )?(?:جوجل|غوغل|قوقل)",
    "(?:شركه )?(?:ميتا|مايكروسوفت|فيسبوك|علي بابا|امازون)",
)  # fmt: skip


def _any(patterns: Iterable[str]) -> str:
    return "(?:" + "|".join(patterns) + ")"


_SIZE = r"(?:[\s.-]?\w*\d[\w.]*|-\w+){0,3}"
NAME = _any(_PRODUCTS) + _SIZE
WORD = _any(_ALSO_WORDS)
# Names from the list above that no person has.
NO_PERSON = (
    "(?:grok|copilot|llama|bard|gpt|granite|olmo|jamba|nemotron|minimax|cortana|siri|zephyr|vicuna"
    "|غروك|جروك|جيميناي|جيمناي)"
)
LAB = _any(_LABS)
MAKER = _any((*_LABS, *_COMPANIES))
_NOUN = (
    r"(?:(?:large )?(?:language )models?|llm|ai|a\.i\.|ai models?|bot|chat ?bots?"
    r"|(?:ai|virtual|digital|language|chat) (?:\w+ )?(?:assistants?|models?|systems?|companions?"
    r"|chatbots?|agents?|programs?|tools?)|artificial intelligence(?: \w+)?|assistants?)"
)
_OPENING = (
    r"(?:^|[.,;:!?()\"“”«»—–-]\s*|\b(?:and|but|so|that|because|since|though|well|hi|hello)\s)"
)
_MAKE = (
    r"(?:made|trained|developed|created|built|designed|programmed|coded|engineered|powered|released"
    r"|fine-?tuned|brought to you)"
)
_CREATE = r"(?:made|developed|created|built|programmed|coded|engineered|powered|fine-?tuned)"
_I_AM = r"(?:i['’]?m|i am|im)(?:\s(?:actually|just|only|really|simply|still|indeed|now|here as))?"
_I_WAS = r"(?:i['’]?m|i am|i was|i['’]ve been|i have been)(?:\s\w+ly)?"
_CALLED = (
    r"(?:my name is|my name['’]?s|(?:you (?:can|may) )?call me|i['’]?m called|i am called"
    r"|i go by|i am known as|i['’]?m known as|they call me)"
)
_TEAM = r"(?:the\s|an?\s)?(?:(?:\w+\s){0,3}(?:at|from|of)\s)?(?:the\s)?(?:company\s)?"
# A product's name before such a noun is a mention: "I'm a ChatGPT user".
_NOT_A_MENTION = (
    r"(?!['’]s\b)(?![-\s]?(?:user|fan|subscriber|sceptic|skeptic|addict|expert|person|dependent"
    r"|obsessed|certified|developer|engineer|employee|customer|free|using|based))"
)
_SPANISH_I = r"(?:(?:yo )?soy|me llamo|mi nombre es|puedes llamarme|llamame)"
_SPANISH_MADE = (
    r"(?:cread|entrenad|desarrollad|programad|disenad|construid|hech|fabricad|impulsad)[oa]s?"
)
_SPANISH_NOUN = (
    r"(?:modelo(?: grande)?(?: de lenguaje| de ia| linguistico)?|asistente(?: virtual| de ia"
    r"| de inteligencia artificial)?|ia|inteligencia artificial|chatbot|bot|programa)"
)
_ARABIC_NOUN = (
    "(?:نموذج(?:ا)?(?: لغوي(?:ا)?)?(?: كبير(?:ا)?)?|مساعد(?:ا)?(?: ذكي(?:ا)?| افتراضي(?:ا)?"
    "| رقمي(?:ا)?)?|ذكاء اصطناعي|برنامج(?:ا)?|روبوت(?:ا)?(?: محادثه)?)"
)
_ARABIC_MADE = "(?:طور|درب|انشا|صنع|صمم|برمج|ابتكر|بن)"
_FEW = r"(?:[\w'’-]+,?\s){0,4}"

# Patterns that are always a disclosure.
_SURE = (
    # "I am ChatGPT", "my name is GPT-4", "I'm an instance of Claude 3"
    rf"\b(?:{_I_AM}|{_CALLED})\s(?:the\s|an?\s(?:\w+\s(?:of|named|called)\s)?)?{NAME}(?!\w)"
    rf"{_NOT_A_MENTION}",
    rf"\b(?:as|i,)\s{NAME},?\s(?:i\b|my\b)",
    # "I'm Grok", "my name is Gemini"; and "I'm Claude." if that is the whole text
    rf"\b(?:{_I_AM}|{_CALLED}|{_SPANISH_I})\s{NO_PERSON}(?!\w){_NOT_A_MENTION}",
    rf"\b(?:{_CALLED}|me llamo|mi nombre es)\sgemini(?!\w)",
    rf"\b(?:{_I_AM}|{_CALLED}|{_SPANISH_I})\s{WORD}\W*$",
    rf"(?<!\w)(?:انا|اسمي(?: هو)?|ادعي)\s(?:{NO_PERSON}|{WORD}\W*$)",
    # "Powered by Mistral AI" on a line of its own
    rf"(?:^|[.!?]\s)powered by (?:{NAME}|{LAB})",
    # "ChatGPT here!", "This is ChatGPT, how can I help"
    rf"(?:^|[.!?:]\s)\W*(?:hi|hello|hey)?\W*(?:this is\s)?{NAME}\s(?:here|speaking)\b",
    rf"(?:^|[.!?:]\s)\W*(?:(?:hi|hello|hey)\W+)?this is {NAME}\s?[,.!:]",
    # "I run on Llama 3", "I'm powered by GPT-4", "I am based on the GPT-4 architecture"
    rf"\bi (?:run|operate) on\s(?:an?\s|the\s)?(?:{NAME}|{LAB})",
    rf"\b{_I_WAS}\s(?:based|built|running|powered|fine-?tuned|derived|distilled)\s"
    rf"(?:on|by|from|with)\s{_FEW}(?:{NAME}|{LAB})(?!\w)",
    # "I was made by Google", "I've been trained by researchers at OpenAI"
    rf"\b{_I_WAS}\s(?:\w+\sand\s)?{_CREATE}(?:\sand\s\w+)?\s(?:by|at)\s{_TEAM}{MAKER}(?!\w)",
    rf"\b{_I_WAS}\s(?:\w+\sand\s)?{_MAKE}(?:\sand\s\w+)?\s(?:by|at|for)\s{_TEAM}{LAB}(?!\w)",
    # "my creators at Google", "OpenAI made me", "my training at Hugging Face"
    rf"\bmy\s(?:makers?|creators?|developers?|trainers?|programmers?),?\s(?:at\s|is\s|are\s|from\s)?"
    rf"(?:the\s)?{MAKER}(?!\w)",
    rf"\b{MAKER}(?:\steam|['’]s\s\w+)?\s(?:\w+\sand\s)?(?:{_CREATE}|trained|designed)\sme\b",
    rf"\bmy training\s(?:at|by|from|with|data from)\s{LAB}(?!\w)",
    # "I am Google's language model", "I'm a Meta AI assistant", "as a Google model"
    rf"\b(?:{_I_AM}|{_OPENING}as)\s(?:an?\s|the\s)?{_any((*_LABS, *_COMPANIES, *_PRODUCTS))}"
    rf"(?:['’]s)?\s(?:\w+\s)?(?:{_NOUN}|model)(?!\w)",
    rf"\b{_I_AM}\s(?:an?\s|the\s){_FEW}{_NOUN}\s(?:from|by|of|at)\s(?:the\s)?{MAKER}(?!\w)",
    # "as a language model trained by OpenAI", "I'm an AI assistant, made by Anthropic"
    rf"(?:\b{_I_AM}|{_OPENING}(?:as|being|speaking as))\s(?:an?\s|the\s|your\s){_FEW}{_NOUN},?\s"
    rf"(?:(?:that|which|who)\s(?:was|is|has been)\s)?(?:\w+\sand\s)?{_MAKE}(?:\sand\s\w+)?\s"
    rf"(?:by|at|from)\s{_TEAM}(?:{MAKER}|{NAME})(?!\w)",
    rf"\b{_I_AM}\s(?:an?\s|the\s|your\s){_FEW}{_NOUN},?\s(?:called|named|known as|based on|"
    rf"powered by|running on|built on)\s(?:the\s)?(?:{NAME}|{WORD}|{LAB})(?!\w)",
    # Spanish: "soy ChatGPT", "fui creada por Google", "como modelo de lenguaje de OpenAI"
    rf"\b{_SPANISH_I}\s(?:el\s|un\s|una\s)?{NAME}(?!\w){_NOT_A_MENTION}(?! user| fan)",
    rf"\b(?:fui|he sido|estoy|soy)\s(?:\w+mente\s)?{_SPANISH_MADE}(?:\sy\s\w+)?\s(?:por|en|con)\s"
    rf"(?:el equipo de\s|la empresa\s|los? \w+ de\s)?(?:{MAKER}|{NAME})(?!\w)",
    rf"\b(?:soy|como)\s(?:un\s|una\s|el\s)?(?:gran\s)?{_SPANISH_NOUN},?\s(?:\w+\s){{0,2}}?"
    rf"(?:(?:de|por|en|con|basad[oa] en)\s)(?:la empresa\s)?(?:{MAKER}|{NAME})(?!\w)",
    rf"\bsoy\s(?:un\s|una\s|el\s)?{_SPANISH_NOUN},?\s(?:llamad[oa]|de nombre)\s"
    rf"(?:{NAME}|{WORD})(?!\w)",
    rf"\b{MAKER}\sme\s(?:creo|entreno|desarrollo|programo|diseno|hizo)\b",
    rf"\bme\s(?:creo|entreno|desarrollo|programo|diseno|hizo)\s(?:la empresa\s)?{MAKER}(?!\w)",
    rf"\bmis?\s(?:creador|desarrollador|programador)(?:a|es|as)?\s(?:de|en|es|son)\s{MAKER}(?!\w)",
    # Arabic: "I am ChatGPT", "OpenAI developed me", "as a language model of Google"
    rf"(?<!\w)(?:انا|اسمي|اسمي هو|ادعي)\s(?:هو\s)?{NAME}(?!\w)",
    rf"(?<!\w){_ARABIC_MADE}\w?(?:ت)?ني\s(?:فريق\s)?(?:من\s)?{MAKER}(?!\w)",
    rf"(?<!\w){MAKER}\s(?:هي (?:من|التي)\s)?{_ARABIC_MADE}\w?(?:ت)?ني(?!\w)",
    r"(?<!\w)(?:تم|جري)\s(?:تطويري|تدريبي|انشايي|تصميمي|صنعي|برمجتي|ابتكاري|بنايي)\s"
    rf"(?:من قبل|بواسطه|علي يد|علي يدي|في|لدي|من)\s(?:فريق\s)?{MAKER}(?!\w)",
    rf"(?<!\w)(?:انا|ك|كوني|بصفتي|باعتباري|بصفتي انا)\s?{_ARABIC_NOUN}\s(?:\w+\s){{0,2}}?"
    rf"(?:من|من تطوير|من صنع|طورته|دربته|انشاته|صنعته|صممته|بواسطه|من قبل|تابع ل|اسمه|يسمي)\s?"
    rf"(?:{MAKER}|{NAME})(?!\w)",
)
# Names that are also words, and trainings by companies: only if an AI is speaking, see `_AI`.
_UNSURE = (
    rf"\b(?:{_I_AM}|{_CALLED}|{_SPANISH_I}|this is|as|i,)\s"
    r"(?:an?\s(?:\w+\s(?:of|named|called)\s)?|the\s)?"
    rf"(?:{WORD}|{LAB}['’]s {WORD})(?!\w)",
    rf"(?<!\w)(?:انا|اسمي|اسمي هو)\s{WORD}(?!\w)",
    rf"(?:^|[.!?:]\s)\W*(?:(?:hi|hello|hey)\W+)?{WORD}\s(?:here|speaking)\b",
    rf"\b{_I_WAS}\s(?:\w+\sand\s)?{_MAKE}(?:\sand\s\w+)?\s(?:by|at|for)\s{_TEAM}{MAKER}(?!\w)",
    rf"\bi (?:run|operate) on\s(?:an?\s|the\s)?{WORD}(?!\w)",
)
_AI = (
    rf"\b(?:{_I_AM}|as|being|,|made as)\s(?:just\s|only\s)?(?:an?\s|the\s|your\s){_FEW}?"
    r"(?:ai|a\.i\.|llm|language model|chat ?bot|bot|computer program|ai \w+"
    r"|(?:virtual|digital) (?:\w+ )?(?:assistant|companion))(?!\w)"
    r"|,\s(?:an?\s|the\s|your\s)(?:\w+\s){0,2}?(?:ai|language model|chatbot"
    r"|virtual assistant)(?!\w)"
    r"|\bhow (?:can|may) i (?:help|assist)\b|\bhere to (?:help|assist|support)\b"
    r"|\bi (?:am|was|have been) (?:trained|programmed) (?:on|to)\b"
    rf"|\b(?:my training data|my knowledge cutoff|large language model)\b"
    rf"|\b(?:made|developed|created|trained) by {LAB}"
    rf"|\b(?:soy|como|,)\s(?:un\s|una\s)?{_SPANISH_NOUN}(?!\w)|\ben que puedo ayudarte\b"
    rf"|(?:انا|كوني|بصفتي|باعتباري|،|,)\s?{_ARABIC_NOUN}|كيف يمكنني مساعدتك|ك{_ARABIC_NOUN}"
)

# Every pattern above needs one of these names.
_NAMED = (
    rf"(?<![a-z0-9_])(?:hi|hello|hey)?(?:{_any(_PRODUCTS)}|{WORD}(?!\w)|{NO_PERSON}|{LAB}"
    rf"|{_any(_COMPANIES)}(?!\w))"
)
# A word of each of these names begins like this. Most texts have none.
_BEGINNINGS = (
    *_ALSO_WORDS,
    "chat", "smol", "deep", "qwen", "mistral", "mixtral", "command", "hugging", "meta", "google",
    "replika", "stable", "stability", "open", "anthropic", "xai", "x.ai", "cohere", "moonshot",
    "zhipu", "ai21", "eleuther", "inflection", "microsoft", "github", "ms", "facebook", "amazon",
    "apple", "alibaba", "ibm", "nvidia", "baidu", "tencent", "bytedance", "samsung", "شات", "تشات",
    "جات", "ديب", "اوبن", "اوپن", "انثروبيك", "هاجينغ", "جوجل", "غوغل", "قوقل", "ميتا",
    "مايكروسوفت", "فيسبوك", "بابا", "امازون",
)  # fmt: skip
_BEGINNING = re.compile(rf"(?<![a-z0-9_])(?:hi|hello|hey)?{_any(_BEGINNINGS)}|llama")
MOST_WORDS, LONGEST_WORD = 50_000, 40
_words_without: set[str] = set()
"""Words in which no name begins, since texts repeat their words: up to about 5 MB."""
SHOWN = 60
"""Characters of a disclosure that error messages quote."""


@dataclass(frozen=True, slots=True)
class Giveaway:
    """The part of a text that reveals its model."""

    words: str
    """The words of the text, in lower case."""


def giveaway(text: str, own: Iterable[str] = ()) -> Giveaway | None:
    """Return the words of `text` that reveal its model or the model's maker, or None.

    `own` are the names of the model that wrote the text and of its ancestors. A name of common
    words ("model", "human") counts only if the text cannot mean those words.
    """
    words = folded(text).split()
    plain = " ".join(words)
    for name in own:
        known = own_name(name) if name else None
        if known is None or not any(begin in plain for begin in known.begins):
            continue
        named, speaking = _own_patterns(known.anywhere, known.speaking)
        if match := named.search(plain) or speaking.search(plain):
            return Giveaway(match.group().strip()[:SHOWN])
    if not _may_name(words):
        return None
    named, sure, ai, unsure = _patterns()
    if not named.search(plain):
        return None
    match = sure.search(plain) or (ai.search(plain) and unsure.search(plain))
    return Giveaway(match.group().strip(" .,;:!?")[:SHOWN]) if match else None


def _may_name(words: Sequence[str]) -> bool:
    """Return whether a name may begin in one of the words. It looks at each word once."""
    new = set(words) - _words_without
    if not new:
        return False
    if _BEGINNING.search(" ".join(new)):
        return True
    if len(_words_without) > MOST_WORDS:
        _words_without.clear()
    _words_without.update(word for word in new if len(word) <= LONGEST_WORD)
    return False


@cache
def _patterns() -> tuple[re.Pattern[str], ...]:
    """Compile the patterns at their first use, since it takes a quarter of a second."""
    return (
        re.compile(_NAMED),
        re.compile("|".join(f"(?:{one})" for one in _SURE)),
        re.compile(_AI),
        re.compile("|".join(f"(?:{one})" for one in _UNSURE)),
    )


@lru_cache(maxsize=1024)
def _own_patterns(anywhere: str, speaking: str) -> tuple[re.Pattern[str], re.Pattern[str]]:
    """Compile patterns of a name, and of its family in texts that speak of themselves."""
    family = f"(?:{speaking})"
    return re.compile(rf"(?<!\w)(?:{anywhere})(?!\w|[.]\d)"), re.compile(
        "|".join(
            (
                rf"\b(?:{_I_AM}|{_CALLED}|{_SPANISH_I}|as|i,|this is|it is|it['’]s|soy yo,)\s"
                rf"(?:an?\s(?:\w+\s(?:of|named|called)\s)?|the\s|un\s|una\s)?{family}(?!\w)",
                rf"(?<!\w)(?:انا|اسمي(?: هو)?|ادعي)\s{family}(?!\w)",
                rf"(?:^|[.!?:]\s)\W*(?:(?:hi|hello|hey|hola)\W+)?{family}\s?(?:here\b|speaking\b|:)",
                rf"\b(?:{_MAKE}|based|running|built|run|{_SPANISH_MADE})\s"
                rf"(?:by|at|on|from|as|with|por|en|de)\s{_TEAM}{family}(?!\w)",
                r"\b(?:talking|speaking|chatting|hablando|chateando) (?:to|with|con)\s"
                rf"{family}(?!\w)",
                rf"(?<!\w){family}(?:['’]s)?\s(?:\w+\s)?{_NOUN}(?!\w)",
                rf"\bmy\s(?:makers?|creators?|developers?),?\s(?:at\s|is\s|are\s|from\s)?{family}(?!\w)",
                rf"(?<!\w){family}\s(?:made|created|trained|developed|built)\sme\b",
                rf"[-—–~]\s?{family}\W*$",
            )
        )
    )
