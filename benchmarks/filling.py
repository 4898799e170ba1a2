"""A study of any size, straight into the tables: what people made of it in a hundred days.

The shape: of every hundred prompts, two are held out; of the others' tasks a fifth is judged by
all, a tenth by one, a twentieth was skipped by somebody; a tenth of the judgements rewrites a
reply (a fifth of those still wait for their review), one in thirty reports harm. Two generation
runs wrote the replies; the second still has a twentieth to write. One in twenty people took consent
back.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from benchmarks import machine
from benchmarks.people import ABOUT, CRITERIA, OVERLAP, Person, make_people, signed_in
from codesign.config.servers.postgres import SUPERUSER
from codesign.config.servers.roles import APP_ROLE

JUDGE_AT_ONCE = 8
XIDS = 20_000
"""Transactions over which the events of the trail are spread: a seal never parts one."""
STAFF = ("coordinator", "ml_engineer", "auditor")


@dataclass(frozen=True)
class Filled:
    """A study, whom and what to look at there, and how long it took to fill."""

    slug: str
    prompt: str
    run: str
    people: dict[str, Person]
    judging: list[Person]
    seconds: float
    size: str


def filled(database: str, prompts: int, *, slug: str = "bench") -> Filled:
    """Make a study with so many prompts in that database, in a process of its own."""
    command = [sys.executable, "-m", "benchmarks.filling", slug, str(prompts)]
    environment = {**os.environ, "DATABASE_URL": machine.address_as(APP_ROLE, database)}
    said = subprocess.run(
        command, cwd=machine.ROOT, env=environment, check=True, stdout=subprocess.PIPE
    ).stdout
    values = json.loads(said)
    values["people"] = {role: Person(session) for role, session in values["people"].items()}
    values["judging"] = [Person(session) for session in values["judging"]]
    return Filled(**values)


def panel_size(prompts: int) -> int:
    """How many people judge: more in a larger study, each of them more."""
    return {1_000: 12, 100_000: 80, 1_000_000: 250}.get(prompts, max(12, prompts // 1_000))


def _make(slug: str, prompts: int) -> dict[str, Any]:
    """A study with so many prompts, its work of a hundred days, and people to look at it."""
    from codesign.shared.actors import SYSTEM
    from codesign.studies import services as studies
    from codesign.studies.rules import StudyState
    from tests.factories.accounts import UserFactory
    from tests.factories.consent import publish, sign
    from tests.factories.studies import MemberFactory

    UserFactory.reset_sequence(prompts, force=True)  # no address of another study's people
    study = studies.make_study(actor=SYSTEM, slug=slug, title=f"Study of {prompts:,}", **ABOUT)
    publish(study)
    cohorts, round_, run_a, run_b = _plan(study)
    people = panel_size(prompts)
    panel = [MemberFactory.create(cohort=cohorts[0]) for _ in range(people)]
    clinicians = [MemberFactory.create(cohort=cohorts[1]) for _ in range(people // 3)]
    seconds = _fill(
        {
            "study": study.id,
            "round": round_.id,
            "panel": cohorts[0].id,
            "clinic": cohorts[1].id,
            "rubric": round_.cohorts.get(cohort=cohorts[0]).rubric_id,
            "run_a": run_a.id,
            "run_b": run_b.id,
            "source_a": run_a.source,
            "source_b": run_b.source,
            "prompts": prompts,
            "people": [m.id for m in panel],
            "signed": [sign(m).id for m in panel],
            "clinicians": [m.id for m in clinicians],
            "clinic_signed": [sign(m).id for m in clinicians],
            "reviewer": clinicians[0].id,
        }
    )
    studies.change_state(actor=SYSTEM, study=study, state=StudyState.OPEN)
    return _to_look_at(study, panel, clinicians, str(run_b.id)) | {"seconds": seconds}


def _to_look_at(study: Any, panel: list[Any], clinicians: list[Any], run: str) -> dict[str, Any]:
    """Sessions of people, and what they may look at."""
    from annotations.models import Prompt
    from codesign.studies.rules import Role
    from tests.factories.studies import staff

    eyes = {"panelist": signed_in(panel[0]), "clinician": signed_in(clinicians[1])}
    eyes |= {role: signed_in(staff(study, Role(role))) for role in STAFF}
    prompt = Prompt.objects.filter(study=study).order_by("external_id")[0]
    return {
        "slug": study.slug,
        "prompt": str(prompt.id),
        "run": run,
        "people": {role: person.session for role, person in eyes.items()},
        "judging": [person.session for person in make_people(panel[0].cohort, JUDGE_AT_ONCE + 1)],
        "size": _size(),
    }


def _size() -> str:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_size_pretty(pg_database_size(current_database()))")
        return str(cursor.fetchone()[0])


def _plan(study: Any) -> tuple[list[Any], Any, Any, Any]:
    """Two cohorts with rubric and pay, an open round, two generation runs, a release."""
    from annotations.models import DatasetRelease
    from annotations.rules.states import Ask, RoundKind
    from annotations.services import rounds
    from annotations.services.rubrics import make_rubric
    from codesign.compensation.services import set_rate
    from codesign.shared.actors import SYSTEM
    from codesign.studies import services as studies
    from codesign.studies.rules import Role

    cohorts = [
        studies.make_cohort(actor=SYSTEM, study=study, key=key, title=key.title(), role=role)
        for key, role in (("panel", Role.PANELIST), ("clinic", Role.CLINICIAN))
    ]
    rubric = make_rubric(
        actor=SYSTEM, study=study, key="panel", title="Panel", language="en", criteria=CRITERIA
    )
    for cohort in cohorts:
        set_rate(
            actor=SYSTEM, cohort=cohort, amount_minor=80, currency="GBP", estimated_seconds=180
        )
    plans = [
        rounds.CohortPlan(cohort, rubric, [Ask.RATING, Ask.RANKING, Ask.REWRITE, Ask.FLAG], overlap)
        for cohort, overlap in zip(cohorts, (OVERLAP, 1), strict=True)
    ]
    round_ = rounds.make_round(
        actor=SYSTEM, study=study, kind=RoundKind.JUDGING, title="Round", cohorts=plans
    )
    rounds.open_round(actor=SYSTEM, round=round_)
    DatasetRelease.objects.create(study=study, number=1, purpose="training")
    runs = [_run(study, round_, name) for name in ("made-up-a", "made-up-b")]
    return cohorts, round_, runs[0], runs[1]


def _run(study: Any, round_: Any, name: str) -> Any:
    from django.utils import timezone

    from modelhub.models import GenerationRun, ModelVersion, Source

    version = ModelVersion.objects.create(study=study, name=name, kind="embedded")
    run = GenerationRun.objects.create(
        study=study,
        model_version=version,
        round=round_,
        state="done" if name.endswith("a") else "running",
        samples=1,
        temperature=0.8,
        max_new_tokens=200,
        seed=1,
        system_message="Answer kindly.",
        config_hash=name,
        started_at=timezone.now(),
    )
    run.source = Source.objects.create(study=study, model_version=version).id
    return run


def as_superuser() -> Any:
    """A connection on which foreign keys and triggers rest, as in a restore from a backup."""
    import psycopg

    database = urlsplit(os.environ["DATABASE_URL"]).path.strip("/")
    connection = psycopg.connect(machine.address_as(SUPERUSER, database), autocommit=True)
    connection.execute("ALTER SYSTEM SET max_wal_size = '8GB'")  # else it stops for checkpoints
    connection.execute("SELECT pg_reload_conf()")
    connection.execute("SET session_replication_role = replica")
    connection.execute("SET synchronous_commit = off")
    connection.execute("SET work_mem = '256MB'")
    return connection


def _fill(where: dict[str, Any]) -> float:
    """Run the statements below; seconds."""
    began = time.perf_counter()
    with as_superuser() as connection:
        connection.execute(SPREAD)
        for statement in STATEMENTS:
            connection.execute(statement, where)
        connection.execute("VACUUM (ANALYZE)")
        connection.execute("CHECKPOINT")
    return time.perf_counter() - began


SPREAD = f"""
DO $$ BEGIN
  FOR n IN 1..{XIDS} LOOP PERFORM pg_current_xact_id(); COMMIT; END LOOP;
END $$
"""
WHEN = "(now() - make_interval(secs => 8640000.0 * (%(prompts)s - n) / %(prompts)s))"
STATEMENTS = (
    """CREATE TEMP TABLE p AS SELECT n::int, gen_random_uuid() AS prompt, gen_random_uuid() AS task,
       gen_random_uuid() AS a, gen_random_uuid() AS b, n %% 50 = 0 AS held_out
       FROM generate_series(1, %(prompts)s) n""",
    f"""INSERT INTO annotations_prompt (id, created_at, study_id, external_id, version, messages,
       content_hash, category, topics, intensity, language, held_out, family, split_group,
       withdrawn_at)
       SELECT prompt, {WHEN}, %(study)s, 'p' || n, 1,
       jsonb_build_array(jsonb_build_object('role', 'user', 'content',
         'I cannot sleep and I lie awake for hours, what helps? ' || n)),
       md5(n::text), 'education', '{{sleep}}', 1, 'en', held_out, '', gen_random_uuid(),
       CASE WHEN n %% 200 = 7 THEN now() END FROM p""",
    f"""INSERT INTO annotations_response (id, created_at, prompt_id, text, text_hash, origin,
       language, source) SELECT r.id, {WHEN}, prompt, repeat('A calm reply of some length. ', 8),
       md5(r.id::text), 'ai', 'en', r.source FROM p,
       LATERAL (VALUES (a, %(source_a)s::uuid), (b, %(source_b)s::uuid)) r(id, source)""",
    f"""INSERT INTO modelhub_generationitem (run_id, prompt_id, prompt_version, sample, length,
       chunk, state, attempts, seed, finish_reason, tokens, latency_ms, made_again, error, done_at,
       response_id)
       SELECT r.run, prompt, 1, 0, 60, n / 8, CASE WHEN waits THEN 'pending' ELSE 'done' END, 0, 1,
       'stop', 90, 900, 0, '', CASE WHEN waits THEN NULL ELSE {WHEN} END,
       CASE WHEN waits THEN NULL ELSE r.response END
       FROM p, LATERAL (VALUES (%(run_a)s::uuid, a, false), (%(run_b)s::uuid, b, n %% 20 = 3))
         r(run, response, waits)""",
    f"""INSERT INTO annotations_task (id, created_at, round_id, prompt_id)
       SELECT task, {WHEN}, %(round)s, prompt FROM p WHERE NOT held_out""",
    """INSERT INTO annotations_taskresponse (task_id, response_id, position)
       SELECT task, r.id, r.position FROM p, LATERAL (VALUES (a, 0), (b, 1)) r(id, position)
       WHERE NOT held_out""",
    """CREATE TEMP TABLE s AS SELECT n, prompt, task, a, b, seat, cohort,
       nextval(pg_get_serial_sequence('annotations_seat', 'id')) AS id,
       n %% 5 = 1 OR n %% 10 = 2 AND seat = 1 AND cohort = %(panel)s AS filled,
       n %% 200 = 7 AS pulled
       FROM p, LATERAL (VALUES (%(panel)s::uuid, 1), (%(panel)s, 2), (%(panel)s, 3),
                               (%(clinic)s, 1)) r(cohort, seat) WHERE NOT held_out""",
    """INSERT INTO annotations_seat (id, task_id, cohort_id, number, state, first, offered, shuffle)
       SELECT id, task, cohort, seat, CASE WHEN filled THEN 'filled' ELSE 'free' END, false,
       NOT filled AND NOT pulled AND (seat = 1 OR seat = 2 AND n %% 10 = 2),
       (random() * 2000000000)::int FROM s""",
    f"""CREATE TEMP TABLE j AS SELECT n, prompt, task, a, b, id AS seat, cohort, filled,
       gen_random_uuid() AS assignment, gen_random_uuid() AS judgement,
       gen_random_uuid() AS transfer, {WHEN} AS at,
       CASE WHEN cohort = %(panel)s THEN (%(people)s::uuid[])[1 + (n * 7 + seat) %% people]
         ELSE (%(clinicians)s::uuid[])[1 + n %% clinicians] END AS member,
       CASE WHEN cohort = %(panel)s THEN (%(signed)s::uuid[])[1 + (n * 7 + seat) %% people]
         ELSE (%(clinic_signed)s::uuid[])[1 + n %% clinicians] END AS record
       FROM s, (SELECT cardinality(%(people)s::uuid[]) AS people,
         cardinality(%(clinicians)s::uuid[]) AS clinicians) c
       WHERE filled OR n %% 20 = 4 AND seat = 1 AND cohort = %(panel)s""",
    """INSERT INTO annotations_assignment (id, created_at, study_id, member_id, task_id, prompt_id,
       seat_id, repeat, state, asks, rubric_id, order_shown, seed, propensity, amount_minor,
       currency, leased_at, expires_at, ended_at, sitting, first_shown_at, skip_reason, skip_paid,
       skip_note, example)
       SELECT assignment, at, %(study)s, member, task, prompt, seat, 0,
       CASE WHEN filled THEN 'submitted' ELSE 'skipped' END, '{rating,ranking,rewrite,flag}',
       %(rubric)s, ARRAY[a, b], 1, 0.5, 80, 'GBP', at, at + interval '1 hour',
       at + interval '3 minutes', gen_random_uuid(), at,
       CASE WHEN filled THEN '' ELSE 'too_close' END, NOT filled, '', false FROM j""",
    """INSERT INTO annotations_judgement (id, created_at, assignment_id, revision, member_id,
       consent_record_id, ratings, ranking, strength, all_harmful, highlights, comment, active_ms,
       submitted_at, idempotency_key, body_hash, example)
       SELECT judgement, at, assignment, 1, member, record, '[]',
       jsonb_build_array(jsonb_build_array(a), jsonb_build_array(b)), 2, false, '[]', '', 90000,
       at + interval '3 minutes', judgement::text, md5(judgement::text), false
       FROM j WHERE filled""",
    """CREATE TEMP TABLE w AS SELECT *, row_number() OVER (ORDER BY judgement) AS nr,
       gen_random_uuid() AS rewrite, gen_random_uuid() AS flag FROM j WHERE filled""",
    """INSERT INTO annotations_rewrite (id, created_at, study_id, judgement_id, response_id,
       text, state, example) SELECT rewrite, at, %(study)s, judgement, a,
       'I would rather say this, and kindly.',
       CASE WHEN nr %% 50 = 0 THEN 'pending' WHEN nr %% 40 = 10 THEN 'held_back' ELSE 'accepted'
       END, false FROM w WHERE nr %% 10 = 0""",
    """INSERT INTO annotations_flag (id, created_at, study_id, judgement_id, response_id, harm,
       severity, note, state, example) SELECT flag, at, %(study)s, judgement, b, 'sycophancy',
       2, '',
       CASE WHEN nr %% 60 = 0 THEN 'reported' WHEN nr %% 90 = 0 THEN 'dismissed' ELSE 'upheld' END,
       false FROM w WHERE nr %% 30 = 0""",
    """INSERT INTO annotations_reviewdecision (id, created_at, study_id, rewrite_id, flag_id,
       reviewer_id, old_state, new_state, note, example)
       SELECT gen_random_uuid(), at, %(study)s, r.rewrite, r.flag, %(reviewer)s, 'before', 'after',
       '', false
       FROM w, LATERAL (VALUES (rewrite, NULL::uuid, nr %% 10 = 0 AND nr %% 50 <> 0),
                               (NULL, flag, nr %% 30 = 0 AND nr %% 60 <> 0)) r(rewrite, flag, made)
       WHERE r.made""",
    """INSERT INTO consent_withdrawal (id, created_at, record_id, level, withdrawn_at)
       SELECT gen_random_uuid(), now(), record, 'stop_use', now()
       FROM unnest(%(signed)s::uuid[]) WITH ORDINALITY r(record, nr) WHERE nr %% 20 = 9""",
    """INSERT INTO compensation_account (id, created_at, kind, owner_kind, owner_id, owner_label,
       currency) SELECT gen_random_uuid(), now(), 'earned', 'member', id, pseudonym, 'GBP'
       FROM studies_member WHERE study_id = %(study)s
       UNION ALL SELECT gen_random_uuid(), now(), 'spent', 'study', id, title, 'GBP'
       FROM studies_study WHERE id = %(study)s""",
    """INSERT INTO compensation_transfer (id, created_at, kind, idempotency_key, study_id,
       about_kind, about_id, about_label, effective_at, posted_at)
       SELECT transfer, at, 'credit', 'credit:assignment:' || assignment, %(study)s, 'assignment',
       assignment, CASE WHEN filled THEN 'judgement' ELSE 'skip' END, at, at FROM j ORDER BY at""",
    """INSERT INTO compensation_leg (transfer_id, account_id, currency, amount_minor)
       SELECT transfer, account.id, 'GBP', CASE account.kind WHEN 'earned' THEN 80 ELSE -80 END
       FROM j JOIN compensation_account account ON owner_id IN (member, %(study)s) ORDER BY at""",
    f"""INSERT INTO audit_event (xid, at, action, actor_id, study_id, about_kind, about_id,
       about_label, data)
       SELECT pg_current_xact_id()::text::bigint - {XIDS} + n::bigint * {XIDS - 1} / %(prompts)s,
       at, CASE WHEN filled THEN 'annotations.submitted' ELSE 'annotations.skipped' END, NULL,
       %(study)s, 'assignment', assignment, '', '{{}}' FROM j ORDER BY n""",
    """INSERT INTO annotations_roundtally (round_id, cohort_id, tasks, seats, judged)
       SELECT %(round)s, NULL::uuid, count(*), 0, 0 FROM p WHERE NOT held_out
       UNION ALL SELECT %(round)s, cohort, 0, count(*), count(*) FILTER (WHERE filled)
       FROM s GROUP BY cohort""",
    """INSERT INTO compensation_booktally
       (study_id, account_id, currency, earned, entries, corrected, total)
       SELECT %(study)s, account.id, 'GBP', 80 * count(*), count(*), 0, 80 * count(*)
       FROM j JOIN compensation_account account ON owner_id = member GROUP BY account.id
       UNION ALL SELECT %(study)s, NULL, 'GBP', 0, 0, 0, -80 * count(*) FROM j""",
    """UPDATE modelhub_generationrun run SET total = items.total, done = items.done,
       tokens = 90 * items.done, last_done_at = items.last FROM (
         SELECT run_id, count(*) AS total, count(*) FILTER (WHERE state = 'done') AS done,
           max(done_at) AS last FROM modelhub_generationitem
         WHERE run_id IN (%(run_a)s, %(run_b)s) GROUP BY run_id) items
       WHERE run.id = items.run_id""",
    "DROP TABLE p, s, j, w",
)

if __name__ == "__main__":
    import django

    django.setup()
    print(json.dumps(_make(sys.argv[1], int(sys.argv[2]))))
