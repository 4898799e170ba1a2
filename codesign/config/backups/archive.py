"""The layout of a backup on disk, and how its integrity is verified.

    manifest.json          rows of each table, sequences, migrations; size and SHA-256 of each file
    manifest.sha256        of manifest.json, so that no byte can change unnoticed
    tables/NAME.copy.gz    rows as written by PostgreSQL's COPY
    files/releases/…, files/models/…, files/uploads/…

It is written under a temporary name and renamed when everything is on the disk.
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
"""Bytes read or written at once."""


class BackupError(Exception):
    """A sentence for the operator: why no backup was made, or why it was not restored."""


@dataclass
class Manifest:
    """The contents of a backup."""

    made_at: str
    migrations: list[list[str]]
    tables: dict[str, dict[str, Any]] = field(default_factory=dict)
    """By name: `columns`, `rows`, and `size` in bytes before compression."""
    sequences: dict[str, list[Any]] = field(default_factory=dict)
    """By name: the last value, and whether it was used."""
    files: dict[str, dict[str, Any]] = field(default_factory=dict)
    """By path: `size` and `sha256`, including the files of the tables."""
    missing: list[str] = field(default_factory=list)
    """Folders and files that rows refer to and that did not exist."""
    format: int = FORMAT


@contextlib.contextmanager
def unfinished(target: Path) -> Iterator[Path]:
    """Yield a folder that becomes `target` if the block succeeds, and is removed otherwise."""
    draft = target.with_name(f"{target.name}.unfinished")
    if target.exists():
        raise BackupError(f"{target} already exists. Name a folder that does not exist.")
    try:
        draft.parent.mkdir(parents=True, exist_ok=True)
        draft.mkdir(mode=0o700)
    except FileExistsError as error:
        raise BackupError(
            f"{draft} already exists: another backup is running, or one was interrupted. "
            "Remove the folder if no backup is running."
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
    """Write the manifest and its hash, the last files of a backup."""
    text = json.dumps(asdict(manifest), indent=1, sort_keys=True).encode()
    for name, content in ((MANIFEST, text), (SEAL, _digest(text).encode())):
        with open_new(folder / name) as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())


def read_manifest(folder: Path) -> Manifest:
    """Return the manifest after checking its hash. Raises BackupError."""
    try:
        text = (folder / MANIFEST).read_bytes()
        seal = (folder / SEAL).read_text(encoding="ascii").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise BackupError(f"{folder} is not a complete backup: {MANIFEST} is missing.") from error
    if _digest(text) != seal:
        raise BackupError(f"This backup is damaged: {MANIFEST} does not match its hash.")
    content = json.loads(text)
    if content.get("format") != FORMAT:
        raise BackupError("This backup was made by a newer version of Codesign.")
    return Manifest(**content)


def check_files(folder: Path, manifest: Manifest, done: Callable[[int], None]) -> None:
    """Verify the hash of every file. Raises BackupError with the first damaged file."""
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
            raise BackupError(f"This backup is damaged: {name} does not match its hash.")


def copy_file(source: Path, target: Path, done: Callable[[int], None]) -> dict[str, Any]:
    """Copy a file, readable by its owner only. Return its `size` and `sha256`."""
    with open(source, "rb") as old:
        return copy_open(old, target, done)


def copy_open(old: IO[bytes], target: Path, done: Callable[[int], None]) -> dict[str, Any]:
    """Copy an open file, which may have been deleted since it was opened."""
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
    """Create a file that only its owner can read, and its folder."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    return os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb")


def hash_of(path: Path) -> dict[str, Any]:
    """Return `size` and `sha256` of a file."""
    with open(path, "rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    return {"size": path.stat().st_size, "sha256": digest}


def sync_folders(folder: Path) -> None:
    """Flush the names in a folder and its subfolders to the disk."""
    for path, _folders, _names in os.walk(folder):
        _sync(Path(path))


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _digest(text: bytes) -> str:
    return hashlib.sha256(text).hexdigest()
