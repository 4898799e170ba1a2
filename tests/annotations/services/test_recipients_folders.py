"""A release is never written where `datasets` would read something else."""

from __future__ import annotations

from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.test import Client

from annotations.models import DatasetRelease
from annotations.rules.releases import folder_problem
from codesign.jobs.models import Job
from tests.support.release_study import Story

REFUSED = ["rel [1]", "rel?1", "rel*", "**", "a::b", "[!x]", "$HOME"]
FINE = ["rel 1", "a{b,c}", "a]b", "~", "a#b", "a%20b", "ünï", "a'b\"c", "@v1", "(1)", "hf:", "-x"]


def load(folder: Path, cache: Path) -> list[int] | str:
    """The rows that `datasets` finds in a folder, or the name of its error."""
    from datasets import load_dataset

    try:
        rows = load_dataset(str(folder), "one", cache_dir=str(cache))["train"]
    except OSError as error:
        return type(error).__name__
    return list(rows["x"])


def write(folder: Path, number: int) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    (folder / "data").mkdir(parents=True, exist_ok=True)
    pq.write_table(pa.table({"x": pa.array([number])}), folder / "data" / "train.parquet")
    (folder / "README.md").write_text(
        "---\nconfigs:\n- config_name: one\n  data_files:\n"
        "  - split: train\n    path: data/train.parquet\n---\n"
    )


@pytest.mark.parametrize(
    ("name", "refused"), [(n, True) for n in REFUSED] + [(n, False) for n in FINE]
)
def test_what_is_refused_is_what_datasets_misreads(
    tmp_path: Path, name: str, refused: bool
) -> None:
    """Siblings have the names that the pattern would match."""
    for number, sibling in enumerate(("rel 1", "rel1", "relx1", "x", "ab"), start=2):
        write(tmp_path / "in" / sibling, number)
    write(tmp_path / "in" / name, 1)
    refused = name in REFUSED
    assert (load(tmp_path / "in" / name, tmp_path / "cache") != [1]) is refused
    assert (folder_problem(tmp_path / "in" / name) is not None) is refused
    assert (folder_problem(tmp_path / name / "release") is not None) is refused


@pytest.fixture
def story(db: None) -> Story:
    made = Story()
    made.judge(made.member(), made.prompt())
    return made


@pytest.mark.parametrize("name", REFUSED)
def test_the_command_refuses_before_it_builds_anything(
    story: Story, tmp_path: Path, name: str
) -> None:
    with pytest.raises(CommandError, match="takes for a pattern"):
        call_command(
            "release_dataset",
            story.study.slug,
            "--purpose=training",
            f"--out={tmp_path / name}",
            stdout=StringIO(),
        )
    assert not DatasetRelease.objects.exists()
    assert not any(tmp_path.iterdir())


def test_every_door_refuses_while_the_releases_are_kept_in_such_a_folder(
    story: Story, client: Client, tmp_path: Path, settings: Any
) -> None:
    """Training reads a release where it is kept."""
    settings.RELEASES_DIR = tmp_path / "home [2]" / "releases"
    client.force_login(story.coordinator.user)
    sent: dict[str, Any] = {"purpose": "training"}
    slug = story.study.slug
    page = client.post(f"/studies/{slug}/releases/new/", sent)
    api = client.post(f"/api/v1/studies/{slug}/dataset-releases/", sent, "application/json")
    assert [page.status_code, api.status_code] == [409, 409]
    assert "home [2]" in api.json()["title"]
    with pytest.raises(CommandError, match="takes for a pattern"):
        call_command("release_dataset", slug, "--purpose=training", stdout=StringIO())
    assert not Job.objects.filter(kind="dataset_release").exists()
