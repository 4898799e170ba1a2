"""Generated pairs of prompts that should or should not be tied, and dialogues full of greetings.

`pairs()` returns a labelled set of 3 to 60 words in English, Spanish and Arabic. A text and the
same text with one small change should be tied. Different questions that share a template or an
opening should not. The hard ones among these, long texts that differ by one important word, are
counted separately, because no measure of form can tell them from a harmless change.

`dialogues()` and `questions()` resemble public data: conversations of strangers that start and end
with the same few phrases, and questions with several answers each.

Run `python -m benchmarks.similar` for recall and precision by length, and for what each minimum
number of words would tie.
"""

from __future__ import annotations

import random
import unicodedata
import uuid
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations, pairwise

from annotations.rules.minhash import near, says_enough, shingles, words_of
from annotations.rules.prompts import normalised
from annotations.rules.short_texts import alike, short
from annotations.rules.split_groups import Groups, Why

BANDS = ((3, 7), (8, 14), (15, 25), (26, 40), (41, 60))
"""Words of the longer of two texts."""
SENTENCES = {
    "en": (
        "Why am I so tired?",
        "I hate my new job",
        "Nobody listens to me anymore",
        "Can grief make you ill?",
        "My panic attacks are back",
        "Is therapy worth the money?",
        "I keep waking at four every morning",
        "How do I tell my partner about my diagnosis?",
        "My brother drinks every evening and nobody dares to say anything",
        "Since the baby came I cry without knowing why",
        "I was passed over at work again and I feel completely worthless",
        "Should I stop taking my tablets now that I feel better?",
        "My daughter has not left her room since school began in autumn",
        "I moved to a new city for love and now I am alone with four walls",
        "Every time the phone rings I am sure that somebody in my family has died",
        "My mother needs care day and night and my sisters say they have no time to help me",
        "After the accident I cannot sit in a car without sweating and counting every red light",
        "I have written my resignation six times this month and deleted it before lunch",
        "We lost our shop last year and my husband will not speak about the debts we have",
    ),
    "es": (
        "Me siento muy sola",
        "¿Por qué no puedo dormir?",
        "Mi padre ya no me habla",
        "Desde que perdí el trabajo no tengo ganas de salir de casa",
        "¿Cómo le explico a mi hijo que su abuela está muy enferma?",
        "Mi pareja dice que exagero, pero yo noto que cada noche me falta el aire",
        "Hace tres meses que cuido de mi madre y ya no recuerdo cuándo dormí una noche entera",
    ),
    "ar": (
        "لا أستطيع النوم ليلا",
        "أشعر بالوحدة منذ سنة",
        "كيف أخبر أمي أنني تركت الجامعة؟",
        "منذ وفاة أبي لا أجد رغبة في الخروج من البيت",
        "زوجي لا يتكلم معي منذ أسبوع وأنا لا أعرف ما الذي أغضبه مني",
        "كل صباح أستيقظ وقلبي يدق بسرعة وأخاف أن أذهب إلى العمل لأن مديري يصرخ",
    ),
}
MORE = {
    "en": (
        "I have tried walks and tea and long baths but nothing stays with me for an hour.",
        "My doctor only looked at the screen and gave me a leaflet that I lost on the way home.",
        "People say that it will pass and I nod because I do not want to worry them any further.",
    ),
    "es": ("He probado con paseos y con infusiones, pero nada me ayuda más de una hora seguida.",),
    "ar": ("جربت المشي والقراءة والاستحمام قبل النوم ولكن لا شيء يساعدني أكثر من ساعة واحدة فقط.",),
}
WORDS = {
    "en": ("really", "often", "alone", "winter", "friend", "quiet", "angry", "maybe", "still"),
    "es": ("siempre", "amigo", "invierno", "triste", "quizás", "tranquilo"),
    "ar": ("دائما", "صديق", "شتاء", "حزين", "ربما", "هادئ"),
}
FILLINGS = (
    ("my sister", "she lost her flat", "what can I say to her"),
    ("a colleague", "he came back from the war", "how long should I wait"),
    ("our neighbour", "his dog was put to sleep", "is it my place to ask"),
    ("my oldest son", "he failed his driving test", "do I have to be strict"),
    ("the girl next door", "her parents went apart", "whom do I tell"),
    ("my boss", "the firm was sold", "can I still take my leave"),
)
TEMPLATES = (
    "I am worried about {0} since {1}, {2}?",
    "Could you please help me to understand {0} better because {1} and so {2}?",
    "For some weeks {0} has hardly spoken and I believe it is because {1}; {2}?",
)
TOPICS = ("anxiety", "psychosis", "bulimia", "dementia", "insomnia", "burnout", "autism", "grief")
SHORT_TEMPLATES = (
    "What is {}?",
    "Can {} be cured?",
    "How is {} treated nowadays?",
    "Is {} something one inherits?",
)
OPENINGS = (
    ("I do not know where to begin but", ("my marriage is over", "the exams start on Monday")),
    ("Hello, I am new here and", ("I hear voices at night", "I owe my landlord two rents")),
    ("Sorry if this is long. Last year", ("I came out to my parents", "a fire took our house")),
    ("No sé por dónde empezar, pero", ("mi hermano bebe mucho", "me han echado del piso")),
    ("لا أعرف من أين أبدأ ولكن", ("ابني يرفض المدرسة", "خسرت كل ما ادخرته")),
)
HARD = "Please tell me how one can best support somebody in the family who lives with {} at home"


@dataclass(frozen=True, slots=True)
class Pair:
    """Two prompts, the change between them, and whether they should be tied."""

    one: str
    other: str
    kind: str
    tied: bool

    @property
    def band(self) -> tuple[int, int]:
        """Return the band of `BANDS` for the longer text."""
        size = max(len(self.one.split()), len(self.other.split()))
        return next((band for band in BANDS if size <= band[1]), BANDS[-1])


def texts() -> Iterator[tuple[str, str]]:
    """Yield (language, text) of 3 to 60 words."""
    for language, sentences in SENTENCES.items():
        more = MORE[language]
        for number, sentence in enumerate(sentences):
            yield language, sentence
            yield language, f"{sentence} {more[number % len(more)]}"
            if number % 2 and language == "en":
                yield language, " ".join((sentence, more[number % 3], more[(number + 1) % 3]))


def pairs() -> list[Pair]:
    """Return the labelled set, always the same."""
    draw = random.Random(23)
    return [*_changed(draw), *_apart()]


def hard_pairs() -> list[Pair]:
    """Return long texts that differ by one important word."""
    asked = [HARD.format(topic) for topic in TOPICS]
    return [Pair(asked[0], other, "one important word", tied=False) for other in asked[1:]]


def _changed(draw: random.Random) -> Iterator[Pair]:
    for language, text in texts():
        words = text.split()
        if len(words) >= BANDS[-1][1]:
            continue
        at = draw.randrange(len(words))
        beside = draw.randrange(len(words) - 1)
        other = draw.choice(WORDS[language])
        for kind, changed in (
            ("word changed", [*words[:at], other, *words[at + 1 :]]),
            ("word added", [*words[:at], other, *words[at:]]),
            ("word left out", [*words[:at], *words[at + 1 :]]),
            ("words swapped", _swapped(words, beside)),
            ("typo", _mistyped(words, draw)),
        ):
            if changed != words:
                yield Pair(text, " ".join(changed), kind, tied=True)
        yield Pair(text, _plain(text), "punctuation, capitals, accents", tied=True)


def _swapped(words: list[str], at: int) -> list[str]:
    return [*words[:at], words[at + 1], words[at], *words[at + 2 :]]


def _mistyped(words: list[str], draw: random.Random) -> list[str]:
    """Remove, double or swap one letter in a word of four letters or more."""
    at = draw.choice([place for place, word in enumerate(words) if len(word) > 3] or [0])
    word = words[at]
    letter = draw.randrange(1, len(word) - 1)
    ways = (
        word[:letter] + word[letter + 1 :],
        word[:letter] + word[letter] + word[letter:],
        word[:letter] + word[letter + 1] + word[letter] + word[letter + 2 :],
    )
    return [*words[:at], draw.choice(ways), *words[at + 1 :]]


def _plain(text: str) -> str:
    parted = unicodedata.normalize("NFKD", text.lower())
    return "".join(c for c in parted if c.isalnum() or c == " ") + " ..."


def _apart() -> Iterator[Pair]:
    for template in SHORT_TEMPLATES:
        said = [template.format(topic) for topic in TOPICS]
        yield from (Pair(one, said[0], "short template", tied=False) for one in said[1:])
    for template in TEMPLATES:
        said = [template.format(*filling) for filling in FILLINGS]
        yield from (Pair(one, said[0], "template", tied=False) for one in said[1:])
        long = [f"{one} {MORE['en'][0]} {MORE['en'][1]}" for one in said]
        yield from (Pair(one, long[0], "template", tied=False) for one in long[1:])
    for opening, (one, other) in OPENINGS:
        yield Pair(f"{opening} {one}.", f"{opening} {other}.", "opening", tied=False)
    for language, sentences in SENTENCES.items():
        for one, other in pairwise(sentences):
            yield Pair(one, other, "two questions", tied=False)
            tail = MORE[language][0]
            yield Pair(f"{one} {tail}", f"{other} {tail}", "the same end", tied=False)


GREETINGS = ("hi", "hello", "hey there", "Hi, how are you?", "hello! how are you doing today?")
FIRST_REPLIES = (
    "hi",
    "Hello",
    "Hi there, how can I help you today?",
    "Hello! I'm good, thanks. How are you?",
    "Hey, what would you like to talk about today?",
)
FILLERS = ("ok", "Thank you", "yes", "Thanks so much, that helps.", "I see", "ok, I will try that")
LAST_REPLIES = (
    "bye",
    "You're welcome!",
    "ok",
    "Take care, and have a good night.",
    "I am glad that I could help you. Have a good day and take care of yourself!",
)
WORRIES = ("my job", "my exams", "my father", "the move", "my sleep", "my wife", "the debts")
TIMES = ("since spring", "for two years", "since last week", "every single night", "again")
FEELINGS = ("tired", "ashamed", "afraid", "numb", "angry", "alone", "guilty", "restless")
ADVICE = ("write it down", "see your doctor", "go for a walk", "call a friend", "rest first")


@dataclass(frozen=True, slots=True)
class Talk:
    """Turns of a dialogue, the replies to the last turn, and the `source` of the dialogue.

    Two talks of one source must be tied; talks of different sources should not be.
    """

    turns: tuple[str, ...]
    replies: tuple[str, ...]
    source: int


def dialogues(count: int = 196, seed: int = 196) -> Iterator[Talk]:
    """Yield talks of 1 to 9 turns, cut where somebody could answer; every fifth is cut twice."""
    draw = random.Random(seed)
    for source in range(count):
        said = [draw.choice(GREETINGS), draw.choice(FIRST_REPLIES)]
        for _ in range(draw.randint(1, 3)):
            said += [_worry(draw), _advice(draw)]
            if draw.random() < 0.5:
                said += [draw.choice(FILLERS), draw.choice(LAST_REPLIES)]
        said += [draw.choice(FILLERS), draw.choice(LAST_REPLIES)]
        cuts = {draw.randrange(0, len(said), 2)} | ({len(said) - 2} if source % 5 == 0 else set())
        for cut in sorted(cuts):
            yield Talk(tuple(said[: cut + 1]), (said[cut + 1],), source)


def questions(count: int = 200, seed: int = 7) -> Iterator[Talk]:
    """Yield questions of a few sentences with several answers each; one in ten is repeated."""
    draw = random.Random(seed)
    for source in range(count):
        text = " ".join(_worry(draw) for _ in range(draw.randint(2, 4)))
        replies = tuple(
            " ".join(_advice(draw) for _ in range(3)) for _ in range(draw.randint(1, 4))
        )
        yield Talk((text,), replies, source)
        if source % 10 == 0:
            yield Talk((text.replace("I ", "i ", 1) + "?",), replies[:1], source)


def _worry(draw: random.Random) -> str:
    own = " ".join(f"{draw.choice(_SYLLABLES)}{draw.choice(_SYLLABLES)}" for _ in range(8))
    return (
        f"I feel {draw.choice(FEELINGS)} about {draw.choice(WORRIES)} {draw.choice(TIMES)}, {own}."
    )


def _advice(draw: random.Random) -> str:
    own = " ".join(f"{draw.choice(_SYLLABLES)}{draw.choice(_SYLLABLES)}" for _ in range(10))
    return f"That sounds hard. Perhaps you could {draw.choice(ADVICE)} and {own}."


_SYLLABLES = (
    "ba",
    "ko",
    "li",
    "mu",
    "re",
    "sa",
    "to",
    "vi",
    "zu",
    "ne",
    "dol",
    "fer",
    "gin",
    "pas",
)


def measured(results: list[tuple[Pair, bool]]) -> dict[tuple[int, int], Counter[str]]:
    """Return by band the numbers of pairs that should and should not be tied, and of hits."""
    counts = {band: Counter[str]() for band in BANDS}
    for pair, tied in results:
        counts[pair.band][("tied" if pair.tied else "apart") + ("_hit" if tied else "")] += 1
    return counts


@dataclass(frozen=True, slots=True)
class Tied:
    """Groups of talks: how many talks share a group with another source, the size of the largest
    group, and how many talks of a repeated source are together.
    """

    mixed: int
    largest: int
    together: int
    of_one_source: int


def grouped(talks: Sequence[Talk], *, beginning: int, reply: int) -> Tied:
    """Group the talks by the rules with these minimum numbers of words. Compares every pair."""
    groups = Groups()
    names = [uuid.UUID(int=number) for number in range(len(talks))]
    seen: dict[object, uuid.UUID] = {}
    for name, talk in zip(names, talks, strict=True):
        marks: list[object] = [
            ("reply", one) for one in talk.replies if says_enough(normalised(one), reply)
        ]
        said = [normalised(turn) for turn in talk.turns]
        marks += [
            ("said", *said[: at + 1])
            for at in range(0, len(said), 2)
            if says_enough(said[at], beginning)
        ][:1]
        for mark in marks:
            groups.join(seen.setdefault(mark, name), name, Why.NEAR)
    words = [words_of([{"role": "", "content": " ".join(talk.turns)}]) for talk in talks]
    for one, other in combinations(range(len(talks)), 2):
        if _near(words[one], words[other]):
            groups.join(names[one], names[other], Why.NEAR)
    parts: dict[uuid.UUID, list[int]] = {}
    for name, talk in zip(names, talks, strict=True):
        parts.setdefault(groups.of(name), []).append(talk.source)
    sizes = Counter(talk.source for talk in talks)
    whole = [Counter(sources) for sources in parts.values()]
    return Tied(
        mixed=sum(len(sources) for sources in parts.values() if len(set(sources)) > 1),
        largest=max(map(len, parts.values())),
        together=sum(sizes[s] for part in whole for s in part if 1 < sizes[s] == part[s]),
        of_one_source=sum(size for size in sizes.values() if size > 1),
    )


def _near(one: Sequence[bytes], other: Sequence[bytes]) -> bool:
    first, second = short(one), short(other)
    if first and second and alike(first, second):
        return True
    return near(shingles(one), shingles(other))


def tied_pair(pair: Pair) -> bool:
    """Return whether the rules tie a pair."""
    return _near(*(words_of([{"role": "", "content": text}]) for text in (pair.one, pair.other)))


def _main() -> None:
    results = [(pair, tied_pair(pair)) for pair in pairs()]
    for band, seen in measured(results).items():
        right, wrong = seen["tied_hit"], seen["apart_hit"]
        of, apart = right + seen["tied"], wrong + seen["apart"]
        print(f"{band[0]:>3}-{band[1]} words: recall {right}/{of}, wrong {wrong}/{apart}")
    kinds = Counter((pair.kind, hit is pair.tied) for pair, hit in results)
    for kind, good in sorted(kinds):
        print(f"  {kind}: {'right' if good else 'wrong'} {kinds[kind, good]}")
    hard = hard_pairs()
    print(f"  one important word of 16: {sum(map(tied_pair, hard))}/{len(hard)} tied")
    for what, talks in (("dialogues", list(dialogues())), ("questions", list(questions()))):
        for least in (1, 2, 4, 6, 8, 10, 12, 16, 20, 24):
            for words in ({"beginning": least, "reply": 99}, {"beginning": 99, "reply": least}):
                print(f"{what}: {len(talks)}, {words}: {grouped(talks, **words)}")


if __name__ == "__main__":
    _main()
