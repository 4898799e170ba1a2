"""Training with the real embedded model, in a training process."""

import json
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from modelhub.engine.progress import Exit, read_progress, read_result
from modelhub.engine.weights import exclusive, sha256_of_folder
from tests.support.engine_release import GOOD, pair, turn, write_release
from tests.support.running import eventually
from tests.support.small_model import small_model
from tests.support.training_process import LIMIT_S, LONG, SHORT, Trainer, every_config, single

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def trainer(tmp_path_factory: pytest.TempPathFactory, embedded_model: Path) -> Trainer:
    """Trains a small model, so that a run takes a second."""
    folder = tmp_path_factory.mktemp("runs")
    return Trainer(folder, small_model(folder / "small", embedded_model))


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
    code, result = trainer.run("first", release)
    assert (code, result["state"]) == (Exit.DONE, "done"), result
    return result


@pytest.fixture(scope="module")
def embedded(tmp_path_factory: pytest.TempPathFactory, embedded_model: Path) -> Trainer:
    return Trainer(tmp_path_factory.mktemp("embedded"), embedded_model)


@pytest.fixture(scope="module")
def real(embedded: Trainer, release: Path) -> dict[str, Any]:
    """A finished run of the embedded model."""
    code, result = embedded.run("real", release, nice=5)
    assert (code, result["state"]) == (Exit.DONE, "done"), result
    return result


def test_a_finished_run_has_a_complete_result(real: dict[str, Any], embedded: Trainer) -> None:
    metrics = real["metrics"]
    assert (metrics["steps"], metrics["records"]) == (2, 4)
    assert sum(metrics["left_out"].values()) == 4
    assert len(metrics["left_out"]) == 4
    assert metrics["first_loss"] == pytest.approx(0.693, abs=0.001)  # ln 2: nothing learnt yet
    assert metrics["last_loss"] < metrics["first_loss"]
    events = read_progress(embedded.out("real"))
    assert [e["step"] for e in events if e["event"] == "step"] == [1, 2]
    assert [e["event"] for e in events][0 :: len(events) - 1] == ["start", "end"]
    assert real["said"] == ""


def test_scores_are_of_the_whole_validation_split_and_say_of_how_many(
    real: dict[str, Any],
) -> None:
    """Scores of the last batch of two records can only be 0, 50 or 100%."""
    metrics = real["metrics"]
    assert not {"reward_accuracy", "reward_margin", "token_accuracy"} & set(metrics)
    validation = metrics["validation"]
    assert (validation["records"], validation["of"]) == (3, 3)
    assert set(validation["scores"]) >= {"loss", "reward_accuracy", "reward_margin"}
    assert (3 * validation["scores"]["reward_accuracy"]) % 1 == pytest.approx(0, abs=1e-6)
    card = (Path(real["adapter"]) / "README.md").read_text()
    assert "on 3 of the 3 records of the release's validation split (n = 3)" in card


def test_the_adapter_folder_holds_our_card_and_no_machine_s_path(
    real: dict[str, Any], embedded: Trainer, embedded_model: Path
) -> None:
    adapter = Path(real["adapter"])
    assert sha256_of_folder(adapter) == real["sha256"]
    config = json.loads((adapter / "adapter_config.json").read_text())
    assert config["base_model_name_or_path"] == embedded_model.name
    assert config["target_modules"] == sorted(config["target_modules"])
    for file in adapter.iterdir():
        assert str(embedded.folder).encode() not in file.read_bytes()
    assert "| lora_r | 2 |" in (adapter / "README.md").read_text()
    left = {path.name for path in embedded.out("real").iterdir()}
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
    rows = [single(i, True) for i in range(4)]
    release = write_release(tmp_path / "release", unpaired_preference={"train": rows})
    code, result = trainer.run("one-sided", release, method="kto")
    assert code == Exit.FAILED
    assert (
        result["error"]
        == "KTO needs good and bad responses. All responses of this release are good."
    )


def test_too_little_memory_ends_clearly(embedded: Trainer, release: Path) -> None:
    code, result = embedded.run("memory", release, memory_limit_mb=1000)
    assert code == Exit.OUT_OF_MEMORY, result
    assert result["error"] == (
        "There was not enough memory. Try a smaller batch or shorter records."
    )


def _events(folder: Path, name: str) -> list[dict[str, Any]]:
    return [event for event in read_progress(folder) if event["event"] == name]


def _started(trainer: Trainer, name: str, release: Path, **changes: Any) -> subprocess.Popen[bytes]:
    return subprocess.Popen(trainer.command(name, release, **changes))


def _wait_for_step(step: int, out: Path, process: subprocess.Popen[bytes]) -> None:
    """Wait until a run reports a step, or ends. It looks often, because a step takes 0.05 s."""
    while len(_events(out, "step")) < step and process.poll() is None:
        time.sleep(0.02)


def test_sigterm_stops_at_the_next_step(trainer: Trainer, release: Path) -> None:
    out = trainer.out("cancelled")
    with _started(trainer, "cancelled", release, params=LONG) as process:
        _wait_for_step(1, out, process)
        process.terminate()
        code = process.wait(LIMIT_S)
    assert code == Exit.CANCELLED
    assert read_result(out, code)["state"] == "cancelled"
    assert not (out / "adapter").exists()
    assert not list(out.glob(".scratch-*"))


def kill_after(step: int, trainer: Trainer, name: str, release: Path, **changes: Any) -> None:
    """Kill a run after a step. A run that ends before it can be killed is started again."""
    out = trainer.out(name)
    while True:
        with _started(trainer, name, release, **changes) as process:
            _wait_for_step(step, out, process)
            process.kill()
        if process.returncode == -signal.SIGKILL and not (out / "result.json").exists():
            return
        assert process.returncode == Exit.DONE
        shutil.rmtree(out)


@pytest.mark.parametrize("method", ["dpo", "sft", "kto", "reward"])
def test_a_killed_run_that_is_started_again_equals_a_straight_one(
    trainer: Trainer, tmp_path: Path, method: str
) -> None:
    release = every_config(tmp_path / "release")
    name = f"killed-{method}"
    same = {"method": method, "params": SHORT | {"max_steps": 30}, "checkpoint_steps": 10}
    straight = trainer.run(f"straight-{method}", release, **same)[1]
    out = trainer.out(name)
    kill_after(11, trainer, name, release, **same)
    assert len(_events(out, "step")) >= 11
    code, resumed = trainer.run(name, release, **same)
    assert code == Exit.DONE, resumed
    assert [e["step"] for e in _events(out, "step")] == list(range(1, 31))
    assert [e["event"] for e in read_progress(out)].count("start") == 1
    assert resumed["sha256"] == straight["sha256"]
    for name in ("first_loss", "validation"):
        assert resumed["metrics"][name] == straight["metrics"][name]
    assert not (out / "checkpoints").exists()


def test_a_run_whose_starter_is_gone_stops(embedded: Trainer, release: Path) -> None:
    out = embedded.out("orphan")
    command = embedded.command("orphan", release, params=LONG)
    starter = "import subprocess, sys; subprocess.Popen(sys.argv[1:]); sys.stdin.read()"
    with subprocess.Popen(
        [sys.executable, "-c", starter, *command], stdin=subprocess.PIPE
    ) as process:
        eventually(lambda: bool(_events(out, "start")), seconds=LIMIT_S)
        process.communicate(timeout=LIMIT_S)
    with exclusive(out / ".lock"):  # held until the run has ended
        assert read_result(out, 0)["state"] == "cancelled"
