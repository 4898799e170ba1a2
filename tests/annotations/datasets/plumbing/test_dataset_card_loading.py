"""`datasets` and the Hub read a release as its card declares it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml

from annotations.datasets.plumbing.features import features_of
from annotations.datasets.plumbing.schemas import schemas
from annotations.datasets.plumbing.selection import Selection
from annotations.datasets.policy.snapshot import ImportedSnapshot, Thresholds
from tests.support.release_files import rows, twelve_prompts
from tests.support.snapshots import built, judgement, lines, prompt, response, selection


def one_of_everything(purpose: str) -> Selection:
    """All configs that a purpose can have; of optional columns, not one has a value."""
    prompts = [prompt(f"p{n}", language="pt-BR") for n in range(30)]
    prompts.append(prompt("held", held_out=True, language="en"))
    judged = [
        judgement(
            person,
            [[f"{one.id}a"], [f"{one.id}b"]],
            id=f"{person} on {one.id}",
            prompt_id=one.id,
            order_shown=[f"{one.id}a", f"{one.id}b"],
            round_kind="evaluation" if one.held_out else "judging",
            ratings=[{"response": f"{one.id}a", "criterion": "heard", "score": 5}],
        )
        for one in prompts
        for person in ("lived-1", "clinical-1")
    ]
    chosen = selection(
        judged,
        prompts=prompts,
        responses=[response(f"{one.id}{side}", one.id) for one in prompts for side in "ab"],
        purpose=purpose,
    )
    rank = ImportedSnapshot("p0a", "A made-up forum", 1, "rank", "", 1.0)
    with_rank = [
        one._replace(imported=lines([rank])) if '"p0"' in one.prompt else one
        for one in chosen.prompts
    ]
    return replace(chosen, prompts=with_rank, thresholds=Thresholds(median=0.75))


def front_matter(folder: Path) -> dict[str, Any]:
    _, matter, _ = (folder / "README.md").read_text().split("---\n", 2)
    return dict(yaml.safe_load(matter))


@pytest.mark.parametrize("rated", [False, True])
@pytest.mark.parametrize("config", schemas())
def test_declared_features_are_those_that_datasets_would_write(config: str, rated: bool) -> None:
    from datasets import Features

    schema = schemas(rated=rated)[config]
    assert features_of(schema) == Features.from_arrow_schema(schema)._to_yaml_list()


@pytest.mark.parametrize("purpose", ["training", "evaluation", "publication"])
def test_every_config_loads_with_its_features(tmp_path: Path, purpose: str) -> None:
    from datasets import Features, get_dataset_config_names, load_dataset

    package = built(one_of_everything(purpose), tmp_path / "r")
    configs = {name: splits for name, splits in package.manifest["rows"].items() if splits}
    assert ("comparisons" in configs) is (purpose == "evaluation")
    assert ("imported" in configs) is (purpose != "publication")
    assert set(get_dataset_config_names(str(tmp_path / "r"))) == set(configs)
    for config, splits in configs.items():
        loaded = load_dataset(str(tmp_path / "r"), config, cache_dir=str(tmp_path / "cache"))
        assert {split: table.num_rows for split, table in loaded.items()} == splits
        schema = schemas(rated=True)[config.split("-")[0]]
        for table in loaded.values():
            assert table.features == Features.from_arrow_schema(schema)
    judgements = load_dataset(
        str(tmp_path / "r"), "judgements", split="train", cache_dir=str(tmp_path / "cache")
    )
    assert set(judgements["strength"]) == set(judgements["review"]) == {None}


def test_an_empty_split_is_not_offered_and_the_others_load(tmp_path: Path) -> None:
    from datasets import load_dataset

    package = built(selection([judgement("lived-1", [["a"], ["b"]])]), tmp_path / "r")
    ((split, count),) = package.manifest["rows"]["preference"].items()
    loaded = load_dataset(str(tmp_path / "r"), cache_dir=str(tmp_path / "cache"))
    assert {name: table.num_rows for name, table in loaded.items()} == {split: count}
    assert [*loaded[split]["record_id"]] == [
        r["record_id"] for r in rows(tmp_path / "r", "preference")
    ]


def test_the_card_has_what_the_hub_shows(tmp_path: Path) -> None:
    from huggingface_hub import DatasetCard

    package = built(one_of_everything("training"), tmp_path)
    card = DatasetCard.load(tmp_path / "README.md")
    data = card.data.to_dict()
    assert data["language"] == ["pt"]
    assert package.manifest["languages"] == ["pt-BR"]
    assert data["task_categories"] == ["text-generation"]
    assert data["size_categories"] == ["n<1K"]
    assert (data["license"], data["license_name"]) == ("other", "consent-training")
    assert [one["config_name"] for one in data["configs"] if one.get("default")] == ["preference"]
    for heading in ("## Licence", "## Citation", "## Contents"):
        assert heading in card.text
    assert "license of their source" not in card.text
    assert "keep the licence of their source: A made-up forum." in card.text


def test_no_title_breaks_the_card(tmp_path: Path) -> None:
    title = 'A: "study" \u2028 {of} #1 --- é'
    chosen = twelve_prompts()
    built(replace(chosen, study={**chosen.study, "title": title}), tmp_path)
    assert front_matter(tmp_path)["pretty_name"] == title
    assert '{A: "study" \u2028 (of) #1' in (tmp_path / "README.md").read_text()


@pytest.mark.parametrize(
    ("rows_in_it", "category"),
    [(0, "n<1K"), (999, "n<1K"), (1000, "1K<n<10K"), (10**6, "1M<n<10M"), (10**10, "100M<n<1B")],
)
def test_the_size_category_of_the_hub(rows_in_it: int, category: str) -> None:
    from annotations.datasets.plumbing.dataset_card import size_category

    assert size_category(rows_in_it) == category
