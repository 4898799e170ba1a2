"""The trial balance of a ledger with a million entries on people's accounts: seconds and memory."""

from __future__ import annotations

import os
import time
from urllib.parse import urlsplit

from benchmarks import chores
from benchmarks.rows import REST, as_superuser

CREDITS = 971_000
"""Of these 2% are reversed and 1% are paid out, which makes a million entries."""
PEOPLE = 300


def run() -> None:
    """Fill the ledger of one study and measure the command."""
    began = time.perf_counter()
    entries = fill(CREDITS)
    print(f"\nA ledger with {entries:,} entries, made in {time.perf_counter() - began:.0f} s.")
    chores.run(urlsplit(os.environ["DATABASE_URL"]).path.strip("/"), ["trial_balance"])


def fill(amount: int) -> int:
    """Post so many credits and what follows from them. Return the entries of people."""
    from codesign.compensation.models.ledger import COUNTED, LEGS_OF_STUDIES

    with as_superuser() as connection:
        connection.execute(REST, [list(TABLES)])
        for statement in FILLING:
            connection.execute(statement, {"credits": amount, "people": PEOPLE})
        for table in TABLES:
            connection.execute(f"REINDEX TABLE {table}")
        connection.execute(
            f"INSERT INTO compensation_booktally"
            f" (study_id, account_id, currency, {', '.join(COUNTED)})"
            f" {LEGS_OF_STUDIES.format(legs='compensation_leg')}"
        )
        connection.execute("DROP TABLE bench_accounts, bench_moves")
        connection.execute("VACUUM ANALYZE")
        row = connection.execute("SELECT sum(entries) FROM compensation_booktally").fetchone()
    assert row is not None
    return int(row[0])


TABLES = ("annotations_assignment", "compensation_transfer", "compensation_leg")
"""The large tables, whose indexes are built at the end."""
FILLING = (
    """CREATE UNLOGGED TABLE bench_accounts AS
       SELECT n, gen_random_uuid() AS id, gen_random_uuid() AS member,
         'payable' AS kind FROM generate_series(0, %(people)s - 1) n
       UNION ALL SELECT NULL, gen_random_uuid(), gen_random_uuid(), kind
       FROM unnest(ARRAY['spent', 'in_flight', 'bank']) kind""",
    """INSERT INTO compensation_account (id, created_at, kind, owner_kind, owner_id, owner_label,
       currency) SELECT id, now(), kind, CASE WHEN n IS NULL THEN 'study' ELSE 'member' END,
       member, 'x', 'GBP' FROM bench_accounts""",
    """CREATE UNLOGGED TABLE bench_moves AS
       WITH work AS (
         SELECT n, n %% %(people)s AS person, gen_random_uuid() AS id, gen_random_uuid() AS work,
           gen_random_uuid() AS payout
         FROM generate_series(1, %(credits)s) n
       )
       SELECT 'credit' AS kind, id, work AS about, NULL::uuid AS reverses, person,
         'spent' AS source, 'payable' AS target, n FROM work
       UNION ALL SELECT 'reversal', gen_random_uuid(), work, id, person, 'payable', 'spent', n
       FROM work WHERE n %% 50 = 0
       UNION ALL SELECT 'sent', gen_random_uuid(), payout, NULL, person, 'payable', 'in_flight', n
       FROM work WHERE n %% 100 = 1
       UNION ALL SELECT 'paid', gen_random_uuid(), payout, NULL, person, 'in_flight', 'bank', n
       FROM work WHERE n %% 100 = 1""",
    """INSERT INTO annotations_assignment (id, created_at, study_id, member_id, task_id, prompt_id,
       seat_id, state, asks, rubric_id, order_shown, seed, propensity, amount_minor, currency,
       leased_at, expires_at, ended_at, sitting, first_shown_at, skip_reason, skip_paid, skip_note,
       example)
       SELECT about, now(), id, id, id, id, n, 'submitted', '{rating}', id, ARRAY[id, id], 1, 0.5,
       80, 'GBP', now(), now(), now(), id, now(), '', false, '', false
       FROM bench_moves WHERE kind = 'credit'""",
    """INSERT INTO compensation_transfer (id, created_at, kind, idempotency_key, study_id,
       about_kind, about_id, about_label, reverses_id, effective_at, posted_at)
       SELECT move.id, now(), kind, move.id::text, (SELECT member FROM bench_accounts
         WHERE kind = 'spent'), CASE WHEN kind IN ('sent', 'paid') THEN 'payout' ELSE 'assignment'
         END, about, 'x', reverses, now(), now() FROM bench_moves move ORDER BY n""",
    """INSERT INTO compensation_leg (transfer_id, account_id, currency, amount_minor)
       SELECT move.id, account.id, 'GBP', CASE account.kind WHEN source THEN -80 ELSE 80 END
       FROM bench_moves move JOIN bench_accounts account ON account.kind IN (source, target)
         AND (account.n IS NULL OR account.n = person)
       ORDER BY move.n""",
)
"""Statements in this order. Triggers and foreign keys are disabled, so the counters follow."""
