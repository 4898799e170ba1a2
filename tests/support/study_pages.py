"""Every page that names a study and nothing else, as one person sees it."""

from __future__ import annotations

import re
from collections.abc import Iterator

from django.test import Client
from django.urls import URLResolver, get_resolver

from codesign.studies.models import Study

NOT_THE_STUDYS = re.compile(
    r'csrfmiddlewaretoken" value="\w+|X-CSRFToken": "\w+|name="key" value="[-\w]+'
    r"|Events are sealed in batches.*?</section>",
    re.DOTALL,
)
"""What is made anew for each view of a form; the last seal, which is over all studies."""
EVERYWHERE = ("", "api/v1/studies/", "api/v1/models/", "api/v1/training-runs/")


def routes(resolver: URLResolver, before: str = "") -> Iterator[str]:
    for entry in resolver.url_patterns:
        route = before + str(entry.pattern)
        if isinstance(entry, URLResolver):
            yield from routes(entry, route)
        else:
            yield route


def pages_of(study: Study, client: Client) -> dict[str, tuple[int, str]]:
    """What stands at each address that names a study and nothing else, and at the lists of all."""
    found = {}
    for route in sorted({*routes(get_resolver()), *EVERYWHERE}):
        if route in EVERYWHERE or re.findall(r"<(?:\w+:)?(\w+)>", route) == ["slug"]:
            answer = client.get("/" + re.sub("<[^>]+>", study.slug, route))
            found[route] = answer.status_code, NOT_THE_STUDYS.sub("", answer.content.decode())
    return found
