"""Which addresses can serve; invalid settings stop the start with a sentence, not a traceback."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured

from codesign.config.environment import read
from tests.support.production import production_environment
from tests.support.running import PATIENCE, ROOT, user_environment

HOSTS = "codesign.example.org,.example.net"
SERVES = [
    ("DATABASE_URL", "postgres://app:p%40ss%2Fw@db.example.org:5432/codesign?sslmode=require"),
    ("DATABASE_URL", "postgresql://app@/codesign?host=/run/postgresql"),
    ("DATABASE_URL", "postgresql://app@one.example.org:5432,two.example.org:5433/codesign"),
    ("DATABASE_URL", "postgresql://app:[secret@db.example.org/codesign"),
    ("CELERY_BROKER_URL", "redis://:secret@broker.example.org:6379/0"),
    ("CELERY_BROKER_URL", "rediss://broker.example.org"),
    ("CELERY_BROKER_URL", "redis+socket:///run/valkey.sock?virtual_host=2"),
    ("CELERY_BROKER_URL", "amqp://guest:secret@rabbit.example.org:5672//"),
    ("CELERY_BROKER_URL", "amqps://one.example.org;amqps://two.example.org"),
    ("CACHE_URL", "redis://:secret@counter.example.org:6379/3"),
    ("CACHE_URL", "rediss://counter.example.org:6379/3"),
    ("CACHE_URL", "redis:///run/valkey.sock"),
    ("CACHE_URL", "locmemcache://"),
    ("EMAIL_URL", "smtp+tls://mail:secret@mail.example.org:587"),
    ("EMAIL_URL", "smtp+ssl://mail:secret@mail.example.org"),
    ("EMAIL_URL", "smtps://mail.example.org"),
    ("EMAIL_URL", "smtp://localhost:25"),
    ("EMAIL_URL", "smtp://127.0.0.1"),
    ("DEFAULT_FROM_EMAIL", "study@example.org"),
    ("DEFAULT_FROM_EMAIL", "A study <study@example.org>"),
    ("SITE_URL", "https://codesign.example.org"),
    ("SITE_URL", "https://CODESIGN.example.org:8443/"),
    ("SITE_URL", "https://any.example.net"),
    ("CSRF_TRUSTED_ORIGINS", "https://other.example.org,https://*.example.net"),
    ("WEB_CONCURRENCY", "4"),
    ("WEB_CONCURRENCY", ""),
    ("PORT", "65535"),
    ("PORT", ""),
]
TAKEN_AS = {
    "DATABASE_URL": "database_url",
    "CELERY_BROKER_URL": "broker_url",
    "CACHE_URL": "cache_url",
    "EMAIL_URL": "email_url",
    "DEFAULT_FROM_EMAIL": "from_email",
    "SITE_URL": "site_url",
    "CSRF_TRUSTED_ORIGINS": "csrf_trusted_origins",
    "WEB_CONCURRENCY": "web_processes",
    "PORT": "port",
}
CANNOT = [
    ("CODESIGN_MODEL_SERVERS", "https://models.example.org/v1=SECRET_KEY"),
    ("CODESIGN_MODEL_SERVERS", "https://models.example.org/v1=CODESIGN_KEY_"),
    ("CODESIGN_MODEL_SERVERS", "https://models.example.org/v1/%2e%2e/v2"),
    ("DATABASE_URL", "mysql://app:secret@db.example.org/codesign"),
    ("DATABASE_URL", "sqlite:///codesign.db"),
    ("DATABASE_URL", "nonsense-of-somebody"),
    ("DATABASE_URL", "postgresql://app:secret@db.example.org"),
    ("DATABASE_URL", "postgresql://app:secret@db.example.org:many/codesign"),
    ("CELERY_BROKER_URL", "http://broker.example.org"),
    ("CELERY_BROKER_URL", "broker.example.org:6379"),
    ("CELERY_BROKER_URL", "memory://"),
    ("CELERY_BROKER_URL", "sqs://key:secret@"),
    ("CELERY_BROKER_URL", "redis://"),
    ("CELERY_BROKER_URL", "redis+socket://"),
    ("CELERY_BROKER_URL", "redis://broker.example.org:many/0"),
    ("CELERY_BROKER_URL", "amqp://one.example.org;http://two.example.org"),
    ("CACHE_URL", "foo://counter.example.org"),
    ("CACHE_URL", "nonsense-of-somebody"),
    ("CACHE_URL", "dummycache://"),
    ("CACHE_URL", "filecache:///tmp/counter"),
    ("CACHE_URL", "dbcache://table"),
    ("CACHE_URL", "memcache://counter.example.org:11211"),
    ("CACHE_URL", "redis://counter.example.org:many"),
    ("EMAIL_URL", "smtp://mail.example.org:25"),
    ("EMAIL_URL", "smtp://localhost.example.org"),
    ("EMAIL_URL", "smtp+tls://mail.example.org:587?EMAIL_USE_TLS=0"),
    ("EMAIL_URL", "smtp+tls://"),
    ("EMAIL_URL", "smtp+tls://mail:secret@mail.example.org:many"),
    ("EMAIL_URL", "consolemail://"),
    ("EMAIL_URL", "filemail:///tmp/mail"),
    ("EMAIL_URL", "memorymail://"),
    ("EMAIL_URL", "dummymail://"),
    ("EMAIL_URL", "nonsense-of-somebody"),
    ("DEFAULT_FROM_EMAIL", "nobody"),
    ("DEFAULT_FROM_EMAIL", "A study"),
    ("DEFAULT_FROM_EMAIL", "study@"),
    ("SITE_URL", "https://other.example.com"),
    ("SITE_URL", "https://codesign.example.org:many"),
    ("SITE_URL", "https://codesign.example.org/below"),
    ("SITE_URL", "https://[codesign.example.org"),
    ("SITE_URL", "codesign.example.org"),
    ("CSRF_TRUSTED_ORIGINS", "other.example.org"),
    ("WEB_CONCURRENCY", "many"),
    ("WEB_CONCURRENCY", "0"),
    ("WEB_CONCURRENCY", "1.5"),
    ("PORT", "abcde"),
    ("PORT", "70000"),
    ("PORT", "9" * 5000),
    ("HSTS_SECONDS", "²"),
]
ALWAYS = [
    ("DATABASE_URL", "mysql://app:secret@db.example.org/codesign"),
    ("CELERY_BROKER_URL", "http://broker.example.org"),
    ("CACHE_URL", "foo://counter.example.org"),
    ("EMAIL_URL", "nonsense-of-somebody"),
    ("DEFAULT_FROM_EMAIL", "nobody"),
    ("WEB_CONCURRENCY", "many"),
    ("PORT", "abcde"),
]


@pytest.mark.parametrize(("name", "value"), SERVES)
def test_valid_addresses_are_accepted(name: str, value: str, tmp_path: Path) -> None:
    plain = production_environment(tmp_path, ALLOWED_HOSTS=HOSTS)
    setting = getattr(read(plain | {name: value}, root=ROOT), TAKEN_AS[name])
    if value:
        taken = ",".join(setting) if isinstance(setting, list) else str(setting)
        assert taken == (value.rstrip("/") if name == "SITE_URL" else value)
    else:
        assert setting == getattr(read(plain, root=ROOT), TAKEN_AS[name])


def test_servers_of_models_are_named_with_or_without_a_key(tmp_path: Path) -> None:
    servers = ["https://models.example.org/v1=CODESIGN_KEY_VLLM", "http://127.0.0.1:8001/v1"]
    variables = {"CODESIGN_HOME": str(tmp_path), "CODESIGN_MODEL_SERVERS": ",".join(servers)}
    assert read(variables, root=ROOT).models.servers == servers


@pytest.mark.parametrize(("name", "value"), CANNOT)
def test_invalid_variables_are_named_but_values_are_not_repeated(
    name: str, value: str, tmp_path: Path
) -> None:
    environment = production_environment(tmp_path, ALLOWED_HOSTS=HOSTS) | {name: value}
    with pytest.raises(ImproperlyConfigured) as refused:
        read(environment, root=ROOT)
    said = str(refused.value)
    assert said.startswith(f"Codesign does not start: {name} must be ")
    assert said.count(" must be ") == 1
    assert "\n" not in said
    for secret in ("secret", "example.com", "nonsense", "many", "99999"):
        assert secret not in said


@pytest.mark.parametrize(("name", "value"), ALWAYS)
def test_a_demo_does_not_start_on_them_either(name: str, value: str, tmp_path: Path) -> None:
    with pytest.raises(ImproperlyConfigured, match=name):
        read({"CODESIGN_HOME": str(tmp_path), name: value}, root=ROOT)


@pytest.mark.parametrize("value", ["consolemail://", "smtp://mail.example.org:25", "memorymail://"])
def test_a_demo_may_write_its_mail_to_the_terminal(value: str, tmp_path: Path) -> None:
    assert read({"CODESIGN_HOME": str(tmp_path), "EMAIL_URL": value}, root=ROOT).email_url == value


def test_an_address_ends_where_paths_begin(tmp_path: Path) -> None:
    environment = production_environment(tmp_path, SITE_URL="https://codesign.example.org/")
    assert read(environment, root=ROOT).site_url == "https://codesign.example.org"


def test_as_many_processes_and_the_port_that_were_asked_for(tmp_path: Path) -> None:
    environment = read(
        {"CODESIGN_HOME": str(tmp_path), "WEB_CONCURRENCY": "3", "PORT": "81"}, root=ROOT
    )
    assert (environment.web_processes, environment.port, environment.site_url) == (
        3,
        81,
        "http://localhost:81",
    )


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["production", "demo"])
def test_all_errors_are_reported_in_one_sentence(kind: str, tmp_path: Path) -> None:
    wrong = dict(ALWAYS)
    environment = (
        production_environment(tmp_path, **wrong)
        if kind == "production"
        else user_environment(CODESIGN_HOME=str(tmp_path), **wrong)
    )
    done = subprocess.run(
        [sys.executable, "-m", "codesign.config.serve"],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
    )
    said = (done.stdout + done.stderr).strip()
    assert done.returncode != 0
    assert said.count("\n") == 0, said
    assert [name for name in wrong if name not in said] == []
