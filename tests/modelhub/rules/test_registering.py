"""What may be registered, and from where."""

from __future__ import annotations

from dataclasses import replace

import pytest

from modelhub.rules.registering import (
    Allowed,
    Registration,
    registration_problems,
    server_allowed,
    server_key_problem,
)

ALLOWED = Allowed(
    folders=["/srv/models"],
    hub=["good-org/*", "other/one-model"],
    servers=["https://models.example.org/v1=CODESIGN_KEY_HOUSE", "http://127.0.0.1:8001"],
)
FOLDER = Registration("house-7b", "folder", "/srv/models/house-7b")
GGUF = Registration("house-7b", "gguf", "/srv/models/house-7b.gguf")
ADAPTER = Registration("house-7b", "adapter", "/srv/models/adapter")
HUB = Registration("house-7b", "hub", "good-org/house-7b", revision="main")
SERVER = Registration(
    "house-7b",
    "server",
    "https://models.example.org/v1",
    served_name="house",
    key_variable="CODESIGN_KEY_HOUSE",
)


def problems(wanted: Registration, *, has_base: bool | None = None) -> dict[str, list[str]]:
    base = wanted.kind == "adapter" if has_base is None else has_base
    return registration_problems(wanted, allowed=ALLOWED, has_base=base)


@pytest.mark.parametrize("wanted", [FOLDER, GGUF, ADAPTER, HUB, SERVER], ids=lambda w: w.kind)
def test_what_the_operator_allows_may_be_registered(wanted: Registration) -> None:
    assert problems(wanted) == {}


@pytest.mark.parametrize(
    ("wanted", "field", "sentence"),
    [
        (replace(FOLDER, name=" \u200b"), "name", "Enter a name"),
        (replace(FOLDER, name="two\nlines"), "name", "without line breaks"),
        (replace(FOLDER, name="x" * 121), "name", "at most 120 characters"),
        (replace(FOLDER, kind="imported"), "kind", "Choose a kind"),
        (replace(FOLDER, kind="embedded"), "kind", "Choose a kind"),
        (replace(FOLDER, location="models/x"), "location", "whole path"),
        (replace(FOLDER, location="/etc"), "location", "CODESIGN_MODEL_FOLDERS"),
        (replace(FOLDER, location="/srv/models-too/x"), "location", "CODESIGN_MODEL_FOLDERS"),
        (replace(FOLDER, location="/srv/models/../x"), "location", "CODESIGN_MODEL_FOLDERS"),
        (replace(GGUF, location="/etc/passwd"), "location", "CODESIGN_MODEL_FOLDERS"),
        (replace(ADAPTER, location="/etc"), "location", "CODESIGN_MODEL_FOLDERS"),
        (replace(FOLDER, location="/srv/models/" + "x" * 500), "location", "at most 500"),
        (replace(HUB, location="house-7b"), "location", "ORGANISATION/NAME"),
        (replace(HUB, location="good-org/a/b"), "location", "ORGANISATION/NAME"),
        (replace(HUB, location="bad-org/house-7b"), "location", "CODESIGN_HUB_MODELS"),
        (replace(HUB, location="other/one-model-2"), "location", "CODESIGN_HUB_MODELS"),
        (replace(SERVER, location="ftp://models.example.org"), "location", "http://"),
        (replace(SERVER, location="http://169.254.169.254/v1"), "location", "CODESIGN_MODEL_SERV"),
        (replace(SERVER, served_name=""), "served_name", "Enter the name"),
        (replace(SERVER, key_variable="SECRET_KEY"), "key_variable", "CODESIGN_KEY_"),
        (replace(SERVER, key_variable="DATABASE_URL"), "key_variable", "CODESIGN_KEY_"),
        (replace(SERVER, key_variable="sk-a-key-itself"), "key_variable", "never the key"),
        (
            replace(FOLDER, key_variable="CODESIGN_KEY_X"),
            "key_variable",
            "Only a model on a server",
        ),
        (replace(FOLDER, served_name="x"), "served_name", "Only a model on a server"),
        (replace(FOLDER, revision="main"), "revision", "Only a Hub model"),
        (replace(HUB, revision="refs/pr/7"), "revision", "not of a pull request"),
        (replace(HUB, revision="refs%2Fpr%2F7"), "revision", "not of a pull request"),
        (replace(HUB, revision="pr/7"), "revision", "not of a pull request"),
        (replace(SERVER, key_variable="CODESIGN_KEY_OTHER"), "key_variable", "for this server"),
        (
            replace(SERVER, location="http://127.0.0.1:8001/v1"),
            "key_variable",
            "for this server",
        ),
    ],
)
def test_everything_else_is_refused_at_its_field(
    wanted: Registration, field: str, sentence: str
) -> None:
    (found,) = problems(wanted).items()
    assert found[0] == field
    assert sentence in found[1][0]


@pytest.mark.parametrize(("wanted", "has_base"), [(ADAPTER, False), (FOLDER, True)])
def test_only_an_adapter_has_a_base(wanted: Registration, has_base: bool) -> None:
    assert list(problems(wanted, has_base=has_base)) == ["base"]


def test_the_command_may_register_any_folder_but_no_other_server() -> None:
    anywhere = Allowed(any_folder=True)
    assert not registration_problems(FOLDER, allowed=anywhere, has_base=False)
    assert registration_problems(SERVER, allowed=anywhere, has_base=False)
    assert registration_problems(HUB, allowed=anywhere, has_base=False)


@pytest.mark.parametrize(
    ("address", "allowed"),
    [
        ("https://models.example.org/v1", True),
        ("https://models.example.org/v1/", True),
        ("https://models.example.org:443/v1/sub", True),
        ("http://127.0.0.1:8001/v1", True),
        ("http://models.example.org/v1", False),
        ("https://models.example.org:8443/v1", False),
        ("https://models.example.org/v2", False),
        ("https://models.example.org/v1/../v2", False),
        ("https://models.example.org/v1/%2e%2e/v2", False),
        ("https://models.example.org/v1/.%2E/v2", False),
        ("https://models.example.org/v1/./sub", False),
        ("https://models.example.org/v1/a%2f..", False),
        ("https://models.example.org/v1/gpt-4.1", True),
        ("https://models.example.org.evil.example/v1", False),
        ("https://models.example.org@evil.example/v1", False),
        ("https://user:pass@models.example.org/v1", False),
        ("https://models.example.org/v1?x=1", False),
        ("http://127.0.0.1:8002/v1", False),
        ("http://127.0.0.1:port/v1", False),
        ("http://localhost:8001/v1", False),
    ],
)
def test_only_named_servers_and_addresses_below_them(address: str, allowed: bool) -> None:
    assert server_allowed(address, ALLOWED.servers) is allowed


@pytest.mark.parametrize(
    ("address", "key", "allowed"),
    [
        ("https://h.example.org/v1", "CODESIGN_KEY_A", True),
        ("https://h.example.org/v1/sub", "CODESIGN_KEY_A", True),
        ("https://h.example.org/v1/team", "CODESIGN_KEY_A", False),
        ("https://h.example.org/v1/team", "CODESIGN_KEY_B", True),
        ("https://h.example.org/v1", "CODESIGN_KEY_B", False),
        ("https://h.example.org/v1/open", "CODESIGN_KEY_A", False),
        ("https://open.example.org/v1", "CODESIGN_KEY_A", False),
        ("https://open.example.org/v1", "", True),
        ("https://h.example.org/v1", "", True),
    ],
)
def test_a_key_goes_only_where_the_operator_bound_it(address: str, key: str, allowed: bool) -> None:
    """Of several named addresses, the closest one counts."""
    servers = [
        "https://h.example.org:443/v1=CODESIGN_KEY_A",
        "https://h.example.org/v1/team=CODESIGN_KEY_B",
        "https://h.example.org/v1/open",
        "https://open.example.org/v1",
    ]
    assert server_allowed(address, servers)
    assert (server_key_problem(address, key, servers) == "") is allowed
