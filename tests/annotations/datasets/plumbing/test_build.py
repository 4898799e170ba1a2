"""The folder of a release: same inputs, same bytes; readable by `datasets`; names nobody."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from annotations.datasets.plumbing.build import NothingToRelease
from tests.support.release_files import contents, rows, twelve_prompts
from tests.support.snapshots import built, judgement, selection

ROOT = Path(__file__).resolve().parents[4]


def test_same_inputs_same_bytes(tmp_path: Path) -> None:
    for name in ("one", "two"):
        built(twelve_prompts(), tmp_path / name)
    assert contents(tmp_path / "one") == contents(tmp_path / "two")


@pytest.mark.parametrize("seed", ["0", "4711"])
def test_same_bytes_in_another_process(tmp_path: Path, seed: str) -> None:
    """Whatever order sets have there."""
    code = (
        "import sys; from pathlib import Path\n"
        "from tests.support.release_files import twelve_prompts\n"
        "from tests.support.snapshots import built\n"
        "built(twelve_prompts(), Path(sys.argv[1]))"
    )
    subprocess.run(
        [sys.executable, "-c", code, str(tmp_path / "there")],
        cwd=ROOT,
        env=os.environ | {"PYTHONHASHSEED": seed, "DJANGO_SETTINGS_MODULE": "none"},
        check=True,
    )
    built(twelve_prompts(), tmp_path / "here")
    assert contents(tmp_path / "here") == contents(tmp_path / "there")


def test_files_are_for_their_owner_alone_whatever_the_umask(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        built(twelve_prompts(), tmp_path / "r")
    finally:
        os.umask(before)
    for path in [tmp_path / "r", *(tmp_path / "r").rglob("*")]:
        assert path.stat().st_mode & 0o777 == (0o700 if path.is_dir() else 0o600)


def test_manifest_lists_every_file_with_its_hash(tmp_path: Path) -> None:
    package = built(twelve_prompts(), tmp_path / "r")
    manifest = json.loads((tmp_path / "r" / "manifest.json").read_text())
    assert manifest == package.manifest
    hashes = contents(tmp_path / "r")
    assert package.manifest_sha256 == hashes.pop("manifest.json")
    assert {f["path"]: f["sha256"] for f in manifest["files"]} == hashes
    assert sum(manifest["rows"]["sft"].values()) == 1
    assert manifest["dropped"]["preference"] == {"tie": 1}
    assert manifest["models"] == [{"id": "model-1", "name": "Small model"}]
    assert manifest["people"] == {
        "clinical": {"role": "clinician", "people": 1},
        "lived": {"role": "panelist", "people": 1},
    }
    assert "parent" not in manifest


def test_judgements_hold_one_row_per_person_response_and_criterion(tmp_path: Path) -> None:
    built(twelve_prompts(), tmp_path)
    judgements = rows(tmp_path, "judgements")
    kinds = Counter(row["kind"] for row in judgements)
    assert kinds == {"rating": 24, "ranking": 48, "rewrite": 1, "flag": 1, "highlight": 2}
    assert len({row["record_id"] for row in judgements}) == len(judgements)
    assert len({row["rater_pseudonym"] for row in judgements}) == 2
    (flag,) = (row for row in judgements if row["kind"] == "flag")
    assert (flag["criterion"], flag["value"], flag["review"]) == ("sycophancy", 2.0, "upheld")
    assert "start" not in flag
    assert {row["position"] for row in judgements if row["response_id"].endswith("a")} == {2}
    (tied, *_) = (
        row for row in judgements if row["prompt_id"] == "p03" and row["kind"] == "ranking"
    )
    assert tied["is_tie"] is True
    assert {row["model_version_id"] for row in judgements} == {"model-1"}


def test_a_pair_and_its_prompt_share_a_split(tmp_path: Path) -> None:
    built(twelve_prompts(), tmp_path)
    where: dict[str, set[str]] = {}
    for file in (tmp_path / "data").rglob("*.jsonl"):
        for line in file.read_text().splitlines():
            row = json.loads(line)
            prompt_id = row.get("prompt_id") or row["meta"]["prompt_id"]
            where.setdefault(prompt_id, set()).add(file.stem)
    assert len(where) == 12
    assert all(len(splits) == 1 for splits in where.values())


@pytest.mark.parametrize("config", ["preference", "unpaired_preference", "sft", "judgements"])
def test_datasets_loads_every_config(tmp_path: Path, config: str) -> None:
    from datasets import load_dataset

    built(twelve_prompts(), tmp_path / "r")
    loaded = load_dataset(str(tmp_path / "r"), config, cache_dir=str(tmp_path / "cache"))
    records = [row for split in loaded.values() for row in split]
    assert sorted(r["record_id"] for r in records) == sorted(
        r["record_id"] for r in rows(tmp_path / "r", config)
    )
    if config == "preference":
        first = next(r for r in records if r["meta"]["kind"] == "comparison")
        assert first["chosen"][0] == {"role": "assistant", "content": first["chosen"][0]["content"]}
        assert None not in first["meta"].values()


def test_a_config_without_rows_is_not_offered(tmp_path: Path) -> None:
    """`datasets` cannot load an empty split."""
    from datasets import get_dataset_config_names

    package = built(selection([judgement("lived-1", [["a", "b"]])]), tmp_path)
    assert get_dataset_config_names(str(tmp_path)) == ["judgements", "texts"]
    assert package.manifest["rows"]["preference"] == {}


def test_parquet_and_jsonl_say_the_same(tmp_path: Path) -> None:
    import pyarrow.parquet as pq

    built(twelve_prompts(), tmp_path)
    for config in ("preference", "unpaired_preference", "sft", "judgements"):
        files = list((tmp_path / "data").glob(f"*/{config}/*.parquet"))
        assert files, config
        for file in files:
            lines = file.with_suffix(".jsonl").read_text().splitlines()
            table = [
                {name: value for name, value in row.items() if value is not None}
                for row in pq.read_table(file).to_pylist()
            ]
            assert table == [json.loads(line) for line in lines]


def test_files_name_no_person_and_hold_no_unreviewed_text(tmp_path: Path) -> None:
    built(twelve_prompts(), tmp_path)
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert {"README.md", "manifest.json", "judgements"} <= {p.name for p in tmp_path.rglob("*")}
    for path in files:
        content = path.read_bytes()
        assert b"lived-1" not in content
        assert b"clinical-1" not in content
        assert b"SECRET" not in content


def test_pseudonyms_differ_between_selections(tmp_path: Path) -> None:
    """standards 7.1: another release gives everybody another name."""
    built(twelve_prompts(), tmp_path / "one")
    built(twelve_prompts(granting={"lived-1"}), tmp_path / "two")
    names = [
        {row["rater_pseudonym"] for row in rows(tmp_path / which, "judgements")}
        | {row["judgement_id"] for row in rows(tmp_path / which, "judgements")}
        for which in ("one", "two")
    ]
    assert not names[0] & names[1]


def test_the_release_page_warns_of_example_judgements(tmp_path: Path) -> None:
    judged = [judgement("lived-1", [["a"], ["b"]], example=True)]
    built(selection(judged), tmp_path)
    card = (tmp_path / "README.md").read_text()
    _, after_front_matter = card.split("\n---\n", 1)
    assert "example judgements" in after_front_matter.strip().splitlines()[2]
    for config in ("preference", "judgements"):
        assert all(row["meta"]["example"] for row in rows(tmp_path, config))


def test_nothing_to_release_says_why(tmp_path: Path) -> None:
    with pytest.raises(NothingToRelease) as refused:
        built(selection([judgement("lived-1", [["a"], ["b"]])], granting=set()), tmp_path)
    assert refused.value.dropped == {"no_consent": 1}
