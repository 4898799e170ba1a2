"""How many queries a page makes, and how many pages a list has."""

from __future__ import annotations

import re
from collections.abc import Callable
from html import unescape
from typing import Any

from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext


def queries_of(client: Client, address: str) -> int:
    """Count the queries of a GET that must succeed, after one request that fills the caches."""
    assert client.get(address).status_code == 200
    return queries_in(lambda: client.get(address))


def queries_in(ask: Callable[[], Any], *, status: int = 200) -> int:
    """Queries of one request, which must be answered with this status."""
    with CaptureQueriesContext(connection) as seen:
        answer = ask()
    assert answer.status_code == status, answer.content
    return len(seen)


def pages_of(client: Client, address: str) -> list[str]:
    """A list from its first page to its last, by the link to the next."""
    pages = [client.get(address).content.decode()]
    while following := re.search(r'rel="next" href="([^"]+)"', pages[-1]):
        pages.append(client.get(address + unescape(following[1])).content.decode())
    return pages
