"""Measures the detector against sentences that people have labelled.

The sentences are written for this project, in parts for each language. The tables were made with
the development part. The held-out part was written before the tables, together with the development
part; the earlier and the fresh part after them. All of these, and everyday texts that tell of no
crisis, have made the weights of `likeness`. The two independent parts were written by people who
saw neither tables nor sentences, and nothing was fitted to them, so their figures are the nearest
to those of real texts. A row is label, kind and sentence, with tabs between them. The label is an
urgency or "none".
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from codesign.care.rules.disclosure.detection import find_disclosure
from codesign.care.rules.disclosure.phrases import Urgency

FOLDER = Path(__file__).resolve().parent / "sentences"
FITTED = ("development", "held_out", "earlier", "fresh", "everyday")
"""Parts that the tables or the weights of `likeness` were made with."""
PARTS = (*FITTED, "independent", "everyday_independent")
NONE = "none"
WORDS = 500
"""Words of the text whose processor time is measured."""
REPEATS = 100


@dataclass(frozen=True, slots=True)
class Labelled:
    """A sentence; `urgency` is None if it tells of no crisis of its writer."""

    urgency: Urgency | None
    kind: str
    text: str


@dataclass(slots=True)
class Figures:
    """What was found among labelled sentences."""

    sentences: int = 0
    disclosures: int = 0
    imminent: int = 0
    imminent_found: int = 0
    """Imminent disclosures that were called imminent."""
    missed: list[Labelled] = field(default_factory=list)
    false_alarms: list[Labelled] = field(default_factory=list)

    @property
    def recall(self) -> float:
        """The share of disclosures that were found. 1 if there are none."""
        return 1 - len(self.missed) / self.disclosures if self.disclosures else 1.0

    @property
    def alarms(self) -> float:
        """The share of the other sentences that were taken for disclosures."""
        return len(self.false_alarms) / (self.sentences - self.disclosures)

    @property
    def precision(self) -> float:
        """The share of what was found that is a disclosure. 1 if nothing was found."""
        hits = self.disclosures - len(self.missed)
        return hits / (hits + len(self.false_alarms)) if hits or self.false_alarms else 1.0

    @property
    def imminent_recall(self) -> float:
        """The share of imminent disclosures that were called imminent. 1 if there are none."""
        return self.imminent_found / self.imminent if self.imminent else 1.0


def read_sentences(code: str, part: str) -> list[Labelled]:
    """Return the sentences of a part for a language.

    Raises `ValueError` for a row that is not label, kind and sentence, and `FileNotFoundError` if
    there is no such part.
    """
    path = FOLDER / f"{code}_{part}.tsv"
    rows = [row for row in path.read_text(encoding="utf-8").splitlines() if row[:1] != "#"]
    return [_labelled(path.name, row) for row in rows]


def measure(sentences: Sequence[Labelled]) -> Figures:
    """Return the figures of the detector for these sentences."""
    figures = Figures(sentences=len(sentences))
    for sentence in sentences:
        disclosure = find_disclosure(sentence.text)
        figures.disclosures += sentence.urgency is not None
        if sentence.urgency is Urgency.IMMINENT:
            figures.imminent += 1
            figures.imminent_found += disclosure.urgency is Urgency.IMMINENT
        if sentence.urgency and not disclosure.found:
            figures.missed.append(sentence)
        elif disclosure.found and not sentence.urgency:
            figures.false_alarms.append(sentence)
    return figures


def milliseconds(sentences: Sequence[Labelled]) -> float:
    """Return the processor time for a text of `WORDS` words made of these sentences.

    It is the shortest of `REPEATS` runs, since other programs on the machine only add to it.
    """
    words = [word for sentence in sentences for word in sentence.text.split()]
    text = " ".join((words * (WORDS // len(words) + 1))[:WORDS])
    find_disclosure(text)  # compiles the phrases that it needs
    seconds = []
    for _ in range(REPEATS):
        begun = time.process_time()
        find_disclosure(text)
        seconds.append(time.process_time() - begun)
    return 1_000 * min(seconds)


def _labelled(name: str, row: str) -> Labelled:
    try:
        label, kind, text = row.split("\t")
        return Labelled(None if label == NONE else Urgency(label), kind, text)
    except ValueError:
        raise ValueError(f"{name}: not label, kind and sentence: {row!r}") from None
