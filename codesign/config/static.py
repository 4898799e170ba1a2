"""Whether the collected static files are up to date."""

import hashlib
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
STAMP = ".collected"
PACKAGES = ("codesign", "annotations", "modelhub")


def is_collected(target: Path) -> bool:
    """Return whether `target` was collected from the current static files."""
    try:
        return (target / STAMP).read_text(encoding="utf-8") == _fingerprint()
    except FileNotFoundError:
        return False


def collected(target: Path) -> None:
    """Record that `target` has just been collected."""
    target.mkdir(parents=True, exist_ok=True)
    (target / STAMP).write_text(_fingerprint(), encoding="utf-8")


def _fingerprint() -> str:
    """Hash our own static files, and the lock file in place of those of packages."""
    digest = hashlib.sha256((ROOT / "requirements" / "run.lock").read_bytes())
    for package in PACKAGES:
        for path in sorted((ROOT / package).glob("**/static/**/*")):
            status = path.stat()
            digest.update(
                f"{path.relative_to(ROOT)} {status.st_size} {status.st_mtime_ns}\n".encode()
            )
    return digest.hexdigest()
