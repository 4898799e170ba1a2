"""Files that are hashed while they are written."""

from __future__ import annotations

import hashlib
import io
import json
import os
from pathlib import Path
from typing import Any, NamedTuple

ENCODER = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"))
DATA = "data"
"""The folder of all data files in a release."""


class FileEntry(NamedTuple):
    """A file as the manifest lists it."""

    path: str
    bytes: int
    sha256: str


class HashedFile(io.RawIOBase):
    """A new file that hashes everything that is written to it."""

    def __init__(self, folder: Path, name: str) -> None:
        super().__init__()
        self.name = name
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        self._out = path.open("xb", buffering=0)
        self._digest = hashlib.sha256()
        self._size = 0

    def writable(self) -> bool:
        """Return True."""
        return True

    def write(self, data: Any) -> int:
        """Write all of the data, however little the system takes at a time."""
        block = memoryview(data)
        self._digest.update(block)
        rest = block
        while rest:
            rest = rest[self._out.write(rest) :]
        self._size += len(block)
        return len(block)

    def tell(self) -> int:
        """Bytes written so far."""
        return self._size

    def close(self) -> None:
        """Close the file; `entry` can still be called."""
        self._out.close()
        super().close()

    def entry(self) -> FileEntry:
        """What the manifest says of the file."""
        return FileEntry(self.name, self._size, self._digest.hexdigest())


def as_line(value: Any) -> str:
    """One line of JSONL, always the same for the same value."""
    return ENCODER.encode(value) + "\n"


def sync_to_disk(path: Path) -> None:
    """Wait until a file, or the list of names in a folder, is on the disk."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
