"""Uploads a folder to a Hub that the operator names.

The upload runs in a separate process, because the model libraries read once, when they are
imported, whether they may use the network, and Codesign keeps them offline.
"""

import os
import re
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

from modelhub.engine.errors import EngineError

_REPOSITORY = re.compile(r"[A-Za-z0-9][\w.-]{0,95}/[A-Za-z0-9][\w.-]{0,95}", re.ASCII)
_ENVIRONMENT = {
    "HF_HUB_OFFLINE": "0",
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "HF_HUB_DISABLE_PROGRESS_BARS": "1",
    "HF_HUB_DISABLE_XET": "1",  # a protocol of one Hub; every Hub takes plain uploads
}

_REFUSED = 3  # exit status for a reason of our own


@dataclass(frozen=True)
class Hub:
    """The address of a Hub, and a token for it, as the operator set them."""

    endpoint: str
    token: str = field(repr=False)
    offline: bool


def check(hub: Hub, repository: str) -> None:
    """Raise EngineError if an upload cannot succeed, before the model is written."""
    if not _REPOSITORY.fullmatch(repository):
        raise EngineError(f"{repository} is not a repository. Write ORG/NAME.")
    if hub.offline:
        raise EngineError("HF_HUB_OFFLINE forbids the use of a Hub. Unset it to upload a model.")
    if not hub.endpoint.startswith(("https://", "http://")):
        raise EngineError("Set the environment variable HF_ENDPOINT to the address of the Hub.")
    if not hub.token:
        raise EngineError("Set the environment variable HF_TOKEN to a token of the Hub.")


def push(hub: Hub, folder: Path, repository: str) -> str:
    """Upload a folder to a private model repository, and return its address."""
    process = subprocess.run(
        [sys.executable, "-m", "modelhub.engine.hub", str(folder), repository],
        env=os.environ | _ENVIRONMENT | {"HF_ENDPOINT": hub.endpoint, "HF_TOKEN": hub.token},
        capture_output=True,
        text=True,
        check=False,
    )
    if process.returncode:
        reason = (process.stderr.strip().splitlines() or ["no reason given"])[-1]
        if process.returncode == _REFUSED:
            raise EngineError(reason)
        raise EngineError(f"The Hub did not accept the model: {reason}")
    return f"{hub.endpoint.rstrip('/')}/{repository}"


def _upload(folder: str, repository: str) -> None:
    """Create the repository if it is missing, as a private one, and upload the folder.

    Raises EngineError if the repository was there before and is public.
    """
    from huggingface_hub import HfApi

    api = HfApi(endpoint=os.environ["HF_ENDPOINT"], token=os.environ["HF_TOKEN"])
    api.create_repo(repository, private=True, exist_ok=True)
    if not api.repo_info(repository).private:
        raise EngineError(f"{repository} is public. Make it private, or name another repository.")
    api.upload_folder(
        repo_id=repository, folder_path=folder, commit_message="Upload a model from Codesign"
    )


def _main(folder: str, repository: str) -> int:
    try:
        _upload(folder, repository)
    except Exception as error:
        print(" ".join(str(error).split()), file=sys.stderr)  # noqa: T201
        return _REFUSED if isinstance(error, EngineError) else 1
    return 0


if __name__ == "__main__":
    sys.exit(_main(sys.argv[1], sys.argv[2]))
