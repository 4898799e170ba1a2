"""Numbers kept as movements, and folding them: many rows become one with their sum."""

from __future__ import annotations

from collections.abc import Sequence

from django.db import connection
from django.db.models import Model


def fold(table: type[Model], *, by: Sequence[str], sums: Sequence[str]) -> int:
    """Put one row in the place of those that agree in `by` columns; how many went.

    One statement, so that nobody ever reads a wrong sum; rows that are written meanwhile stay
    for the next time, and of two that fold at once each takes what the other left.
    """
    name, keys = table._meta.db_table, ", ".join(by)
    total = ", ".join(f"sum({column})" for column in sums)
    columns = f"{keys}, {', '.join(sums)}"
    with connection.cursor() as cursor:
        cursor.execute(f"""
            WITH alike AS (
                SELECT id, count(*) OVER (PARTITION BY {keys}) AS many FROM {name}
            ), gone AS (
                DELETE FROM {name} WHERE id IN (SELECT id FROM alike WHERE many > 1)
                RETURNING {columns}
            ), made AS (
                INSERT INTO {name} ({columns}) SELECT {keys}, {total} FROM gone GROUP BY {keys}
            )
            SELECT count(*) FROM gone
        """)  # noqa: S608
        return int(cursor.fetchone()[0])
