"""What is measured while a model trains, and which tokens it learns from."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import pytest

from modelhub.engine.errors import EngineError
from modelhub.engine.libraries import quiet
from modelhub.engine.methods import METHODS, Job, load_for_training
from modelhub.engine.progress import Exit, read_progress
from modelhub.engine.records import MOST_ON_CURVE, load_records, load_validation
from modelhub.engine.spec import TrainSpec, parse_spec
from modelhub.engine.watch import is_measured, scores_of
from tests.support.engine_release import pair, turn, write_release
from tests.support.small_model import small_model
from tests.support.training_process import SHORT, Trainer, single


@pytest.mark.parametrize(
    ("total", "steps"), [(1, [1]), (2, [1, 2]), (4, [1, 2, 3, 4]), (10, [3, 5, 8, 10])]
)
def test_records_are_measured_four_times_and_at_the_end(total: int, steps: list[int]) -> None:
    assert [step for step in range(total + 1) if is_measured(step, total)] == steps


def test_scores_that_mean_nothing_are_left_out() -> None:
    measured = {"eval_loss": 0.7, "eval_rewards/accuracies": 0.0, "eval_rewards/margins": math.inf}
    assert scores_of(measured, method="dpo", step=0) == {"loss": 0.7}
    assert scores_of(measured, method="kto", step=3) == {"loss": 0.7}
    assert scores_of(measured, method="dpo", step=3) == {"loss": 0.7, "reward_accuracy": 0.0}


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory, embedded_model: Path) -> Path:
    return small_model(tmp_path_factory.mktemp("base") / "small", embedded_model)


def spec(folder: Path, base: Path, release: Path, method: str, **params: Any) -> TrainSpec:
    return parse_spec(
        {
            "method": method,
            "base_dir": str(base),
            "release_dir": str(release),
            "output_dir": str(folder),
            "params": SHORT | params,
            "system_message": "Be kind.",
        }
    )


@pytest.mark.slow
def test_a_run_measures_its_validation_split_from_start_to_end(tmp_path: Path, base: Path) -> None:
    splits = {
        "train": [pair(i) for i in range(4)],
        "validation": [pair(i) for i in range(20, 22)],
        "test": [pair(i, chosen=turn("assistant", "Kept apart.")) for i in range(50)],
    }
    release = write_release(tmp_path / "release", preference=splits)
    trainer = Trainer(tmp_path, base)
    code, result = trainer.run("run", release, params=SHORT | {"max_steps": 8})
    assert code == Exit.DONE, result
    events = [e for e in read_progress(trainer.out("run")) if e["event"] == "measurement"]
    assert [event["step"] for event in events] == [0, 2, 4, 6, 8]
    assert set(events[0]["scores"]) == {"loss"}  # before training, DPO compares equals
    for event in events[1:]:
        assert {"loss", "reward_accuracy", "reward_margin"} <= set(event["scores"])
    validation = result["metrics"]["validation"]
    assert validation["scores"] == events[-1]["scores"]
    assert (validation["records"], validation["of"], validation["on_curve"]) == (2, 2, 2)


@pytest.mark.slow
def test_the_curve_takes_a_part_of_many_records(tmp_path: Path, base: Path) -> None:
    from transformers import AutoTokenizer

    rows = [pair(i) for i in range(130)]
    release = write_release(tmp_path / "release", preference={"validation": rows})
    tokenizer = AutoTokenizer.from_pretrained(base)
    found = load_validation(spec(tmp_path, base, release, "dpo"), tokenizer, tmp_path / "cache")
    assert found is not None
    assert (found.records, found.of) == (130, 130)
    assert 0 < len(found.curve) <= MOST_ON_CURVE
    singles = [single(i, i % 2 > 0) for i in range(130)]
    release = write_release(tmp_path / "singles", unpaired_preference={"validation": singles})
    of_kto = spec(tmp_path, base, release, "kto", batch_size=4)
    found = load_validation(of_kto, tokenizer, tmp_path / "cache")
    assert found is not None
    assert (found.records % 4, len(found.curve) % 4) == (0, 0)


@pytest.mark.slow
def test_sft_learns_from_replies_alone_and_not_from_what_people_wrote(
    tmp_path: Path, base: Path
) -> None:
    """Prompt and completion, so that TRL counts no token of a prompt."""
    row = {
        "prompt": turn("user", "Private words of a person."),
        "completion": turn("assistant", "A reply to learn from."),
    }
    release = write_release(tmp_path / "release", sft={"train": [row] * 2})
    wanted = spec(tmp_path / "run", base, release, "sft")
    model, tokenizer, precision = load_for_training(wanted)
    records = load_records(wanted, tokenizer, tmp_path / "cache")
    assert set(records.dataset.column_names) == {"prompt", "completion"}
    job = Job(wanted, model, tokenizer, precision, records.dataset, None, [], tmp_path / "kept")
    with quiet():
        trainer = METHODS["sft"](job)
    batch = next(iter(trainer.get_train_dataloader()))
    learnt = batch["input_ids"][batch["labels"] != -100]
    text = tokenizer.decode(learnt)
    assert "A reply to learn from." in text
    for never in ("Private words", "Be kind."):
        assert never not in text
        assert never in tokenizer.decode(batch["input_ids"][0])


@pytest.mark.slow
@pytest.mark.parametrize("method", ["sft", "dpo", "kto", "reward"])
def test_no_trainer_cuts_or_drops_a_record_that_was_kept(
    tmp_path: Path, base: Path, method: str
) -> None:
    """At the limit of tokens: what is one token longer was left out and counted before."""
    from transformers import AutoTokenizer

    tokenizer: Any = AutoTokenizer.from_pretrained(base)
    chats = [
        [*turn("system", "Be kind."), *pair(1)["prompt"], *pair(1)[side]]
        for side in ("chosen", "rejected")
    ]
    texts = [tokenizer.apply_chat_template(chat, tokenize=False) for chat in chats]
    longest = max(len(tokenizer(text)["input_ids"]) for text in texts)
    rows: dict[str, Any] = {
        "preference": {"train": [pair(1), pair(2)]},
        "sft": {"train": [{k: v for k, v in single(1, True).items() if k != "label"}] * 2},
        "unpaired_preference": {"train": [single(1, True), single(2, False)]},
    }
    release = write_release(tmp_path / "release", **rows)
    wanted = spec(tmp_path / "run", base, release, method, max_length=longest)
    model, tokenizer, precision = load_for_training(wanted)
    records = load_records(wanted, tokenizer, tmp_path / "cache")
    assert (len(records.dataset), records.left_out) == (2, {})
    job = Job(wanted, model, tokenizer, precision, records.dataset, None, [], tmp_path / "kept")
    with quiet():
        trainer = METHODS[method](job)
    records.count_dropped(trainer.train_dataset)
    assert records.left_out == {}
    shorter = spec(tmp_path / "run", base, release, method, max_length=longest - 1)
    with pytest.raises(EngineError, match=r"longer than the longest record allowed|are bad"):
        load_records(shorter, tokenizer, tmp_path / "cache")
