"""Template context for account pages."""

from __future__ import annotations

import ipaddress
from functools import partial
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.http import HttpRequest
from django.http.request import split_domain_port


def passkeys(request: HttpRequest) -> dict[str, Any]:
    """Tell templates whether passkeys work here (`passkeys.work`), or where (`passkeys.at`).

    Browsers offer no passkeys at numeric addresses.
    """
    return {"passkeys": partial(_passkeys_at, request)}


def _passkeys_at(request: HttpRequest) -> dict[str, Any]:
    host, _port = split_domain_port(request.get_host())
    named = urlsplit(settings.SITE_URL).hostname or ""
    return {
        "work": not _is_number(host),
        "at": "" if not named or _is_number(named) else settings.SITE_URL,
    }


def _is_number(host: str) -> bool:
    try:
        ipaddress.ip_address(host.strip("[]"))
    except ValueError:
        return False
    return True
