"""Which prompts are tied does not depend on how they came in, nor on how many are there."""

from __future__ import annotations

import itertools
import random
import uuid
from typing import Any

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from annotations.models import MinhashBucket, Prompt
from annotations.rules import minhash, minhash_buckets
from annotations.rules.prompts import PromptRow, turns
from annotations.rules.split_groups import Groups, Why
from annotations.rules.text_kinds import Origin
from annotations.services import prompts as services
from annotations.services.intake import Intake, NewResponse
from codesign.shared.actors import SYSTEM
from codesign.studies.models import Study
from tests.factories.studies import StudyFactory

pytestmark = pytest.mark.django_db
SAMPLE = 400
REPLY = "word " * 20


@pytest.fixture
def study() -> Study:
    return StudyFactory.create()


def add(study: Study, rows: list[PromptRow]) -> None:
    services.add_prompts(actor=SYSTEM, study=study, rows=rows)


def sample() -> list[PromptRow]:
    """Texts that are variants of others, more and less like them; talks; families."""
    draw = random.Random(7)
    texts: list[list[str]] = []
    rows = []
    for number in range(SAMPLE):
        words = [f"w{draw.randrange(60)}" for _ in range(draw.randint(3, 60))]
        if texts and draw.random() < 0.6:
            words = list(draw.choice(texts))
            for _ in range(draw.randint(0, 4)):
                words[draw.randrange(len(words))] = f"w{draw.randrange(60)}"
        texts.append(words)
        said = [{"role": "user", "content": " ".join(words)}]
        if draw.random() < 0.15:
            said += [
                {"role": "assistant", "content": f"a{draw.randrange(2)}"},
                {"role": "user", "content": f"u{draw.randrange(9)}"},
            ]
        family = f"f{draw.randrange(200)}" if draw.random() < 0.05 else ""
        rows.append(PromptRow(messages=said, external_id=f"p{number}", family=family, line=number))
    return rows


def tied(one: PromptRow, other: PromptRow) -> bool:
    """By the rules alone, text against text."""
    if one.family and one.family == other.family:
        return True
    first, second = beginning(one), beginning(other)
    if first and first == second:
        return True
    said = [minhash.words_of(row.messages) for row in (one, other)]
    if minhash.near(*map(minhash.shingles, said)):
        return True
    return max(map(len, said)) <= 40 and little_apart(*said)


def beginning(row: PromptRow) -> list[str]:
    """The turns up to the first one of the user with ten words or more."""
    said = turns(row.messages)
    for number, turn in enumerate(said, 1):
        if turn.startswith("user") and len(turn.split()) >= 10:
            return said[:number]
    return []


def little_apart(one: list[bytes], other: list[bytes]) -> bool:
    """By taking out of each whatever it is, everywhere."""
    letters = [b"".join(words).decode() for words in (one, other)]
    if sorted(one) == sorted(other) or letters[0] == letters[1]:
        return True
    if min(len(one), len(other)) >= 8:
        return one_out(one, other)
    if max(len(one), len(other)) >= 8:
        return False
    return one_out(*map(list, letters)) or letters[1] in swapped(letters[0])


def swapped(text: str) -> set[str]:
    return {text[:n] + text[n + 1] + text[n] + text[n + 2 :] for n in range(len(text) - 1)}


def one_out(one: list[Any], other: list[Any]) -> bool:
    if len(one) > len(other):
        one, other = other, one
    rests = [(at, other[:at] + other[at + 1 :]) for at in range(len(other))]
    if len(one) < len(other):
        return one in [rest for _, rest in rests]
    return any(rest == one[:at] + one[at + 1 :] for at, rest in rests)


def by_comparing_all(rows: list[PromptRow]) -> set[frozenset[str]]:
    groups = Groups()
    ids = {row.external_id: uuid.uuid4() for row in rows}
    for one, other in itertools.combinations(rows, 2):
        if tied(one, other):
            groups.join(ids[one.external_id], ids[other.external_id], Why.NEAR)
    return parted({name: groups.of(id) for name, id in ids.items()})


def parted(group_of: dict[str, uuid.UUID]) -> set[frozenset[str]]:
    names_of_group: dict[uuid.UUID, set[str]] = {}
    for name, group in group_of.items():
        names_of_group.setdefault(group, set()).add(name)
    return {frozenset(names) for names in names_of_group.values()}


@pytest.mark.parametrize("parts", [1, 2, 20])
def test_groups_equal_those_of_a_full_comparison(study: Study, parts: int) -> None:
    rows = sample()
    wanted = by_comparing_all(rows)
    assert SAMPLE / 4 < len(wanted) < SAMPLE - 50, "a sample with something to find"
    random.Random(parts).shuffle(rows)
    for part in range(parts):
        add(study, rows[part::parts])
    held = Prompt.objects.filter(study=study).values_list("external_id", "split_group")
    assert parted(dict(held)) == wanted


@pytest.mark.parametrize("parts", [1, 2])
def test_near_duplicates_of_a_template_are_joined_without_all_pairs(
    study: Study, parts: int
) -> None:
    """All pairs of these are compared in minutes, and of a whole file of them in days."""
    draw = random.Random(11)
    rows = [templated(draw, n) for n in range(1_200)]
    again = [varied(row, 1_200 + n) for n, row in enumerate(rows[:1_200:60])]
    everything = [*rows, *again]
    draw.shuffle(everything)
    for part in range(parts):
        add(study, everything[part::parts])
    held = Prompt.objects.filter(study=study).values_list("external_id", "split_group")
    joined = {names for names in parted(dict(held)) if len(names) > 1}
    pairs = zip(rows[:1_200:60], again, strict=True)
    assert joined == {frozenset((row.external_id, more.external_id)) for row, more in pairs}


def test_many_prompts_that_differ_by_a_word_are_of_one_group(study: Study) -> None:
    row = templated(random.Random(11), 0)
    add(study, [varied(row, n) for n in range(1_000)])
    assert Prompt.objects.filter(study=study).values("split_group").distinct().count() == 1


def test_an_import_can_be_stopped_while_groups_are_computed(study: Study) -> None:
    draw = random.Random(11)
    intake = Intake(actor=SYSTEM, study=study)
    with transaction.atomic():
        intake.add_prompts(intake.ready([templated(draw, n) for n in range(300)]))
        with pytest.raises(InterruptedError, match="stopped by the test"):
            intake.settle(interrupt)


def interrupt() -> None:
    raise InterruptedError("stopped by the test")


def templated(draw: random.Random, number: int) -> PromptRow:
    """Some twenty words that all have, twelve of its own, the same twenty again."""
    same = [f"t{n}" for n in range(20)]
    words = [*same, *(f"w{draw.randrange(5_000)}" for _ in range(12)), *same]
    said = [{"role": "user", "content": " ".join(words)}]
    return PromptRow(messages=said, external_id=f"p{number}", line=number)


def varied(row: PromptRow, number: int) -> PromptRow:
    """The same and a word more."""
    said = [{"role": "user", "content": f"{row.messages[0]['content']} v{number}"}]
    return PromptRow(messages=said, external_id=f"p{number}", line=number)


def test_identical_texts_are_in_the_buckets_once(study: Study) -> None:
    text = [{"role": "user", "content": "I can't sleep and I lie awake for hours."}]
    add(study, [PromptRow(messages=text, external_id=f"p{n}", line=n) for n in range(50)])
    assert MinhashBucket.objects.count() == minhash_buckets.SLOTS, "ten words: a key of each kind"
    assert Prompt.objects.values("split_group").distinct().count() == 1


def test_adding_a_prompt_costs_the_same_in_a_large_study(study: Study) -> None:
    """The lookup names its buckets and goes by their index; it reads no other prompt's sketch."""
    draw = random.Random(3)
    counts = []
    for there in (3, 3_000):
        add(study, [worry(draw, n) for n in range(there)])
        with CaptureQueriesContext(connection) as asked:
            add(study, [worry(draw, there)])
        counts.append(len(asked))
    assert counts[0] == counts[1]
    (lookup,) = (q["sql"] for q in asked if '"bucket" IN' in q["sql"])
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN (ANALYZE, FORMAT JSON) {lookup}")
        (plan,) = cursor.fetchone()
    assert "sketch_bucket" in str(plan)
    assert "Seq Scan" not in str(plan)
    read = plan[0]["Plan"]["Actual Rows"]
    assert read < 2 * (minhash_buckets.SLOTS + 2) * 3, "a row for each bucket and import"


def test_responses_of_a_study_that_the_planner_has_not_seen_are_looked_up_one_by_one(
    study: Study,
) -> None:
    """Its table of values names other studies alone, so it takes this one for empty."""
    draw = random.Random(3)
    with connection.cursor() as cursor:
        for made in (StudyFactory.create(), study):
            add(made, [worry(draw, n) for n in range(1_000)])
            prompts = list(Prompt.objects.filter(study=made))
            answers = [
                NewResponse(
                    prompt=prompt, text=f"{REPLY} {n}", origin=Origin.AI, source=uuid.uuid4()
                )
                for n, prompt in enumerate(prompts)
            ]
            with CaptureQueriesContext(connection) as asked:
                services.add_responses(actor=SYSTEM, study=made, new=answers)
            if made != study:
                cursor.execute("ANALYZE annotations_prompt, annotations_response")
        (lookup,) = (q["sql"] for q in asked if "array_agg" in str(q["sql"]))
        cursor.execute(f"EXPLAIN (ANALYZE, FORMAT JSON) {lookup}")
        (plan,) = cursor.fetchone()
    assert "annotations_prompt_pkey" in str(plan)
    assert "prompt_external_id" not in str(plan)


def worry(draw: random.Random, number: int) -> PromptRow:
    words = " ".join(f"w{draw.randrange(5_000)}" for _ in range(30))
    return PromptRow(messages=[{"role": "user", "content": words}], line=number)
