"""Small dataset releases on disk, as a training run reads them."""

from pathlib import Path
from typing import Any

GOOD = "That sounds tiring. What keeps you awake?"
BAD = "Just get over it."


def turn(role: str, text: str) -> list[dict[str, str]]:
    return [{"role": role, "content": text}]


def pair(number: int, **changes: Any) -> dict[str, Any]:
    record = {
        "record_id": f"r{number}",
        "prompt": turn("user", f"Night {number}: I cannot sleep."),
        "chosen": turn("assistant", GOOD),
        "rejected": turn("assistant", BAD),
        "margin": 1.0,
        "meta": {"round": 1},
    }
    return record | changes


def write_release(folder: Path, **configs: dict[str, list[dict[str, Any]]]) -> Path:
    """Write `{config: {split: rows}}` as Parquet with a dataset card that names them."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    card = ["---", "configs:"]
    for config, splits in configs.items():
        (folder / config).mkdir(parents=True)
        card += [f"- config_name: {config}", "  data_files:"]
        for split, rows in splits.items():
            pq.write_table(pa.Table.from_pylist(rows), folder / config / f"{split}.parquet")
            card += [f"  - split: {split}", f"    path: {config}/{split}.parquet"]
    folder.mkdir(exist_ok=True)
    (folder / "README.md").write_text("\n".join([*card, "---", ""]))
    (folder / "manifest.json").write_text("{}")
    return folder
