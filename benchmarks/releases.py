"""A dataset release beside COPY of the same rows: what filtering, pseudonyms and files cost."""

from __future__ import annotations

import statistics
import time

JUDGEMENTS = 100_000
REPEATS = 3

ASSIGNMENTS = """
INSERT INTO annotations_assignment (id, created_at, study_id, member_id, task_id, prompt_id,
  seat_id, repeat, state, asks, rubric_id, order_shown, seed, propensity, amount_minor, currency,
  leased_at, expires_at, sitting, skip_reason, skip_paid, skip_note, example)
SELECT gen_random_uuid(), now(), %(study)s, m.id, s.task_id, t.prompt_id, s.id, 0, 'submitted',
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
INSERT INTO annotations_judgement (id, created_at, assignment_id, revision, member_id,
  consent_record_id, ratings, ranking, all_harmful, highlights, comment, active_ms, submitted_at,
  idempotency_key, body_hash, example)
SELECT gen_random_uuid(), now(), a.id, 1, a.member_id, c.id,
  (SELECT jsonb_agg(jsonb_build_object('response', r, 'criterion', k.key,
     'score', 1 + abs(hashtext(r::text || k.key)) %% 5))
   FROM unnest(a.order_shown) r, annotations_criterion k WHERE k.rubric_id = a.rubric_id),
  jsonb_build_array(jsonb_build_array(a.order_shown[1]), jsonb_build_array(a.order_shown[2])),
  false, '[]', '', 60000, now(), a.id::text, '', false
FROM annotations_assignment a JOIN consent_consentrecord c ON c.member_id = a.member_id
WHERE a.study_id = %(study)s
"""
COPY = """
COPY (
  SELECT j.id, t.round_id, a.prompt_id, said.response, j.member_id, c.key, c.role, said.kind,
    said.criterion, said.value, array_position(a.order_shown, said.response::uuid), a.repeat,
    j.active_ms, a.propensity, p.category, p.intensity, p.language, j.example
  FROM annotations_judgement j
  JOIN annotations_assignment a ON a.id = j.assignment_id
  JOIN annotations_seat s ON s.id = a.seat_id
  JOIN studies_cohort c ON c.id = s.cohort_id
  JOIN annotations_task t ON t.id = a.task_id
  JOIN annotations_prompt p ON p.id = a.prompt_id
  CROSS JOIN LATERAL (
    SELECT 'rating' AS kind, r->>'response' AS response, r->>'criterion' AS criterion,
      (r->>'score')::float AS value FROM jsonb_array_elements(j.ratings) r
    UNION ALL
    SELECT 'ranking', one #>> '{}', 'preference', g.place::float
      FROM jsonb_array_elements(j.ranking) WITH ORDINALITY g(responses, place),
        jsonb_array_elements(g.responses) one
  ) said
  WHERE a.study_id = %s
  ORDER BY a.prompt_id, j.id
) TO STDOUT
"""


def run() -> None:
    """Print medians of rows per second of both, the ratio, and the memory of a build."""
    study = _judged_study()
    whole, alone, plain, rows = [], [], [], 0
    for _ in range(REPEATS):
        began = time.perf_counter()
        rows = _release(study)
        whole.append(time.perf_counter() - began)
        began = time.perf_counter()
        written = _judgements_alone(study)
        alone.append(time.perf_counter() - began)
        began = time.perf_counter()
        copied = _copy(study)
        plain.append(time.perf_counter() - began)
        assert copied == rows == written, (copied, rows, written)
    bare = statistics.median(plain)
    print(f"\nA release of {JUDGEMENTS:,} judgements: {rows:,} rows of `judgements`")
    for name, seconds in (("all configs", whole), ("judgements", alone), ("COPY", plain)):
        took = statistics.median(seconds)
        print(f"{name:>12} {took:6.2f} s {rows / took:>10,.0f} rows/s  ratio {bare / took:.3f}")
    print(f"The command that builds one: {_most_memory(study):.0f} MB at most")


def _judgements_alone(study) -> int:  # type: ignore[no-untyped-def]
    """Rows of config `judgements`, read, screened, named and written as both kinds of file."""
    import tempfile
    from collections import Counter
    from pathlib import Path

    from annotations.datasets import formats
    from annotations.datasets.facts import Keys
    from annotations.datasets.judgements import Attached, JudgementFiles
    from annotations.datasets.sifting import Sifted
    from annotations.queries.selection import selection

    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        sifted = Sifted(selection(study=study, purpose="training"), folder=folder, rules="bench")
        keys = Keys(bytes(study.secret), sifted.selection_hash)
        files = formats.Files(folder, "judgements", "train", formats.schemas()["judgements"])
        writer, dropped = JudgementFiles(files, keys, "training"), Counter[str]()
        for part, kept in sifted.parts():
            attached = Attached(part)
            for judged in sorted((keys.name("judgement", j.id), j) for j in kept):
                writer.add(*judged, attached, dropped)
        sifted.close()
        for file in writer.close():
            formats.to_disk(folder / file.path)
    return writer.rows


def _most_memory(study) -> float:  # type: ignore[no-untyped-def]
    """MB that the documented command takes at most, in a process of its own."""
    import os
    import subprocess
    import sys

    command = [sys.executable, "manage.py", "release_dataset", study.slug, "--purpose=training"]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    _, status, used = os.wait4(process.pid, 0)
    assert status == 0
    return used.ru_maxrss / 1024


def _release(study) -> int:  # type: ignore[no-untyped-def]
    """Rows of `judgements` in a new release."""
    from annotations.services import releases
    from codesign.shared.actors import SYSTEM

    release = releases.release_now(
        actor=SYSTEM, study=study, purpose="training", progress=lambda done, total: None
    )
    assert release.state == "frozen", release.error
    return sum(release.manifest["rows"]["judgements"].values())


def _judged_study():  # type: ignore[no-untyped-def]
    """A study in which three people have judged everything."""
    from django.db import connection

    from annotations.models import Rubric
    from benchmarks import people
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
        cursor.execute("ANALYZE")
    return study


def _copy(study) -> int:  # type: ignore[no-untyped-def]
    """Lines that COPY gives."""
    from django.db import connection

    lines = 0
    with connection.cursor() as cursor, cursor.copy(COPY, [study.id]) as copying:
        for block in copying:
            lines += bytes(block).count(b"\n")
    return lines
