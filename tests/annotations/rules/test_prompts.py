"""Truth tables for what a prompt may be and which prompts are tied."""

import hashlib
import uuid
from typing import Any

import numpy as np
import pytest

from annotations.rules import minhash, minhash_buckets, split_groups
from annotations.rules import prompts as rules
from annotations.rules import short_texts as short_rules
from annotations.rules.prompts import PromptRow
from annotations.rules.short_texts import short
from annotations.rules.split_groups import Why

KNOWN_BAND = 2079604680
KNOWN_SKETCH = "0753e609895d1c58"
SAID = "How can I tell my "
LONG = "I have been waking at four every night for two months and I lie there going over all of it "


def user(text: str) -> list[dict[str, str]]:
    return [{"role": "user", "content": text}]


def chat(*texts: str) -> list[dict[str, str]]:
    roles = ("user", "assistant")
    return [{"role": roles[i % 2], "content": text} for i, text in enumerate(texts)]


@pytest.mark.parametrize(
    ("first", "second", "same"),
    [
        ("I can't sleep", "i  CAN'T\nsleep ", True),
        ("ﬁne", "fine", True),
        ("I can't sleep", "I can sleep", False),
    ],
)
def test_content_hash_ignores_looks(first: str, second: str, same: bool) -> None:
    assert (rules.content_hash(user(first)) == rules.content_hash(user(second))) is same


def test_content_hash_knows_who_said_what() -> None:
    assert rules.content_hash(chat("a", "b", "c")) != rules.content_hash(user("a b c"))


@pytest.mark.parametrize(
    ("first", "second", "tied"),
    [
        (user(LONG + "again and again."), user(LONG + "again and again!"), True),
        (user(LONG + "until it is light"), user(LONG + "until it gets light"), True),
        (user("My mother died in May."), user("My cat died in May last year."), False),
        (user("Hello"), chat("Hello", "Hi, how are you?", "Not well"), False),
        (chat("Hi", "Hello", "I feel low"), chat("Hi", "Hello", "I am so angry"), False),
        (user(LONG), chat(LONG, "Hi", "Not well"), True),
        (chat("Hi", "Yes?", LONG), chat("Hi", "Yes?", LONG, "Since when?", "May"), True),
        (chat("Hi", "Yes?", LONG), chat("Hi", "Hello!", LONG, "Since when?", "May"), False),
        (chat("Hi", LONG, "I feel low"), chat("Hi", LONG, "All is well now, I am glad"), False),
        (user("Hello"), user("Goodbye"), False),
        (user("Hello"), user("hello!"), True),
        (user("🙂"), user("😭"), False),
        (user("Why can I not sleep?"), user("Why can I not slepe?"), True),
        (user("What is anxiety?"), user("What is depression?"), False),
        (user("I cannot sleep"), user("I can not sleep"), True),
        (user("No sé qué hacer"), user("no se que hacer"), True),
        (user("How can I tell my mother that I fail?"), user(SAID + "father that I fail?"), True),
        (user(SAID + "father that I fail?"), user(SAID + "father that I often fail?"), True),
        (user(SAID + "father that I fail?"), user(SAID + "boss about my panic?"), False),
    ],
)
def test_prompts_that_are_joined(first: Any, second: Any, tied: bool) -> None:
    for one, other in ((first, second), (second, first)):
        table = minhash.signatures([rules.turns(one), rules.turns(other)])
        words = [minhash.words_of(one), minhash.words_of(other)]
        near = minhash.near(*map(minhash.shingles, words))
        first, second = map(short, words)
        alike = bool(first and second and short_rules.alike(first, second))
        shared = {slot for slot in range(minhash_buckets.SLOTS) if meet(slot, table)}
        assert (near or alike or minhash_buckets.BEGINNING in shared) is tied
        assert not near or shared & {*range(minhash_buckets.FIRST_BAND, minhash_buckets.SLOTS)}
        assert not alike or shared & {
            minhash_buckets.LETTERS,
            minhash_buckets.FRONT,
            minhash_buckets.BACK,
        }


def meet(slot: int, table: Any) -> bool:
    """Whether both prompts are found in one bucket of this slot, the second one being new."""
    ids = np.array([b"a" * 16, b"b" * 16], dtype=minhash_buckets.ID)
    for bucket, keys, prompt_ids in minhash_buckets.bucketed(table, ids):
        if bucket // minhash_buckets.BUCKETS == slot and len(prompt_ids) == 2 * ids.itemsize:
            new = np.array([False, True])
            return (
                len([*minhash_buckets.shared(np.frombuffer(keys, dtype=minhash_buckets.KEY), new)])
                > 0
            )
    return False


def test_a_signature_does_not_depend_on_the_machine_or_the_batch() -> None:
    short = rules.turns(user("Alone."))
    long = rules.turns(user("I can't sleep and nothing helps any more."))
    alone = minhash.signatures([long])[0].tobytes()
    assert minhash.signatures([short, long, short])[1].tobytes() == alone
    assert minhash.signatures([long])["bands"][0][0] == KNOWN_BAND
    assert hashlib.sha256(alone).hexdigest()[:16] == KNOWN_SKETCH


def test_joined_groups_are_components_under_their_smallest_id() -> None:
    a, b, c, d, e = (uuid.UUID(int=i) for i in range(1, 6))
    for pairs, moved in (
        ([(c, b), (b, a), (e, d)], {b: a, c: a, e: d}),
        ([(a, b), (b, c), (d, e)], {b: a, c: a, e: d}),
        ([(a, a)], {}),
    ):
        groups = split_groups.Groups()
        for one, other in pairs:
            groups.join(one, other, Why.NEAR)
        assert groups.moved() == moved


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({"messages": []}, "must be text or a list"),
        ({"messages": user("  ")}, "turn 1 is empty"),
        ({"messages": user("a\x00b")}, "NUL"),
        ({"messages": user("\ud800")}, "not Unicode text"),
        ({"messages": user("x" * 50_001)}, "50,001 characters; the limit is 50,000"),
        ({"messages": chat("a", "b")}, "must end with a turn of the user"),
        ({"messages": [{"role": "system", "content": "a"}, *user("b")]}, "turn 1 is a system turn"),
        ({"messages": [{"role": "doctor", "content": "a"}]}, "unknown role 'doctor'"),
        ({"messages": [{"role": "user"}]}, "turn 1 must be"),
        ({"messages": user("x") * 201}, "201 turns"),
        ({"category": "fun"}, "the category 'fun' is unknown"),
        ({"intensity": 4}, "intensity must be 1 (light), 2 or 3 (heavy), not 4"),
        ({"intensity": True}, "not True"),
        ({"held_out": "yes"}, "held_out must be true or false, not 'yes'"),
        ({"language": "English"}, "not 'English'"),
        ({"topics": "sleep"}, "topics must be a list"),
        ({"topics": [""]}, "the topic ''"),
        ({"topics": ["sleep", "x" * 61]}, "must be text of at most 60 characters"),
        ({"external_id": "x" * 121}, "external_id must be text of at most 120"),
    ],
)
def test_row_problem(fields: dict[str, Any], says: str) -> None:
    row = PromptRow(**{"messages": user("hello there"), **fields})
    problem = rules.row_problem(row)
    assert problem is not None
    assert says in problem


def test_a_topic_of_sixty_characters_is_accepted() -> None:
    row = PromptRow(messages=user("hello there"), topics=["x" * 60])
    assert rules.row_problem(row) is None


def test_a_plain_row_is_fine() -> None:
    row = PromptRow(messages=chat("a", "b", "c"), topics=["sleep"], language="pt-BR", intensity=3)
    assert rules.row_problem(row) is None


def test_plain_english_has_the_same_words_as_text_in_any_letters() -> None:
    """There is a quicker way for it; with one accent the text goes the other way."""
    text = "I can't_sleep, it's 3am" + "".join(map(chr, range(128)))
    plain = minhash.shingles(minhash.words_of(user(text)))
    (first,) = minhash.shingles(minhash.words_of(user("é " + text))) - plain
    assert (len(plain), [word.decode() for word in first]) == (8, ["e", "i", "can"])


def test_every_prompt_has_the_group_that_its_text_gives_it() -> None:
    study = uuid.UUID(int=7)
    assert rules.first_group(study, "a1" * 32) == uuid.uuid5(study, "a1" * 32)
