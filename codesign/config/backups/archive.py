"""What a backup looks like on disk, and how it is proven whole.

    manifest.json          rows of each table, sequences, migrations; size and SHA-256 of each file
    manifest.sha256        of manifest.json, so that no byte anywhere can change unnoticed
    tables/NAME.copy.gz    rows as PostgreSQL's COPY writes them
    files/releases/…, files/models/…, files/uploads/…

It is written under another name and gets its own only when all of it is on the disk.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import shutil
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import IO, Any

FORMAT = 1
MANIFEST, SEAL = "manifest.json", "manifest.sha256"
TABLES, FILES = "tables", "files"
CHUNK = 1 << 20
"""Bytes read or written at a time."""


class BackupError(Exception):
    """A sentence for the operator: why there is no backup, or why it is not restored."""


@dataclass
class Manifest:
    """What a backup holds."""

    made_at: str
    migrations: list[list[str]]
    tables: dict[str, dict[str, Any]] = field(default_factory=dict)
    """By name: `columns`, `rows`, and `size` in bytes before compression."""
    sequences: dict[str, list[Any]] = field(default_factory=dict)
    """By name: the last value, and whether it was given out."""
    files: dict[str, dict[str, Any]] = field(default_factory=dict)
    """By path: `size` and `sha256`; the tables' files too."""
    missing: list[str] = field(default_factory=list)
    """Folders and files that rows speak of and that were not there."""
    format: int = FORMAT


@contextlib.contextmanager
def unfinished(target: Path) -> Iterator[Path]:
    """Give a folder to fill, which becomes `target` when the block ends well, else is removed."""
    draft = target.with_name(f"{target.name}.unfinished")
    if target.exists():
        raise BackupError(f"{target} exists already: name a folder that does not.")
    try:
        draft.parent.mkdir(parents=True, exist_ok=True)
        draft.mkdir(mode=0o700)
    except FileExistsError as error:
        raise BackupError(
            f"{draft} is there: another backup is being made, or one was broken off. "
            "Remove it if none is being made."
        ) from error
    try:
        yield draft
        sync_folders(draft)
        draft.rename(target)
        _sync(target.parent)
    except BaseException:
        shutil.rmtree(draft, ignore_errors=True)
        raise


def write_manifest(folder: Path, manifest: Manifest) -> None:
    """Write it and its seal, the last files of a backup."""
    text = json.dumps(asdict(manifest), indent=1, sort_keys=True).encode()
    for name, content in ((MANIFEST, text), (SEAL, _digest(text).encode())):
        with open_new(folder / name) as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())


def read_manifest(folder: Path) -> Manifest:
    """Return the manifest of a backup that is whole as far as names tell."""
    try:
        text = (folder / MANIFEST).read_bytes()
        seal = (folder / SEAL).read_text(encoding="ascii").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise BackupError(f"{folder} is no finished backup: {MANIFEST} is missing.") from error
    if _digest(text) != seal:
        raise BackupError(f"This backup is damaged: {MANIFEST} is not what was written.")
    found = json.loads(text)
    if found.get("format") != FORMAT:
        raise BackupError("This backup was made by a newer version of Codesign.")
    return Manifest(**found)


def check_files(folder: Path, manifest: Manifest, done: Callable[[int], None]) -> None:
    """Read every file of a backup; BackupError names the first that is not as it was written."""
    for name, about in manifest.files.items():
        digest = hashlib.sha256()
        try:
            with open(folder / name, "rb") as file:
                while chunk := file.read(CHUNK):
                    digest.update(chunk)
                    done(len(chunk))
        except OSError as error:
            raise BackupError(f"This backup is damaged: {name} cannot be read.") from error
        if digest.hexdigest() != about["sha256"]:
            raise BackupError(f"This backup is damaged: {name} is not what was written.")


def copy_file(source: Path, target: Path, done: Callable[[int], None]) -> dict[str, Any]:
    """Copy a file to the disk, for its owner's eyes; return its `size` and `sha256`."""
    with open(source, "rb") as old:
        return copy_open(old, target, done)


def copy_open(old: IO[bytes], target: Path, done: Callable[[int], None]) -> dict[str, Any]:
    """Copy a file that was opened, which may have lost its name since."""
    digest, size = hashlib.sha256(), 0
    with open_new(target) as new:
        while chunk := old.read(CHUNK):
            digest.update(chunk)
            new.write(chunk)
            size += len(chunk)
            done(len(chunk))
        new.flush()
        os.fsync(new.fileno())
    return {"size": size, "sha256": digest.hexdigest()}


def open_new(path: Path) -> IO[bytes]:
    """Open a new file that only its owner may read; its folder is made."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    return os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb")


def hash_of(path: Path) -> dict[str, Any]:
    """Return `size` and `sha256` of a file."""
    with open(path, "rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    return {"size": path.stat().st_size, "sha256": digest}


def sync_folders(folder: Path) -> None:
    """Have the names in a folder and below it on the disk."""
    for found, _, _ in os.walk(folder):
        _sync(Path(found))


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _digest(text: bytes) -> str:
    return hashlib.sha256(text).hexdigest()
