#!/usr/bin/env bash
# datasets 5.2.0: "force_redownload" refuses a local file from which rows were removed.
#
# Expected: load_dataset(FOLDER, CONFIG, download_mode="force_redownload") reads the files again, whatever
# was cached before, as it does for a data set on the Hub that changed.
# Seen: it prepares the new rows and then raises NonMatchingSplitsSizesError, because it compares them with
# the row counts that the earlier load left in the cache. A first load into an empty cache_dir works.
# What it means for us: whoever drops retracted rows from a release by hand is told to use an empty cache_dir.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check datasets==5.2.0 pyarrow==26.0.0
cd "$work"
HF_HUB_OFFLINE=1 HF_HOME="$work/hf" "$work/venv/bin/python" - <<'PYTHON'
import pathlib

import datasets
import pyarrow as pa
import pyarrow.parquet as pq

folder = pathlib.Path("release")
folder.mkdir()
(folder / "README.md").write_text(
    "---\nconfigs:\n- config_name: votes\n  data_files:\n  - split: train\n    path: train.parquet\n---\n"
)


def write(rows):
    pq.write_table(pa.table({"id": rows}), folder / "train.parquet")


def load(cache, **options):
    return list(datasets.load_dataset("release", "votes", cache_dir=cache, **options)["train"]["id"])


print("datasets", datasets.__version__)
write([1, 2, 3])
assert load("cache") == [1, 2, 3]
write([1, 3])
stale = load("cache")
print("loaded again from the cache:", stale)
try:
    seen = load("cache", download_mode="force_redownload")
except datasets.exceptions.NonMatchingSplitsSizesError as error:
    seen = type(error).__name__
print("with force_redownload:", seen)
fresh = load("empty")
print("into an empty cache_dir:", fresh)
assert (stale, seen, fresh) == ([1, 2, 3], "NonMatchingSplitsSizesError", [1, 3]), "the behaviour changed"
PYTHON
