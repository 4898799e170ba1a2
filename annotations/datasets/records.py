"""All records of text that one prompt gives, and why the others stay out: each is counted once.

A rewrite that stays out is counted at `sft`, although it would have been a `preference` as well;
one whose preference alone stays out is counted there.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from annotations.datasets import pairs, unpaired
from annotations.datasets.pairs import Record
from annotations.datasets.rewrites import FindPersonalData, records_of_rewrites
from annotations.datasets.screening import Screening
from annotations.datasets.snapshot import Keys, Least, Part, Selection
from annotations.rules.releases import Dropped, of_cohort


class Made(NamedTuple):
    """A record of a config, or why there is none; both where it is listed apart."""

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
    yield from _of_pairs(part, screening, cohorts, selection.least)
    yield from _of_responses(part, selection, screening, cohorts)
    dropped: Counter[str] = Counter()
    for rewritten in records_of_rewrites(part, screening, keys, find_personal_data, dropped):
        author = [rewritten.judgement.member_id]
        yield Made("sft", rewritten.sft, members=author)
        reason = rewritten.reason or pairs.below(rewritten.preference, selection.least)
        for cohort in _with_all([rewritten.judgement.cohort], cohorts):
            config = of_cohort("preference", cohort)
            yield Made(config, None if reason else rewritten.preference, reason, members=author)
    yield from (Made("sft", None, reason) for reason in dropped.elements())


def _with_all(found: Sequence[str], cohorts: Sequence[str]) -> list[str]:
    """ "" for everybody together, then those of the cohorts found that have files of their own."""
    return ["", *(cohort for cohort in found if cohort in cohorts)]


def _of_pairs(
    part: Part, screening: Screening, cohorts: Sequence[str], least: Least
) -> Iterator[Made]:
    found = pairs.gather(part, screening)
    for cohort in ["", *cohorts]:
        config = of_cohort("preference", cohort)
        own = [p.within(cohort) for p in found if cohort in p.cohorts()] if cohort else found
        cyclic = pairs.cyclic(own, part)
        for pair in own:
            record, reason = pairs.record_of_pair(
                pair, part, screening, in_cycle=(pair.first, pair.second) in cyclic, least=least
            )
            if record and reason:
                record["meta"]["config"] = config
            members = [judgement.member_id for judgement in pair.judged()]
            yield Made(config, record, reason, members)


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
