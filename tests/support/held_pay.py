"""Work whose pay is held: what tests of it share."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from itertools import chain
from typing import Any

from django.db import connection
from django.utils import timezone

from annotations.models import Assignment
from annotations.rules.states import PayCheck
from codesign.compensation.queries import ledger, trial_balance
from codesign.studies.models import Member
from tests.support.judging_api import Caller


def read(assignment: Assignment, *, seconds: float = 3600) -> Assignment:
    """Pretend that the text was first shown so many seconds ago."""
    assignment.first_shown_at = timezone.now() - timedelta(seconds=seconds)
    assignment.save(update_fields=["first_shown_at"])
    return assignment


def skip(caller: Caller, assignment: Assignment) -> Any:
    """Skip by API; what comes next."""
    answer = caller.send("POST", f"assignments/{assignment.id}/skip/", {"reason": "other"})
    assert answer.status_code == 200
    return answer.json()["next"]


def earned(member: Member) -> int:
    """Minor units of pounds that are credited."""
    return ledger.balances(member_id=member.id).get("GBP", 0)


def wrong_in_the_book() -> list[str]:
    """Return the errors of the trial balance."""
    return list(chain(trial_balance.imbalances(), trial_balance.credits_against_work()))


def held_of(member: Member) -> list[Assignment]:
    """This person's work whose pay is held."""
    return list(Assignment.objects.filter(member=member, pay_check=PayCheck.HELD))


@contextmanager
def without_triggers() -> Iterator[None]:
    """To make rows as they were before; `pgtrigger.ignore` fails with server-side binding."""
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        yield
        cursor.execute("SET LOCAL session_replication_role = origin")
