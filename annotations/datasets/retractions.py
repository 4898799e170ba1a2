"""Which records of a release stand on what one person said, by the names that it gives them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass
from pathlib import Path

from annotations.datasets.consensus import compared
from annotations.datasets.formats import DATA
from annotations.datasets.pairs import stable_id
from annotations.datasets.snapshot import Keys
from annotations.datasets.unpaired import record_id
from annotations.rules.releases import BY_COHORT, CONFIGS


def there(folder: Path, wanted: Mapping[str, Set[str]]) -> dict[str, set[str]]:
    """config → those of the `wanted` record ids that stand in a release's files.

    Those of a cohort's config and those listed apart have names of the config that they are of.
    Read anew each time: the ids of all releases would be too many to keep.
    """
    import pyarrow.parquet as pq

    found: dict[str, set[str]] = {config: set() for config in wanted}
    for path in sorted((folder / DATA).rglob("*.parquet")):
        config = next(one for one in CONFIGS if _is_of(path.parent.name, one))
        if names := sorted(wanted.get(config, ())):
            column = "judgement_id" if config == "judgements" else "record_id"
            rows = pq.read_table(path, columns=[column], filters=[(column, "in", names)])
            found[config].update(rows[column].to_pylist())
    with (folder / "contested.jsonl").open(encoding="utf-8") as lines:
        apart = {json.loads(line)["record_id"] for line in lines}
    found["preference"] |= apart & wanted["preference"]
    return found


def _is_of(folder: str, config: str) -> bool:
    return folder == config or (config in BY_COHORT and folder.startswith(f"{config}-"))


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
