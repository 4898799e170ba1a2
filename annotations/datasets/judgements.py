"""Config `judgements`: one row per person, response and criterion (standards 7.4).

These are by far the most rows of a release, so what is the same in all rows of a judgement is
written as JSON once, and a block of rows becomes Arrow by columns.
"""

from __future__ import annotations

import functools
from array import array
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple, TypeVar

from annotations.datasets import columns
from annotations.datasets.formats import ENCODER, FileFact, Files, Written, schemas
from annotations.datasets.screening import Screening
from annotations.datasets.snapshot import (
    FlagFact,
    JudgementFact,
    Keys,
    Part,
    PromptFact,
    RewriteFact,
)
from annotations.rules.releases import Dropped

T = TypeVar("T")
BLOCK_ROWS = 3_000
"""Rows of a Parquet row group, about: what is held in memory at once."""


What = tuple[str, str, float, bool, int, int, int, str]
"""(kind, criterion, value, is_tie, strength, start, end, review): what was said of a response.

ABSENT and "" stand for what its kind does not have.
"""
WHAT = ("kind", "criterion", "value", "is_tie", "strength", "start", "end", "review")
Said = tuple[str, What]
"""(response id, what)"""
NO_PLACE = (False, columns.ABSENT, columns.ABSENT, columns.ABSENT)


class Attached:
    """Rewrites and flags of a part by their judgement."""

    def __init__(self, part: Part) -> None:
        self.part = part
        self.rewrites: Mapping[str, list[RewriteFact]] = _by_judgement(part.rewrites)
        self.flags: Mapping[str, list[FlagFact]] = _by_judgement(part.flags)


def _by_judgement(facts: Iterable[Any]) -> dict[str, list[Any]]:
    found: dict[str, list[Any]] = {}
    for fact in facts:
        found.setdefault(fact.judgement_id, []).append(fact)
    return found


def what_was_said(judgement: JudgementFact, attached: Attached) -> list[Said]:
    """Everything in one judgement, one entry per response and criterion or kind.

    Free text (comments, notes on flags and highlights, rewrites) is not here: what was reviewed
    of it stands in `sft` and `preference`.
    """
    said: list[Said] = [
        (r["response"], _rating(r["criterion"], r["score"])) for r in judgement.ratings
    ]
    strength = judgement.strength or columns.ABSENT
    for place, group in enumerate(judgement.ranking, start=1):
        tied = (len(group) > 1, strength, columns.ABSENT, columns.ABSENT, "")
        said += [(response, ("ranking", "preference", float(place), *tied)) for response in group]
    if judgement.all_harmful:
        harm: What = ("all_harmful", "harm_in_all", 1.0, *NO_PLACE, "")
        said += [(response, harm) for response in judgement.order_shown]
    for mark in judgement.highlights:
        where = (False, columns.ABSENT, mark["start"], mark["end"], "")
        said.append((mark["response"], ("highlight", mark.get("label", ""), 1.0, *where)))
    for flag in attached.flags.get(judgement.id, []):
        reported: What = ("flag", flag.harm, float(flag.severity), *NO_PLACE, flag.state)
        said.append((flag.response_id, reported))
    for rewrite in attached.rewrites.get(judgement.id, []):
        change = len(rewrite.text) - len(attached.part.responses[rewrite.response_id].text)
        changed: What = ("rewrite", "length_change", float(change), *NO_PLACE, rewrite.state)
        said.append((rewrite.response_id, changed))
    return said


@functools.lru_cache(maxsize=10_000)
def _rating(criterion: str, score: float) -> What:
    return ("rating", criterion, float(score), *NO_PLACE, "")


def screen(
    part: Part, screening: Screening, dropped: Counter[str], judgements: Counter[str]
) -> list[JudgementFact]:
    """The judgements to release; the rows of the others, and they, are counted by reason."""
    kept, attached = [], Attached(part)
    for judgement in part.judgements:
        if reason := screening.of_judgement(judgement):
            dropped[reason] += len(what_was_said(judgement, attached))
            judgements[reason] += 1
        else:
            kept.append(judgement)
    return kept


class Fixed(NamedTuple):
    """What is the same in all rows of a judgement."""

    name: str
    rater: str
    judgement: JudgementFact
    prompt: PromptFact


class _Places(dict[T, int]):
    """What occurs in a block, each once, in the order in which it came; gives its place."""

    def __missing__(self, one: T) -> int:
        self[one] = place = len(self)
        return place


class _Block:
    """Some thousand rows, each as places in lists of what repeats."""

    def __init__(self) -> None:
        self.fixed: list[Fixed] = []
        self.responses = _Places[tuple[str, str, int]]()
        """(id, model version, position in which it was shown) → place"""
        self.whats = _Places[What]()
        self.places = {name: array("i") for name in ("fixed", "response", "what")}
        self.numbers = array("i")
        """Of a row within its judgement, from 0."""

    def __len__(self) -> int:
        return len(self.numbers)

    def add(self, fixed: Fixed, known: Mapping[str, int], said: list[Said]) -> None:
        """The rows of a judgement; `known` has each response's place in here."""
        whats, count = self.whats, len(said)
        self.places["fixed"].extend([len(self.fixed)] * count)
        self.places["response"].extend([known[response] for response, _ in said])
        self.places["what"].extend([whats[what] for _, what in said])
        self.numbers.extend(range(count))
        self.fixed.append(fixed)


class JudgementFiles:
    """Files of judgements, a block of rows at a time."""

    def __init__(self, files: Files, keys: Keys, purpose: str) -> None:
        self._files = files
        self._purpose = purpose
        self._block = _Block()
        self._rater = functools.cache(functools.partial(keys.name, "rater"))

    def add(
        self, name: str, judgement: JudgementFact, attached: Attached, dropped: Counter[str]
    ) -> int:
        """One judgement under its name in this release; returns its rows."""
        known: dict[str, int] = {}
        for position, response_id in enumerate(judgement.order_shown, start=1):
            response = attached.part.responses[response_id]
            if not response.withdrawn:
                shown = (response_id, response.model.id, position)
                known[response_id] = self._block.responses[shown]
        said = kept = what_was_said(judgement, attached)
        if len(known) < len(judgement.order_shown):
            kept = [one for one in said if one[0] in known]
            dropped[Dropped.RESPONSE_WITHDRAWN] += len(said) - len(kept)
        rater = self._rater(judgement.member_id)
        self._block.add(Fixed(name, rater, judgement, attached.part.prompt), known, kept)
        if len(self._block) >= BLOCK_ROWS:
            self._flush()
        return len(kept)

    def _flush(self) -> None:
        block, self._block = self._block, _Block()
        self._files.add(functools.partial(_as_written, block, self._purpose), len(block))

    @property
    def rows(self) -> int:
        """Written so far, and about to be."""
        return self._files.rows + len(self._block)

    def close(self) -> list[FileFact]:
        """Write the rest and end the files."""
        if len(self._block):
            self._flush()
        return self._files.close()


def _as_written(block: _Block, purpose: str) -> Written:
    """The rows of a block as lines and as columns, with nothing done for each row in Python."""
    import pyarrow.compute as pc

    places = {name: columns.integers(found) for name, found in block.places.items()}
    named = columns.strings([fixed.name for fixed in block.fixed]).take(places["fixed"])
    record_ids = pc.binary_join_element_wise(named, _counted(block.numbers), "-")
    by_name = _as_columns(block, purpose, places) | {"record_id": record_ids}
    return Written(
        columns.text_of(_as_lines(block, purpose, places, record_ids)),
        [by_name[name] for name in schemas()["judgements"].names],
    )


def _as_lines(block: _Block, purpose: str, places: Mapping[str, Any], record_ids: Any) -> Any:
    """A column of lines of JSON, put together from pieces that are made once and repeat."""
    import pyarrow.compute as pc

    pieces = zip(*(_around(fixed, purpose) for fixed in block.fixed), strict=True)
    before, middle, after = (columns.strings(p).take(places["fixed"]) for p in pieces)
    responses = [f'"response_id":"{r}","model_version_id":"{m}",' for r, m, _ in block.responses]
    positions = [str(position) for _, _, position in block.responses]
    whats = [f'{_what_as_json(what)},"position":' for what in block.whats]
    return pc.binary_join_element_wise(
        '{"record_id":"',
        record_ids,
        before,
        columns.strings(responses).take(places["response"]),
        middle,
        columns.strings(whats).take(places["what"]),
        columns.strings(positions).take(places["response"]),
        after,
        "",
    )


def _counted(numbers: array[int]) -> Any:
    """Small whole numbers as text."""
    words = columns.strings([str(number) for number in range(max(numbers) + 1)])
    return words.take(columns.integers(numbers))


def _inner(value: dict[str, Any]) -> str:
    """The inside of a JSON object."""
    return ENCODER.encode(value)[1:-1]


def _around(fixed: Fixed, purpose: str) -> tuple[str, str, str]:
    """JSON of what is the same in all rows: before the response, before the what, at the end."""
    name, rater, judgement, prompt = fixed
    return (
        f'","judgement_id":"{name}","round":"{judgement.round_id}","prompt_id":"{prompt.id}",',
        _person_as_json(rater, judgement.cohort, judgement.role, judgement.rubric) + ",",
        f',"active_ms":{judgement.active_ms},'
        + _end_as_json(
            judgement.propensity,
            judgement.consent_version,
            purpose,
            judgement.example,
            prompt.category,
            prompt.intensity,
            prompt.language,
        )
        + "}\n",
    )


@functools.lru_cache(maxsize=10_000)
def _person_as_json(rater: str, cohort: str, role: str, rubric: str) -> str:
    return _inner({"rater_pseudonym": rater, "cohort": cohort, "role": role, "rubric": rubric})


@functools.lru_cache(maxsize=10_000)
def _end_as_json(propensity: float, version: int, purpose: str, *about: object) -> str:
    meta = dict(zip(("example", "category", "intensity", "language"), about, strict=True))
    consent = {"consent_version": version, "consent_scope": purpose}
    return _inner({"propensity": propensity} | consent | {"meta": meta})


@functools.lru_cache(maxsize=10_000)
def _what_as_json(what: What) -> str:
    """Without what its kind does not have; the same few again and again."""
    return _inner(
        {
            name: value
            for name, value in zip(WHAT, what, strict=True)
            if value != columns.ABSENT or name == "value"
            if value or name != "review"
        }
    )


def _as_columns(block: _Block, purpose: str, places: Mapping[str, Any]) -> dict[str, Any]:
    """Each value that repeats is made once, then spread over the rows."""
    response_ids, models, positions = zip(*block.responses, strict=True)
    responses = {
        "response_id": columns.strings(response_ids),
        "model_version_id": columns.strings(models),
        "position": columns.integers(positions),
    }
    found: dict[str, Any] = {}
    for once, place in (
        (_columns_of_fixed(block.fixed, purpose), "fixed"),
        (responses, "response"),
        (_columns_of_whats([*block.whats]), "what"),
    ):
        found |= {name: column.take(places[place]) for name, column in once.items()}
    return found


def _columns_of_whats(whats: Sequence[What]) -> dict[str, Any]:
    kinds, criteria, values, ties, strengths, starts, ends, reviews = zip(*whats, strict=True)
    return {
        "kind": columns.strings(kinds),
        "criterion": columns.strings(criteria),
        "value": columns.floats(values),
        "is_tie": columns.booleans(ties),
        "strength": columns.integers(strengths, or_null=True),
        "start": columns.integers(starts, or_null=True),
        "end": columns.integers(ends, or_null=True),
        "review": columns.strings(reviews, or_null=True),
    }


def _columns_of_fixed(fixed: Sequence[Fixed], purpose: str) -> dict[str, Any]:
    import pyarrow as pa

    names, raters, judgements, prompts = zip(*fixed, strict=True)
    about = {
        "example": columns.booleans(j.example for j in judgements),
        "category": columns.strings([p.category for p in prompts]),
        "intensity": columns.integers(p.intensity for p in prompts),
        "language": columns.strings([p.language for p in prompts]),
    }
    return {
        "judgement_id": columns.strings(names),
        "round": columns.strings([j.round_id for j in judgements]),
        "prompt_id": columns.strings([p.id for p in prompts]),
        "rater_pseudonym": columns.strings(raters),
        "cohort": columns.strings([j.cohort for j in judgements]),
        "role": columns.strings([j.role for j in judgements]),
        "rubric": columns.strings([j.rubric for j in judgements]),
        "active_ms": columns.integers((j.active_ms for j in judgements), long=True),
        "propensity": columns.floats(j.propensity for j in judgements),
        "consent_version": columns.integers(j.consent_version for j in judgements),
        "consent_scope": columns.strings([purpose] * len(judgements)),
        "meta": pa.StructArray.from_arrays([*about.values()], names=[*about]),
    }
