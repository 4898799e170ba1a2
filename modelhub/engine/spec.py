"""The training spec: a JSON file with the input of a training process."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from modelhub.engine.errors import BadSpec
from modelhub.engine.generate import DEFAULT_SYSTEM_MESSAGE
from modelhub.engine.params import ALL_METHODS, MAX_SEED, TrainingParams, parse, problems

_FOLDERS = ("base_dir", "release_dir", "output_dir", "adapter_parent")
_REQUIRED = ("method", "base_dir", "release_dir", "output_dir")
_WHOLE = {
    "seed": (0, MAX_SEED),
    "threads": (1, 1024),
    "nice": (0, 19),
    "memory_limit_mb": (256, 1 << 24),
    "checkpoint_steps": (1, 100_000),
}
_TEXTS = ("base_name", "base_revision", "parent_name", "release_name", "system_message")


@dataclass(frozen=True)
class TrainSpec:
    """The input of one training run.

    `adapter_parent` is the adapter to start from. `system_message` is put before prompts without
    one; generation must use the same message. `nice` lowers the priority of the process,
    `memory_limit_mb` limits its memory. `base_name` and `base_revision` are where other people get
    the base; with `parent_name` and `release_name` they appear on the model card. A killed run
    repeats at most `checkpoint_steps` steps.
    """

    method: str
    base_dir: Path
    release_dir: Path
    output_dir: Path
    params: TrainingParams
    adapter_parent: Path | None = None
    seed: int = 0
    threads: int = 2
    nice: int = 0
    memory_limit_mb: int | None = None
    checkpoint_steps: int = 10
    base_name: str = ""
    base_revision: str = ""
    parent_name: str = ""
    release_name: str = ""
    system_message: str = DEFAULT_SYSTEM_MESSAGE

    @property
    def adapter_dir(self) -> Path:
        """The folder of the finished adapter."""
        return self.output_dir / "adapter"


def read_spec(path: Path) -> dict[str, Any]:
    """Return the file's JSON object, unchecked; raises BadSpec if it cannot be read."""
    try:
        raw = json.loads(path.read_text())
    except (OSError, ValueError) as error:
        raise BadSpec([f"The training spec {path.name} cannot be read: {error}."]) from error
    if not isinstance(raw, dict):
        raise BadSpec(["A training spec must be a JSON object."])
    return raw


def parse_spec(raw: Mapping[str, Any]) -> TrainSpec:
    """Return the checked spec; raises BadSpec with all errors."""
    values = {name: value for name, value in raw.items() if value is not None}
    params = values.pop("params", {})
    errors = _problems(values, params)
    if errors:
        raise BadSpec(errors)
    for name in _FOLDERS:
        if name in values:
            values[name] = Path(values[name])
    return TrainSpec(params=parse(values["method"], params), **values)


def _problems(values: dict[str, Any], params: Any) -> list[str]:
    known = {*_REQUIRED, *_FOLDERS, *_WHOLE, *_TEXTS}
    errors = [f"A training spec has no key {name}." for name in sorted(set(values) - known)]
    errors += [f"The training spec needs {name}." for name in _REQUIRED if not values.get(name)]
    for name in (*_FOLDERS, *_TEXTS, "method"):
        if name in values and not isinstance(values[name], str):
            errors.append(f"{name} must be text.")
    for name, (low, high) in _WHOLE.items():
        value = values.get(name, low)
        if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
            errors.append(f"{name} must be a whole number between {low} and {high}.")
    return errors or _content_problems(values, params)


def _content_problems(values: dict[str, Any], params: Any) -> list[str]:
    """Return the errors of a spec whose keys and types are valid."""
    method = values["method"]
    if method not in ALL_METHODS:
        return [f"Unknown method {method}. Known methods: {', '.join(sorted(ALL_METHODS))}."]
    errors = [
        f"{name} is not a folder: {Path(values[name]).name}."
        for name in ("base_dir", "release_dir", "adapter_parent")
        if name in values and not Path(values[name]).is_dir()
    ]
    if method == "reward" and "adapter_parent" in values:
        errors.append("A reward model must start from a base model, not from an adapter.")
    if not isinstance(params, Mapping):
        return [*errors, "params must be an object."]
    return errors + problems(method, params)
