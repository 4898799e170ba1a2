"""Counters stored as movements, and folding: many rows become one row with their sum."""

from __future__ import annotations

from collections.abc import Sequence

from django.db import connection
from django.db.models import Model


def fold(table: type[Model], *, by: Sequence[str], sums: Sequence[str]) -> int:
    """Replace rows that agree in the `by` columns with one row. Return the number of rows removed.

    One statement, so that no reader sees a wrong sum. Rows that are written meanwhile are folded
    next time; if two processes fold at once, each folds the rows that the other left.
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
