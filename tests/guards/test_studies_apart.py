"""What is done in one study shows nowhere in another."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from django.test import Client
from django.urls import URLResolver, get_resolver

from codesign.studies.models import Study
from codesign.studies.rules import JUDGING, Role
from modelhub.services.versions import ensure_embedded_model
from tests.factories.annotations import judge, judging_round
from tests.factories.compensation import credit
from tests.factories.consent import publish
from tests.factories.history import make_history
from tests.factories.studies import staff

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
    pages = {}
    for route in sorted({*routes(get_resolver()), *EVERYWHERE}):
        if route in EVERYWHERE or re.findall(r"<(?:\w+:)?(\w+)>", route) == ["slug"]:
            answer = client.get("/" + re.sub("<[^>]+>", study.slug, route))
            pages[route] = answer.status_code, NOT_THE_STUDYS.sub("", answer.content.decode())
    return pages


@pytest.mark.django_db
def test_nothing_of_another_study_shows() -> None:
    """Prevents a page or a list from showing rows of another study."""
    member = judge()
    judging_round(member.cohort, tasks=2)
    publish(member.study)
    credit(member)
    ensure_embedded_model()
    client = Client()
    client.force_login(staff(member.study, *(set(Role) - JUDGING)).user)
    pages_of(member.study, client)  # what is read is on record: let it be there before
    before = pages_of(member.study, client)
    assert sum(status == 200 for status, _ in before.values()) > 30
    make_history()
    after = pages_of(member.study, client)
    assert {route: page for route, page in after.items() if page != before[route]} == {}
