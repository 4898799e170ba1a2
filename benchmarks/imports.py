"""Imports of prompts from files: rows per second for each format, and peak memory.

Budget: 10,000 rows/s of prompts without responses, a tenth of a millisecond each, so that a person
waits ten seconds for 100,000 prompts and can easily try again after a mistake. Memory is the same
for 10,000 and for 100,000 rows, except for the keys by which rows of one file are matched (about
120 bytes a row).

Each file is imported twice, each time in its own process: as the command does it, and as an upload
on the page, which is checked first and then imported. Memory is the peak of the process (VmHWM;
`ru_maxrss` would include its parent's memory at the fork). The process has no children.
"""

from __future__ import annotations

import csv
import itertools
import json
import random
import shutil
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
PART = 10_000
"""Rows of one row group, as programs write Parquet."""


def run() -> None:
    """Print seconds, rows per second and peak memory for each file and way of import."""
    from codesign.shared.actors import SYSTEM
    from codesign.studies import services as studies

    print(f"\nImports, {'rows':>21}  seconds   rows/s  processor  peak memory")
    with tempfile.TemporaryDirectory() as folder:
        for number, (kind, rows, responses) in enumerate(CASES):
            path = Path(folder) / f"{number}.{kind}"
            write(path, rows, responses)
            for way in WAYS:
                slug = f"{way}-{number}"
                studies.make_study(actor=SYSTEM, slug=slug, title=slug, contact="s@example.org")
                used = _measured(way, slug, path)
                what = f"{way}: {kind}, {responses} responses"
                print(
                    f"{what:30s} {rows:>8,} {used['seconds']:6.1f} {rows / used['seconds']:>9,.0f}"
                    f" {used['processor']:6.1f} s {used['memory'] / 1e6:>8,.0f} MB",
                    flush=True,
                )


def write(path: Path, rows: int, responses: int) -> None:
    """Write a generated file."""
    WRITERS[path.suffix[1:]](path, made_up(rows, responses=responses))


def _measured(way: str, slug: str, path: Path) -> dict[str, float]:
    """Return the measurements of one import in its own process."""
    command = [sys.executable, "-m", "benchmarks.imports", way, slug, str(path)]
    output = subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.PIPE).stdout
    return dict(json.loads(output))


def _measure(way: str, slug: str, path: Path) -> None:
    """Import, and print seconds, processor seconds and peak memory in bytes."""
    import django

    django.setup()
    began, processor = time.perf_counter(), time.process_time()
    WAYS[way](slug, path)
    used = {
        "seconds": time.perf_counter() - began,
        "processor": time.process_time() - processor,
        "memory": most_memory(),
    }
    print(json.dumps(used))


def _command(slug: str, path: Path) -> None:
    from codesign.shared.actors import SYSTEM
    from codesign.studies.queries import study_named
    from modelhub.services.imports import import_file

    import_file(actor=SYSTEM, study=study_named(slug), path=path)


def _upload(slug: str, path: Path) -> None:
    from django.core.files.uploadedfile import TemporaryUploadedFile

    from codesign.jobs.services.working import run_here
    from codesign.shared.actors import SYSTEM
    from codesign.studies.queries import study_named
    from modelhub.queries.uploads import job_of
    from modelhub.services import uploads

    with TemporaryUploadedFile(path.name, "", path.stat().st_size, None) as sent:
        shutil.copy(path, sent.temporary_file_path())
        upload = uploads.receive(actor=SYSTEM, study=study_named(slug), file=sent)
    run_here(job=job_of(upload=upload))
    uploads.confirm(actor=SYSTEM, upload=upload)
    run_here(job=job_of(upload=upload))
    upload.refresh_from_db()
    assert upload.state == "done", upload.error


def most_memory() -> int:
    """Return the peak memory of this process in bytes (Linux)."""
    status = Path("/proc/self/status").read_text()
    return 1024 * int(status.partition("VmHWM:")[2].split()[0])


def made_up(rows: int, *, responses: int) -> Iterator[dict[str, Any]]:
    """Yield rows of about 45 words, with word frequencies as in a natural language."""
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

    first = pyarrow.Table.from_pylist(list(itertools.islice(rows, PART)))
    with parquet.ParquetWriter(path, first.schema) as writer:
        writer.write_table(first)
        while part := list(itertools.islice(rows, PART)):
            writer.write_table(pyarrow.Table.from_pylist(part, schema=first.schema))


WRITERS = {"jsonl": _write_lines, "csv": _write_table, "parquet": _write_parquet}
CASES = [(kind, rows, 0) for kind in WRITERS for rows in (ROWS // 10, ROWS)]
CASES.append(("jsonl", ROWS, 2))
WAYS = {"command": _command, "upload": _upload}

if __name__ == "__main__":
    _measure(sys.argv[1], sys.argv[2], Path(sys.argv[3]))
