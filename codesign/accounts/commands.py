"""What management commands share: `--as EMAIL` names who acts."""

from __future__ import annotations

from argparse import ArgumentParser
from collections.abc import Mapping
from typing import Any

from codesign.accounts.queries import actor_named
from codesign.shared.actors import Actor


def add_as(parser: ArgumentParser) -> None:
    """Let the command take `--as EMAIL`."""
    parser.add_argument("--as", dest="as_email", metavar="EMAIL", help="who does this")


def actor_of(options: Mapping[str, Any]) -> Actor:
    """Who the command acts as; the system where nobody is named. NotFound for a stranger."""
    return actor_named(options["as_email"])
