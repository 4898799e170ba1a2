"""Where the data files of a release are: in a folder named after their content.

`datasets` 5.2 caches a named config by the patterns in its card and the last part of the folder's
name, never by the files. If two releases had the same paths, somebody who loads a release after a
withdrawal would get the withdrawn work from the cache.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from annotations.datasets.plumbing.files import DATA, FileEntry

NAME_LENGTH = 16
"""Hexadecimal digits of the hash in the folder's name."""
LAST_FORMAT_WITH_SHARED_PATHS = 2
"""Up to this format of the manifest, all releases had the same paths."""


class DataFolder(NamedTuple):
    """The folder of the data files, and the SHA-256 that it is named after."""

    folder: str
    sha256: str


def move_to_hashed_folder(
    folder: Path, files: Iterable[FileEntry]
) -> tuple[DataFolder, list[FileEntry]]:
    """Move the data files of a release below `folder` to `data/HASH`.

    Returns that folder, and the same entries with their final paths. Files outside of `data` are
    not moved. The hash covers the path and the SHA-256 of every data file: equal content has equal
    paths, and any other content has other paths.
    """
    entries = sorted(files)
    prefix = f"{DATA}/"
    digest = hashlib.sha256()
    for entry in entries:
        if entry.path.startswith(prefix):
            digest.update(f"{entry.path}\0{entry.sha256}\n".encode())
    data = DataFolder(f"{DATA}/{digest.hexdigest()[:NAME_LENGTH]}", digest.hexdigest())
    written, aside = folder / DATA, folder / f".{DATA}"
    written.rename(aside)
    written.mkdir()
    aside.rename(folder / data.folder)
    return data, [
        entry._replace(path=f"{data.folder}/{entry.path.removeprefix(prefix)}")
        if entry.path.startswith(prefix)
        else entry
        for entry in entries
    ]


def shares_paths(manifest: Mapping[str, Any]) -> bool:
    """Whether `datasets` may return rows of another release from its cache for this release."""
    return bool(manifest) and int(manifest.get("format", 0)) <= LAST_FORMAT_WITH_SHARED_PATHS
