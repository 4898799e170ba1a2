"""Does a text give away which model wrote it? Pure rules, no heavy imports: the web may use them.

People judge responses blind, so a response that names its model or maker must not be shown.
Names that mean nothing else (OpenAI, SmolLM) count wherever they stand. Names that are also
words, people or signs (Claude, Llama, Gemini, Google) count only where the writer speaks of
itself with them. Saying "I am an AI" names nobody and passes.
"""

import re
import unicodedata
from collections.abc import Iterable

# Each is a regular expression over casefolded text; `[\s-]*` forgives "Hugging-Face".
_UNMISTAKABLE = (
    r"smol[\s-]*lm\w*",
    r"hugging[\s-]*face",
    r"🤗",
    r"open[\s-]*ai",
    r"chat[\s-]*gpt",
    r"gpt[\s-]*\d\w*",
    r"anthropic",
    r"deep[\s-]*mind",
    r"deep[\s-]*seek",
    r"qwen[\d.]*",
    r"mi[sx]tral[\s-]*ai",
    r"meta[\s-]*ai",
    r"llama[\s-]*\d[\d.]*",
    r"vicuna[\s-]*\d+b",
)
_ALSO_WORDS = (
    r"claude",
    r"gemini",
    r"gemma",
    r"bard",
    r"llama",
    r"alpaca",
    r"vicuna",
    r"falcon",
    r"mi[sx]tral",
    r"phi",
    r"grok",
    r"copilot",
    r"granite",
    r"nova",
    r"command[\s-]*r",
    r"yi",
    r"gpt",
)
_COMPANIES = (
    r"google",
    r"microsoft",
    r"meta",
    r"facebook",
    r"amazon",
    r"apple",
    r"alibaba(?:[\s-]*cloud)?",
    r"ibm",
    r"nvidia",
    r"cohere",
    r"x\.?ai",
    r"baidu",
    r"tencent",
)

_MADE = r"(?:made|trained|developed|created|built|designed|programmed|powered|provided|released)"
_MAKER_NOUNS = r"(?:maker|creator|developer|owner|trainer)s?"
_SELF = r"(?:i['’]?m|i am|i was|my name is|my name['’]?s|call me|named|called|known as|this is)"


def _any(patterns: Iterable[str]) -> str:
    return "(?:" + "|".join(patterns) + ")"


def _compile(own_names: tuple[str, ...]) -> re.Pattern[str]:
    anywhere = _any((*_UNMISTAKABLE, *own_names))
    spoken = _any((*_ALSO_WORDS, *own_names))
    company = _any((*_COMPANIES, *_ALSO_WORDS))
    article = r"(?:an?\s|the\s)?"
    return re.compile(
        "|".join(
            (
                rf"(?<!\w){anywhere}(?!\w)",
                # "I'm Claude", "my name is Gemini": the name ends the clause or goes on as a name
                rf"(?<!\w){_SELF}\s{article}{spoken}(?!\w)",
                # "made by Google", "trained at Meta"
                rf"(?<!\w){_MADE}\s(?:by|at|for|from)\s{article}{company}(?!\w)",
                # "my developers at Google", "my creator is Meta"
                rf"(?<!\w)my\s{_MAKER_NOUNS},?\s(?:at|is|are|from|,)?\s?{article}{company}(?!\w)",
                # "Google's language model", "a Meta AI assistant"
                rf"(?<!\w){company}(?:['’]s)?\s(?:large\s)?(?:ai|language)\s"
                r"(?:model|assistant|chatbot)(?!\w)",
                # "as a Google model"
                rf"(?<!\w)as\san?\s{company}\s(?:model|assistant|ai)(?!\w)",
            )
        )
    )


_PLAIN = _compile(())
# Every pattern above holds one of these names; few texts do, and looking for them is quick.
_NAMES = (
    "smol",
    "hugging",
    "🤗",
    "open",
    "gpt",
    "anthropic",
    "deep",
    "qwen",
    "mistral",
    "mixtral",
    "meta",
    "llama",
    "vicuna",
    "claude",
    "gemini",
    "gemma",
    "bard",
    "alpaca",
    "falcon",
    "phi",
    "grok",
    "copilot",
    "granite",
    "nova",
    "command",
    "google",
    "microsoft",
    "facebook",
    "amazon",
    "apple",
    "alibaba",
    "ibm",
    "nvidia",
    "cohere",
    "xai",
    "x.ai",
    "baidu",
    "tencent",
)
_YI = re.compile(r"(?<!\w)yi(?!\w)")
_INVISIBLE = re.compile(r"[\u00ad\u200b-\u200f\u2060\ufeff]")


def _normal(text: str) -> str:
    """Casefolded, compatibility letters and white space made plain, invisible marks removed."""
    plain = unicodedata.normalize("NFKC", text)
    plain = (plain if plain.isascii() else _INVISIBLE.sub("", plain)).casefold()
    return " ".join(plain.split())


def _name_pattern(name: str) -> str:
    """The name, its parts joined by any of space, hyphen, underscore, dot or nothing."""
    parts = re.findall(r"\w+", _normal(name).replace("_", " "))
    return r"[\s._-]*".join(re.escape(part) for part in parts)


def names_its_maker(text: str, names: Iterable[str] = ()) -> bool:
    """Whether `text` says which model wrote it or who made that model.

    `names` are the model version's own names, matched as whole words anywhere; give only names
    that are not everyday words.
    """
    own = tuple(pattern for pattern in map(_name_pattern, names) if pattern)
    plain = _normal(text)
    if own:
        return _compile(own).search(plain) is not None
    yi = "yi" in plain and _YI.search(plain)
    if not yi and not any(name in plain for name in _NAMES):
        return False
    return _PLAIN.search(plain) is not None
