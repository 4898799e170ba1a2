"""The same form sent several times at the same moment."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from django.test import Client
from django.urls import reverse

from codesign.studies.models import Study
from codesign.studies.rules import Role
from tests.factories.studies import staff
from tests.support.judging_doors import close

AT_ONCE = 3


Asks = Callable[[Client], Any]


def asked_at_once(study: Study, role: Role, ask: Asks) -> list[Any]:
    """The answers, of one person's clicks."""
    member = staff(study, role)

    def click(_: int) -> Any:
        try:
            client = Client()
            client.force_login(member.user)
            return ask(client)
        finally:
            close()

    with ThreadPoolExecutor(AT_ONCE) as pool:
        return [*pool.map(click, range(AT_ONCE))]


def fill_in(page: str, study: Study, fields: dict[str, Any]) -> Asks:
    return lambda client: client.post(reverse(page, kwargs={"slug": study.slug}), fields)


def statuses(answers: list[Any]) -> list[int]:
    return sorted(answer.status_code for answer in answers)
