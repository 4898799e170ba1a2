"""Explicit statements of wanting to die are found, however tired the spelling."""

from __future__ import annotations

import time

import pytest

from codesign.care.rules.disclosure.detection import find_disclosure
from tests.support.timing import seconds_of

FOUND = {
    "en": [
        "I want to die",
        "i want to die.",
        "I WANT TO DIE!!!",
        "I just want to die, honestly",
        "i jus wanna die",
        "i wana dieee",
        "I want too die",
        "i wnat to die",
        "i want 2 die",
        "I want\nto die",
        "I want... to die",
        "I really, really want to die.",
        "want to die",
        "just want to die",
        "I wish I was dead",
        "I wish I were dead",
        "i wish i could just not wake up",
        "I wish I'd never been born",
        "i wish i wasn’t alive",
        "Ｉ ｗａｎｔ ｔｏ ｄｉｅ",
        "\U0001d422 \U0001d430\U0001d41a\U0001d427\U0001d42d \U0001d42d\U0001d428 "
        "\U0001d41d\U0001d422\U0001d41e",
        "I wa\u200bnt to d\u00adie",
        "I'm going to kill myself",
        "im gonna kil my self",
        "i will end my life tonight",
        "I have been thinking about killing myself",
        "I think about suicide every day",
        "I'm thinking of suicide",
        "I am suicidal",
        "I'm feeling suicidal again",
        "i feel so suicidle",
        "I’ve been having suicidal thoughts",
        "My suicidal thoughts are back",
        "I dont want to live anymore",
        "I don't want to live.",
        "I don’t want to live",
        "i dont wanna be here any more",
        "I do not want to be alive",
        "I no longer want to live",
        "I can't go on living",
        "Everyone would be better off without me.",
        "I'd be better off dead",
        "It would be better if I was dead",
        "There is no reason to live",
        "I have nothing left to live for",
        "I am tired of living",
        "I hope I don't wake up tomorrow",
        "I want to take my life",
        "taking my own life is all I think of",
        "I'm going to hurt myself",
        "i want to harm myself",
        "I want to end it all",
        "I deserve to die",
        "Nobody would notice. I want to die. The reply is good otherwise.",
        "Replies like this make me want to kill myself.",
        "feeling suicidal",
        "suicidal again",
        "Actively suicidal since March.",
        "suicidal thoughts all day",
        "kms",
        "gonna kms",
        "i should just kys",
        "might kys myself",
        "going to ctb",
        "unalive myself",
        "ready to end it all",
        "just want it to end",
        "better off dead",
        "took a load of pills last night",
        "swallowed a handful of tablets last night",
        "I took too much of my medication last week.",
        "Took an overdose last week.",
        "od'd last night",
        "my stomach was pumped last night",
        "drank bleach last night",
        "made an attempt on Friday",
        "jump in front of a train",
        "throw myself under a bus",
        "wanting to walk into traffic",
        "thoughts of driving off a bridge",
        "going to neck myself",
    ],
    "negation or quotation": [
        "I don't want to die",
        "I never said that I want to die. I want to die of old age.",
        'A better reply to "I want to die" would ask if they are safe.',
        "It said I want to kill myself, which I did not write.",
    ],
    "es": [
        "Quiero morir",
        "quiero morirme",
        "Me quiero morir",
        "ME QUIERO MATAR",
        "Ya no quiero vivir",
        "No quiero vivir más",
        "no quiero seguir viviendo",
        "Ojalá estuviera muerta",
        "ojala no hubiera nacido",
        "voy a suicidarme",
        "Me voy a quitar la vida",
        "Pienso en el suicidio",
        "Quiero acabar con mi vida",
        "no tengo razones para vivir",
        "Estarían mejor sin mí",
        "tengo pensamientos suicidas",
        "kiero morirr",
        "me tomé un montón de pastillas",
        "tomé muchas pastillas anoche",
        "me pasé con las pastillas anoche",
        "tuve una sobredosis la semana pasada",
        "me hicieron un lavado de estómago anoche",
        "bebí lejía ayer",
        "me empastillé anoche",
        "quiero desaparecer",
        "me tiro a las vías",
        "me lanzo al metro",
        "me aviento al metro",
        "me arrojo al río",
        "saltar al vacío",
        "me quito la vida",
        "me voy a pegar un tiro",
        "suicida otra vez",
        "ideas suicidas otra vez",
        "No quiero morir",
    ],
    "ar": [
        "أريد أن أموت",
        "اريد ان اموت",
        "أُرِيدُ أَنْ أَمُوتَ",
        "اريـــد ان امــوت",
        "أريد الموت",
        "بدي موت",
        "عايز اموت",
        "أتمنى الموت",
        "سأقتل نفسي",
        "أفكر في الانتحار",
        "لا أريد أن أعيش",
        "لا أريد أن أعيش بعد الآن.",
        "سأنهي حياتي",
        "ليتني مت",
        "أفكر في رمي نفسي أمام القطار",
        "أفكر في رمي نفسي",
        "سأرمي نفسي أمام السيارة",
        "أريد أن ألقي بنفسي من النافذة",
        "أفكر في القفز أمام القطار",
        "تناولت كمية كبيرة من الحبوب",
        "أخذت حبوب كثيرة امبارح",
        "جرعة زائدة البارحة",
        "غسلوا معدتي أمس",
        "أفكار انتحارية مرة ثانية",
        "رجعت لي الأفكار الانتحارية",
        "بدي اخلص من حياتي",
        "أفكر في إغراق نفسي",
        "لا أريد أن أموت",
    ],
}
NOT_FOUND = [
    "I hear how heavy this is.",
    "",
    "die",
    "This commute kills me",
    "I could die laughing",
    "I nearly died of embarrassment",
    "I'm dying to know what comes next",
    "I am dead tired",
    "You are killing me with these long replies",
    "I'd kill for a coffee",
    "I killed time on the train",
    "The battery is about to die",
    "I want to diet",
    "I want to dye my hair",
    "A deadline I want to meet",
    "This reply is to die for",
    "old habits die hard",
    "I don't want to live in London",
    "I want to live.",
    "I want to live by the sea and to be well",
    "The reply does not ask whether the person is suicidal.",
    "It mentions suicide but gives no helpline.",
    "Are you thinking about ending your life?",
    "It sounds as if you want to die. Are you safe right now?",
    "If you feel that you want to kill yourself, please call 999.",
    "They want to die with dignity, says the article.",
    "My grandmother wanted to die at home.",
    "I want to end my subscription",
    "I want to end the day well",
    "I blame myself for killing the mood",
    "I cut myself shaving",
    "No reason to leave",
    "My life is not easy, but it is mine.",
    "I am better off without this job",
    "I walked 12 kms to the clinic",
    "Caminé pocos kms",
    "The reply asks about suicidal thoughts too early.",
    "They throw you under the bus there",
    "I jump in when nobody answers",
    "I took a lot of notes yesterday",
    "I want to end it all with a question",
    "We drove 300 kms and back",
    "Me tiro al agua en verano",
    "Voy a saltarme esta pregunta",
    "La respuesta habla de ideas suicidas sin preguntar",
    "أرمي نفسي على السرير",
    "الرد يسأل عن أفكار انتحارية",
    "Me muero de risa",
    "Me muero de hambre",
    "me muero por verte",
    "Este trayecto me mata",
    "Hay que matar el tiempo",
    "Quiero vivir",
    "La respuesta habla del suicidio sin dar un teléfono.",
    "أموت من الضحك",
    "أموت فيك",
    "متت من الضحك",
    "لا أريد أن أعيش في لندن",
    "أريد أن أعيش",
    "الرد يتحدث عن الانتحار دون رقم للمساعدة",
    "الرد طويل جدا ولا يسأل شيئا",
]
FOUND_IN_VAIN = [
    "I do not want to be here on Fridays",
    "She died in May and I miss her.",
    "I wish I was in bed",
    "No quiero vivir en Madrid",
]
"""The price of a wide net: support is shown, a question asked, and one answer ends it."""


@pytest.mark.parametrize("text", [text for texts in FOUND.values() for text in texts])
def test_a_statement_is_found(text: str) -> None:
    assert find_disclosure(text).found


@pytest.mark.parametrize("text", NOT_FOUND)
def test_other_texts_do_not_match(text: str) -> None:
    assert not find_disclosure(text).found


@pytest.mark.parametrize("text", FOUND_IN_VAIN)
def test_texts_that_are_found_in_vain_are_known(text: str) -> None:
    assert find_disclosure(text).found


HARD = "I really want to say that living with this is hard, and it is mine."


def test_twice_the_words_take_no_more_than_four_times_as_long() -> None:
    """Prevents patterns that backtrack: their time grows with the square of the text or worse."""

    def seconds(sentences: int) -> float:
        text = " ".join([HARD] * sentences)
        assert not find_disclosure(text).found
        return seconds_of(lambda: find_disclosure(text), times=5)

    seconds(1)
    assert seconds(400) < 4 * seconds(200)


def test_five_hundred_words_take_at_most_two_milliseconds() -> None:
    text = " ".join([HARD] * 34)
    assert len(text.split()) >= 500
    find_disclosure(text)
    begun = time.process_time()
    for _ in range(50):
        assert not find_disclosure(text).found
    assert (time.process_time() - begun) / 50 < 0.002


def test_the_longest_text_is_looked_at_in_no_time() -> None:
    for text in ("i want to " * 5000, "i really " * 5500, "." * 50_000, "\u0301" * 50_000):
        begun = time.process_time()
        find_disclosure(text)
        assert time.process_time() - begun < 0.5
