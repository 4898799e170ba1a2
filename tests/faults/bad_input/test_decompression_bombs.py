"""Small files that unpack to gigabytes are refused with a sentence, quickly, everywhere.

The bombs are harmless: made here, of zeros and one letter.
"""

from __future__ import annotations

import io
import json
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import psutil
import pyarrow
import pytest
from pyarrow import parquet

from annotations.models import Prompt
from codesign.studies.models import Study
from modelhub.models import Upload
from modelhub.rules.imports import BODY
from modelhub.services.file_reader.limits import MEMORY
from tests.factories.studies import StudyFactory
from tests.support.import_doors import Door, by_page, plain, signed_in
from tests.support.judging_api import problem
from tests.support.running import ROOT

pytestmark = pytest.mark.django_db
MANY = 5_000_000
GROWS = 100_000_000
"""Bytes that this process, which does what a web process does, may grow by on the way."""


def repeated(text: str, times: int) -> Any:
    """One text so many times, in some hundred bytes of a file."""
    zeros = pyarrow.repeat(pyarrow.scalar(0, pyarrow.int32()), times)
    return pyarrow.DictionaryArray.from_arrays(zeros, pyarrow.array([text]))


def bomb(**columns: Any) -> bytes:
    file = io.BytesIO()
    parquet.write_table(
        pyarrow.table(columns),
        file,
        row_group_size=1 << 30,
        max_rows_per_page=1 << 30,
        dictionary_pagesize_limit=1 << 28,
    )
    return file.getvalue()


def in_one_list(values: Any) -> Any:
    ends = pyarrow.array([0, len(values)], pyarrow.int32())
    return pyarrow.ListArray.from_arrays(ends, values)


def nested(depth: int) -> Any:
    kind = pyarrow.string()
    for _ in range(depth):
        kind = pyarrow.list_(kind)
    return pyarrow.nulls(1, kind)


def bombs() -> dict[str, tuple[str, bytes, str]]:
    """Return for each kind of bomb the file's name, its bytes and the expected error."""
    hello = ["Hello"]
    columns = {f"c{number}": [1] for number in range(5_001)}
    deep = "[" * 900 + "]" * 900
    footer = b"PAR1" + b"\0" * 20_000_000 + (20_000_000).to_bytes(4, "little") + b"PAR1"
    return {
        "rows": ("p.parquet", bomb(prompt=repeated("x", MANY)), "5,000,000 rows; 100,000 is"),
        "one list": (
            "p.parquet",
            bomb(prompt=hello, responses=in_one_list(repeated("x", MANY))),
            "5,000,000 values in 1 rows of responses",
        ),
        "long texts": (
            "p.parquet",
            bomb(prompt=repeated("x" * 16_000_000, 400)),
            "is too large to be read at once",
        ),
        "wide": ("p.parquet", bomb(prompt=hello, **columns), "more columns or row groups than"),
        "deep": ("p.parquet", bomb(prompt=hello, responses=nested(300)), "cannot be read as"),
        "footer": ("p.parquet", footer, "a footer of 20,000,000 bytes; 16,000,000 is the most"),
        "columns": ("p.csv", b"prompt" + b",x" * 2_000_000 + b"\nHello\n", "the limit is 5,000"),
        "endless cell": ("p.csv", b'prompt\n"' + b"x" * 17_000_000, "nothing after it could"),
        "keys": (
            "p.jsonl",
            b'{"prompt": "x", %s}' % b",".join(b'"%d":1' % key for key in range(6_000)),
            "6,001 keys; the limit is 5,000",
        ),
        "endless line": ("p.jsonl", b'{"prompt": "' + b"x" * 17_000_000, "more than 16,000,000"),
        "objects": ("p.jsonl", b'{"x": [%s{}]}' % (b"{}," * 4_000_000), "prompt is missing"),
        "deep line": (
            "p.jsonl",
            b'{"prompt": "x", "category": %s}' % deep.encode(),
            "the category [[",
        ),
        "number": ("p.jsonl", b'{"prompt": %s}' % (b"9" * 5_000_000), "not valid JSON"),
    }


BOMBS = bombs()


class Watched:
    """Measures the peak growth of this process's memory, and the time, within a block."""

    def __enter__(self) -> Watched:
        Path("/proc/self/clear_refs").write_text("5")  # the highest mark begins anew
        self._before = psutil.Process().memory_info().rss
        self._began = time.monotonic()
        return self

    def __exit__(self, *_: object) -> None:
        status = Path("/proc/self/status").read_text()
        most = 1024 * int(status.partition("VmHWM:")[2].split()[0])
        self.grew, self.seconds = most - self._before, time.monotonic() - self._began


@pytest.fixture
def study() -> Study:
    return StudyFactory.create()


@pytest.mark.parametrize(("name", "content", "says"), BOMBS.values(), ids=BOMBS)
def test_a_file_that_unpacks_to_gigabytes_is_refused_in_words(
    study: Study, door: Door, name: str, content: bytes, says: str
) -> None:
    with Watched() as watched:
        said = door(study, content, name)
    assert says in plain(said)
    assert not Prompt.objects.exists()
    assert watched.grew < GROWS + 3 * len(content)
    assert watched.seconds < 60


@pytest.mark.django_db(transaction=True)  # signs of life go over a connection of their own
def test_a_long_repeated_text_is_refused_before_it_fills_the_database(
    study: Study, door: Door
) -> None:
    """3 kB of file, 5 GB of text: each row by itself is fine."""
    said = door(study, bomb(prompt=repeated("x" * 50_000, 99_000)), "p.parquet")
    assert "texts unpack to more than 20," in said
    assert not Prompt.objects.exists()


@pytest.mark.parametrize(
    ("body", "says"),
    [
        (
            b'{"prompts":[%s{}]}' % (b'{"a":{"":0}},' * 1_450_000),
            "is too large to be read",
        ),
        (b'{"prompts":[%s[]]}' % (b"[]," * 300_000), "more than 100,000 rows"),
        (b'{"prompts":' + b"[" * 1_000_000, "nested too deeply"),
        (b'{"prompts":' + b"[" * 500, "nested too deeply"),
        (b'{"prompts":{}}' + b" " * 1_000_000, "an object with a list of rows"),
        (b'{"prompts":[', "not valid JSON"),
        (b'{"prompts":[' + b" " * 1_000_000, "could not be read"),
        (b" " * 20_000_001, "larger than 20,000,000 bytes"),
    ],
    ids=["objects", "lists", "deep", "deep and short", "no list", "half", "long half", "too long"],
)
def test_a_body_of_prompts_is_parsed_where_memory_is_bounded(
    study: Study, body: bytes, says: str
) -> None:
    client, where = signed_in(study), f"/api/v1/studies/{study.slug}/prompts/"
    with Watched() as watched:
        answer = client.generic("POST", where, body, content_type="application/json")
    too_much = any(words in says for words in ("more than", "larger than", "too large"))
    assert answer.status_code == (413 if too_much else 400)
    assert says in problem(answer, answer.status_code)["title"]
    assert not Upload.objects.exists()
    assert not Prompt.objects.exists()
    assert watched.grew < GROWS + 2 * len(body)
    assert watched.seconds < 60


def test_a_large_json_body_is_imported_like_a_file(study: Study) -> None:
    rows = [{"prompt": f"Worry {n}.", "responses": ["a" * 200]} for n in range(500)]
    body = json.dumps({"prompts": rows}).encode()
    assert len(body) > 100_000
    where = f"/api/v1/studies/{study.slug}/prompts/"
    answer = signed_in(study).generic("POST", where, body, content_type="application/json")
    assert (answer.status_code, answer.json()["prompts"]) == (201, 500)


@pytest.mark.parametrize(
    "code",
    [
        "x = [[] for _ in range(20_000_000)]",
        "x = bytearray(600_000_000)",
        "import pyarrow; pyarrow.allocate_buffer(600_000_000)",
    ],
)
def test_the_reader_stays_within_its_memory_limit(code: str) -> None:
    limited = (
        "from modelhub.services.file_reader.limits import limit_itself; limit_itself(seconds=60); "
    )
    done = subprocess.run(
        [sys.executable, "-c", limited + code], cwd=ROOT, capture_output=True, check=False
    )
    assert b"Memory" in done.stderr
    assert MEMORY < 600_000_000


@pytest.mark.parametrize(
    ("how", "says"),
    [
        ("os.kill(os.getpid(), 9)", "it is damaged, or needs too much memory or time"),
        ("time.sleep(600)", "it takes too long"),
        ("os.abort()", "it is damaged, or needs too much memory or time"),
        ("raise ValueError('secret words')", "its content is not understood"),
    ],
)
def test_a_reader_that_dies_or_hangs_is_a_sentence(
    tmp_path: Path, how: str, says: str, settings: Any
) -> None:
    """A package of the same name, found first, stands for a library that crashes."""
    from codesign.shared.errors import Invalid
    from modelhub.services.file_rows import reading

    settings.BASE_DIR = tmp_path
    package = tmp_path / "pyarrow"
    package.mkdir()
    (package / "__init__.py").write_text(f"import os, time\n{how}\n")
    for app in ("modelhub", "annotations", "codesign"):
        (tmp_path / app).symlink_to(ROOT / app)
    (tmp_path / "p.parquet").write_bytes(bomb(prompt=["x"]))
    patience = 5 if "sleep" in how else 60
    with (
        pytest.raises(Invalid) as refused,
        reading(path=tmp_path / "p.parquet", stuck_after=patience),
    ):
        pass
    assert says in refused.value.title
    assert "secret" not in refused.value.title
    with reading(path=write(tmp_path / "q.jsonl", b'{"prompt": "x"}\n')) as rows:
        assert len(list(rows)) == 1


def write(path: Path, content: bytes) -> Path:
    path.write_bytes(content)
    return path


def test_readers_are_limited_and_leave_no_process(tmp_path: Path) -> None:
    from modelhub.services.file_rows import reading

    path = write(tmp_path / "p.jsonl", b'{"prompt": "x"}\n' * 90_000)
    for _ in range(4):
        with reading(path=path) as rows:
            next(rows)
            readers = [
                c for c in psutil.Process().children() if "file_reader" in " ".join(c.cmdline())
            ]
            assert len(readers) == 1
        assert not readers[0].is_running()


def test_the_web_process_never_loads_pyarrow(tmp_path: Path) -> None:
    path = write(tmp_path / "p.parquet", bomb(prompt=["x"]))
    code = (
        "import django, sys; django.setup(); from pathlib import Path\n"
        "from modelhub.services.file_rows import reading\n"
        f"with reading(path=Path({str(path)!r})) as rows: print(len(list(rows)))\n"
        "print('pyarrow' in sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == ["1", "False"]


def test_the_page_refuses_body_files_of_the_api(study: Study) -> None:
    said = by_page(study, b'{"prompts": []}', f"p{BODY}")
    assert "Please use .jsonl, .ndjson, .json" in said
