"""The memory that a process can use: the machine's, or its container's limit."""

from __future__ import annotations

from pathlib import Path

from codesign.shared.processes import machine_memory_mb


def group(root: Path, **limits: str) -> Path:
    """A machine on which this process is in the control group /app/worker."""
    (root / "proc/self").mkdir(parents=True)
    (root / "proc/self/cgroup").write_text("0::/app/worker\n")
    for name, limit in limits.items():
        folder = root / "sys/fs/cgroup" / name.replace("_", "/")
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "memory.max").write_text(f"{limit}\n")
    return root


def test_memory_without_limits_is_the_machines(tmp_path: Path) -> None:
    physical = machine_memory_mb(root=tmp_path / "no-such")
    assert physical > 256
    assert machine_memory_mb(root=group(tmp_path, app="max", app_worker="max")) == physical
    assert 256 < machine_memory_mb() <= physical


def test_memory_in_a_container_is_its_limit(tmp_path: Path) -> None:
    own = group(tmp_path / "one", app="max", app_worker=str(200 << 20))
    assert machine_memory_mb(root=own) == 200
    above = group(tmp_path / "two", app=str(100 << 20), app_worker="max")
    assert machine_memory_mb(root=above) == 100
    older = group(tmp_path / "three") / "sys/fs/cgroup/memory"
    older.mkdir(parents=True)
    (older / "memory.limit_in_bytes").write_text(f"{300 << 20}\n")
    assert machine_memory_mb(root=tmp_path / "three") == 300
