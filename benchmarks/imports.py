"""Imports of prompts from files: rows per second for each format, and peak memory.

Budget for 100,000 rows on two idle cores, so that a person waits ten seconds and can easily try
again after a mistake: see `BUDGET` and `MOST_MEMORY`. Memory is the same for 10,000 and for 100,000
rows, except for the keys by which rows of one file are matched (about 120 bytes a row) and the
frequent words of responses.

Each file is imported in two ways: as the command does it, and as an upload on the page, which is
checked first and then imported. Each import has its own process; the median of three is printed,
beside the budget. Processor time is that of the process and of its reader. On a busy machine, it
tells more than rows per second. Memory is the peak of the process (VmHWM; `ru_maxrss` would include
its parent's memory at the fork), without its reader.
"""

from __future__ import annotations

import csv
import itertools
import json
import random
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from benchmarks.machine import ROOT

ROWS = 100_000
TIMES = 3
BUDGET = {0: 14_756, 2: 9_792}
"""Rows per second of an import by command, by the number of responses of each row."""
MOST_MEMORY = 230
"""MB."""
SYLLABLES = ("ba", "den", "fi", "go", "hul", "ja", "ke", "lim", "mo", "nu", "ren", "si", "to")
WORDS = 20_000
PART = 10_000
"""Rows of one row group, as programs write Parquet."""


def run() -> None:
    """Print seconds, rows per second and peak memory for each file and way of import."""
    print(f"\nImports, medians of {TIMES} {'rows':>18}  seconds   rows/s budget  processor  memory")
    with tempfile.TemporaryDirectory() as folder:
        for number, (kind, rows, responses) in enumerate(CASES):
            path = Path(folder) / f"{number}.{kind}"
            write(path, rows, responses)
            for way in WAYS:
                used = _median(way, f"{way}-{number}", path)
                speed = rows / used["seconds"]
                what = f"{way}: {kind}, {responses} responses"
                print(
                    f"{what:30s} {rows:>9,} {used['seconds']:8.1f} {speed:>8,.0f}"
                    f" {speed / BUDGET[responses]:>6.0%} {used['processor']:>8.1f} s"
                    f" {used['memory'] / 1e6:>4,.0f} of {MOST_MEMORY} MB",
                    flush=True,
                )


def _median(way: str, slug: str, path: Path) -> dict[str, float]:
    """Return the median of each measurement of several imports, each into its own study."""
    from codesign.shared.actors import SYSTEM
    from codesign.studies import services as studies

    runs = []
    for number in range(TIMES):
        name = f"{slug}-{number}"
        studies.make_study(actor=SYSTEM, slug=name, title=name, contact="s@example.org")
        runs.append(_measured(way, name, path))
    return {what: statistics.median(run[what] for run in runs) for what in runs[0]}


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
    began, processor = time.perf_counter(), _processor_seconds()
    WAYS[way](slug, path)
    used = {
        "seconds": time.perf_counter() - began,
        "processor": _processor_seconds() - processor,
        "memory": most_memory(),
    }
    print(json.dumps(used))


def _processor_seconds() -> float:
    """Return the processor time of this process and of readers that have ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.process_time() + used.ru_utime + used.ru_stime


def _command(slug: str, path: Path) -> None:
    from codesign.shared.actors import SYSTEM
    from codesign.studies.queries import study_named
    from modelhub.services.imports import import_file

    import_file(actor=SYSTEM, study=study_named(slug), path=path)


def _upload(slug: str, path: Path) -> None:
    from django.core.files.uploadedfile import TemporaryUploadedFile

    from codesign.jobs.services.working import run_to_end
    from codesign.shared.actors import SYSTEM
    from codesign.studies.queries import study_named
    from modelhub.queries.uploads import job_of
    from modelhub.services import uploads

    with TemporaryUploadedFile(path.name, "", path.stat().st_size, None) as sent:
        shutil.copy(path, sent.temporary_file_path())
        upload = uploads.receive(actor=SYSTEM, study=study_named(slug), file=sent)
    run_to_end(actor=SYSTEM, job=job_of(upload=upload))
    uploads.confirm(actor=SYSTEM, upload=upload)
    run_to_end(actor=SYSTEM, job=job_of(upload=upload))
    upload.refresh_from_db()
    assert upload.state == "done", upload.error


def most_memory() -> int:
    """Return the peak memory of this process in bytes (Linux)."""
    status = Path("/proc/self/status").read_text()
    return 1024 * int(status.partition("VmHWM:")[2].split()[0])


def made_up(rows: int, *, responses: int) -> Iterator[dict[str, Any]]:
    """Yield prompts of about 45 words and responses of about 600 characters.

    Words are as frequent as in a natural language.
    """
    draw = random.Random(rows + responses)
    words = [_word(number) for number in range(WORDS)]
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
                {"text": text(draw.randint(60, 130)), "model": f"model-{which}"}
                for which in range(responses)
            ]
        yield row


def _word(number: int) -> str:
    """Return a word of letters; the first ones are short, as frequent words are."""
    more, last = divmod(number, len(SYLLABLES))
    return (_word(more - 1) if more else "") + SYLLABLES[last]


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
