"""Which records are in the files of a release."""

from __future__ import annotations

import json
from collections.abc import Mapping, Set
from pathlib import Path

from annotations.datasets.plumbing.files import DATA
from annotations.rules.releases import BY_COHORT, CONFIGS


def find_released_records(folder: Path, wanted: Mapping[str, Set[str]]) -> dict[str, set[str]]:
    """Config → those of the `wanted` record ids that are in a release's files.

    Records of a cohort's config, and pairs in `contested.jsonl`, have the same ids as those of the
    config itself and are returned under its name. The files are read at each call, because the ids
    of all releases would be too many to keep.
    """
    import pyarrow.parquet as pq

    released: dict[str, set[str]] = {config: set() for config in wanted}
    for path in sorted((folder / DATA).rglob("*.parquet")):
        config = next(one for one in CONFIGS if _is_of_config(path.parent.name, one))
        if ids := sorted(wanted.get(config, ())):
            column = "judgement_id" if config == "judgements" else "record_id"
            rows = pq.read_table(path, columns=[column], filters=[(column, "in", ids)])
            released[config].update(rows[column].to_pylist())
    with (folder / "contested.jsonl").open(encoding="utf-8") as lines:
        listed = {json.loads(line)["record_id"] for line in lines}
    released["preference"] |= listed & wanted["preference"]
    return released


def _is_of_config(folder_name: str, config: str) -> bool:
    return folder_name == config or (config in BY_COHORT and folder_name.startswith(f"{config}-"))
