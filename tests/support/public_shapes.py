"""Made-up data sets with the shape and the facts of three public ones; every word is our own.

A forum of questions with answers of counsellors, ranked conversation trees, and dialogues. The
texts have what breaks readers: quotes, line breaks, emoji, and characters that look alike.
"""

from __future__ import annotations

import csv
import json
import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

QUESTIONS, ANSWERS, DIALOGUES, TREES = 815, 2_129, 196, 150

WHEN = ["For weeks", "Since the spring", "After my shift", "On Sundays", "Most nights", "At noon"]
WHAT = [
    "I lie awake and count the hours",
    "my chest feels tight for no reason",
    "I cannot bring myself to answer the phone",
    "I argue with everyone at home",
    "nothing that I cook tastes of anything",
    "I walk the same street up and down",
    "I forget what I wanted to say",
    "I sit in the car before I go in",
]
WHO = ["My sister", "A neighbour", "My manager", "An old friend", "My partner", "Nobody"]
SAYS = [
    "tells me to pull myself together",
    "asks how I am and means it",
    "thinks that I should see a doctor",
    "has stopped asking",
    "says “give it 10² days” 🙂",
    'says, "it will pass";\nI am not so sure',
]
ASKS = ["What could I try?", "Is that normal?", "Where do I begin?", "Does it get better?"]
REPLIES = [
    "That sounds tiring, and it makes sense that you are worn out.",
    "Thank you for writing this down; it is not a small thing.",
    "You could begin with one call this week, and leave the rest.",
    "Sleep often comes back when the day has a fixed beginning.",
    "It may help to tell one person what you told us here.",
    "A doctor can look at this with you, and you may bring somebody along.",
    "Some people write a list of three things that went all right.",
    "Whatever you decide, you do not have to do it today.",
]


@dataclass(frozen=True)
class Talk:
    """The messages so far, and the replies to them."""

    name: str
    turns: list[dict[str, str]]
    replies: list[str]
    ranks: list[int] = field(default_factory=list)
    """The place of each reply from 0, where the source ranks them."""


def forum() -> list[Talk]:
    """815 questions with 2,129 answers: 100 with one, 116 with two, 599 with three."""
    draw = random.Random(1)
    counts = [1] * 100 + [2] * 116 + [3] * 599
    draw.shuffle(counts)
    return [
        Talk(f"question-{n}", [_turn("user", _question(draw, n))], _replies(draw, count))
        for n, count in enumerate(counts)
    ]


def ranked_trees() -> list[Talk]:
    """Questions, every third after two more turns, with two to four ranked replies."""
    draw = random.Random(2)
    talks = []
    for n in range(TREES):
        turns = [_turn("user", _question(draw, n))]
        if n % 3 == 0:
            turns += [_turn("assistant", _reply(draw)), _turn("user", _question(draw, -n))]
        replies = _replies(draw, 2 + n % 3)
        ranks = draw.sample(range(len(replies)), len(replies))
        talks.append(Talk(f"tree-{n}", turns, replies, ranks))
    return talks


def dialogues() -> list[Talk]:
    """196 dialogues of three to nine turns, each with two ways to go on."""
    draw = random.Random(3)
    talks = []
    for n in range(DIALOGUES):
        turns = [_turn("user", _question(draw, n))]
        for turn in range(1 + n % 4):
            turns += [_turn("assistant", _reply(draw)), _turn("user", _question(draw, n + turn))]
        talks.append(Talk(f"dialogue-{n}", turns, _replies(draw, 2)))
    return talks


def as_csv(talks: Sequence[Talk], path: Path) -> Path:
    """Write our own columns; lists are JSON in a cell."""
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["external_id", "prompt", "responses"])
        for talk in talks:
            writer.writerow([talk.name, talk.turns[0]["content"], json.dumps(talk.replies)])
    return path


def as_jsonl(talks: Sequence[Talk], path: Path) -> Path:
    """Write our own columns, a line for each prompt."""
    lines = [json.dumps(_columns(talk), ensure_ascii=False) + "\n" for talk in talks]
    path.write_text("".join(lines), encoding="utf-8")
    return path


def as_parquet(talks: Sequence[Talk], path: Path) -> Path:
    """Write our own columns as Arrow has them."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    pq.write_table(pa.Table.from_pylist([_columns(talk) for talk in talks]), path)
    return path


def _columns(talk: Talk) -> dict[str, object]:
    return {"external_id": talk.name, "prompt": talk.turns, "responses": talk.replies}


def _turn(role: str, content: str) -> dict[str, str]:
    return {"role": role, "content": content}


def _question(draw: random.Random, n: int) -> str:
    parts = f"{draw.choice(WHEN)} {draw.choice(WHAT)}, and {draw.choice(WHAT)}."
    return f"{parts} {draw.choice(WHO)} {draw.choice(SAYS)}. ({n}) {draw.choice(ASKS)}"


def _reply(draw: random.Random) -> str:
    """Almost never twice the same: prompts that share a reply would be in one split group."""
    return " ".join(
        [
            *draw.sample(REPLIES, 3),
            f"Write on page {draw.randrange(1000)}, on day {draw.randrange(1000)}.",
        ]
    )


def _replies(draw: random.Random, count: int) -> list[str]:
    """Different replies: two of the same words would be one text."""
    found: dict[str, None] = {}
    while len(found) < count:
        found[_reply(draw)] = None
    return list(found)
