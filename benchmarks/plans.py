"""Query plans of the frequent queries, with as many tasks as requested."""

from __future__ import annotations

from typing import Any


def run(cohort: Any) -> None:
    """Print the plan of each frequent query: its scans and its time."""
    from django.db import connection, transaction

    from annotations.queries.assignments import latest, waiting_seats
    from codesign.compensation.queries.ledger import balances
    from codesign.consent.queries import _in_force
    from codesign.studies.models import Member

    member = Member.objects.filter(cohort=cohort).select_related("study", "cohort").first()
    assert member is not None
    print("\nPlans of the frequent queries")
    with transaction.atomic():
        queue = waiting_seats(member).select_related("task__prompt")
        seats = queue.select_for_update(no_key=True, skip_locked=True, of=("task",))[:1]
        _show("the next seat", seats.explain(analyze=True, buffers=True))
    _show("consent in force", _in_force().filter(member=member).explain(analyze=True))
    with connection.execute_wrapper(_explain):
        latest(member)
        balances(member_id=member.id)


def _explain(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
    """Run each query and print its plan."""
    if sql.startswith("SELECT"):
        with context["connection"].connection.cursor() as cursor:
            cursor.execute("EXPLAIN (ANALYZE) " + sql, params)
            _show(sql.split(" FROM ")[1].split()[0], "\n".join(row[0] for row in cursor))
    return execute(sql, params, many, context)


def _show(name: str, plan: str) -> None:
    scans = [
        line.strip().removeprefix("->").strip()
        for line in plan.splitlines()
        if "Scan" in line or "Execution Time" in line
    ]
    print(f"- {name}:")
    for line in scans:
        print(f"    {line}")
