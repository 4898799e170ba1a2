"""`datasets` never answers for one release with the rows of another from its cache.

It caches a named config by the paths in the card and the last part of the folder's name. While all
releases had the same paths, somebody who loaded one after a withdrawal trained on withdrawn work.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from django.test import Client
from django.urls import reverse

from annotations.datasets.plumbing.selection import Selection
from annotations.datasets.policy.snapshot import RewriteSnapshot
from annotations.models import DatasetRelease
from annotations.queries.releases import folder_of
from annotations.rules.releases import FROM_PEOPLE
from tests.support.release_files import contents, rows
from tests.support.release_study import Story, release
from tests.support.snapshots import built, judgement, prompt, response, selection

LOAD = """
import json, sys
from datasets import load_dataset
folder, cache, *configs = sys.argv[1:]
found = {config: load_dataset(folder, config, cache_dir=cache) for config in configs}
print(json.dumps({
    config: sorted(row["record_id"] for split in splits.values() for row in split)
    for config, splits in found.items()
}))
"""


def loaded(folder: Path, cache: Path, *configs: str) -> dict[str, list[str]]:
    """config → record ids, as a process of its own reads them."""
    done = subprocess.run(
        [sys.executable, "-c", LOAD, str(folder), str(cache), *configs],
        env=os.environ | {"HF_HUB_OFFLINE": "1", "HF_DATASETS_DISABLE_PROGRESS_BARS": "1"},
        capture_output=True,
        text=True,
        check=True,
    )
    record_ids: dict[str, list[str]] = json.loads(done.stdout)
    return record_ids


def written(folder: Path) -> dict[str, list[str]]:
    """config → record ids, from the files themselves."""
    names = sorted(path.name for path in (folder / "data").glob("*/*"))
    return {name: sorted(row["record_id"] for row in rows(folder, name)) for name in names}


def judged_by(*granting: str) -> Selection:
    """Forty prompts, the first twenty judged by one person, the others by four.

    Every config and every split has rows for every choice of `granting`, so that two cards differ
    only in their paths.
    """
    prompts = [prompt(f"p{n:02}") for n in range(40)]
    people = ("lived-1", "clinical-1", "lived-2", "clinical-2")
    judged = [
        judgement(
            person,
            [[f"{p.id}a"], [f"{p.id}b"]],
            id=f"{person} on {p.id}",
            prompt_id=p.id,
            order_shown=[f"{p.id}b", f"{p.id}a"],
            ratings=[{"response": f"{p.id}a", "criterion": "heard", "score": 5}],
        )
        for n, p in enumerate(prompts)
        for person in (people[:1] if n < 20 else people)
    ]
    return selection(
        judged,
        prompts=prompts,
        responses=[response(f"{p.id}{side}", p.id) for p in prompts for side in "ab"],
        rewrites=[
            RewriteSnapshot(j.id, f"{j.prompt_id}b", f"Kinder, by {j.id}", "accepted")
            for j in judged
        ],
        granting=set(granting),
    )


def before_withdrawal() -> Selection:
    return judged_by("lived-1", "clinical-1", "lived-2", "clinical-2")


def after_withdrawal() -> Selection:
    """The person who judged the first twenty prompts withdrew."""
    return judged_by("clinical-1", "lived-2", "clinical-2")


@pytest.fixture
def before(tmp_path: Path) -> Path:
    built(before_withdrawal(), tmp_path / "c" / "rel")
    return tmp_path / "c" / "rel"


@pytest.mark.parametrize("place", ["d/rel", "c/rel", "copy/of/rel"])
def test_a_release_after_a_withdrawal_loads_as_its_own_rows(
    tmp_path: Path, before: Path, place: str
) -> None:
    """Another folder of the same name, the same folder, a copy: two processes, one cache."""
    cache = tmp_path / "cache"
    first = written(before)
    configs = set(FROM_PEOPLE) - {"comparisons"}
    assert configs < set(first)
    assert loaded(before, cache, *first) == first
    if place == "c/rel":
        shutil.rmtree(before)
    made = tmp_path / "made" if place.startswith("copy") else tmp_path / place
    built(after_withdrawal(), made)
    if made != tmp_path / place:
        shutil.copytree(made, tmp_path / place)
    second = written(tmp_path / place)
    assert set(second) == set(first)
    assert all(second[config] != first[config] for config in configs)
    assert loaded(tmp_path / place, cache, *second) == second


def test_equal_content_has_equal_paths_and_any_other_content_others(tmp_path: Path) -> None:
    """A release is reproducible, and its copies share cached files."""
    folders = {}
    for name, chosen in (
        ("one", before_withdrawal()),
        ("two", before_withdrawal()),
        ("other", after_withdrawal()),
    ):
        package = built(chosen, tmp_path / name)
        folders[name] = package.manifest["data"]["folder"]
        files = set(contents(tmp_path / name)) - {"README.md", "manifest.json", "contested.jsonl"}
        assert {path.rsplit("/", 2)[0] for path in files} == {folders[name]}
        assert package.manifest["data"]["sha256"].startswith(folders[name].removeprefix("data/"))
    assert folders["one"] == folders["two"] != folders["other"]


def test_the_card_explains_how_to_load_changed_files(tmp_path: Path, before: Path) -> None:
    """Dropping retracted records by hand changes no path: the card names the way, and it works.

    `download_mode="force_redownload"` would not: it raises because the number of rows changed.
    """
    import pyarrow.parquet as pq

    name = "judgements"
    assert "with an empty `cache_dir`" in (before / "README.md").read_text().replace("\n", " ")
    loaded(before, tmp_path / "cache", name)
    for path in before.glob(f"data/*/{name}/*.parquet"):
        pq.write_table(pq.read_table(path).slice(0, 1), path)
    assert len(loaded(before, tmp_path / "empty", name)[name]) == 3


@pytest.mark.django_db
def test_an_older_release_shows_loading_advice() -> None:
    """Its files cannot change, so the page and the API explain how to load it."""
    story = Story()
    story.judge(story.member(), story.prompt())
    new = release(story.study)
    old = DatasetRelease.objects.create(
        study=story.study,
        number=new.number + 1,
        purpose=new.purpose,
        state=new.state,
        frozen_at=new.frozen_at,
        manifest={**new.manifest, "format": 2},
        manifest_sha256=new.manifest_sha256,
    )
    shutil.copytree(folder_of(new), folder_of(old))
    client = Client()
    client.force_login(story.coordinator.user)
    for one, told in ((old, True), (new, False)):
        page = client.get(reverse("annotations:release", args=[story.study.slug, one.id]))
        assert ("empty cache_dir" in page.content.decode()) is told
        api = f"/api/v1/studies/{story.study.slug}/dataset-releases/{one.id}/"
        assert bool(client.get(api).json()["loading_advice"]) is told
