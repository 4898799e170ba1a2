"""What pip has been configured to do, in uv's words.

uv installs many times faster and does not read pip's configuration. An operator configures one
installer, which is pip: its environment variables and its files.
"""

import ast
import subprocess

from installers import pip

OPTIONS = {
    "constraint": "--constraint",
    "extra-index-url": "--index",
    "find-links": "--find-links",
    "index-url": "--default-index",
    "no-binary": "--no-binary",
    "only-binary": "--only-binary",
    "trusted-host": "--allow-insecure-host",
}
"""pip's options of one or several values, by their name in its configuration."""
VARIABLES = {
    "cert": "SSL_CERT_FILE",
    "client-cert": "SSL_CLIENT_CERT",
    "default-timeout": "UV_HTTP_TIMEOUT",
    "proxy": "ALL_PROXY",
    "retries": "UV_HTTP_RETRIES",
    "timeout": "UV_HTTP_TIMEOUT",
}
FLAGS = {"no-index": "--no-index", "pre": "--prerelease=allow"}
WITHOUT_EFFECT = {
    "cache-dir",
    "compile",
    "disable-pip-version-check",
    "no-cache-dir",
    "no-color",
    "no-input",
    "no-python-version-warning",
    "prefer-binary",
    "progress-bar",
    "quiet",
    "root-user-action",
    "use-feature",
    "verbose",
    "warn-script-location",
}
"""What changes neither which packages are installed nor where they come from."""
SECTIONS = ("global", "install", ":env:")
"""Each goes before those left of it, as in pip."""


class UntoldError(Exception):
    """pip is configured in a way that cannot be said to uv."""


def pip_settings() -> dict[str, str]:
    """Return what `pip config list` says, of each option the value that counts."""
    listed = subprocess.run(
        [*pip(), "config", "list"], check=True, capture_output=True, text=True
    ).stdout
    settings: dict[str, dict[str, str]] = {section: {} for section in SECTIONS}
    for line in listed.splitlines():
        name, _, value = line.partition("=")
        section, _, key = name.rpartition(".")
        if section in settings:
            settings[section][key] = str(ast.literal_eval(value))
    return {key: value for section in SECTIONS for key, value in settings[section].items()}


def for_uv(settings: dict[str, str]) -> tuple[list[str], dict[str, str]]:
    """Return options and environment variables for uv; UntoldError where they cannot say it all."""
    options, variables = ["--index-strategy", "unsafe-best-match"], {}
    for key, value in settings.items():
        if key in OPTIONS:
            options += [
                word for one in value.replace(",", " ").split() for word in (OPTIONS[key], one)
            ]
        elif key in VARIABLES:
            variables[VARIABLES[key]] = value
        elif key in FLAGS:
            options += [FLAGS[key]] if value.lower() in {"1", "true", "yes", "on"} else []
        elif key not in WITHOUT_EFFECT:
            raise UntoldError(key)
    return options, variables
