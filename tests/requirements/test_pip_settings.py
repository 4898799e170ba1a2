"""requirements/pip_settings.py: what pip is configured to do, said to uv."""

import importlib
import os
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

SCRIPT = Path(__file__).parents[2] / "requirements" / "pip_settings.py"


@pytest.fixture(scope="module")
def said() -> ModuleType:
    sys.path.insert(0, str(SCRIPT.parent))
    try:
        return importlib.import_module("pip_settings")
    finally:
        sys.path.remove(str(SCRIPT.parent))


def test_places_certificates_and_patience_are_handed_over(said: ModuleType) -> None:
    options, variables = said.for_uv(
        {
            "index-url": "https://one.example/simple",
            "extra-index-url": "https://two.example/simple\nfile:///three",
            "find-links": "/wheels",
            "constraint": "/c.txt",
            "no-binary": "a,b",
            "no-index": "false",
            "cert": "/ca.pem",
            "timeout": "180",
            "disable-pip-version-check": "1",
        }
    )
    assert options == [
        *("--index-strategy", "unsafe-best-match"),
        *("--default-index", "https://one.example/simple"),
        *("--index", "https://two.example/simple", "--index", "file:///three"),
        *("--find-links", "/wheels", "--constraint", "/c.txt"),
        *("--no-binary", "a", "--no-binary", "b"),
    ]
    assert variables == {"SSL_CERT_FILE": "/ca.pem", "UV_HTTP_TIMEOUT": "180"}


def test_flags_count_where_they_are_on(said: ModuleType) -> None:
    options, _ = said.for_uv({"no-index": "1", "pre": "yes"})
    assert options[2:] == ["--no-index", "--prerelease=allow"]


@pytest.mark.parametrize("key", ["target", "require-hashes", "user", "no-such-option"])
def test_pip_itself_does_what_uv_cannot_be_told(said: ModuleType, key: str) -> None:
    with pytest.raises(said.UntoldError, match=key):
        said.for_uv({key: "1"})


def test_the_environment_goes_before_files(said: ModuleType, tmp_path: Path) -> None:
    written = tmp_path / "pip.conf"
    written.write_text(
        "[global]\nfind-links = /a\n  /b\nindex-url = https://global.example\ntimeout = 7\n"
        "[install]\nindex-url = https://install.example\n[freeze]\ntimeout = 1\n"
    )
    program = f"import sys; sys.path.insert(0, {str(SCRIPT.parent)!r}); " + (
        "from pip_settings import pip_settings; print(pip_settings())"
    )
    environment = {name: value for name, value in os.environ.items() if name[:4] != "PIP_"}
    environment |= {"PIP_CONFIG_FILE": str(written), "PIP_TIMEOUT": "9"}
    shown = subprocess.run(
        [sys.executable, "-c", program], env=environment, check=True, capture_output=True, text=True
    ).stdout
    assert "'find-links': '/a\\n/b'" in shown
    assert "'index-url': 'https://install.example'" in shown
    assert "'timeout': '9'" in shown
