"""Calling the API of judging, as a program or a page would."""

from __future__ import annotations

import json
from typing import Any

from django.test import Client

from codesign.studies.models import Member


class Caller:
    """Somebody's program or browser."""

    member: Member

    def __init__(self, member: Member | None = None) -> None:
        self.client = Client()
        if member:
            self.member = member
            self.client.force_login(member.user)

    def send(self, method: str, path: str, body: Any = None, **headers: str) -> Any:
        return self.client.generic(
            method,
            f"/api/v1/{path}",
            json.dumps({} if body is None else body),
            content_type="application/json",
            headers=headers or None,
        )

    def lease(self, slug: str = "") -> Any:
        return self.send("POST", f"studies/{slug or self.member.study.slug}/assignments/")

    def submit(self, id: Any, body: Any, key: str = "one") -> Any:
        return self.send("POST", f"assignments/{id}/submission/", body, **{"Idempotency-Key": key})


def problem(answer: Any, status: int) -> dict[str, Any]:
    assert answer.status_code == status, answer.content
    assert answer["Content-Type"] == "application/problem+json"
    body: dict[str, Any] = answer.json()
    assert body["title"].endswith((".", "”."))
    return body
