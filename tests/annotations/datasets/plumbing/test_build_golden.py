"""Pins the bytes of a release: a change of structure must not change a single record.

`golden.sha256` has the SHA-256 of every data file that a fixed selection gives, in the format of
`sha256sum`. The bytes of Parquet depend on the version of pyarrow, which the lock pins; everything
else depends on the code alone. After a change of the rules or a new version of pyarrow, check the
difference of the records, then write the new hashes:

    python -m tests.annotations.datasets.plumbing.test_build_golden
"""

from __future__ import annotations

import hashlib
import tempfile
from pathlib import Path

from annotations.rules.releases import DropReason
from tests.support.snapshots import built
from tests.support.varied_selection import personal_data_in, varied_selection

GOLDEN = Path(__file__).with_name("golden.sha256")


def hashes(folder: Path) -> list[str]:
    """A line for each data file; their folder is named after their content, so it is left out."""
    (data,) = (folder / "data").iterdir()
    files = [*data.rglob("*.*"), folder / "contested.jsonl"]
    names = {path.relative_to(data if data in path.parents else folder): path for path in files}
    return [
        f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {name.as_posix()}"
        for name, path in sorted(names.items())
    ]


def test_what_was_built_before_in_the_same_process_changes_nothing(tmp_path: Path) -> None:
    """Prevents a cache that takes 1 for 1.0, so that a file depends on an earlier release."""
    built(varied_selection(whole=int), tmp_path / "before", scan_texts=personal_data_in)
    built(varied_selection(), tmp_path / "r", scan_texts=personal_data_in)
    assert hashes(tmp_path / "r") == GOLDEN.read_text().splitlines()


def test_a_fixed_selection_gives_the_golden_files(tmp_path: Path) -> None:
    built(varied_selection(), tmp_path / "r", scan_texts=personal_data_in)
    assert hashes(tmp_path / "r") == GOLDEN.read_text().splitlines()


def test_the_fixed_selection_drops_records_for_every_reason(tmp_path: Path) -> None:
    """Otherwise the golden files would not notice a change to some rule."""
    package = built(varied_selection(), tmp_path / "r", scan_texts=personal_data_in)
    reasons = {reason for counts in package.manifest["dropped"].values() for reason in counts}
    assert reasons == set(DropReason) - {DropReason.BELOW_LEAST_MEDIAN}  # only where asked for
    assert all(package.manifest["listed"].values())


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as name:
        built(varied_selection(), Path(name) / "r", scan_texts=personal_data_in)
        GOLDEN.write_text("\n".join(hashes(Path(name) / "r")) + "\n")
