"""`CODESIGN_TLS=own`: gunicorn itself speaks TLS, and nothing else."""

from __future__ import annotations

import ssl
import sys
import urllib.error
import urllib.request
from pathlib import Path

import pytest

from codesign.config.servers.process import Child, Spec, stop
from tests.support.outside_servers import Authority, answers
from tests.support.production import production_environment
from tests.support.running import PATIENCE, ROOT, eventually, free_port


@pytest.mark.slow
def test_gunicorn_ends_tls_itself_and_says_what_is_away(tmp_path: Path) -> None:
    authority = Authority(tmp_path, "authority")
    certificate, key = authority.certificate(tmp_path)
    port = free_port()
    web = Child(
        Spec(
            name="web",
            command=[sys.executable, "-m", "codesign.config.serve"],
            log=tmp_path / "web.log",
            environment=production_environment(
                tmp_path / "home",
                CODESIGN_TLS="own",
                TLS_CERTIFICATE=str(certificate),
                TLS_KEY=str(key),
                PORT=str(port),
            ),
            cwd=ROOT,
        )
    )
    try:
        eventually(lambda: answers(port))
        trusting = ssl.create_default_context(cafile=authority.file)
        with pytest.raises(urllib.error.HTTPError) as away:
            urllib.request.urlopen(f"https://127.0.0.1:{port}/healthz", context=trusting)
        assert away.value.code == 503
        assert b"no answer" in away.value.read()
        away.value.close()
        with pytest.raises(OSError, match=r"closed|reset|Remote"):
            urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=PATIENCE)
    finally:
        stop([web])
