"""One training run in two processes, as machines with two GPUs do it; here on the processor."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

import pytest

from modelhub.engine.progress import Exit, read_progress, read_result
from modelhub.services.training_process import launcher
from tests.support.engine_release import pair, write_release
from tests.support.running import eventually
from tests.support.small_model import small_model
from tests.support.training_process import LIMIT_S, SHORT, Trainer

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def trainer(tmp_path_factory: pytest.TempPathFactory, embedded_model: Path) -> Trainer:
    folder = tmp_path_factory.mktemp("runs")
    return Trainer(folder, small_model(folder / "small", embedded_model))


@pytest.fixture(scope="module")
def release(tmp_path_factory: pytest.TempPathFactory) -> Path:
    splits = {
        "train": [pair(i) for i in range(8)],
        "validation": [pair(i) for i in range(20, 24)],
    }
    return write_release(tmp_path_factory.mktemp("release"), preference=splits)


def in_two(trainer: Trainer, name: str, release: Path, **changes: Any) -> subprocess.Popen[bytes]:
    spec = trainer.spec(name, release, **changes)
    log = (trainer.folder / f"{name}.log").open("wb")
    with log:
        return subprocess.Popen([*launcher(processes=2), str(spec)], stdout=log, stderr=log)


def test_two_processes_share_each_step_and_make_one_adapter(
    trainer: Trainer, release: Path
) -> None:
    one_by_one = SHORT | {"batch_size": 1, "max_steps": 4}
    with in_two(trainer, "two", release, params=one_by_one) as process:
        assert process.wait(LIMIT_S) == 0, (trainer.folder / "two.log").read_text()
    result = read_result(trainer.out("two"), 0)
    assert result["state"] == "done", result
    assert (result["metrics"]["batch"], result["metrics"]["steps"]) == (2, 4)
    assert result["metrics"]["validation"]["records"] == 4
    events = read_progress(trainer.out("two"))
    assert [e["step"] for e in events if e["event"] == "step"] == [1, 2, 3, 4]
    assert [e["event"] for e in events].count("start") == 1
    card = (Path(result["adapter"]) / "README.md").read_text()
    assert "| processes | 2 |" in card
    code, alone = trainer.run("one", release, params=one_by_one | {"batch_size": 2})
    assert code == Exit.DONE
    for name in ("first_loss", "last_loss"):
        assert result["metrics"][name] == pytest.approx(alone["metrics"][name], abs=0.02)


def test_both_processes_stop_when_the_run_is_cancelled(trainer: Trainer, release: Path) -> None:
    out = trainer.out("cancelled")
    params = SHORT | {"batch_size": 1, "max_steps": 5000}
    with in_two(trainer, "cancelled", release, params=params) as process:
        eventually(
            lambda: (
                process.poll() is not None
                or any(event["event"] == "step" for event in read_progress(out))
            ),
            seconds=LIMIT_S,
        )
        process.terminate()
        assert process.wait(LIMIT_S) != 0
    assert read_result(out, 1)["state"] == "cancelled"
    assert not list(out.glob(".scratch-*"))


def test_one_process_needs_no_launcher() -> None:
    assert "torch.distributed.run" not in launcher(processes=1)
    assert launcher(processes=1)[-1] == launcher(processes=3)[-1] == "modelhub.engine.train"
    assert "3" in launcher(processes=3)
