"""What browsers are told about scripts, frames and caches."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
from django.test import Client

from tests.support.production import production_environment
from tests.support.running import PATIENCE, ROOT

ASK = """
from django.core.wsgi import get_wsgi_application
from django.templatetags.static import static
from django.test import RequestFactory
application = get_wsgi_application()
address = static("codesign/codesign.css")
for encoding in ("br", "gzip", "identity"):
    environ = RequestFactory().get(address, headers={"Accept-Encoding": encoding}).environ
    environ["HTTP_X_FORWARDED_PROTO"] = "https"
    def start(status, headers):
        given = dict(headers)
        sent = given.get("Content-Encoding")
        print(sent, status, given["Content-Length"], given["Cache-Control"])
    for piece in application(environ, start):
        pass
print(address)
"""


@pytest.mark.django_db
@pytest.mark.parametrize("address", ["/account/login/", "/help/", "/nowhere/", "/api/v1/schema/"])
def test_the_policy_allows_nothing_inline(address: str) -> None:  # standards 7.7
    policy = Client().get(address)["Content-Security-Policy"]
    assert "unsafe" not in policy
    assert "default-src 'self'" in policy
    assert "object-src 'none'" in policy
    assert "base-uri 'self'" in policy
    assert "frame-ancestors 'none'" in policy


@pytest.mark.slow
def test_static_files_are_compressed_and_may_be_kept_for_ever(tmp_path: Path) -> None:
    environment = production_environment(tmp_path)

    def run(*words: str) -> list[str]:
        done = subprocess.run(
            [sys.executable, *words],
            cwd=ROOT,
            env=environment,
            capture_output=True,
            text=True,
            timeout=PATIENCE,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout.splitlines()

    run("manage.py", "build_fonts")
    run("manage.py", "collectstatic", "--no-input", "-v0")
    *answers, address = run("-c", ASK)
    assert re.fullmatch(r"/static/codesign/codesign\.[0-9a-f]{12}\.css", address)
    sizes = []
    for answer, encoding in zip(answers, ("br", "gzip", "None"), strict=True):
        given, status, _, size, kept = answer.split(" ", 4)
        assert (given, status) == (encoding, "200")
        assert kept == "max-age=315360000, public, immutable"
        sizes.append(int(size))
    assert sizes == sorted(sizes)
    assert sizes[1] * 2 < sizes[2]
