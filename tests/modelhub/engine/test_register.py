"""The process that prepares a registered model: from a GGUF file, and from the Hub's cache."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from modelhub.engine.errors import EngineError
from modelhub.engine.register import obtain
from modelhub.engine.weights import embedded_gguf
from tests.support.running import LONGEST, ROOT
from tests.support.small_model import made_up_model

COMMIT = "0123456789abcdef0123456789abcdef01234567"


def register(folder: Path, spec: dict[str, Any], **environment: str) -> dict[str, Any]:
    folder.mkdir()
    (folder / "spec.json").write_text(json.dumps(spec))
    subprocess.run(
        [sys.executable, "-m", "modelhub.engine.register", str(folder)],
        cwd=ROOT,
        env={**os.environ, **environment},
        timeout=LONGEST,
        check=False,
    )
    return dict(json.loads((folder / "result.json").read_text()))


def test_a_hub_model_is_found_in_the_local_cache_by_its_revision(tmp_path: Path) -> None:
    stored = tmp_path / "home/hub/models--made-up-org--tiny"
    made_up_model(stored / "snapshots" / COMMIT)
    (stored / "refs").mkdir()
    (stored / "refs/main").write_text(COMMIT)
    spec = {"kind": "hub", "location": "made-up-org/tiny", "revision": "main"}
    found = register(tmp_path / "job", spec, HF_HOME=str(tmp_path / "home"))
    assert (found["state"], found["revision"]) == ("done", COMMIT)
    assert found["path"] == str(stored / "snapshots" / COMMIT)
    other = register(tmp_path / "other", {**spec, "revision": "v2"}, HF_HOME=str(tmp_path / "home"))
    assert "Revision “v2” of made-up-org/tiny is not in the local cache" in other["error"]


def test_what_is_no_gguf_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "model.gguf").write_bytes(b"PK\x03\x04")
    spec = {"kind": "gguf", "location": str(tmp_path / "model.gguf"), "target": str(tmp_path / "x")}
    with pytest.raises(EngineError, match=r"model\.gguf is not a GGUF file"):
        obtain(spec, lambda _percent: None)


@pytest.mark.slow
def test_a_gguf_file_is_converted_and_checked(tmp_path: Path) -> None:
    target = tmp_path / "model"
    reported: list[int] = []
    spec = {"kind": "gguf", "location": str(embedded_gguf()), "target": str(target)}
    found = obtain(spec, reported.append)
    assert found["path"] == str(target)
    assert found["facts"]["parameters"] == 134_515_008
    assert reported[-1] == 100
