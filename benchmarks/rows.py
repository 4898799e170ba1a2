"""Filling the tables of a large study quickly, as a restore from a backup does.

Foreign keys and triggers are disabled. In an empty database, indexes of large tables are too,
because building one from all rows takes a tenth of updating it for every row. Two connections work
in parallel, and nothing waits for the disk until the end.
"""

from __future__ import annotations

import os
import re
import sys
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

from benchmarks import machine
from codesign.config.servers.postgres import SUPERUSER

XIDS = 20_000
"""Transactions over which the audit events are spread, because a seal never splits one."""
AT_ONCE = 2
WORTH_TELLING = 1.0
"""Seconds."""
FEW = 10_000
"""Up to this many prompts are added with every index enabled."""
IN_THE_FILLING = (
    "session_replication_role = replica",
    "synchronous_commit = off",
    "work_mem = '256MB'",
    "maintenance_work_mem = '512MB'",
)
QUICK_ID = "md5(random()::text || random())::uuid"
"""Six times as fast as `gen_random_uuid()`, which asks the system for each."""
AT_REST = ("fsync = off", "full_page_writes = off", "max_wal_size = '16GB'", "autovacuum = off")


def as_superuser() -> Any:
    """Return a connection on which foreign keys and triggers are disabled."""
    import psycopg

    database = urlsplit(os.environ["DATABASE_URL"]).path.strip("/")
    connection = psycopg.connect(machine.address_as(SUPERUSER, database), autocommit=True)
    for setting in IN_THE_FILLING:
        connection.execute(f"SET {setting}")
    return connection


def fill(where: dict[str, Any]) -> float:
    """Run the statements below, print their times, restore the settings. Return the seconds."""
    began = time.perf_counter()
    with as_superuser() as connection, _unsafe(connection):
        connection.execute(SPREAD)
        for statement in FIRST:
            _run(connection, statement, where)
        _tell(f"planned {where['prompts']:,} prompts and what was made of them", began)
        tables = list(dict.fromkeys(_table(statement) for statement in ROWS))
        anew = where["prompts"] > FEW
        if anew:
            connection.execute(REST, [tables])
        _side_by_side([(f"rows of {_table(one)}", one, where) for one in ROWS])
        if anew:
            _side_by_side([(f"indexes of {one}", f"REINDEX TABLE {one}", None) for one in tables])
        for statement in LAST:
            _run(connection, statement, where)
    if anew:
        _side_by_side([(f"vacuum of {one}", f"VACUUM {one}", None) for one in tables])
    with as_superuser() as connection:
        connection.execute("ANALYZE")
        connection.execute("CHECKPOINT")
    _tell("analyzed, and all on the disk", began)
    return time.perf_counter() - began


@contextmanager
def _unsafe(connection: Any) -> Iterator[None]:
    """Let the server neither wait for the disk nor vacuum meanwhile."""
    for setting in AT_REST:
        connection.execute(f"ALTER SYSTEM SET {setting}")
    connection.execute("SELECT pg_reload_conf()")
    try:
        yield
    finally:
        connection.execute("ALTER SYSTEM RESET ALL")
        connection.execute("SELECT pg_reload_conf()")


def _table(statement: str) -> str:
    match = re.search(r"(?:INSERT INTO|UPDATE) (\w+)", statement)
    assert match
    return match[1]


def _run(connection: Any, statement: str, where: Any) -> None:
    connection.execute(statement.replace("gen_random_uuid()", QUICK_ID), where)


def _side_by_side(jobs: Sequence[tuple[str, str, Any]]) -> None:
    def work(job: tuple[str, str, Any]) -> None:
        what, statement, where = job
        began = time.perf_counter()
        with as_superuser() as connection:
            _run(connection, statement, where)
        if time.perf_counter() - began > WORTH_TELLING:
            _tell(what, began)

    with ThreadPoolExecutor(AT_ONCE) as pool:
        list(pool.map(work, jobs))


def _tell(what: str, began: float) -> None:
    """Print progress to stderr, because stdout carries the result of the process."""
    print(f"  {time.perf_counter() - began:6.1f} s  {what}", file=sys.stderr, flush=True)


SPREAD = f"""
DO $$ BEGIN
  FOR n IN 1..{XIDS} LOOP PERFORM pg_current_xact_id(); COMMIT; END LOOP;
END $$
"""
WHEN = "(now() - make_interval(secs => 8640000.0 * (%(prompts)s - n) / %(prompts)s))"
REST = """
    UPDATE pg_index SET indisready = false, indisvalid = false
    WHERE indrelid = ANY (%s::text[]::regclass[])
"""
"""Rows are inserted without indexes, which are then rebuilt from all rows."""
FIRST = (
    """CREATE UNLOGGED TABLE bench_p AS SELECT n::int, gen_random_uuid() AS prompt,
       gen_random_uuid() AS task, gen_random_uuid() AS a, gen_random_uuid() AS b,
       n %% 50 = 0 AS held_out
       FROM generate_series(1, %(prompts)s) n""",
    """CREATE UNLOGGED TABLE bench_s AS SELECT n, prompt, task, a, b, seat, cohort,
       nextval(pg_get_serial_sequence('annotations_seat', 'id')) AS id,
       n %% 5 = 1 OR n %% 10 = 2 AND seat = 1 AND cohort = %(panel)s AS filled,
       n %% 200 = 7 AS pulled
       FROM bench_p p, LATERAL (VALUES (%(panel)s::uuid, 1), (%(panel)s, 2), (%(panel)s, 3),
                               (%(clinic)s, 1)) r(cohort, seat) WHERE NOT held_out""",
    f"""CREATE UNLOGGED TABLE bench_j AS SELECT n, prompt, task, a, b, id AS seat, cohort, filled,
       gen_random_uuid() AS assignment, gen_random_uuid() AS judgement,
       gen_random_uuid() AS transfer, {WHEN} AS at,
       CASE WHEN cohort = %(panel)s THEN (%(people)s::uuid[])[1 + (n * 7 + seat) %% people]
         ELSE (%(clinicians)s::uuid[])[1 + n %% clinicians] END AS member,
       CASE WHEN cohort = %(panel)s THEN (%(signed)s::uuid[])[1 + (n * 7 + seat) %% people]
         ELSE (%(clinic_signed)s::uuid[])[1 + n %% clinicians] END AS record
       FROM bench_s s, (SELECT cardinality(%(people)s::uuid[]) AS people,
         cardinality(%(clinicians)s::uuid[]) AS clinicians) c
       WHERE filled OR n %% 20 = 4 AND seat = 1 AND cohort = %(panel)s""",
    """CREATE UNLOGGED TABLE bench_w AS SELECT *, row_number() OVER (ORDER BY judgement) AS nr,
       gen_random_uuid() AS rewrite, gen_random_uuid() AS flag FROM bench_j j WHERE filled""",
    """INSERT INTO compensation_account (id, created_at, kind, owner_kind, owner_id, owner_label,
       currency) SELECT gen_random_uuid(), now(), 'payable', 'member', id, pseudonym, 'GBP'
       FROM studies_member WHERE study_id = %(study)s
       UNION ALL SELECT gen_random_uuid(), now(), 'spent', 'study', id, title, 'GBP'
       FROM studies_study WHERE id = %(study)s""",
)
"""Statements that the others depend on, in this order."""
ROWS = (
    f"""INSERT INTO annotations_prompt (id, created_at, study_id, external_id, version, messages,
       content_hash, category, topics, intensity, language, held_out, family, split_group,
       withdrawn_at)
       SELECT prompt, {WHEN}, %(study)s, 'p' || n, 1,
       jsonb_build_array(jsonb_build_object('role', 'user', 'content',
         'I cannot sleep and I lie awake for hours, what helps? ' || n)),
       md5(n::text), 'education', '{{sleep}}', 1, 'en', held_out, '', gen_random_uuid(),
       CASE WHEN n %% 200 = 7 THEN now() END FROM bench_p p""",
    f"""INSERT INTO annotations_response (id, created_at, prompt_id, text, text_hash, origin,
       language, source) SELECT r.id, {WHEN}, prompt, repeat('A calm reply of some length. ', 8),
       md5(r.id::text), 'ai', 'en', r.source FROM bench_p p,
       LATERAL (VALUES (a, %(source_a)s::uuid), (b, %(source_b)s::uuid)) r(id, source)""",
    f"""INSERT INTO modelhub_generationitem (run_id, prompt_id, prompt_version, sample, length,
       chunk, state, attempts, seed, finish_reason, tokens, latency_ms, made_again, error, done_at,
       response_id)
       SELECT r.run, prompt, 1, 0, 60, n / 8, CASE WHEN waits THEN 'pending' ELSE 'done' END, 0, 1,
       'stop', 90, 900, 0, '', CASE WHEN waits THEN NULL ELSE {WHEN} END,
       CASE WHEN waits THEN NULL ELSE r.response END
       FROM bench_p p,
         LATERAL (VALUES (%(run_a)s::uuid, a, false), (%(run_b)s::uuid, b, n %% 20 = 3))
         r(run, response, waits)""",
    f"""INSERT INTO annotations_task (id, created_at, round_id, prompt_id)
       SELECT task, {WHEN}, %(round)s, prompt FROM bench_p p WHERE NOT held_out""",
    """INSERT INTO annotations_taskresponse (task_id, response_id, position)
       SELECT task, r.id, r.position FROM bench_p p, LATERAL (VALUES (a, 0), (b, 1)) r(id, position)
       WHERE NOT held_out""",
    """INSERT INTO annotations_seat (id, task_id, cohort_id, number, state, first, offered, shuffle)
       SELECT id, task, cohort, seat, CASE WHEN filled THEN 'filled' ELSE 'free' END, false,
       NOT filled AND NOT pulled AND (seat = 1 OR seat = 2 AND n %% 10 = 2),
       (random() * 2000000000)::int FROM bench_s s""",
    """INSERT INTO annotations_assignment (id, created_at, study_id, member_id, task_id, prompt_id,
       seat_id, state, asks, rubric_id, order_shown, seed, propensity, amount_minor,
       currency, leased_at, expires_at, ended_at, sitting, first_shown_at, skip_reason, skip_paid,
       skip_note, example)
       SELECT assignment, at, %(study)s, member, task, prompt, seat,
       CASE WHEN filled THEN 'submitted' ELSE 'skipped' END, '{rating,ranking,rewrite,flag}',
       %(rubric)s, ARRAY[a, b], 1, 0.5, 80, 'GBP', at, at + interval '1 hour',
       at + interval '3 minutes', gen_random_uuid(), at,
       CASE WHEN filled THEN '' ELSE 'too_close' END, NOT filled, '', false FROM bench_j j""",
    """INSERT INTO annotations_judgement (id, created_at, assignment_id, member_id,
       consent_record_id, ratings, ranking, strength, all_harmful, highlights, comment, active_ms,
       submitted_at, idempotency_key, body_hash, example)
       SELECT judgement, at, assignment, member, record, '[]',
       jsonb_build_array(jsonb_build_array(a), jsonb_build_array(b)), 2, false, '[]', '', 90000,
       at + interval '3 minutes', judgement::text, md5(judgement::text), false
       FROM bench_j j WHERE filled""",
    """INSERT INTO annotations_rewrite (id, created_at, study_id, judgement_id, response_id,
       text, state, example) SELECT rewrite, at, %(study)s, judgement, a,
       'I would rather say this, and kindly.',
       CASE WHEN nr %% 50 = 0 THEN 'pending' WHEN nr %% 40 = 10 THEN 'held_back' ELSE 'accepted'
       END, false FROM bench_w w WHERE nr %% 10 = 0""",
    """INSERT INTO annotations_flag (id, created_at, study_id, judgement_id, response_id, harm,
       severity, note, state, example) SELECT flag, at, %(study)s, judgement, b, 'sycophancy',
       2, '',
       CASE WHEN nr %% 60 = 0 THEN 'reported' WHEN nr %% 90 = 0 THEN 'dismissed' ELSE 'upheld' END,
       false FROM bench_w w WHERE nr %% 30 = 0""",
    """INSERT INTO annotations_reviewdecision (id, created_at, study_id, rewrite_id, flag_id,
       reviewer_id, old_state, new_state, note, example)
       SELECT gen_random_uuid(), at, %(study)s, r.rewrite, r.flag, %(reviewer)s, 'before', 'after',
       '', false
       FROM bench_w w, LATERAL (VALUES (rewrite, NULL::uuid, nr %% 10 = 0 AND nr %% 50 <> 0),
                               (NULL, flag, nr %% 30 = 0 AND nr %% 60 <> 0)) r(rewrite, flag, made)
       WHERE r.made""",
    """INSERT INTO consent_withdrawal (id, created_at, record_id, level, withdrawn_at)
       SELECT gen_random_uuid(), now(), record, 'stop_use', now()
       FROM unnest(%(signed)s::uuid[]) WITH ORDINALITY r(record, nr) WHERE nr %% 20 = 9""",
    """INSERT INTO compensation_transfer (id, created_at, kind, idempotency_key, study_id,
       about_kind, about_id, about_label, effective_at, posted_at)
       SELECT transfer, at, 'credit', 'credit:assignment:' || assignment, %(study)s, 'assignment',
       assignment, CASE WHEN filled THEN 'judgement' ELSE 'skip' END, at, at
       FROM bench_j j ORDER BY at""",
    """INSERT INTO compensation_leg (transfer_id, account_id, currency, amount_minor)
       SELECT transfer, account.id, 'GBP', CASE account.kind WHEN 'payable' THEN 80 ELSE -80 END
       FROM bench_j j JOIN compensation_account account ON owner_id IN (member, %(study)s)
       ORDER BY at""",
    f"""INSERT INTO audit_event (xid, at, action, actor_id, study_id, about_kind, about_id,
       about_label, data)
       SELECT pg_current_xact_id()::text::bigint - {XIDS} + n::bigint * {XIDS - 1} / %(prompts)s,
       at, CASE WHEN filled THEN 'annotations.submitted' ELSE 'annotations.skipped' END, NULL,
       %(study)s, 'assignment', assignment, '', '{{}}' FROM bench_j j ORDER BY n""",
    """INSERT INTO annotations_roundtally (round_id, cohort_id, tasks, seats, judged)
       SELECT %(round)s, NULL::uuid, count(*), 0, 0 FROM bench_p p WHERE NOT held_out
       UNION ALL SELECT %(round)s, cohort, 0, count(*), count(*) FILTER (WHERE filled)
       FROM bench_s s GROUP BY cohort""",
    """INSERT INTO compensation_booktally
       (study_id, account_id, currency, earned, entries, corrected, total)
       SELECT %(study)s, account.id, 'GBP', 80 * count(*), count(*), 0, 80 * count(*)
       FROM bench_j j JOIN compensation_account account ON owner_id = member GROUP BY account.id
       UNION ALL SELECT %(study)s, NULL, 'GBP', 0, 0, 0, -80 * count(*) FROM bench_j j""",
)
"""Statements in any order, run in parallel."""
LAST = (
    """UPDATE modelhub_generationrun run SET total = items.total, done = items.done,
       tokens = 90 * items.done FROM (
         SELECT run_id, count(*) AS total, count(*) FILTER (WHERE state = 'done') AS done
         FROM modelhub_generationitem
         WHERE run_id IN (%(run_a)s, %(run_b)s) GROUP BY run_id) items
       WHERE run.id = items.run_id""",
    "DROP TABLE bench_p, bench_s, bench_j, bench_w",
)
"""Statements that count the rows of the others."""
