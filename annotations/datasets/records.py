"""All records of text that one prompt gives, and why the others stay out: each is counted once.

A rewrite that stays out is counted at `sft`, although it would have been a `preference` as well.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from annotations.datasets import pairs, unpaired
from annotations.datasets.facts import Keys, Part, Selection
from annotations.datasets.pairs import Record
from annotations.datasets.rewrites import FindPersonalData, records_of_rewrites
from annotations.datasets.screening import Screening
from annotations.rules.releases import Dropped, of_cohort


class Made(NamedTuple):
    """A record of a config, or why there is none; both where it is listed as contested."""

    config: str
    record: Record | None
    reason: str | None = None
    members: Sequence[str] = ()
    """Whose work is in the record."""


def of_part(
    part: Part,
    selection: Selection,
    cohorts: Sequence[str],
    keys: Keys,
    find_personal_data: FindPersonalData,
) -> Iterator[Made]:
    """Everything but `judgements`; `cohorts` are those that have files of their own."""
    screening = Screening(part, selection)
    yield from _of_pairs(part, screening, cohorts)
    yield from _of_responses(part, selection, screening, cohorts)
    dropped: Counter[str] = Counter()
    for rewritten in records_of_rewrites(part, screening, keys, find_personal_data, dropped):
        author = [rewritten.judgement.member_id]
        yield Made("sft", rewritten.sft, members=author)
        for cohort in _with_all([rewritten.judgement.cohort], cohorts):
            config = of_cohort("preference", cohort)
            yield Made(config, rewritten.preference, members=author)
    yield from (Made("sft", None, reason) for reason in dropped.elements())


def _with_all(found: Sequence[str], cohorts: Sequence[str]) -> list[str]:
    """ "" for everybody together, then those of the cohorts found that have files of their own."""
    return ["", *(cohort for cohort in found if cohort in cohorts)]


def _of_pairs(part: Part, screening: Screening, cohorts: Sequence[str]) -> Iterator[Made]:
    for pair in pairs.gather(part, screening):
        for cohort in _with_all(pair.cohorts(), cohorts):
            own = pair.within(cohort) if cohort else pair
            record, reason = pairs.record_of_pair(own, part, screening)
            members = [judgement.member_id for judgement in own.judged()]
            yield Made(of_cohort("preference", cohort), record, reason, members)


def _of_responses(
    part: Part, selection: Selection, screening: Screening, cohorts: Sequence[str]
) -> Iterator[Made]:
    for scored in unpaired.gather(part, screening, selection):
        for cohort in _with_all(scored.cohorts(), cohorts):
            record, reason = unpaired.record_of(scored, part, screening, cohort)
            members = [judgement.member_id for judgement in scored.people(cohort)]
            yield Made(of_cohort("unpaired_preference", cohort), record, reason, members)
        for twin in scored.twins:
            for cohort in _with_all(twin, cohorts):
                yield Made(of_cohort("unpaired_preference", cohort), None, Dropped.DUPLICATE)
