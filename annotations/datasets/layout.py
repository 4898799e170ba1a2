"""Where the data files of a release lie: in a folder named after their content.

`datasets` 5.2 caches a named config by the patterns in its card and the last part of the folder's
name, never by the files. Two releases whose cards gave the same paths loaded as the same rows, so
somebody who loaded a release after a withdrawal trained on the withdrawn work.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from annotations.datasets.formats import DATA, FileFact

NAME_LENGTH = 16
"""Hexadecimal digits of the hash in the folder's name."""
SHARED_PATHS = 2
"""The last format of manifests whose releases all had the same paths."""


class DataFolder(NamedTuple):
    """The folder that holds the data files, and the SHA-256 that it is named after."""

    folder: str
    sha256: str


def settle(folder: Path, files: Iterable[FileFact]) -> tuple[DataFolder, list[FileFact]]:
    """Move the data files of a release below `folder` to `data/HASH`.

    Returns that folder and the facts of the same files with their final paths. Files outside
    `data` stay. The hash covers the path and the SHA-256 of every data file, so that equal content
    has equal paths and any other content has other paths.
    """
    facts = sorted(files)
    prefix = f"{DATA}/"
    digest = hashlib.sha256()
    for fact in facts:
        if fact.path.startswith(prefix):
            digest.update(f"{fact.path}\0{fact.sha256}\n".encode())
    data = DataFolder(f"{DATA}/{digest.hexdigest()[:NAME_LENGTH]}", digest.hexdigest())
    written, aside = folder / DATA, folder / f".{DATA}"
    written.rename(aside)
    written.mkdir()
    aside.rename(folder / data.folder)
    return data, [
        fact._replace(path=f"{data.folder}/{fact.path.removeprefix(prefix)}")
        if fact.path.startswith(prefix)
        else fact
        for fact in facts
    ]


def shares_paths(manifest: Mapping[str, Any]) -> bool:
    """Whether `datasets` may answer for this release with another's rows from its cache."""
    return bool(manifest) and int(manifest.get("format", 0)) <= SHARED_PATHS
