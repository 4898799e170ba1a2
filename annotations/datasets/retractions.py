"""Which records of a release stand on what one person said, by the names that it gives them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from annotations.datasets.consensus import compared
from annotations.datasets.facts import Keys
from annotations.datasets.pairs import stable_id
from annotations.datasets.unpaired import record_id
from annotations.rules.releases import CONFIGS


@dataclass(frozen=True, slots=True)
class Said:
    """One judgement: its id, its ranking in groups, the responses rewritten, and those shown."""

    id: str
    ranking: Sequence[Sequence[str]]
    rewritten: Sequence[str]
    shown: Sequence[tuple[str, str]] = ()
    """(prompt id, text)"""


def records_of(judgements: Iterable[Said], keys: Keys) -> dict[str, list[str]]:
    """config → record ids, for `judgements` judgement ids; in an order that tells no time.

    A record on which several people agreed is named too: without one of them it is not the same.
    In the configs of a cohort, records have the same names.
    """
    named: dict[str, set[str]] = {config: set() for config in CONFIGS}
    for said in judgements:
        named["judgements"].add(keys.name("judgement", said.id))
        named["preference"].update(
            stable_id("preference", first, second) for first, second, _ in compared(said.ranking)
        )
        named["unpaired_preference"].update(record_id(*shown) for shown in said.shown)
        for response_id in said.rewritten:
            for config in ("preference", "sft"):
                named[config].add(keys.name(config, said.id, response_id))
    return {config: sorted(ids) for config, ids in named.items()}
