"""Which records of a release are based on what one person submitted, by their names in it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import combinations

from annotations.datasets.policy.best_replies import best_reply_record_id
from annotations.datasets.policy.comparisons import comparison_record_id
from annotations.datasets.policy.pairs import compared_pairs
from annotations.datasets.policy.pseudonyms import Pseudonyms, shared_record_id
from annotations.datasets.policy.unpaired import unpaired_record_id
from annotations.rules.releases import FROM_PEOPLE


@dataclass(frozen=True, slots=True)
class RetractedJudgement:
    """One judgement of a person whose work has to be dropped from a release."""

    id: str
    ranking: Sequence[Sequence[str]]
    """Groups of response ids, the best first."""
    rewritten: Sequence[str]
    """Ids of the responses that were rewritten."""
    shown: Sequence[tuple[str, str]] = ()
    """(prompt id, text) of each response shown."""
    order_shown: Sequence[str] = ()
    """Ids of the responses shown, which a person may have found harmful together."""


def records_based_on(
    judgements: Iterable[RetractedJudgement], pseudonyms: Pseudonyms
) -> dict[str, list[str]]:
    """Config → record ids, for `judgements` judgement ids; sorted, so that they tell no time.

    A record on which several people agreed is included: without one of them it is another record.
    The records of a cohort's config have the same ids as those of the config itself. Some of these
    records may not be in the release: `plumbing.released_records` says which are.
    """
    ids: dict[str, set[str]] = {config: set() for config in FROM_PEOPLE}
    for judgement in judgements:
        ids["judgements"].add(pseudonyms.name("judgement", judgement.id))
        ids["preference"].update(
            shared_record_id("preference", first, second)
            for first, second, _ in compared_pairs(judgement.ranking)
        )
        ids["unpaired_preference"].update(
            unpaired_record_id(prompt_id, text) for prompt_id, text in judgement.shown
        )
        ids["comparisons"].update(
            comparison_record_id(first, second)
            for first, second in combinations(sorted(judgement.order_shown), 2)
        )
        ids["sft"].update(
            best_reply_record_id(prompt_id, text) for prompt_id, text in judgement.shown
        )
        for response_id in judgement.rewritten:
            for config in ("preference", "sft"):
                ids[config].add(pseudonyms.name(config, judgement.id, response_id))
    return {config: sorted(names) for config, names in ids.items()}
