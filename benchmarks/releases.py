"""A dataset release, compared with COPY of the same rows: the cost of filtering and hashing.

COPY sends every column of `judgements`, except the names that a release generates, as text to a
client that discards it: one file instead of two, without hashes and counts.
"""

from __future__ import annotations

import contextlib
import statistics
import subprocess
import time

JUDGEMENTS = 100_000
REPEATS = 3

ASSIGNMENTS = """
INSERT INTO annotations_assignment (id, created_at, study_id, member_id, task_id, prompt_id,
  seat_id, state, asks, rubric_id, order_shown, seed, propensity, amount_minor, currency,
  leased_at, expires_at, sitting, skip_reason, skip_paid, skip_note, example)
SELECT gen_random_uuid(), now(), %(study)s, m.id, s.task_id, t.prompt_id, s.id, 'submitted',
  '{rating,ranking}', %(rubric)s,
  ARRAY(SELECT response_id FROM annotations_taskresponse r WHERE r.task_id = t.id
    ORDER BY position),
  1, 0.5, 80, 'GBP', now(), now(), gen_random_uuid(), '', false, '', false
FROM annotations_seat s
JOIN annotations_task t ON t.id = s.task_id
JOIN (SELECT id, row_number() OVER (ORDER BY id) AS number FROM studies_member
      WHERE study_id = %(study)s) m ON m.number = s.number
WHERE s.cohort_id = %(cohort)s
LIMIT %(judgements)s
"""
JUDGED = """
INSERT INTO annotations_judgement (id, created_at, assignment_id, member_id,
  consent_record_id, ratings, ranking, all_harmful, highlights, comment, active_ms, submitted_at,
  idempotency_key, body_hash, example)
SELECT gen_random_uuid(), now(), a.id, a.member_id, c.id,
  (SELECT jsonb_agg(jsonb_build_object('response', r, 'criterion', k.key,
     'score', 1 + abs(hashtext(r::text || k.key)) %% 5))
   FROM unnest(a.order_shown) r, annotations_criterion k WHERE k.rubric_id = a.rubric_id),
  jsonb_build_array(jsonb_build_array(a.order_shown[1]), jsonb_build_array(a.order_shown[2])),
  false, '[]', '', 60000, now(), a.id::text, '', false
FROM annotations_assignment a JOIN consent_consentrecord c ON c.member_id = a.member_id
WHERE a.study_id = %(study)s
"""
REWRITTEN = """
INSERT INTO annotations_rewrite (id, created_at, study_id, judgement_id, response_id, text, state,
  example)
SELECT gen_random_uuid(), now(), a.study_id, j.id, a.order_shown[1],
  'A kinder reply, number ' || j.n, 'accepted', false
FROM (SELECT *, row_number() OVER (ORDER BY id) AS n FROM annotations_judgement) j
JOIN annotations_assignment a ON a.id = j.assignment_id
WHERE a.study_id = %(study)s AND j.n <= %(judgements)s / 100
"""
COPY = """
COPY (
  SELECT j.id, t.round_id, a.prompt_id, said.response, r.source, j.member_id, c.key, c.role,
    rubric.key || '@' || rubric.version, said.kind, said.criterion, said.value, said.is_tie,
    said.strength, said.review, array_position(a.order_shown, said.response),
    j.active_ms, a.propensity, version.number, 'training', j.example, p.category, p.intensity,
    p.language
  FROM annotations_judgement j
  JOIN annotations_assignment a ON a.id = j.assignment_id
  JOIN annotations_seat s ON s.id = a.seat_id
  JOIN studies_cohort c ON c.id = s.cohort_id
  JOIN annotations_task t ON t.id = a.task_id
  JOIN annotations_prompt p ON p.id = a.prompt_id
  JOIN annotations_rubric rubric ON rubric.id = a.rubric_id
  JOIN consent_consentrecord record ON record.id = j.consent_record_id
  JOIN consent_consentversion version ON version.id = record.version_id
  CROSS JOIN LATERAL (
    SELECT 'rating' AS kind, (r->>'response')::uuid AS response, r->>'criterion' AS criterion,
      (r->>'score')::float AS value, false AS is_tie, NULL::int AS strength, NULL AS review
      FROM jsonb_array_elements(j.ratings) r
    UNION ALL
    SELECT 'ranking', (one #>> '{}')::uuid, 'preference', g.place::float,
      jsonb_array_length(g.responses) > 1, j.strength, NULL
      FROM jsonb_array_elements(j.ranking) WITH ORDINALITY g(responses, place),
        jsonb_array_elements(g.responses) one
    UNION ALL
    SELECT 'rewrite', w.response_id, 'length_change', length(w.text) - length(o.text), false, NULL,
      w.state FROM annotations_rewrite w JOIN annotations_response o ON o.id = w.response_id
      WHERE w.judgement_id = j.id
  ) said
  JOIN annotations_response r ON r.id = said.response
  WHERE a.study_id = %s
  ORDER BY a.prompt_id, j.id
) TO STDOUT
"""


def run() -> None:
    """Print median rows per second, the ratios, and the memory of a build."""
    study = _judged_study()
    ways = {"all configs": _release, "judgements": _judgements_alone, "COPY": _copy}
    took: dict[str, list[tuple[float, float]]] = {name: [] for name in ways}
    rows = set()
    for _ in range(REPEATS):
        for name, way in ways.items():
            began, used = time.perf_counter(), _processor_time()
            rows.add(way(study))
            took[name].append((time.perf_counter() - began, _processor_time() - used))
    assert len(rows) == 1, rows
    (count,) = rows
    print(f"\nA release of {JUDGEMENTS:,} judgements: {count:,} rows of `judgements`")
    middle = {
        name: [statistics.median(v) for v in zip(*t, strict=True)] for name, t in took.items()
    }
    bare_wall, bare_used = middle["COPY"]
    for name, (wall, used) in middle.items():
        print(
            f"{name:>12} {wall:6.2f} s {count / wall:>10,.0f} rows/s  ratio {bare_wall / wall:.3f}"
            f"   processor {used:6.2f} s  ratio {bare_used / used:.3f}"
        )
    print(f"Peak memory of the command that builds one: {_most_memory(study):.0f} MB")


def _processor_time() -> float:
    """Return the seconds that this process and its database backend have used."""
    import psutil
    from django.db import connection

    connection.ensure_connection()
    server = psutil.Process(connection.connection.info.backend_pid).cpu_times()
    return time.process_time() + server.user + server.system


def _judgements_alone(study) -> int:  # type: ignore[no-untyped-def]
    """Return the rows of config `judgements` after reading, screening and writing both files."""
    import tempfile
    from collections import Counter
    from pathlib import Path

    from annotations.datasets.plumbing.files import sync_to_disk
    from annotations.datasets.plumbing.first_pass import FirstPass
    from annotations.datasets.plumbing.judgement_files import JudgementFiles
    from annotations.datasets.plumbing.schemas import schemas
    from annotations.datasets.plumbing.writers import BackgroundWriter, ConfigFiles
    from annotations.datasets.policy.judgement_rows import Attachments
    from annotations.datasets.policy.pseudonyms import Pseudonyms
    from annotations.queries.selection import selection
    from codesign.shared.batches import without_collector

    with without_collector(), tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        chosen = selection(study=study, purpose="training", going_on=lambda: None)
        first_pass = FirstPass(chosen, folder=folder, rules="bench")
        pseudonyms = Pseudonyms(bytes(study.secret), first_pass.selection_hash)
        background = BackgroundWriter()
        schema = schemas()["judgements"]
        files = ConfigFiles(folder, "judgements", "train", schema, background)
        writer, dropped = JudgementFiles(files, pseudonyms, "training"), Counter[str]()
        for judged_prompt, eligible in first_pass.judged_prompts():
            attachments = Attachments(judged_prompt)
            named = {pseudonyms.name("judgement", one.id): one for one in eligible}
            for name_in_release, judgement in sorted(named.items()):
                writer.add(name_in_release, judgement, attachments, dropped)
        first_pass.close()
        for file in writer.close():
            sync_to_disk(folder / file.path)
        background.close()
    return writer.rows


def _most_memory(study) -> float:  # type: ignore[no-untyped-def]
    """Return the peak memory in MB of the command and its child (proportional set)."""
    import sys

    import psutil

    command = [sys.executable, "manage.py", "release_dataset", study.slug, "--purpose=training"]
    process, most = psutil.Popen(command, stdout=subprocess.DEVNULL), 0
    while process.poll() is None:
        with contextlib.suppress(psutil.Error):
            family = [process, *process.children(recursive=True)]
            most = max(most, sum(one.memory_full_info().pss for one in family))
        time.sleep(0.05)
    assert process.returncode == 0
    return most / 2**20


def _release(study) -> int:  # type: ignore[no-untyped-def]
    """Return the rows of `judgements` in a new release."""
    from annotations.services import releases
    from codesign.shared.actors import SYSTEM

    release = releases.release_now(
        actor=SYSTEM, study=study, purpose="training", progress=lambda done, total: None
    )
    assert release.state == "frozen"
    return sum(release.manifest["rows"]["judgements"].values())


def _judged_study():  # type: ignore[no-untyped-def]
    """Create a study in which three people have judged everything."""
    from django.db import connection

    from annotations.models import Rubric
    from benchmarks import machine, people
    from tests.factories.consent import sign
    from tests.factories.studies import MemberFactory

    cohort = people.make_study(tasks=-(-JUDGEMENTS // people.OVERLAP), slug="bench-release")
    for number in range(people.OVERLAP):
        sign(MemberFactory.create(cohort=cohort, user__email=f"release-{number}@example.org"))
    study = cohort.study
    rubric = Rubric.objects.get(study=study)
    where = {
        "study": study.id,
        "cohort": cohort.id,
        "rubric": rubric.id,
        "judgements": JUDGEMENTS,
    }
    with connection.cursor() as cursor:
        cursor.execute(ASSIGNMENTS, where)
        cursor.execute(JUDGED, where)
        cursor.execute(REWRITTEN, where)
    machine.analyze()
    return study


def _copy(study) -> int:  # type: ignore[no-untyped-def]
    """Return the number of lines that COPY sends."""
    from django.db import connection

    lines = 0
    with connection.cursor() as cursor, cursor.copy(COPY, [study.id]) as copying:
        for block in copying:
            lines += bytes(block).count(b"\n")
    return lines
