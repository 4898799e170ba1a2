"""Which settings an operator can change, and which settings production requires."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import fields
from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured

from codesign.config.environment import Environment, read
from tests.support.production import SECRET, production_environment
from tests.support.running import PATIENCE, ROOT

NEEDED = (
    "SECRET_KEY",
    "ALLOWED_HOSTS",
    "SITE_URL",
    "CODESIGN_TLS",
    "DATABASE_URL",
    "CELERY_BROKER_URL",
    "EMAIL_URL",
    "DEFAULT_FROM_EMAIL",
)
DOORS = {
    "command": [sys.executable, "manage.py", "check"],
    "worker": [sys.executable, "-m", "celery", "-A", "codesign.config.celery", "worker"],
    "beat": [sys.executable, "-m", "celery", "-A", "codesign.config.celery", "beat"],
    "web": [
        *(sys.executable, "-m", "gunicorn", "-c", "python:codesign.config.gunicorn"),
        "codesign.config.wsgi",
    ],
    "serve": [sys.executable, "-m", "codesign.config.serve"],
}


@pytest.mark.parametrize("name", NEEDED)
def test_production_refuses_to_be_without(name: str, tmp_path: Path) -> None:
    environment = production_environment(tmp_path)
    del environment[name]
    with pytest.raises(ImproperlyConfigured, match=name) as refused:
        read(environment, root=ROOT)
    assert [other for other in NEEDED if other in str(refused.value)] == [name]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("SECRET_KEY", "short"),
        ("SECRET_KEY", "a" * 60),
        ("ALLOWED_HOSTS", "*"),
        ("ALLOWED_HOSTS", " , "),
        ("SITE_URL", "http://codesign.example.org"),
        ("SITE_URL", "https:///nowhere"),
        ("CODESIGN_TLS", "perhaps"),
        ("CODESIGN_TLS", "own"),
        ("CODESIGN_ENV", "prod"),
        ("HSTS_SECONDS", "0"),
        ("HSTS_REACH", "everywhere"),
        ("CODESIGN_LEASE_MINUTES", "soon"),
        ("CODESIGN_QUICK_EXIT_URL", "javascript:alert(1)"),
        ("CODESIGN_QUICK_EXIT_URL", "http://example.org"),
        ("CODESIGN_MODEL_THREADS", "-1"),
        ("CODESIGN_TRAINING_MEMORY_MB", "99999999999"),
        ("LOG_LEVEL", "loud"),
        ("DATABASE_URL", "   "),
    ],
)
def test_a_value_that_cannot_be_is_refused_and_never_repeated(
    name: str, value: str, tmp_path: Path
) -> None:
    environment = production_environment(tmp_path, **{name: value})
    with pytest.raises(ImproperlyConfigured, match=name) as refused:
        read(environment, root=ROOT)
    if len(value.strip()) > 4:
        assert value not in str(refused.value)


@pytest.mark.slow
@pytest.mark.parametrize("door", DOORS)
def test_every_door_refuses_with_one_sentence_that_names_all(door: str, tmp_path: Path) -> None:
    environment = production_environment(tmp_path)
    for name in NEEDED:
        del environment[name]
    done = subprocess.run(
        DOORS[door], cwd=ROOT, env=environment, capture_output=True, text=True, timeout=PATIENCE
    )
    assert done.returncode != 0
    said = (done.stdout + done.stderr).strip()
    assert said.count("\n") == 0, said
    assert said.startswith("Codesign does not start: ")
    assert [name for name in NEEDED if name not in said] == []


@pytest.mark.slow
@pytest.mark.parametrize(
    ("reach", "not_asked_for"), [("", 2), ("host", 2), ("subdomains", 1), ("preload", 0)]
)
def test_djangos_deployment_check_is_clean(
    reach: str, not_asked_for: int, tmp_path: Path
) -> None:  # standards 7.7
    """Exceptions: HSTS for subdomains and preloading, which an operator has to enable."""
    done = subprocess.run(
        [sys.executable, "manage.py", "check", "--deploy", "--fail-level", "WARNING"],
        cwd=ROOT,
        env=production_environment(tmp_path, HSTS_REACH=reach),
        capture_output=True,
        text=True,
        timeout=PATIENCE,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"no issues ({not_asked_for} silenced)" in done.stdout


def test_who_sets_nothing_gets_a_demo(tmp_path: Path) -> None:
    environment = read({"CODESIGN_HOME": str(tmp_path)}, root=ROOT)
    assert environment.kind == "demo"
    assert environment.allowed_hosts == ["localhost", "127.0.0.1"]
    assert environment.site_url == "http://localhost:8000"
    assert (environment.lease_minutes, environment.models.threads, environment.hsts_seconds) == (
        120,
        0,
        31536000,
    )
    assert environment.hsts_reach == "host"


def test_each_setting_is_used() -> None:
    used = "".join(
        (ROOT / "codesign" / "config" / name).read_text() for name in ("settings.py", "gunicorn.py")
    )
    assert [f.name for f in fields(Environment) if f"ENV.{f.name}" not in used] == []


def test_the_key_that_make_run_keeps_serves_a_second_terminal(tmp_path: Path) -> None:
    environment = production_environment(tmp_path)
    (tmp_path / "secret-key").write_text(environment.pop("SECRET_KEY"))
    assert read(environment, root=ROOT).secret_key == SECRET
