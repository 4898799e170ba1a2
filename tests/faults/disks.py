"""A disk in memory that tests can fill, if root may mount one."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

ROOMY = "4g"
"""What it may hold; memory is taken only for what it does hold."""
KEEP = """
mount -t tmpfs -o "size=$SIZE,mode=700" tmpfs "$FOLDER" || exit
echo mounted
cat
umount --lazy "$FOLDER"
"""


class Disk:
    """A disk that is mounted."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def fill(self) -> None:
        """Fill the disk almost completely."""
        space = os.statvfs(self.folder)
        used = (space.f_blocks - space.f_bfree) * space.f_frsize
        self._resize(str(used + (128 << 10)))

    def make_room(self) -> None:
        """Give the disk its first size again."""
        self._resize(ROOMY)

    def _resize(self, size: str) -> None:
        options = f"remount,size={size}"
        subprocess.run(["mount", "-o", options, str(self.folder)], check=True)


@contextmanager
def mounted(folder: Path, *, size: str = ROOMY) -> Iterator[Disk | None]:
    """Mount a disk at this folder; return None if this process may not mount.

    It is gone with this process, however that ends: a shell waits for the end of its pipe.
    """
    if os.geteuid():
        yield None
        return
    with subprocess.Popen(
        ["sh", "-c", KEEP],  # its arguments do not name the folder: it is no process of Codesign
        env={**os.environ, "FOLDER": str(folder), "SIZE": size},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    ) as keeper:
        assert keeper.stdout is not None
        yield Disk(folder) if keeper.stdout.readline() else None


@contextmanager
def small_disk(folder: Path, *, size: str) -> Iterator[Path]:
    """A disk that is soon full; the test is skipped where there is none."""
    with mounted(folder, size=size) as disk:
        if disk is None:
            pytest.skip("this machine lets nobody mount a disk")
        yield folder
