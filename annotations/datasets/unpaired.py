"""Config `unpaired_preference`, for KTO: single responses that people found good or bad.

Good is a cohort's median score at or above three quarters of the way up the scale (4 of 5), bad at
or below one quarter (2 of 5), over its people and their criteria. A response that was reported as
harmful and upheld is bad, whatever the scores, and so is one where all were found harmful.
"""

from __future__ import annotations

import statistics
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from annotations.datasets.formats import FileFact, Files, TextFiles
from annotations.datasets.pairs import Record, message, meta, stable_id
from annotations.datasets.screening import Screening
from annotations.datasets.snapshot import JudgementFact, Part, ResponseFact, Selection
from annotations.rules.releases import Dropped
from annotations.rules.texts import caseless_hash
from codesign.studies.rules import Role

GOOD_FROM, BAD_TO = 0.75, 0.25
"""Of the way from the lowest score to the highest."""


@dataclass
class Scored:
    """A response, and what may be used of what people said about it alone."""

    response: ResponseFact
    judged: dict[str, JudgementFact] = field(default_factory=dict)
    shares: dict[str, list[float]] = field(default_factory=dict)
    """member → their scores, each as a share of its scale."""
    harmful: set[str] = field(default_factory=set)
    """Members who found all responses harmful."""
    warned: dict[str, str] = field(default_factory=dict)
    """member → role of each who found that and whose judgement may not be used."""
    dropped: list[tuple[str, Dropped]] = field(default_factory=list)
    twins: list[list[str]] = field(default_factory=list)
    """The cohorts of each response with the same text; their scores are counted here."""

    def found_harmful(self) -> bool:
        """Whether a clinician, or half of all who judged it, found harm in all responses."""
        vetoed = any(self.judged[who].role == Role.CLINICIAN for who in self.harmful)
        return vetoed or (bool(self.harmful) and 2 * len(self.harmful) >= len(self.judged))

    def warned_of(self) -> bool:
        """The same with everybody who found harm, whatever they consent to.

        It keeps a response from being good. Bad it becomes by what may be used alone.
        """
        harmful = len(self.harmful) + len(self.warned)
        vetoed = Role.CLINICIAN in self.warned.values()
        return vetoed or (harmful > 0 and 2 * harmful >= len(self.judged) + len(self.warned))

    def cohorts(self) -> list[str]:
        """Everybody who judged it, their consent aside, by cohort."""
        used = {judgement.cohort for judgement in self.judged.values()}
        return sorted(used | {cohort for cohort, _ in self.dropped})

    def people(self, cohort: str = "") -> list[JudgementFact]:
        """The judgements that a record stands on; of one cohort, or all."""
        return [j for j in self.judged.values() if cohort in ("", j.cohort)]

    def scores(self, cohort: str) -> list[float]:
        """All scores of one cohort."""
        return [
            share
            for who, shares in self.shares.items()
            if self.judged[who].cohort == cohort
            for share in shares
        ]


def gather(part: Part, screening: Screening, selection: Selection) -> list[Scored]:
    """Every response that anybody scored or found harmful; those with the same text as one.

    A person counts once for a text: the first by id, where they saw it in several rounds.
    """
    found: dict[str, Scored] = {}
    first_with: dict[str, str] = {}
    keys = {name: caseless_hash(part.responses[name].text) for name in sorted(part.responses)}
    for judgement in sorted(part.judgements, key=lambda j: j.id):
        reason = screening.of_judgement(judgement)
        shares = _shares(judgement, selection)
        for name in sorted(judgement.order_shown):
            if not (name in shares or judgement.all_harmful or screening.is_harmful_id(name)):
                continue
            scored = found.setdefault(name, Scored(part.responses[name]))
            if reason:
                scored.dropped.append((judgement.cohort, reason))
                if judgement.all_harmful:
                    scored.warned[judgement.member_id] = judgement.role
            elif judgement.member_id not in scored.judged:
                scored.judged[judgement.member_id] = judgement
                scored.shares[judgement.member_id] = shares.get(name, [])
                if judgement.all_harmful:
                    scored.harmful.add(judgement.member_id)
    for name in sorted(found):
        first = first_with.setdefault(keys[name], name)
        if first != name:
            _join(found[first], found.pop(name))
    return [found[name] for name in sorted(found)]


def _join(scored: Scored, twin: Scored) -> None:
    scored.twins.append(twin.cohorts())
    scored.harmful |= twin.harmful - scored.judged.keys()
    scored.warned |= twin.warned
    scored.shares = twin.shares | scored.shares
    scored.judged = twin.judged | scored.judged
    scored.dropped += twin.dropped


def _shares(judgement: JudgementFact, selection: Selection) -> dict[str, list[float]]:
    """response id → this person's scores as shares of their scales."""
    scales = selection.scales.get(judgement.rubric, {})
    found: dict[str, list[float]] = {}
    for rating in judgement.ratings:
        if scale := scales.get(rating["criterion"]):
            least, most = scale
            share = (rating["score"] - least) / (most - least)
            found.setdefault(rating["response"], []).append(share)
    return found


def why_not(scored: Scored, screening: Screening) -> Dropped | None:
    """Why a response makes no record, whatever its scores."""
    if reason := screening.of_response(scored.response.id):
        return reason
    if not scored.judged:
        return _first(reason for _, reason in scored.dropped)
    if reason := screening.of_texts(scored.response.id):
        return reason
    return Dropped.OPEN_FLAG if screening.has_open_flag(scored.response.id) else None


def labels(scored: Scored) -> dict[str, bool | None]:
    """cohort → good, bad or neither; a cohort that gave no score is not there."""
    found: dict[str, bool | None] = {}
    for cohort in scored.cohorts():
        if scores := scored.scores(cohort):
            median = statistics.median(scores)
            found[cohort] = True if median >= GOOD_FROM else False if median <= BAD_TO else None
    return found


def record_of(
    scored: Scored, part: Part, screening: Screening, cohort: str = ""
) -> tuple[Record | None, Dropped | None]:
    """(record, None), or (None, why there is none); of one cohort, or of all that agree."""
    if reason := why_not(scored, screening):
        return None, reason
    people = scored.people(cohort)
    if not people:  # the others in this cohort may not be used
        return None, _first(reason for name, reason in scored.dropped if name == cohort)
    if scored.found_harmful() or screening.is_harmful(scored.response.text):
        return _record(scored, part, False, people, "harm"), None
    by_cohort = labels(scored)
    said = {by_cohort.get(cohort)} if cohort else {*by_cohort.values()} or {None}
    if {True, False} <= said:
        return None, Dropped.COHORTS_DIFFER
    label = None if None in said else said.pop()
    if label is None:
        return None, Dropped.MIDDLE
    if label and scored.warned_of():
        return None, Dropped.ALL_HARMFUL
    return _record(scored, part, label, people, "rating"), None


def _first(reasons: Iterable[Dropped]) -> Dropped:
    return min(reasons, key=list(Dropped).index)


def _record(
    scored: Scored, part: Part, label: bool, people: list[JudgementFact], kind: str
) -> Record:
    response = scored.response
    return {
        "record_id": record_id(part.prompt.id, response.text),
        "prompt": part.prompt.messages,
        "completion": message("assistant", response.text),
        "label": label,
        "meta": meta(part.prompt, people, kind)
        | {
            "response_id": response.id,
            "model_version_id": response.model.id,
            "origin": response.origin,
            "cohorts": _cohort_rows(scored, people),
        },
    }


def record_id(prompt_id: str, text: str) -> str:
    """A record's name, the same for every response with that text."""
    return stable_id("unpaired_preference", prompt_id, caseless_hash(text))


def _cohort_rows(scored: Scored, people: list[JudgementFact]) -> list[Record]:
    """Of each cohort that scored it: how many people judged it, their median share of the scale."""
    rows: list[Record] = []
    for cohort, role in sorted({(judgement.cohort, judgement.role) for judgement in people}):
        if scores := scored.scores(cohort):
            rows.append(
                {
                    "cohort": cohort,
                    "role": role,
                    "people": sum(judgement.cohort == cohort for judgement in people),
                    "median": round(statistics.median(scores), 4),
                }
            )
    return rows


class ApartFiles(TextFiles):
    """Writes records so that neighbours have different prompts, as far as that can be.

    KTO takes the neighbour in a batch as a reply to something else. The records of one prompt
    come one after the other; what could not be kept apart stands at the very end.
    """

    def __init__(self, files: Files, schema: Any) -> None:
        super().__init__(files, schema)
        self._waiting: deque[Record] = deque()
        self._last = ""

    def add(self, record: Record) -> None:
        """One record, now or later."""
        self._waiting.append(record)
        while following := next((r for r in self._waiting if _prompt(r) != self._last), None):
            self._waiting.remove(following)
            self._last = _prompt(following)
            super().add(following)

    def close(self) -> list[FileFact]:
        """Write the rest and end the files."""
        for record in self._waiting:
            super().add(record)
        return super().close()


def _prompt(record: Record) -> str:
    return str(record["meta"]["prompt_id"])
