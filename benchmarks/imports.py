"""Prompts from files: rows a second for each format, and the most memory that it takes.

Budget: 10,000 rows/s of prompts without responses, at a tenth of a millisecond each. A person who
brings 100,000 prompts then waits ten seconds, and tries again after a mistake without a second
thought. Memory may grow by the marks by which rows find each other (about 400 bytes a row), and not
by their texts.
"""

from __future__ import annotations

import csv
import itertools
import json
import random
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from benchmarks.machine import ROOT

ROWS = 100_000
WORDS = 20_000


def run() -> None:
    """Print seconds, rows a second and peak memory of `import_prompts` for each file."""
    from codesign.shared.actors import SYSTEM
    from codesign.studies import services as studies

    print(f"\nimport_prompts, {'rows':>7}  seconds   rows/s  processor  peak memory")
    with tempfile.TemporaryDirectory() as folder:
        for number, (kind, rows, responses) in enumerate(CASES):
            path = Path(folder) / f"{number}.{kind}"
            WRITERS[kind](path, made_up(rows, responses=responses))
            slug = f"import-{number}"
            studies.make_study(actor=SYSTEM, slug=slug, title=slug, contact="s@example.org")
            used = _measured(slug, path)
            what = f"{kind}, {responses} responses each"
            print(
                f"{what:28s} {rows:>8,} {used['seconds']:6.1f} {rows / used['seconds']:>9,.0f}"
                f" {used['processor']:6.1f} s {used['memory'] / 1e6:>8,.0f} MB",
                flush=True,
            )


def _measured(slug: str, path: Path) -> dict[str, float]:
    """What one import took, in a process of its own."""
    command = [sys.executable, "-m", "benchmarks.imports", slug, str(path)]
    said = subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.PIPE).stdout
    return dict(json.loads(said))


def _measure(slug: str, path: Path) -> None:
    """Import, and print what it took: seconds, of the processor, bytes at the most."""
    import django

    django.setup()
    from codesign.shared.actors import SYSTEM
    from codesign.studies.queries import study_named
    from modelhub.services.imports import import_file

    study = study_named(slug)
    began, processor = time.perf_counter(), time.process_time()
    import_file(actor=SYSTEM, study=study, path=path)
    used = {
        "seconds": time.perf_counter() - began,
        "processor": time.process_time() - processor,
        "memory": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024,
    }
    print(json.dumps(used))


def made_up(rows: int, *, responses: int) -> Iterator[dict[str, Any]]:
    """Rows of about 45 words, drawn as words of a language are: few often, most seldom."""
    draw = random.Random(rows + responses)
    words = [f"word{number}" for number in range(WORDS)]
    weights = list(itertools.accumulate(1 / (number + 1) for number in range(WORDS)))

    def text(length: int) -> str:
        return " ".join(draw.choices(words, cum_weights=weights, k=length)) + "."

    for number in range(rows):
        row: dict[str, Any] = {
            "prompt": text(draw.randint(20, 70)),
            "external_id": f"p-{number}",
            "category": "education",
            "topics": ["sleep", "work"],
            "intensity": 2,
            "language": "en",
        }
        if responses:
            row["responses"] = [
                {"text": text(draw.randint(40, 100)), "model": f"model-{which}"}
                for which in range(responses)
            ]
        yield row


def _write_lines(path: Path, rows: Iterator[dict[str, Any]]) -> None:
    with path.open("w") as file:
        file.writelines(json.dumps(row) + "\n" for row in rows)


def _write_table(path: Path, rows: Iterator[dict[str, Any]]) -> None:
    with path.open("w", newline="") as file:
        names = ["prompt", "external_id", "category", "topics", "intensity", "language"]
        writer = csv.DictWriter(file, names)
        writer.writeheader()
        writer.writerows({**row, "topics": ";".join(row["topics"])} for row in rows)


def _write_parquet(path: Path, rows: Iterator[dict[str, Any]]) -> None:
    import pyarrow
    from pyarrow import parquet

    parquet.write_table(pyarrow.Table.from_pylist(list(rows)), path)


WRITERS = {"jsonl": _write_lines, "csv": _write_table, "parquet": _write_parquet}
CASES = [
    ("jsonl", ROWS // 10, 0),
    ("jsonl", ROWS, 0),
    ("csv", ROWS, 0),
    ("parquet", ROWS, 0),
    ("jsonl", ROWS, 2),
]

if __name__ == "__main__":
    _measure(sys.argv[1], Path(sys.argv[2]))
