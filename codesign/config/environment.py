"""Everything an operator can set, read once from the environment, typed and validated.

All variables are read in `read`; docs/deployment.md explains them.
"""

import contextlib
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.core.exceptions import ImproperlyConfigured

from codesign.config import addresses
from codesign.config.servers.discovery import SECRET_FILE, find_running

KINDS = ("demo", "test", "production")
TLS_ENDS = ("proxy", "own")
"""Where TLS ends: at a proxy that sets X-Forwarded-Proto itself, or at gunicorn."""
HSTS_REACHES = ("host", "subdomains", "preload")
"""The hosts that browsers then reach only by HTTPS. This cannot be revoked in time."""
LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")
SECRET_LENGTH = 50
"""Characters that Django's deployment check requires."""
SECRET_VARIETY = 5
"""Different characters that Django's deployment check requires."""
TRUE = ("1", "ON", "YES", "TRUE")
"""Values that mean yes to the model libraries."""
YEAR = 365 * 24 * 3600
COUNT_IN_EACH_PROCESS = "locmemcache://?max_entries=20000"


@dataclass(frozen=True)
class Models:
    """How models run, where they may be registered, and the Hub to which they may be uploaded."""

    threads: int
    training_memory_mb: int
    training_processes: int
    folders: list[str]
    hub_ids: list[str]
    servers: list[str]
    keys: dict[str, str]
    hub_endpoint: str
    hub_token: str
    hub_offline: bool


@dataclass(frozen=True)
class Environment:
    """The settings of the installation. Empty text means not set."""

    kind: str
    home: Path
    secret_key: str
    allowed_hosts: list[str]
    csrf_trusted_origins: list[str]
    site_url: str
    tls: str
    port: int
    web_processes: int
    trusted_proxies: int
    hsts_reach: str
    hsts_seconds: int
    database_url: str
    broker_url: str
    cache_url: str
    rate_judging: int
    rate_reading: int
    rate_changing: int
    rate_stranger: int
    rate_sign_in: int
    email_url: str
    from_email: str
    handover_hours: int
    lease_minutes: int
    pay_pace: int
    quick_exit_url: str
    models: Models
    log_level: str


class Reader:
    """Reads variables one by one and collects all errors, so that they are reported together."""

    def __init__(self, variables: Mapping[str, str]) -> None:
        """Read from `variables`."""
        self._variables = variables
        self.complaints: list[str] = []

    def text(self, name: str, default: str = "") -> str:
        """Return the variable, or the default if it is empty or not set."""
        return self._variables.get(name, "").strip() or default

    def words(self, name: str, default: str = "") -> list[str]:
        """Return the comma-separated words."""
        return [word for part in self.text(name, default).split(",") if (word := part.strip())]

    def choice(self, name: str, choices: tuple[str, ...], default: str) -> str:
        """Return one of `choices`."""
        chosen = self.text(name, default)
        if chosen and chosen not in choices:
            self.complain(f"{name} must be one of {', '.join(choices)}")
            return default
        return chosen

    def number(self, name: str, default: int, *, least: int, most: int = 10**9) -> int:
        """Return a whole number from `least` to `most`."""
        digits = self.text(name, str(default))
        if not (digits.isascii() and digits.isdecimal() and len(digits) <= len(str(most))):
            digits = "-1"
        if not least <= int(digits) <= most:
            bounds = f"from {least} to {most}" if most < 10**9 else f"of at least {least}"
            self.complain(f"{name} must be a whole number {bounds}")
            return default
        return int(digits)

    def address(self, name: str, wrong: Callable[[str], str], default: object = "") -> str:
        """Return the variable; record an error if `wrong` rejects it."""
        url = self.text(name, str(default))
        if url and (problem := wrong(url)):
            self.complain(f"{name} {problem}")
        return url

    def each(self, name: str, wrong: Callable[[str], str]) -> list[str]:
        """Return the comma-separated words; record an error if `wrong` rejects one of them."""
        words = self.words(name)
        if problem := next(filter(None, map(wrong, words)), ""):
            self.complain(f"{name} {problem}")
        return words

    def named(self, prefix: str) -> dict[str, str]:
        """Return all variables whose names begin with `prefix` and that are not empty."""
        return {
            name: text
            for name in self._variables
            if name.startswith(prefix) and (text := self.text(name))
        }

    def complain(self, what: str) -> None:
        """Record an error. Errors never repeat values, since some are secret."""
        self.complaints.append(what)


def read(variables: Mapping[str, str], *, root: Path) -> Environment:
    """Return the settings. Raises ImproperlyConfigured with one sentence that lists all errors.

    Servers that are not set are looked up from a `make run` on the same home.
    """
    reader = Reader(variables)
    env = _read_all(reader, Path(reader.text("CODESIGN_HOME", str(root / "var"))).resolve())
    if wrong := {addresses.origin(url) for url in env.csrf_trusted_origins} - {""}:
        reader.complain(f"CSRF_TRUSTED_ORIGINS {wrong.pop()}")
    if env.kind == "production":
        _require(env, reader)
    if reader.complaints:
        raise ImproperlyConfigured(
            f"Codesign does not start: {'; '.join(reader.complaints)}. "
            "docs/deployment.md explains each of them."
        )
    return env


def _read_all(reader: Reader, home: Path) -> Environment:
    """Return the settings, with defaults for those that are not set."""
    running = find_running(home) or {}
    kind = reader.choice("CODESIGN_ENV", KINDS, "demo")
    in_production = kind == "production"
    tls = reader.choice("CODESIGN_TLS", TLS_ENDS, "")
    port = reader.number("PORT", 8000, least=1, most=65535)
    local = f"http://localhost:{port}"
    return Environment(
        kind=kind,
        home=home,
        secret_key=reader.text("SECRET_KEY") or _saved_key(home),
        allowed_hosts=reader.words("ALLOWED_HOSTS", "" if in_production else "localhost,127.0.0.1"),
        csrf_trusted_origins=reader.words("CSRF_TRUSTED_ORIGINS"),
        site_url=reader.text("SITE_URL", "" if in_production else local).rstrip("/"),
        tls=tls,
        port=port,
        web_processes=reader.number("WEB_CONCURRENCY", _processes(), least=1, most=1000),
        trusted_proxies=reader.number("TRUSTED_PROXIES", 1 if tls == "proxy" else 0, least=0),
        hsts_reach=reader.choice("HSTS_REACH", HSTS_REACHES, "host"),
        hsts_seconds=reader.number("HSTS_SECONDS", YEAR, least=1),
        database_url=reader.address(
            "DATABASE_URL", addresses.database, running.get("database_url", "")
        ),
        broker_url=reader.address(
            "CELERY_BROKER_URL", addresses.broker, running.get("broker_url", "")
        ),
        cache_url=reader.address("CACHE_URL", addresses.counter, COUNT_IN_EACH_PROCESS),
        **_rates(reader),
        email_url=reader.address(
            "EMAIL_URL", addresses.mail_server if in_production else addresses.mail_door
        ),
        from_email=reader.address(
            "DEFAULT_FROM_EMAIL", addresses.sender, "" if in_production else "codesign@example.org"
        ),
        handover_hours=reader.number(
            "CODESIGN_HANDOVER_HOURS", 72, least=1 if in_production else 0, most=24 * 365
        ),
        **_judging(reader),
        quick_exit_url=reader.address(
            "CODESIGN_QUICK_EXIT_URL", addresses.page, "https://www.bbc.com/weather"
        ),
        models=_models(reader),
        log_level=reader.choice("LOG_LEVEL", LEVELS, "INFO"),
    )


def _rates(reader: Reader) -> dict[str, Any]:
    """Return the limits in requests per minute, by kind."""
    return {
        "rate_judging": reader.number("CODESIGN_RATE_JUDGING", 6_000, least=1),
        "rate_reading": reader.number("CODESIGN_RATE_READING", 3_000, least=1),
        "rate_changing": reader.number("CODESIGN_RATE_CHANGING", 600, least=1),
        "rate_stranger": reader.number("CODESIGN_RATE_STRANGER", 120, least=1),
        "rate_sign_in": reader.number("CODESIGN_RATE_SIGN_IN", 120, least=1, most=10_000),
    }


def _judging(reader: Reader) -> dict[str, Any]:
    """Return how long assignments are held, and how fast work is paid without a check."""
    return {
        "lease_minutes": reader.number("CODESIGN_LEASE_MINUTES", 120, least=1),
        "pay_pace": reader.number("CODESIGN_PAY_PACE", 4, least=2, most=10**6),
    }


def _models(reader: Reader) -> Models:
    """Return the settings of models."""
    return Models(
        threads=reader.number("CODESIGN_MODEL_THREADS", 0, least=0),
        training_memory_mb=reader.number("CODESIGN_TRAINING_MEMORY_MB", 0, least=0, most=2**24),
        training_processes=reader.number("CODESIGN_TRAINING_PROCESSES", 1, least=1, most=64),
        folders=reader.each("CODESIGN_MODEL_FOLDERS", addresses.folder),
        hub_ids=reader.words("CODESIGN_HUB_MODELS"),
        servers=reader.each("CODESIGN_MODEL_SERVERS", addresses.model_server),
        keys=reader.named("CODESIGN_KEY_"),
        hub_endpoint=reader.text("HF_ENDPOINT"),
        hub_token=reader.text("HF_TOKEN"),
        hub_offline=reader.text("HF_HUB_OFFLINE").upper() in TRUE,
    )


def _processes() -> int:
    """Return the default number of web processes for this machine."""
    return min(4, max(2, os.cpu_count() or 2))


def _saved_key(home: Path) -> str:
    """Return the key that `make run` created for this home, or ""."""
    with contextlib.suppress(OSError):
        return (home / SECRET_FILE).read_text(encoding="utf-8").strip()
    return ""


def _require(env: Environment, reader: Reader) -> None:
    """Record an error for every setting that production requires and that is missing."""
    secret = env.secret_key
    if len(secret) < SECRET_LENGTH or len(set(secret)) < SECRET_VARIETY:
        reader.complain(f"SECRET_KEY must be random, {SECRET_LENGTH} characters or more")
    if not env.allowed_hosts or "*" in env.allowed_hosts:
        reader.complain("ALLOWED_HOSTS must name the hosts that people use")
    if problem := addresses.site(env.site_url, env.allowed_hosts):
        reader.complain(f"SITE_URL {problem}")
    if not env.tls and not any("CODESIGN_TLS" in problem for problem in reader.complaints):
        reader.complain(
            "CODESIGN_TLS must say where TLS ends: proxy (which must set X-Forwarded-Proto "
            "itself), or own (with TLS_CERTIFICATE and TLS_KEY)"
        )
    if env.tls == "own":
        for name in ("TLS_CERTIFICATE", "TLS_KEY"):
            if not Path(reader.text(name, "/nowhere")).is_file():
                reader.complain(f"{name} must name a file, because CODESIGN_TLS is own")
    for name, value in (
        ("DATABASE_URL", env.database_url),
        ("CELERY_BROKER_URL", env.broker_url),
        ("EMAIL_URL", env.email_url),
        ("DEFAULT_FROM_EMAIL", env.from_email),
    ):
        if not value:
            reader.complain(f"{name} is missing")
