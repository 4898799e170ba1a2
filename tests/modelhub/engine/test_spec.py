"""Training without a model: parameters, spec, progress, model card."""

import json
import math
import os
import subprocess
import sys
from collections import namedtuple
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import yaml

from modelhub.engine import model_card
from modelhub.engine.errors import BadSpec, EngineError
from modelhub.engine.params import PARAMETERS, parse, problems
from modelhub.engine.progress import (
    Exit,
    Progress,
    read_progress,
    read_result,
    write_result,
)
from modelhub.engine.records import spread
from modelhub.engine.spec import parse_spec
from modelhub.engine.train import is_out_of_memory
from modelhub.engine.watch import step_event
from modelhub.engine.weights import ensure_embedded, exclusive, is_complete, sha256_of_folder

State = namedtuple("State", "global_step max_steps")


@pytest.mark.parametrize(
    ("method", "raw", "said"),
    [
        ("dpo", {}, None),
        ("dpo", {"learning_rate": 1e-5, "epochs": 2, "beta": 0.2}, None),
        ("dpo", {"max_steps": 6, "epochs": None}, None),
        ("dpo", {"learning_rate": 0.01}, None),
        ("dpo", {"learning_rate": 0.011}, "Learning rate must be between 0.0000001 and 0.01"),
        ("dpo", {"learning_rate": 0}, "Learning rate must be between"),
        ("dpo", {"learning_rate": math.nan}, "Learning rate must be between"),
        ("dpo", {"learning_rate": "1e-5"}, "Learning rate must be a number."),
        ("dpo", {"batch_size": True}, "Batch size must be a number."),
        ("dpo", {"batch_size": 1.5}, "Batch size must be a whole number."),
        ("dpo", {"max_steps": 0}, "Steps must be between 1 and 100000; it is 0."),
        ("dpo", {"max_steps": 6, "epochs": 1}, "Give epochs or steps, not both."),
        ("dpo", {"lr": 1}, "Unknown parameter lr"),
        ("sft", {"beta": 0.1}, "Beta cannot be used with sft."),
        ("kto", {"batch_size": 1}, "KTO compares records within a batch"),
    ],
)
def test_parameters(method: str, raw: dict[str, Any], said: str | None) -> None:
    sentences = problems(method, raw)
    assert len(sentences) == (said is not None)
    assert said is None or sentences[0].startswith(said)


def test_defaults_read_the_release_once() -> None:
    assert parse("dpo", {}).used() == {
        "learning_rate": 5e-5,
        "epochs": 1.0,
        "batch_size": 2,
        "gradient_accumulation": 1,
        "max_length": 1024,
        "beta": 0.1,
    }
    assert parse("sft", {"max_steps": 3}).used().keys().isdisjoint({"beta", "epochs"})


def test_every_wrong_parameter_is_named_at_once() -> None:
    with pytest.raises(BadSpec) as caught:
        parse("dpo", {"beta": 9, "lora_r": 0, "colour": 1})
    assert len(caught.value.problems) == 3


@pytest.mark.parametrize("name", PARAMETERS)
def test_both_bounds_of_every_parameter_are_allowed(name: str) -> None:
    parameter = PARAMETERS[name]
    number = int if parameter.whole else float
    assert problems("dpo", {name: number(parameter.low)}) == []
    assert problems("dpo", {name: number(parameter.high)}) == []


def _spec(tmp_path: Path, **changes: Any) -> dict[str, Any]:
    (tmp_path / "base").mkdir(exist_ok=True)
    (tmp_path / "release").mkdir(exist_ok=True)
    raw = {
        "method": "dpo",
        "base_dir": str(tmp_path / "base"),
        "release_dir": str(tmp_path / "release"),
        "output_dir": str(tmp_path / "out"),
    }
    return raw | changes


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"method": "ppo"}, "Unknown method ppo"),
        ({"method": None}, "The training spec needs method."),
        ({"base_dir": "/nowhere/base"}, "base_dir is not a folder: base."),
        ({"adapter_parent": "/nowhere/a"}, "adapter_parent is not a folder: a."),
        ({"seed": -1}, "seed must be a whole number"),
        ({"seed": "7"}, "seed must be a whole number"),
        ({"threads": 0}, "threads must be a whole number"),
        ({"nice": 20}, "nice must be a whole number"),
        ({"output_dir": 3}, "output_dir must be text."),
        ({"colour": 1}, "A training spec has no key colour."),
        ({"params": []}, "params must be an object."),
        ({"params": {"beta": 9}}, "Beta must be between"),
        ({"method": "reward", "adapter_parent": "/"}, "A reward model must start from a base"),
    ],
)
def test_a_wrong_spec_is_refused_with_a_sentence(
    tmp_path: Path, changes: dict[str, Any], said: str
) -> None:
    with pytest.raises(BadSpec) as caught:
        parse_spec(_spec(tmp_path, **changes))
    assert [p for p in caught.value.problems if p.startswith(said)]


def test_a_spec_s_optional_keys_may_be_null(tmp_path: Path) -> None:
    spec = parse_spec(_spec(tmp_path, adapter_parent=None, memory_limit_mb=None, seed=7))
    assert (spec.seed, spec.adapter_parent, spec.nice) == (7, None, 0)
    assert spec.adapter_dir == tmp_path / "out" / "adapter"


def _train(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "modelhub.engine.train", *arguments],
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_refused_spec_ends_at_once_with_a_result_file(tmp_path: Path) -> None:
    path = tmp_path / "spec.json"
    path.write_text(json.dumps(_spec(tmp_path, params={"beta": 9, "lr": 1})))
    run = _train(str(path))
    assert run.returncode == Exit.BAD_SPEC
    result = read_result(tmp_path / "out", run.returncode)
    assert result["state"] == "failed"
    assert len(result["problems"]) == 2


@pytest.mark.parametrize("content", ["{", "[]", None])
def test_a_spec_that_cannot_be_read(tmp_path: Path, content: str | None) -> None:
    path = tmp_path / "spec.json"
    if content is not None:
        path.write_text(content)
    run = _train(str(path))
    assert run.returncode == Exit.BAD_SPEC
    assert "Traceback" not in run.stderr
    assert run.stderr.strip().endswith(".")


def test_a_call_without_argument_prints_usage() -> None:
    run = _train()
    assert (run.returncode, run.stderr[:6]) == (Exit.BAD_SPEC, "usage:")


def test_two_runs_do_not_share_an_output_folder(tmp_path: Path) -> None:
    path = tmp_path / "spec.json"
    path.write_text(json.dumps(_spec(tmp_path)))
    (tmp_path / "out").mkdir()
    with exclusive(tmp_path / "out" / ".lock"):
        assert _train(str(path)).returncode == Exit.BUSY
    assert not (tmp_path / "out" / "result.json").exists()


def test_progress_is_read_in_whole_lines_only(tmp_path: Path) -> None:
    assert read_progress(tmp_path) == []
    progress = Progress(tmp_path, orphaned=lambda: None)
    progress.append("step", step=1, loss=0.5)
    progress.append("step", step=2, loss=0.25)
    with (tmp_path / "progress.jsonl").open("a") as file:
        file.write('{"event": "st')
    events = read_progress(tmp_path)
    assert [(e["event"], e["step"], e["loss"]) for e in events] == [
        ("step", 1, 0.5),
        ("step", 2, 0.25),
    ]
    assert all(e["at"].endswith("+00:00") for e in events)


@pytest.mark.parametrize(
    ("returncode", "said"),
    [
        (-9, "probably because memory ran out"),
        (-15, "by the signal SIGTERM"),
        (1, "without a result (exit code 1)"),
    ],
)
def test_a_run_without_a_result_file_has_an_error_as_result(
    tmp_path: Path, returncode: int, said: str
) -> None:
    result = read_result(tmp_path, returncode)
    assert result["state"] == "failed"
    assert said in result["error"]


def test_a_result_comes_back_as_written(tmp_path: Path) -> None:
    write_result(tmp_path, {"state": "done", "metrics": {"steps": 2}})
    assert read_result(tmp_path, 0) == {"state": "done", "metrics": {"steps": 2}}
    assert [p.name for p in tmp_path.iterdir()] == ["result.json"]


def test_a_step_s_report_has_rate_and_time_left() -> None:
    logs = {"loss": "0.5", "rewards/margins": 0.25, "rewards/accuracies": math.nan, "epoch": 1}
    assert step_event(State(2, 6), logs, 4.0) == {
        "step": 2,
        "total": 6,
        "loss": 0.5,
        "rate": 0.5,
        "eta_s": 8.0,
        "reward_margin": 0.25,
    }


@pytest.mark.parametrize("loss", [math.nan, math.inf])
def test_an_infinite_or_nan_loss_ends_the_run(loss: float) -> None:
    with pytest.raises(EngineError, match=r"at step 3\. Try a smaller learning rate"):
        step_event(State(3, 6), {"loss": loss}, 1.0)


@pytest.mark.parametrize(
    ("error", "is_memory"),
    [
        (MemoryError(), True),
        (RuntimeError("[enforce fail] DefaultCPUAllocator: can't allocate memory: 9 bytes"), True),
        (RuntimeError("CUDA out of memory. Tried"), True),
        (RuntimeError("std::bad_alloc"), True),
        (RuntimeError("unable to mmap 9 bytes from file: Cannot allocate memory (12)"), True),
        (RuntimeError("shape mismatch"), False),
        (RuntimeError("can't start new thread"), True),
        (ValueError("memory"), False),
    ],
)
def test_errors_that_count_as_out_of_memory(error: Exception, is_memory: bool) -> None:
    assert is_out_of_memory(error) is is_memory


def test_a_folder_s_hash_follows_its_content_not_its_place(tmp_path: Path) -> None:
    for name in ("one", "two"):
        (tmp_path / name / "sub").mkdir(parents=True)
        (tmp_path / name / "a").write_text("1")
        (tmp_path / name / "sub" / "b").write_text("2")
    assert sha256_of_folder(tmp_path / "one") == sha256_of_folder(tmp_path / "two")
    os.rename(tmp_path / "two" / "a", tmp_path / "two" / "c")
    assert sha256_of_folder(tmp_path / "one") != sha256_of_folder(tmp_path / "two")


@pytest.mark.parametrize(
    ("receipt", "complete"),
    [
        (None, False),
        ("{", False),
        ("{}", False),
        ('{"sizes": {"w": 3}}', True),
        ('{"sizes": {"w": 4}}', False),
        ('{"sizes": {"w": 3, "missing": 1}}', False),
    ],
)
def test_a_half_written_model_is_not_taken_for_a_whole_one(
    tmp_path: Path, receipt: str | None, complete: bool
) -> None:
    (tmp_path / "w").write_text("abc")
    if receipt is not None:
        (tmp_path / "conversion.json").write_text(receipt)
    assert is_complete(tmp_path) is complete


def test_a_converted_model_is_found_without_converting(tmp_path: Path) -> None:
    folder = tmp_path / "SmolLM2-135M-Instruct"
    folder.mkdir()
    (folder / "conversion.json").write_text('{"sizes": {}}')
    assert ensure_embedded(tmp_path) == folder


def test_the_card_names_base_release_parameters_and_seed() -> None:
    facts = model_card.CardFacts(
        method="dpo",
        base_name="Base",
        base_sha256="aa",
        parent_sha256="",
        release_name="Release 3",
        release_sha256="bb",
        records=12,
        left_out={"with an empty response": 2},
        params={"beta": 0.1, "learning_rate": 5e-5},
        seed=7,
        threads=2,
        system_message="Be kind.",
        versions={"trl": "1.16.0"},
    )
    text = model_card.render(facts)
    for row in ("Dataset release | Release 3", "beta | 0.1", "seed | 7", "trl | 1.16.0"):
        assert f"| {row} |" in text
    assert "| Left out: with an empty response | 2 |" in text
    assert "Parent adapter" not in text
    assert "None" not in text
    assert text.startswith("---\nbase_model: Base\n")
    odd = model_card.render(replace(facts, base_name="Clinic model: v2"))
    assert yaml.safe_load(odd.split("---\n")[1])["base_model"] == "Clinic model: v2"


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("counts", [[1], [2, 1], [3, 3, 3], [5, 2, 2, 1], [1] * 9])
def test_neighbours_have_different_prompts(counts: list[int], seed: int) -> None:
    records: list[dict[str, Any]] = [
        {"prompt": number, "id": f"{number}.{copy}"}
        for number, count in enumerate(counts)
        for copy in range(count)
    ]
    order = spread(records, seed=seed)
    assert sorted(r["id"] for r in order) == sorted(r["id"] for r in records)
    assert all(a["prompt"] != b["prompt"] for a, b in pairwise(order))
    assert order == spread(records, seed=seed)


def test_records_of_a_single_prompt_keep_each_other_as_neighbours() -> None:
    records = [{"prompt": 1, "id": n} for n in range(3)]
    assert len(spread(records, seed=0)) == 3
