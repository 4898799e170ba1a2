"""Finds out whether the writer of a text may be telling of a crisis of their own.

It looks for suicidal thoughts, self-harm, plans, abuse and acute crisis, in every language that has
a table, whatever the language of the page. It is a wide net: support that is shown in vain does no
harm. It gives no diagnosis. Callers never block, delete or accuse because of it (decision 30).

The texts are often rewrites of responses to people in a crisis. "If you want to die, call …" speaks
of the reader and is not found; "I want to die some days too" inside of a rewrite is.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, cached_property
from itertools import count
from operator import attrgetter

from codesign.care.rules.disclosure.likeness import likeness
from codesign.care.rules.disclosure.phrases import (
    MOST_WORDS,
    Group,
    Language,
    Urgency,
    either_of,
    must_be_a_word,
)
from codesign.care.rules.disclosure.spelling import Speller, normal_word, word_spans
from codesign.care.rules.disclosure.tables import OF_PHRASES, language_codes, read_table

_Places = dict[str, list[tuple[int, int]]]
MOST_AT_ONCE = 80
"""Words that are searched in one go. Longer sentences are cut, with an overlap of `MOST_WORDS`."""
ALIKE = 0.8
"""Log odds of `likeness` from which a sentence counts as a disclosure (decision 30)."""


@dataclass(frozen=True, slots=True)
class Disclosure:
    """What was noticed in a text. Nothing of the text is kept.

    `urgency` is None if nothing was found. `languages` are codes such as "en". `spans` are
    (start, end) in code points, sorted, for tests alone: no page shows them, since a mark on
    somebody's words would be an accusation. Both are empty where no phrase of a table matched.
    """

    urgency: Urgency | None = None
    languages: frozenset[str] = frozenset()
    spans: tuple[tuple[int, int], ...] = ()

    @property
    def found(self) -> bool:
        """Whether anything was noticed."""
        return self.urgency is not None


NOTHING = Disclosure()


def find_disclosure(text: str, *, with_spans: bool = False) -> Disclosure:
    """Return whether a text may tell of a crisis of its writer, and how urgent it is.

    Local, without state. Takes time linear in the length of the text: about 2 ms for 500 words
    (decision 30). The first call in a process reads the tables, which takes about 0.3 s.
    """
    searcher = _searcher()
    first, matches = 0, []
    urgencies: dict[str, Urgency] = {}
    others = []
    for words in searcher.speller.sentences(text):
        known = False
        for start, part in _parts(words):
            sentence = _Sentence(searcher, part)
            for match in searcher.matches(sentence, urgencies):
                matches.append(match.at(first + start))
            known |= sentence.known
        if not known:
            others.append(words)
        first += len(words)
    if not matches:
        alike = any(likeness(words) >= ALIKE for words in others)
        return Disclosure(urgency=Urgency.CONCERN) if alike else NOTHING
    return Disclosure(
        urgency=Urgency.IMMINENT if Urgency.IMMINENT in urgencies.values() else Urgency.CONCERN,
        languages=frozenset(urgencies),
        spans=_spans(text, words=first, matches=matches) if with_spans else (),
    )


def sentences_of(text: str) -> list[list[str]]:
    """Return the words of each sentence of a text, in the spelling that is compared."""
    return _searcher().speller.sentences(text)


@dataclass(frozen=True, slots=True)
class _Match:
    """Numbers of the first word and of the word after the last one."""

    start: int
    end: int

    def at(self, place: int) -> _Match:
        return _Match(self.start + place, self.end + place)


def _parts(words: list[str]) -> Iterator[tuple[int, list[str]]]:
    """Yield (number of the first word, words) for parts that can be searched in constant time."""
    step = MOST_AT_ONCE - MOST_WORDS
    for start in range(0, max(1, len(words) - MOST_WORDS), step):
        yield start, words[start : start + MOST_AT_ONCE]


def _spans(text: str, *, words: int, matches: list[_Match]) -> tuple[tuple[int, int], ...]:
    """Return where the matches are, or the whole text if its words were counted differently."""
    places = word_spans(text)
    if len(places) != words:
        return ((0, len(text)),)
    return tuple(sorted({(places[m.start][0], places[m.end - 1][1]) for m in matches}))


@dataclass(frozen=True, eq=False)
class _Phrase:
    expression: str
    needs: tuple[frozenset[str], ...]
    """For each element but the rarest: words of which a sentence must have one."""
    group: Group
    code: str
    number: int

    @cached_property
    def never_imminent(self) -> bool:
        """Whether a match is a concern whatever else the sentence says."""
        return self.group.urgency is Urgency.CONCERN and not self.group.rises

    @cached_property
    def pattern(self) -> re.Pattern[str]:
        """The compiled expression. Most are rarely needed, so each waits for its first use."""
        return re.compile(self.expression)


class _Index:
    """Phrases by the words of their rarest element, so that most are never tried."""

    def __init__(self) -> None:
        self._by_word: dict[str, list[_Phrase]] = defaultdict(list)
        self._numbers = count()

    def add(self, table: Language, group: Group) -> None:
        """Enter the phrases of a group."""
        common = [normal_word(word) for word in table.lists["common"]]
        ranks = {word: place for place, word in enumerate(common)}

        def rarest(choice: str) -> str:
            return max(choice.split(), key=lambda word: ranks.get(word, len(ranks)))

        def commonness(place: int) -> float:
            return len(rare[place] & ranks.keys()) / len(rare[place])

        for elements in map(str.split, group.phrases):
            rare = {
                place: frozenset(map(rarest, table.choices(element)))
                for place, element in enumerate(elements)
                if must_be_a_word(element)
            }
            places = sorted(rare, key=commonness)
            phrase = _Phrase(
                expression=table.pattern(elements, key=places[0]),
                needs=tuple(rare[place] for place in places[1:]),
                group=group,
                code=table.code,
                number=next(self._numbers),
            )
            for word in rare[places[0]]:
                self._by_word[word].append(phrase)

    def phrases(self, words: list[str]) -> list[_Phrase]:
        """Return the phrases that can match in a sentence of these words, in their order."""
        lists = [self._by_word[word] for word in words if word in self._by_word]
        if not lists:
            return []
        lacks = frozenset(words).isdisjoint
        candidates = [
            phrase for phrase in set[_Phrase]().union(*lists) if not any(map(lacks, phrase.needs))
        ]
        return sorted(candidates, key=attrgetter("number")) if len(candidates) > 1 else candidates


class _Searcher:
    """All tables, compiled."""

    def __init__(self) -> None:
        tables = [read_table(code) for code in language_codes()]
        self.index, self.harmless, self.soon, self.past = (_Index() for _ in range(4))
        self.frames: dict[str, re.Pattern[str]] = {}
        for table in tables:
            for group in table.groups:
                self.index.add(table, group)
            for index, name in (
                (self.harmless, "harmless"),
                (self.soon, "soon"),
                (self.past, "past"),
            ):
                index.add(table, Group(Urgency.CONCERN, False, tuple(table.lists[name])))
            turns = "|".join(map(normal_word, table.lists["turns"]))
            self.frames[table.code] = either_of(
                table, table.lists["frames"], end=rf"(?: (?!(?:{turns}) )[^ ]+){{0,4}} ?\Z"
            )
        self.speller = _speller(tables)

    def matches(self, sentence: _Sentence, urgencies: dict[str, Urgency]) -> Iterator[_Match]:
        """Yield the matches in a sentence that tell more than `urgencies`.

        `urgencies` has the highest urgency of each language so far, and is updated.
        """
        words = sentence.words_in_order
        for phrase in self.index.phrases(sentence.words):
            before = urgencies.get(phrase.code)
            if before and (before is Urgency.IMMINENT or not sentence.can_be_imminent(phrase)):
                continue
            for match in phrase.pattern.finditer(sentence.line):
                sentence.known = True
                if not sentence.cancels(phrase.code, match):
                    imminent = sentence.can_be_imminent(phrase)
                    urgencies[phrase.code] = Urgency.IMMINENT if imminent else Urgency.CONCERN
                    start, end = match.span() if match[0] else match.span("key")
                    yield _Match(_number(words, start + 1), _number(words, end))
                    break


class _Sentence:
    """A sentence, with what changes the meaning of the matches in it. Looked up when needed."""

    def __init__(self, searcher: _Searcher, words: list[str]) -> None:
        self.words_in_order = words
        self.line = f" {' '.join(words)} "
        self.words = self.line.split()
        self.known = False
        """Whether a phrase of the tables matched, even one that means nothing here."""
        self._searcher = searcher
        self._places: dict[_Index, _Places] = {}

    def can_be_imminent(self, phrase: _Phrase) -> bool:
        """Return whether a match of the phrase is imminent here."""
        if phrase.never_imminent:
            return False
        if phrase.code in self._places_of(self._searcher.soon):
            return True
        if phrase.group.urgency is Urgency.CONCERN:
            return False
        return phrase.code not in self._places_of(self._searcher.past)

    def cancels(self, code: str, match: re.Match[str]) -> bool:
        """Return whether a match is an idiom, or stands after words that quote another person."""
        start, end = match.span("key")
        harmless = self._places_of(self._searcher.harmless).get(code, ())
        if any(first <= start and end <= last for first, last in harmless):
            return True
        begins = match.start() if match[0] else start
        return self._searcher.frames[code].search(self.line, 0, begins + 1) is not None

    def _places_of(self, index: _Index) -> _Places:
        """Return language → (start, end) of each match of the phrases of an index."""
        if index not in self._places:
            places = self._places[index] = defaultdict(list)
            for phrase in index.phrases(self.words):
                if spans := [match.span() for match in phrase.pattern.finditer(self.line)]:
                    places[phrase.code] += spans
        return self._places[index]


def _number(words: list[str], place: int) -> int:
    """Return how many words of " word word " begin before a place."""
    number, at = 0, 1
    for word in words:
        if at >= place:
            break
        number, at = number + 1, at + len(word) + 1
    return number


def _speller(tables: list[Language]) -> Speller:
    words = {table.code: _words(table) for table in tables}

    def listed(name: str) -> list[str]:
        return [word for table in tables for word in table.lists[name]]

    return Speller(
        vocabulary={word for of_table in words.values() for word in of_table},
        keys=listed("keys"),
        joined=[table.lists["joined"] for table in tables],
        real=listed("real"),
        slips=dict(_pair(slip) for slip in listed("slips")),
        sounds=[
            (words[table.code], [_pair(sound) for sound in table.lists["sounds"]])
            for table in tables
            if table.lists["sounds"]
        ],
    )


def _pair(written: str) -> tuple[str, str]:
    left, _, right = written.partition("=")
    return left, right


def _words(table: Language) -> set[str]:
    """Return every word of the phrases of a table."""
    phrases = [phrase for group in table.groups for phrase in group.phrases]
    phrases += [phrase for name in OF_PHRASES for phrase in table.lists[name]]
    return {
        word
        for phrase in phrases
        for element in phrase.split()
        if element[0] not in "~&"
        for choice in table.choices(element.lstrip("!"))
        for word in choice.split()
    }


@cache
def _searcher() -> _Searcher:
    return _Searcher()
