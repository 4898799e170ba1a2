"""Brings a text and the words of the tables to one spelling, so that they can be compared.

People in distress type in a hurry, and some hide words from filters. Accents, capitals,
apostrophes, full-width letters, Arabic vowel signs and forms of alef make no difference. `Speller`
also repairs words that the tables do not have: "dieee", "suicdal", "su1cide", "s*icide",
"s u i c i d e", "wantto".

Every step takes time linear in the length of the text: patterns use possessive quantifiers or
bounded repetition, and a repair looks at words of at most `LONGEST_WORD` letters.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from itertools import product

from codesign.care.rules.disclosure.folding import Folding

LONGEST_WORD = 24
"""Letters of the longest word that is repaired."""
SHORTEST_KEY = 6
"""Letters of the shortest key word whose slips are repaired. Shorter ones are near other words."""
SHORTEST_SOUND = 3
"""Letters of the shortest word that is compared by sound."""
SHORTEST_PAIR = 5
"""Letters of the shortest pair of words without a space between them."""
_LETTERS: dict[str, str | None] = {
    "\u0640": None,  # the stroke that lengthens Arabic letters
    "\u0671": "\u0627",  # alef with wasla; NFKD takes other forms of alef apart
    "\u0649": "\u064a",  # alef maqsura and yeh
    "\u06cc": "\u064a",  # Farsi yeh, on many phones
    "\u06a9": "\u0643",  # Farsi kaf
    "\u0629": "\u0647",  # teh marbuta and heh
    **dict.fromkeys("?;\u061f\u061b\u3002\u00a1\u00bf", "!"),  # ends of sentences
}
_LINE_BREAKS = re.compile(r"\n[^\S\n]*+\n")
_PAUSE = re.compile(r"\.{2,}+")
_SPACED = re.compile(r"\b(?:[a-z][ .*_-]){2,12}[a-z]\b")
_SIGNS = re.compile(r"[0-9@$*]|\w!\w")
_DISGUISED = re.compile(r"(?<![a-z0-9])\$?+(?:[0-9]*+[a-z]++[0-9@$!*]++)++[a-z]*+")
_NO_WORD = re.compile(r"[^\w.\s]+|_+")
_AGAIN = re.compile(r"(\w)\1+")
_IN_WORD = (
    r"['`\u2019\u2018\u02bc\u2032\u0300-\u036f\u0640\u064b-\u065f\u0670"
    r"\u00ad\u200b-\u200f\u202a-\u202e\u2060\ufeff]"
)
_RUN = re.compile(rf"[^\W_](?:[^\W_]|{_IN_WORD})*+")
_PREFIXES = {
    "\u0648": ("\u0648", "\u0648\u0627\u0644", "\u0648\u0633", "\u0648\u0628", "\u0648\u0644"),
    "\u0641": ("\u0641", "\u0641\u0627\u0644", "\u0641\u0633", "\u0641\u0644"),
    "\u0628": ("\u0628", "\u0628\u0627\u0644"),
    "\u0644": ("\u0644", "\u0644\u0644"),
    "\u0643": ("\u0643", "\u0643\u0627\u0644"),
    "\u0633": ("\u0633",),
    "\u0627": ("\u0627\u0644",),
}
"""Arabic words that are written as one with the next: and, so, by, for, like, will, the."""
_LEET = str.maketrans("013457@$!", "oieastasi")
_ASCII = str.maketrans({"'": None, "`": None, "?": "!", ";": "!"})


_FOLDED = Folding(_LETTERS)


def normal_word(text: str) -> str:
    """Return a text in lower case without marks, apostrophes and invisible characters."""
    if text.isascii():
        return text.translate(_ASCII).lower()
    apart = unicodedata.normalize("NFKD", text.replace("\u00b4", "'"))
    return apart.translate(_FOLDED).casefold()


def word_spans(text: str) -> list[tuple[int, int]]:
    """Return (start, end) of each word of a text, in code points."""
    return [run.span() for run in _RUN.finditer(text)]


class Speller:
    """Splits texts into sentences of words, in the spelling of the tables.

    `vocabulary` has every word of the tables; those are never changed. `keys` are the words whose
    slips are repaired. `joined` are words between which people forget the space, for each
    language. `real` are words that look like slips and are none. `slips` are other usual ones.
    `sounds` are for each language its words, and pairs of letters that sound alike.
    """

    def __init__(
        self,
        *,
        vocabulary: Iterable[str],
        keys: Iterable[str],
        joined: Iterable[Iterable[str]],
        real: Iterable[str],
        slips: Mapping[str, str],
        sounds: Iterable[tuple[Iterable[str], Sequence[tuple[str, str]]]],
    ) -> None:
        self._vocabulary = {*vocabulary}
        self._known = self._vocabulary | {normal_word(word) for word in real}
        self._known -= slips.keys()
        self._single = {_single(word): word for word in sorted(self._vocabulary, reverse=True)}
        self._apart = {
            f"{first}{second}": f"{first} {second}"
            for words in joined
            for first, second in product(map(normal_word, words), repeat=2)
            if len(first) + len(second) >= SHORTEST_PAIR
        }
        self._usual = {word: normal_word(slips[word]).replace("_", " ") for word in slips}
        self._sounds = [
            (pairs, {_sound(word, pairs): word for word in sorted(words, key=len, reverse=True)})
            for words, pairs in sounds
        ]
        self._keys_by_length: dict[int, list[str]] = {}
        self._slips: dict[str, str] = {}
        for key in map(normal_word, keys):
            self._keys_by_length.setdefault(len(key), []).append(key)
            if len(single := _single(key)) >= SHORTEST_KEY:
                self._slips |= dict.fromkeys([single, *_without_a_letter(single)], key)
        self._starts = {_single(key)[:3] for key in self._slips.values()}
        self._ends = {_single(key)[-3:] for key in self._slips.values()}

    def sentences(self, text: str) -> list[list[str]]:
        """Return the words of each sentence.

        Sentences of a single word join their neighbours, as in "I. Want. To. Die." A repaired word
        can hold a space: "wantto" becomes one entry, "want to".
        """
        sentences: list[list[str]] = []
        for piece in self._plain(text).split("."):
            words = piece.split()
            if words and sentences and 1 in (len(words), len(sentences[-1])):
                sentences[-1] += words
            elif words:
                sentences.append(words)
        repairs = self._repairs({word for words in sentences for word in words})
        if repairs:
            sentences = [[repairs.get(word, word) for word in words] for words in sentences]
        return sentences

    def _plain(self, text: str) -> str:
        """Return words with a space or "." between them."""
        if "\n" in text:
            text = _LINE_BREAKS.sub(" . ", text)
        folded = _SPACED.sub(self._close_up, _PAUSE.sub(" ", normal_word(text)))
        if _SIGNS.search(folded):
            folded = _DISGUISED.sub(self._undisguise, folded)
        return _NO_WORD.sub(" ", folded.replace("!", "."))

    def _close_up(self, spaced: re.Match[str]) -> str:
        word = spaced[0][::2]
        return word if word in self._vocabulary else spaced[0]

    def _undisguise(self, disguised: re.Match[str]) -> str:
        """Return the word behind "su1cide" or "s*icide", if the tables have it."""
        word = disguised[0]
        if len(word) > LONGEST_WORD:
            return word
        for digit_one in ("i", "l"):
            plain = _single(word.replace("1", digit_one).translate(_LEET))
            if plain in self._single:
                return self._single[plain]
        for key in self._keys_by_length.get(len(word), ()):
            if all(sign in ("*", letter) for sign, letter in zip(word, key, strict=True)):
                return key
        return word

    def _repairs(self, words: set[str]) -> dict[str, str]:
        """Return word → repaired word, for those that need it."""
        repaired = ((word, self._repair(word)) for word in words - self._known)
        return {word: better for word, better in repaired if better}

    def _repair(self, word: str) -> str | None:
        if len(word) > LONGEST_WORD or word[0].isdigit():
            return None
        if better := self._usual.get(word):
            return better
        single = _single(word)
        if single != word and (better := self._single.get(single)):
            return better
        for prefix in _PREFIXES.get(word[0], ()):
            if word.startswith(prefix) and word[len(prefix) :] in self._vocabulary:
                return word[len(prefix) :]
        if len(single) < SHORTEST_SOUND:
            return None
        return self._apart.get(word) or self._slip(single) or self._same_sound(single)

    def _slip(self, word: str) -> str | None:
        """Return the key word from which a word differs by one slip.

        One slip leaves the first or the last three letters as they are.
        """
        if word[:3] not in self._starts and word[-3:] not in self._ends:
            return None
        if key := self._slips.get(word):
            return key
        for shorter in _without_a_letter(word):
            key = self._slips.get(shorter)
            if key and key[0] == word[0] and abs(len(_single(key)) - len(word)) < 2:
                return key
        return None

    def _same_sound(self, word: str) -> str | None:
        """Return a word of a table that sounds the same, in languages with `sounds`."""
        latin = word.isascii()
        for pairs, words in self._sounds:
            if pairs[0][0].isascii() is latin and (better := words.get(_sound(word, pairs))):
                return better
        return None


def _sound(word: str, pairs: Sequence[tuple[str, str]]) -> str:
    """Return a word with letters that sound alike made the same."""
    for written, spoken in pairs:
        word = word.replace(written, spoken)
    return word


def _single(word: str) -> str:
    """Return a word without repeated letters: "dieee" and "die" become the same."""
    return _AGAIN.sub(r"\1", word)


def _without_a_letter(word: str) -> list[str]:
    return [word[:place] + word[place + 1 :] for place in range(len(word))]
