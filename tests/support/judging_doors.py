"""The two doors through which somebody judges: the page and the API."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.db import connection

from annotations.models import Assignment
from codesign.studies.models import Member
from tests.factories.annotations import answers
from tests.support.judging_api import Caller
from tests.support.judging_page import filled, judge_url, one_url, signed_in


@dataclass
class Said:
    """What came back."""

    status: int
    text: str

    @property
    def taken(self) -> bool:
        return self.status in (200, 201)


class Door:
    """One person at one of the doors; every answer is below 500, or the test fails."""

    def __init__(self, member: Member) -> None:
        self.member = member
        self.api = Caller(member)
        self.page = signed_in(member)

    def take(self) -> Said:
        """Ask for something to judge."""
        raise NotImplementedError

    def send(self, of: Assignment, *, key: str = "k", score: Any = 4, **texts: str) -> Said:
        """Send everything that is asked; `texts`: comment, rewrite."""
        raise NotImplementedError

    def keep(self, of: Assignment, comment: str) -> Said:
        """Save a draft."""
        raise NotImplementedError

    def look(self, of: Assignment) -> Said:
        """Open it."""
        raise NotImplementedError

    def skip(self, of: Assignment) -> Said:
        """Leave it out."""
        raise NotImplementedError

    def said(self, answer: Any) -> Said:
        assert answer.status_code < 500, answer.content
        return Said(answer.status_code, answer.content.decode())


class Api(Door):
    def take(self) -> Said:
        return self.said(self.api.lease())

    def send(self, of: Assignment, *, key: str = "k", score: Any = 4, **texts: str) -> Said:
        body = answers(of)
        body["ratings"] = [rating | {"score": score} for rating in body["ratings"]]
        body["comment"] = texts.get("comment", "")
        if rewrite := texts.get("rewrite"):
            body["rewrites"] = [{"response": str(of.order_shown[0]), "text": rewrite}]
        return self.said(self.api.submit(of.id, body, key))

    def keep(self, of: Assignment, comment: str) -> Said:
        return self.said(self.api.send("PUT", f"assignments/{of.id}/draft/", {"comment": comment}))

    def look(self, of: Assignment) -> Said:
        return self.said(self.api.send("GET", f"assignments/{of.id}/"))

    def skip(self, of: Assignment) -> Said:
        body = {"reason": "too_close"}
        return self.said(self.api.send("POST", f"assignments/{of.id}/skip/", body))


class Page(Door):
    def take(self) -> Said:
        return self.said(self.page.get(judge_url(self.member)))

    def send(self, of: Assignment, *, key: str = "k", score: Any = 4, **texts: str) -> Said:
        fields = filled(of, score=score, key=key, comment=texts.get("comment", ""))
        if rewrite := texts.get("rewrite"):
            fields["rewrite-A"] = rewrite
        return self.said(self.page.post(one_url(of), fields))

    def keep(self, of: Assignment, comment: str) -> Said:
        return self.said(self.page.post(one_url(of), filled(of, comment=comment, do="save")))

    def look(self, of: Assignment) -> Said:
        return self.said(self.page.get(one_url(of)))

    def skip(self, of: Assignment) -> Said:
        return self.said(self.page.post(one_url(of), {"skip": "too_close"}))


DOORS: dict[str, type[Door]] = {"page": Page, "api": Api}


def close() -> None:
    """A thread's own connection."""
    connection.close()
