"""Training with the real embedded model, in a training process."""

import json
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from modelhub.engine.progress import Exit, read_progress, read_result
from modelhub.engine.weights import exclusive, sha256_of_folder
from tests.support.engine_release import GOOD, pair, turn, write_release
from tests.support.running import eventually

pytestmark = pytest.mark.slow

SHORT = {"max_steps": 2, "batch_size": 2, "lora_r": 2, "learning_rate": 1e-3}
LONG = SHORT | {"max_steps": 5000}
LIMIT_S = 900


class Trainer:
    """Writes specs and starts training processes in a folder."""

    def __init__(self, folder: Path, base: Path) -> None:
        self.folder = folder
        self._base = base

    def command(self, name: str, release: Path, **changes: Any) -> list[str]:
        spec = {
            "method": "dpo",
            "base_dir": str(self._base),
            "release_dir": str(release),
            "output_dir": str(self.out(name)),
            "params": SHORT,
            "seed": 7,
            "system_message": "Be kind.",
        }
        path = self.folder / f"{name}.json"
        path.write_text(json.dumps(spec | changes))
        return [sys.executable, "-m", "modelhub.engine.train", str(path)]

    def out(self, name: str) -> Path:
        return self.folder / name

    def run(self, name: str, release: Path, **changes: Any) -> tuple[int, dict[str, Any]]:
        run = subprocess.run(
            self.command(name, release, **changes),
            capture_output=True,
            text=True,
            check=False,
            timeout=LIMIT_S,
        )
        return run.returncode, read_result(self.out(name), run.returncode) | {"said": run.stderr}


@pytest.fixture(scope="module")
def trainer(tmp_path_factory: pytest.TempPathFactory, embedded_model: Path) -> Trainer:
    return Trainer(tmp_path_factory.mktemp("runs"), embedded_model)


@pytest.fixture(scope="module")
def release(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Four valid pairs, four invalid ones, three for validation, and unused test records."""
    rows = [pair(i) for i in range(4)]
    rows += [
        pair(4, rejected=turn("assistant", GOOD)),
        pair(5, chosen=turn("assistant", "word " * 2000)),
        pair(6, rejected=turn("assistant", " ")),
        pair(7, prompt=turn("assistant", "I spoke first.")),
    ]
    measured = [pair(20), pair(21), pair(22), pair(23, rejected=turn("assistant", " "))]
    splits = {"train": rows, "validation": measured, "test": [pair(i) for i in range(50)]}
    return write_release(tmp_path_factory.mktemp("release"), preference=splits)


@pytest.fixture(scope="module")
def first(trainer: Trainer, release: Path) -> dict[str, Any]:
    """One finished run."""
    code, result = trainer.run("first", release, nice=5)
    assert (code, result["state"]) == (Exit.DONE, "done"), result
    return result


def test_a_finished_run_has_a_complete_result(first: dict[str, Any], trainer: Trainer) -> None:
    metrics = first["metrics"]
    assert (metrics["steps"], metrics["records"]) == (2, 4)
    assert sum(metrics["left_out"].values()) == 4
    assert len(metrics["left_out"]) == 4
    assert metrics["first_loss"] == pytest.approx(0.693, abs=0.001)  # ln 2: nothing learnt yet
    assert metrics["last_loss"] < metrics["first_loss"]
    events = read_progress(trainer.out("first"))
    assert [e["step"] for e in events if e["event"] == "step"] == [1, 2]
    assert [e["event"] for e in events][0 :: len(events) - 1] == ["start", "end"]
    assert first["said"] == ""


def test_scores_are_of_the_whole_validation_split_and_say_of_how_many(
    first: dict[str, Any],
) -> None:
    """Scores of the last batch of two records can only be 0, 50 or 100%."""
    metrics = first["metrics"]
    assert not {"reward_accuracy", "reward_margin", "token_accuracy"} & set(metrics)
    validation = metrics["validation"]
    assert (validation["records"], validation["of"]) == (3, 3)
    assert set(validation["scores"]) >= {"loss", "reward_accuracy", "reward_margin"}
    assert (3 * validation["scores"]["reward_accuracy"]) % 1 == pytest.approx(0, abs=1e-6)
    card = (Path(first["adapter"]) / "README.md").read_text()
    assert "on 3 of the 3 records of the release's validation split (n = 3)" in card


def test_the_adapter_folder_holds_our_card_and_no_machine_s_path(
    first: dict[str, Any], trainer: Trainer, embedded_model: Path
) -> None:
    adapter = Path(first["adapter"])
    assert sha256_of_folder(adapter) == first["sha256"]
    config = json.loads((adapter / "adapter_config.json").read_text())
    assert config["base_model_name_or_path"] == embedded_model.name
    assert config["target_modules"] == sorted(config["target_modules"])
    for file in adapter.iterdir():
        assert str(trainer.folder).encode() not in file.read_bytes()
    assert "| lora_r | 2 |" in (adapter / "README.md").read_text()
    left = {path.name for path in trainer.out("first").iterdir()}
    assert left == {".lock", "adapter", "progress.jsonl", "result.json"}


def test_the_same_seed_gives_the_same_bytes_and_another_seed_others(
    first: dict[str, Any], trainer: Trainer, release: Path
) -> None:
    again = trainer.run("again", release)[1]
    other = trainer.run("other", release, seed=8)[1]
    assert again["sha256"] == first["sha256"]
    assert other["weights_sha256"] != first["weights_sha256"]


def test_training_can_start_from_a_parent_adapter(
    first: dict[str, Any], trainer: Trainer, release: Path
) -> None:
    params = {name: value for name, value in SHORT.items() if name != "lora_r"}
    code, child = trainer.run("child", release, adapter_parent=first["adapter"], params=params)
    assert code == Exit.DONE, child
    assert child["weights_sha256"] != first["weights_sha256"]
    # The parent is the reference, so that the child starts at no preference either way.
    assert child["metrics"]["first_loss"] == pytest.approx(0.693, abs=0.001)
    assert {p.name for p in Path(child["adapter"]).iterdir()} == {
        "README.md",
        "adapter_config.json",
        "adapter_model.safetensors",
    }
    assert first["sha256"] in (Path(child["adapter"]) / "README.md").read_text()


def test_another_rank_than_the_parent_s_is_refused(
    first: dict[str, Any], trainer: Trainer, release: Path
) -> None:
    params = SHORT | {"lora_r": 4}
    code, result = trainer.run("rank", release, adapter_parent=first["adapter"], params=params)
    assert code == Exit.FAILED
    assert result["error"] == "The parent adapter has LoRA rank 2; do not set another rank."


@pytest.mark.parametrize(
    ("configs", "said"),
    [
        ({}, "This release has no preference pairs to train on."),
        ({"ratings": {"train": [{"score": 1}]}}, "This release has no preference pairs to"),
        ({"preference": {"test": [pair(1)]}}, "This release has no preference pairs to"),
        (
            {"preference": {"train": [pair(1, rejected=turn("assistant", GOOD))]}},
            "This release has no usable preference pairs (1 with the same text on both sides).",
        ),
    ],
    ids=["empty", "other config", "held-out only", "only unusable"],
)
def test_a_release_without_pairs_is_refused(
    trainer: Trainer, tmp_path: Path, configs: dict[str, Any], said: str
) -> None:
    release = write_release(tmp_path / "release", **configs)
    code, result = trainer.run(tmp_path.name, release)
    assert (code, result["state"]) == (Exit.FAILED, "failed")
    assert result["error"].startswith(said)


def _single(number: int, label: bool) -> dict[str, Any]:
    record = pair(number)
    text = record["chosen" if label else "rejected"]
    return {"prompt": record["prompt"], "completion": text, "label": label}


def every_config(folder: Path) -> Path:
    """Four records for each method, and validation records for two configs."""
    singles = [_single(i, i % 3 > 0) for i in range(4)]
    examples = [{k: v for k, v in row.items() if k != "label"} for row in singles]
    return write_release(
        folder,
        preference={"train": [pair(i) for i in range(4)], "validation": [pair(i) for i in (8, 9)]},
        sft={"train": examples},
        unpaired_preference={"train": singles, "validation": singles[:3]},
    )


MEASURED = {
    "sft": None,
    "kto": (2, 3, {"loss"}),  # in whole batches
    "reward": (2, 2, {"loss", "reward_accuracy", "reward_margin"}),
}


@pytest.mark.parametrize("method", list(MEASURED))
def test_the_other_methods_train_too(trainer: Trainer, tmp_path: Path, method: str) -> None:
    release = every_config(tmp_path / "release")
    code, result = trainer.run(method, release, method=method)
    assert code == Exit.DONE, result
    assert (result["metrics"]["steps"], result["metrics"]["records"]) == (2, 4)
    card = (Path(result["adapter"]) / "README.md").read_text()
    assert f"- {method}" in card
    validation = result["metrics"]["validation"]
    assert (
        validation and (validation["records"], validation["of"], set(validation["scores"]))
    ) == MEASURED[method]
    assert ("no validation records" in card) is (MEASURED[method] is None)
    assert result["said"] == ""


def test_kto_needs_both_kinds(trainer: Trainer, tmp_path: Path) -> None:
    rows = [_single(i, True) for i in range(4)]
    release = write_release(tmp_path / "release", unpaired_preference={"train": rows})
    code, result = trainer.run("one-sided", release, method="kto")
    assert code == Exit.FAILED
    assert (
        result["error"]
        == "KTO needs good and bad responses. All responses of this release are good."
    )


def test_too_little_memory_ends_clearly(trainer: Trainer, release: Path) -> None:
    code, result = trainer.run("memory", release, memory_limit_mb=1000)
    assert code == Exit.OUT_OF_MEMORY, result
    assert result["error"] == (
        "There was not enough memory. Try a smaller batch or shorter records."
    )


def _wait(process: subprocess.Popen[bytes], ready: Callable[[], bool]) -> None:
    """Wait until `ready`; fails if the process ends before, and stops it at the end."""
    try:
        eventually(lambda: ready() or process.poll() is not None, seconds=LIMIT_S)
        assert process.poll() is None, "it ended early"
    except AssertionError:
        process.kill()
        raise


def _events(folder: Path, name: str) -> list[dict[str, Any]]:
    return [event for event in read_progress(folder) if event["event"] == name]


def test_sigterm_stops_at_the_next_step(trainer: Trainer, release: Path) -> None:
    out = trainer.out("cancelled")
    with subprocess.Popen(trainer.command("cancelled", release, params=LONG)) as process:
        _wait(process, lambda: bool(_events(out, "step")))
        process.send_signal(signal.SIGTERM)
        code = process.wait(LIMIT_S)
    assert code == Exit.CANCELLED
    assert read_result(out, code)["state"] == "cancelled"
    assert not (out / "adapter").exists()
    assert not list(out.glob(".scratch-*"))


@pytest.mark.parametrize("method", ["dpo", "sft", "kto", "reward"])
def test_a_killed_run_that_is_started_again_equals_a_straight_one(
    trainer: Trainer, tmp_path: Path, method: str
) -> None:
    release = every_config(tmp_path / "release")
    name = f"killed-{method}"
    same = {"method": method, "params": SHORT | {"max_steps": 4}, "checkpoint_steps": 2}
    straight = trainer.run(f"straight-{method}", release, **same)[1]
    out = trainer.out(name)
    with subprocess.Popen(trainer.command(name, release, **same)) as process:
        _wait(process, lambda: [e["step"] for e in _events(out, "step")][-1:] == [3])
        process.kill()
    assert not (out / "result.json").exists()
    code, resumed = trainer.run(name, release, **same)
    assert code == Exit.DONE, resumed
    assert [e["step"] for e in _events(out, "step")] == [1, 2, 3, 4]
    assert resumed["sha256"] == straight["sha256"]
    for name in ("first_loss", "validation"):
        assert resumed["metrics"][name] == straight["metrics"][name]
    assert not (out / "checkpoints").exists()


def test_a_run_whose_starter_is_gone_stops(trainer: Trainer, release: Path) -> None:
    out = trainer.out("orphan")
    command = trainer.command("orphan", release, params=LONG)
    starter = "import subprocess, sys; subprocess.Popen(sys.argv[1:]); sys.stdin.read()"
    with subprocess.Popen(
        [sys.executable, "-c", starter, *command], stdin=subprocess.PIPE
    ) as process:
        _wait(process, lambda: bool(_events(out, "start")))
        process.communicate(timeout=LIMIT_S)
    with exclusive(out / ".lock"):  # held until the run has ended
        assert read_result(out, 0)["state"] == "cancelled"
