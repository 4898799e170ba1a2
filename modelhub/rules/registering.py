"""Rules of registering models on plain values: what may be registered, and from where.

An operator allows folders, Hub ids and servers by environment variables (docs/deployment.md). So
members cannot make Codesign read other files of its machine, or send a key to their own server
(decision 42).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import PurePosixPath
from urllib.parse import urlsplit

from django.utils.translation import gettext as _

from codesign.shared.visible import shows_nothing
from modelhub.rules.states import ModelKind

KEY_PREFIX = "CODESIGN_KEY_"
"""Prefix of the variables with keys of servers. No other variable can be sent to a server."""
NEEDS_PATH = (ModelKind.FOLDER, ModelKind.GGUF, ModelKind.ADAPTER)
CAN_REGISTER = (*NEEDS_PATH, ModelKind.HUB, ModelKind.SERVER)
PLACES = {
    "CODESIGN_MODEL_FOLDERS=/srv/models": NEEDS_PATH,
    "CODESIGN_HUB_MODELS=HuggingFaceTB/*": (ModelKind.HUB,),
    "CODESIGN_MODEL_SERVERS=http://127.0.0.1:8001/v1": (ModelKind.SERVER,),
}
"""An example of each variable that allows places → the kinds of models in these places."""
MOST_NAME, MOST_LOCATION, MOST_SERVED, MOST_KEY, MOST_LICENCE, MOST_REVISION = (
    120,
    500,
    200,
    100,
    100,
    100,
)
_KEY = re.compile(rf"{KEY_PREFIX}[A-Z0-9_]+", re.ASCII)
_HUB_ID = re.compile(r"[\w.-]+/[\w.-]+", re.ASCII)


@dataclass(frozen=True, slots=True)
class Registration:
    """A model to register. `location` is a folder, a file, a Hub id or a server's address."""

    name: str
    kind: str
    location: str
    revision: str = ""
    served_name: str = ""
    key_variable: str = ""
    licence: str = ""


@dataclass(frozen=True, slots=True)
class Allowed:
    """What the operator allows. The command may register any folder (`any_folder`)."""

    folders: Sequence[str] = ()
    hub: Sequence[str] = ()
    servers: Sequence[str] = ()
    any_folder: bool = False


def registration_problems(
    wanted: Registration, *, allowed: Allowed, has_base: bool
) -> dict[str, list[str]]:
    """Return the errors of each invalid field; empty if the model may be registered."""
    problems = {
        "name": _name_problem(wanted.name),
        "location": _location_problem(wanted, allowed),
        "base": _base_problem(wanted.kind, has_base),
        "served_name": _served_problem(wanted),
        "key_variable": _key_problem(wanted, allowed.servers),
        "revision": _revision_problem(wanted),
        "licence": _too_long(wanted.licence, MOST_LICENCE),
    }
    if wanted.kind not in CAN_REGISTER:
        problems = {"kind": _("Choose a kind from the list.")}
    return {field: [problem] for field, problem in problems.items() if problem}


def server_allowed(address: str, servers: Sequence[str]) -> bool:
    """Return whether an address is one that the operator named, or below it."""
    return any(_below(address, with_key(server)[0]) for server in servers)


def server_key_problem(address: str, key_variable: str, servers: Sequence[str]) -> str:
    """Return why an address must not get a key, or "".

    It gets the key that the operator bound to it, in `servers` as `ADDRESS=CODESIGN_KEY_…`. Of
    several named addresses that it is below, the one with the longest path counts.
    """
    named = [with_key(server) for server in servers]
    above = [
        (len(urlsplit(place).path.rstrip("/")), key)
        for place, key in named
        if _below(address, place)
    ]
    closest = max((length for length, _key in above), default=0)
    keys = {key for length, key in above if length == closest}
    if key_variable and key_variable not in keys:
        return _(
            "The operator of this site does not allow this key for this server. Ask them to add "
            "=%(key)s to its address in CODESIGN_MODEL_SERVERS."
        ) % {"key": key_variable}
    return ""


def with_key(server: str) -> tuple[str, str]:
    """Return the address that the operator named, and the name of its key or ""."""
    address, binds, rest = server.partition(f"={KEY_PREFIX}")
    return address, f"{KEY_PREFIX}{rest}" if binds else ""


def _below(address: str, server: str) -> bool:
    try:
        asked, named = urlsplit(address), urlsplit(server)
        same = (asked.scheme, asked.hostname, _port(asked.port, asked.scheme)) == (
            named.scheme,
            named.hostname,
            _port(named.port, named.scheme),
        )
    except ValueError:
        return False
    path, root = f"{asked.path.rstrip('/')}/", f"{named.path.rstrip('/')}/"
    plain = "@" not in asked.netloc and not asked.query and not asked.fragment
    climbs = any(part in path for part in ("%", "..", "/./"))  # %2e is a dot to a server
    return same and plain and not climbs and path.startswith(root)


def _port(port: int | None, scheme: str) -> int:
    return port or {"http": 80}.get(scheme, 443)


def _name_problem(name: str) -> str:
    if shows_nothing(name) or not name.isprintable():
        return _("Enter a name without line breaks.")
    return _too_long(name, MOST_NAME)


def _too_long(text: str, most: int) -> str:
    if len(text) > most or "\x00" in text:
        return _("This can have at most %(most)d characters.") % {"most": most}
    return ""


def _location_problem(wanted: Registration, allowed: Allowed) -> str:
    if problem := _too_long(wanted.location, MOST_LOCATION):
        return problem
    if wanted.kind == ModelKind.HUB:
        return _hub_problem(wanted.location, allowed.hub)
    if wanted.kind == ModelKind.SERVER:
        return _server_problem(wanted.location, allowed.servers)
    return _path_problem(wanted.location, allowed)


def _hub_problem(location: str, patterns: Sequence[str]) -> str:
    if not _HUB_ID.fullmatch(location):
        return _("Write a Hub id as ORGANISATION/NAME.")
    if not any(fnmatchcase(location, pattern) for pattern in patterns):
        return _(
            "The operator of this site does not allow this Hub model. Ask them to add it to "
            "CODESIGN_HUB_MODELS."
        )
    return ""


def _server_problem(location: str, servers: Sequence[str]) -> str:
    if not location.startswith(("http://", "https://")):
        return _("Write the server's address as http://… or https://…")
    if not server_allowed(location, servers):
        return _(
            "The operator of this site does not allow this server. Ask them to add its address to "
            "CODESIGN_MODEL_SERVERS."
        )
    return ""


def _path_problem(location: str, allowed: Allowed) -> str:
    path = PurePosixPath(location)
    if not path.is_absolute():
        return _("Write the whole path, from / on.")
    inside = any(path.is_relative_to(folder) for folder in allowed.folders)
    if ".." in path.parts or not (inside or allowed.any_folder):
        return _(
            "The operator of this site does not allow this folder. Ask them to add it to "
            "CODESIGN_MODEL_FOLDERS."
        )
    return ""


def _base_problem(kind: str, has_base: bool) -> str:
    if kind == ModelKind.ADAPTER and not has_base:
        return _("Choose the base that this adapter was trained on.")
    if kind != ModelKind.ADAPTER and has_base:
        return _("Only an adapter has a base. Leave this empty.")
    return ""


def _served_problem(wanted: Registration) -> str:
    if wanted.kind != ModelKind.SERVER:
        return _("Only a model on a server has this.") if wanted.served_name else ""
    if shows_nothing(wanted.served_name):
        return _("Enter the name by which the server knows the model.")
    return _too_long(wanted.served_name, MOST_SERVED)


def _key_problem(wanted: Registration, servers: Sequence[str]) -> str:
    if not wanted.key_variable:
        return ""
    if wanted.kind != ModelKind.SERVER:
        return _("Only a model on a server has this.")
    if not _KEY.fullmatch(wanted.key_variable) or len(wanted.key_variable) > MOST_KEY:
        return _(
            "Enter the name of an environment variable that begins with %(prefix)s, never the key "
            "itself."
        ) % {"prefix": KEY_PREFIX}
    if server_allowed(wanted.location, servers):
        return server_key_problem(wanted.location, wanted.key_variable, servers)
    return ""


def _revision_problem(wanted: Registration) -> str:
    if wanted.revision and wanted.kind != ModelKind.HUB:
        return _("Only a Hub model has this.")
    if re.split("[/%]", wanted.revision)[0] in ("refs", "pr"):
        return _("Name a branch, a tag or a commit of the model, not of a pull request.")
    return _too_long(wanted.revision, MOST_REVISION)
