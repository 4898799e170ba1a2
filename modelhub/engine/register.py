"""Gets a model onto this machine and checks it: `python -m modelhub.engine.register FOLDER`.

This is a process of its own with a limit of memory, because files from outside may claim anything.
FOLDER holds `spec.json` with these keys: kind (folder, hub, gguf or adapter), location (folder,
file or Hub id), revision (of a Hub model), base (folder of an adapter's base), target (where a
converted GGUF or a copied adapter is written), memory_limit_mb. The process writes
`progress.jsonl`, in percent, and `result.json` with path, sha256, revision and facts
(modelhub.engine.progress).
"""

import hashlib
import json
import os
import resource
import shutil
import sys
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

from modelhub.engine.checking import check_adapter, check_base, refuse_adapter
from modelhub.engine.errors import EngineError
from modelhub.engine.libraries import prepare
from modelhub.engine.progress import NO_ROOM, Exit, Progress, write_result
from modelhub.engine.sentences import first_line
from modelhub.engine.weights import convert

NO_MEMORY = (
    "This model needs more memory than this machine allows. Serve it with another program, and "
    "register that server."
)
UNEXPECTED = "An unexpected error stopped the check. The server's log has the details."
DOWNLOADS = ["*.json", "*.safetensors", "*.jinja", "*.txt", "tokenizer.model", "*.md", "LICENSE*"]
"""What is downloaded from the Hub: no pickled weights and no code."""
_FETCHED, _CHECKED = 60, 80  # percent
_MB = 1 << 20
_BLOCK = 16 * _MB
_GGUF = b"GGUF"

Report = Callable[[int], None]


def main(folder: Path) -> int:
    """Register what `spec.json` describes, and return the exit code."""
    spec = json.loads((folder / "spec.json").read_text())
    prepare()
    if spec.get("memory_limit_mb"):
        resource.setrlimit(resource.RLIMIT_DATA, (spec["memory_limit_mb"] * _MB,) * 2)
    with Progress(folder, orphaned=lambda: os._exit(Exit.CANCELLED)) as progress:
        code, result = _outcome(spec, lambda percent: progress.append("step", percent=percent))
        write_result(folder, result)
    return code


def _outcome(spec: dict[str, Any], report: Report) -> tuple[Exit, dict[str, Any]]:
    try:
        return Exit.DONE, {"state": "done", **obtain(spec, report)}
    except EngineError as error:
        return Exit.FAILED, {"state": "failed", "error": str(error)}
    except MemoryError:
        return Exit.OUT_OF_MEMORY, {"state": "failed", "error": NO_MEMORY}
    except OSError as error:
        traceback.print_exc()
        full = error.errno == 28
        return Exit.FAILED, {"state": "failed", "error": NO_ROOM if full else UNEXPECTED}
    except Exception:
        traceback.print_exc()
        return Exit.FAILED, {"state": "failed", "error": UNEXPECTED}


def obtain(spec: dict[str, Any], report: Report) -> dict[str, Any]:
    """Return path, sha256, revision and facts of the model; raises EngineError if it is refused."""
    found: dict[str, Callable[[], tuple[Path, str]]] = {
        "folder": lambda: (Path(spec["location"]), ""),
        "adapter": lambda: (_copied(Path(spec["location"]), Path(spec["target"])), ""),
        "hub": lambda: download(spec["location"], spec["revision"], report),
        "gguf": lambda: (_converted(Path(spec["location"]), Path(spec["target"])), ""),
    }
    folder, revision = found[spec["kind"]]()
    report(_FETCHED)
    adapter = spec["kind"] == "adapter"
    facts = check_adapter(folder, Path(spec["base"])) if adapter else check_base(folder)
    report(_CHECKED)
    digest = _sha256(folder, facts["sizes"], report)
    return {"path": str(folder), "sha256": digest, "revision": revision, "facts": facts}


def download(name: str, revision: str, report: Report) -> tuple[Path, str]:
    """Return the folder of a Hub model in the local cache, and its commit; downloads it if needed.

    With HF_HUB_OFFLINE=1, the default, only models in the cache are found.
    """
    prepare()
    from huggingface_hub import constants, errors, snapshot_download

    try:
        size = 0 if constants.HF_HUB_OFFLINE else _size(name, revision)
        folder = snapshot_download(
            name,
            revision=revision,
            allow_patterns=DOWNLOADS,
            tqdm_class=_reporting(report, size),
        )
    except errors.HFValidationError:
        raise EngineError(f"“{name}” is not a Hub id. Write ORGANISATION/NAME.") from None
    except errors.GatedRepoError:
        raise EngineError(
            f"{name} can only be downloaded by people who accepted its terms. An operator can set "
            "HF_TOKEN to the token of such a person."
        ) from None
    except errors.RevisionNotFoundError:
        raise EngineError(f"{name} has no revision “{revision}” on the Hub.") from None
    except errors.RepositoryNotFoundError:
        raise EngineError(f"There is no model {name} on the Hub, or it is private.") from None
    except (errors.LocalEntryNotFoundError, errors.OfflineModeIsEnabled):
        raise EngineError(_not_here(name, revision, offline=constants.HF_HUB_OFFLINE)) from None
    except errors.HfHubHTTPError as error:
        raise EngineError(f"The Hub refused {name}: {first_line(error)}") from None
    return Path(folder), Path(folder).name


def _not_here(name: str, revision: str, *, offline: bool) -> str:
    if offline:
        return (
            f"Revision “{revision}” of {name} is not in the local cache, and HF_HUB_OFFLINE is 1. "
            "An operator can download it, or set HF_HUB_OFFLINE=0."
        )
    return "The Hub cannot be reached from this machine. Try again later, or register a folder."


def _size(name: str, revision: str) -> int:
    """Return the bytes to download, for the progress; raises the errors of the Hub."""
    from fnmatch import fnmatch

    from huggingface_hub import HfApi

    files = HfApi().model_info(name, revision=revision, files_metadata=True).siblings or []
    wanted = (f for f in files if any(fnmatch(f.rfilename, pattern) for pattern in DOWNLOADS))
    return sum(file.size or 0 for file in wanted)


def _reporting(report: Report, size: int) -> Any:
    """Return a progress bar that writes nothing and reports the share of all bytes."""
    from huggingface_hub.utils.tqdm import tqdm

    done = 0

    class Bar(tqdm):
        """Counts the bytes of all files together."""

        def __init__(self, *args: Any, **kwargs: Any) -> None:
            super().__init__(*args, **{**kwargs, "disable": True})  # type: ignore[no-untyped-call]
            self._counts = kwargs.get("unit") == "B"

        def update(self, n: float | None = 1) -> bool | None:
            nonlocal done
            if self._counts and size:
                done += int(n or 0)
                report(min(_FETCHED, _FETCHED * done // size))
            return None

    return Bar


def _copied(folder: Path, target: Path) -> Path:
    """Copy the small files of an adapter, so that backups have them, and return the copy."""
    refuse_adapter(folder)
    shutil.rmtree(target, ignore_errors=True)
    target.mkdir(parents=True)
    for file in (*sorted(folder.glob("adapter_*")), folder / "README.md"):
        if file.is_file() and file.suffix in (".json", ".safetensors", ".md"):
            shutil.copyfile(file, target / file.name)
    return target


def _converted(gguf: Path, target: Path) -> Path:
    """Convert a GGUF file into the folder `target`, in fp32, and return the folder."""
    if not gguf.is_file():
        raise EngineError(f"There is no file at {gguf}.")
    with gguf.open("rb") as file:
        if file.read(len(_GGUF)) != _GGUF:
            raise EngineError(f"{gguf.name} is not a GGUF file.")
    shutil.rmtree(target, ignore_errors=True)
    target.mkdir(parents=True)
    try:
        convert(gguf, target)
    except MemoryError:
        raise
    except Exception as error:
        traceback.print_exc()
        raise EngineError(f"{gguf.name} cannot be converted: {first_line(error)}") from error
    return target


def _sha256(folder: Path, sizes: dict[str, int], report: Report) -> str:
    """Return one SHA-256 over the names and contents of the files that make the model."""
    whole, done, total = hashlib.sha256(), 0, max(sum(sizes.values()), 1)
    for name in sorted(sizes):
        whole.update(f"{name}\0".encode())
        with (folder / name).open("rb") as file:
            while block := file.read(_BLOCK):
                whole.update(block)
                done += len(block)
                report(_CHECKED + (100 - _CHECKED) * done // total)
    return whole.hexdigest()


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
