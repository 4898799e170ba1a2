"""With many prompts, pages and the queue read by index: no query reads a large table to its end."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
import pytest
from django.db import connection, transaction
from django.test import Client
from django.urls import reverse

from annotations.models import Prompt, Rewrite, Round, Task
from annotations.queries import review, sittings
from annotations.services import offering, rounds
from benchmarks.people import fill
from codesign.consent import services as consent
from codesign.shared.actors import SYSTEM, Actor
from codesign.shared.counts import AT_MOST, counted
from codesign.studies.models import Member
from codesign.studies.rules import Role
from tests.factories.annotations import judge, judging_round, lease, send
from tests.factories.studies import CohortFactory, staff
from tests.support.jobs import claimed

pytestmark = pytest.mark.django_db

MANY = 20_000
PEOPLE = 12
LARGE = (
    "annotations_prompt",
    "annotations_response",
    "annotations_task",
    "annotations_taskresponse",
    "annotations_seat",
    "annotations_rewrite",
    "annotations_reviewdecision",
    "annotations_judgement",
    "annotations_assignment",
    "audit_event",
    "compensation_transfer",
    "compensation_leg",
)
BESIDE = (
    "desk:study",
    "annotations:rounds",
    "annotations:review-decided",
    "compensation:entries",
)
HISTORY = (
    """CREATE TEMP TABLE work ON COMMIT DROP AS SELECT s.id AS seat, s.task_id, t.prompt_id,
       gen_random_uuid() AS assignment, gen_random_uuid() AS judgement,
       gen_random_uuid() AS transfer,
       (%(members)s::uuid[])[1 + s.id %% %(people)s] AS member,
       (%(records)s::uuid[])[1 + s.id %% %(people)s] AS record,
       (SELECT response_id FROM annotations_taskresponse r
        WHERE r.task_id = t.id AND position = 0) AS response
       FROM annotations_seat s JOIN annotations_task t ON t.id = s.task_id
       WHERE s.number = 1 AND s.state = 'free' LIMIT %(judged)s""",
    "UPDATE annotations_seat SET state = 'filled', offered = false FROM work WHERE id = work.seat",
    """INSERT INTO annotations_assignment (id, created_at, study_id, member_id, task_id, prompt_id,
       seat_id, state, asks, rubric_id, order_shown, seed, propensity, amount_minor,
       currency, leased_at, expires_at, ended_at, sitting, skip_reason, skip_paid, skip_note,
       example)
       SELECT assignment, now(), %(study)s, member, task_id, prompt_id, seat, 'submitted',
       '{rating}', %(rubric)s, ARRAY[response], 1, 0.5, 80, 'GBP', now(), now(), now(),
       gen_random_uuid(), '', false, '', false FROM work""",
    """INSERT INTO annotations_judgement (id, created_at, assignment_id, member_id,
       consent_record_id, ratings, ranking, all_harmful, highlights, comment, active_ms,
       submitted_at, idempotency_key, body_hash, example)
       SELECT judgement, now(), assignment, member, record, '[]', '[]', false, '[]', '',
       1, now(), judgement::text, '', false FROM work""",
    """INSERT INTO annotations_rewrite (id, created_at, study_id, judgement_id, response_id, text,
       state, example) SELECT judgement, now(), %(study)s, judgement, response, 'Kinder',
       CASE WHEN seat %% 2 = 0 THEN 'pending' ELSE 'accepted' END, false FROM work""",
    """INSERT INTO annotations_reviewdecision (id, created_at, study_id, rewrite_id, old_state,
       new_state, note, example) SELECT gen_random_uuid(), now(), %(study)s, judgement, 'pending',
       'accepted', '', false FROM work WHERE seat %% 2 = 1""",
    """INSERT INTO compensation_transfer (id, created_at, kind, idempotency_key, study_id,
       about_kind, about_id, about_label, effective_at, posted_at)
       SELECT transfer, now(), 'credit', transfer::text, %(study)s, 'assignment', assignment, '',
       now(), now() FROM work""",
    """INSERT INTO compensation_account (id, created_at, kind, owner_kind, owner_id, owner_label,
       currency) SELECT gen_random_uuid(), now(), 'payable', 'member', id, '', 'GBP'
       FROM unnest(%(members)s::uuid[]) id ON CONFLICT DO NOTHING""",
    """INSERT INTO compensation_leg (transfer_id, account_id, currency, amount_minor)
       SELECT transfer, account.id, 'GBP', CASE account.kind WHEN 'payable' THEN 80 ELSE -80 END
       FROM work, compensation_account account
       WHERE owner_id IN (work.member, %(study)s)""",
    """INSERT INTO audit_event (at, action, study_id, about_kind, about_id, about_label, data)
       SELECT now(), 'annotations.submitted', %(study)s, 'assignment', assignment, '', '{}'
       FROM work""",
    "ANALYZE",
)


def _filled(*, tasks: int, judged: int, people: int) -> Member:
    """Somebody of so many people, who share what was judged of so many tasks."""
    member = judge()
    made: Round = judging_round(member.cohort, tasks=1, overlap=2)
    send(lease(member))
    fill(study_id=member.study_id, round_id=made.id, cohort_id=member.cohort_id, tasks=tasks)
    members = [member, *(judge(cohort=member.cohort) for _ in range(people - 1))]
    where: dict[str, Any] = {
        "study": member.study_id,
        "people": people,
        "judged": judged,
        "members": [one.id for one in members],
        "records": [one.consent_records.get().id for one in members],
        "rubric": made.cohorts.get().rubric_id,
    }
    with connection.cursor() as cursor:
        for statement in HISTORY:
            cursor.execute(statement, where)
    return member


def test_a_large_study(subtests: pytest.Subtests) -> None:
    """Prevents pages and a queue that slow down as a study grows.

    Making the rows takes longest, so each subtest is rolled back and the rows are reused.
    """
    panelist = _filled(tasks=MANY, judged=MANY // 5, people=PEOPLE)
    before = (Round.objects.count(), Task.objects.count())
    assert before == (1, MANY + 1)
    for look in (
        of_much_that_waits_a_part_is_looked_at_and_called_so,
        no_batch_of_opening_or_closing_reads_a_large_table_to_its_end,
        no_query_reads_a_large_table_to_its_end,
    ):
        with subtests.test(look.__name__), transaction.atomic():
            look(Member.objects.get(id=panelist.id))
            transaction.set_rollback(True)
        assert (Round.objects.count(), Task.objects.count()) == before


@contextmanager
def scans() -> Iterator[list[str]]:
    """Collects what is read to its end, of the large tables, by queries run meanwhile."""
    full_scans: list[str] = []

    def look(execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any) -> Any:
        if re.match(r"\s*(SELECT|WITH)\b", sql) and not many:
            with context["connection"].connection.cursor() as cursor:
                cursor.execute(f"EXPLAIN {sql}", params)
                read = [re.search(r"Seq Scan on (\w+)", row[0]) for row in cursor]
            full_scans.extend(f"{one[1]} in {sql}" for one in read if one and one[1] in LARGE)
        return execute(sql, params, many, context)

    with connection.execute_wrapper(look):
        yield full_scans


OFFERED = (
    """INSERT INTO annotations_task (id, created_at, round_id, prompt_id)
       SELECT gen_random_uuid(), now(), %(round)s, prompt_id FROM (
         SELECT p.prompt_id, row_number() OVER (ORDER BY r.id) AS place
         FROM annotations_rewrite r JOIN annotations_response p ON p.id = r.response_id
         WHERE r.state = 'pending'
       ) waiting WHERE place %% 2 = 0""",
    """INSERT INTO annotations_seat (task_id, cohort_id, number, state, first, offered, shuffle)
       SELECT id, %(cohort)s, 1, 'free', false, true, 1 FROM annotations_task
       WHERE round_id = %(round)s""",
)


def of_much_that_waits_a_part_is_looked_at_and_called_so(panelist: Member) -> None:
    cohort = CohortFactory.create(study=panelist.study, role=Role.CLINICIAN)
    clinician, made = judge(cohort=cohort), judging_round(cohort, tasks=0)
    with connection.cursor() as cursor:
        for statement in OFFERED:
            cursor.execute(statement, {"round": made.id, "cohort": cohort.id})
    actor = Actor.of(clinician.user)
    counts = review.counts(actor=actor, study_id=panelist.study_id)
    assert abs(counts.rewrites - review.LOOKED_AT // 2) <= 1
    assert counts.rewrites + counts.later == review.LOOKED_AT
    assert counted(counts.rewrites) == f"at least {counts.rewrites}"
    assert counted(counts.later) == f"at least {counts.later}"
    assert counted(counts.flags) == "0"
    everything = review.counts(actor=SYSTEM, study_id=panelist.study_id)
    assert counted(everything.rewrites) == "more than 100"
    left = Member.objects.exclude(id=panelist.id).filter(consent_records__isnull=False)
    for one in left.select_related("user"):
        consent.withdraw(actor=Actor.of(one.user), member=one)
    of_one = Rewrite.objects.filter(judgement__member=panelist, state="pending").count()
    counts = review.counts(actor=SYSTEM, study_id=panelist.study_id)
    assert AT_MOST <= counts.rewrites <= of_one
    assert review.next_waiting(actor=SYSTEM, study_id=panelist.study_id, kind=review.Kind.REWRITES)


def _read_by(node: dict[str, Any]) -> int:
    """Rows and entries of indexes that a part of an analyzed plan and all below it looked at."""
    removed = node.get("Rows Removed by Filter", 0)
    of_leaf = 0 if "Plans" in node and "Relation Name" not in node else node["Actual Rows"]
    return int(of_leaf + removed) + sum(_read_by(one) for one in node.get("Plans", []))


def test_a_sitting_is_added_up_without_what_was_done_before_it() -> None:
    """Prevents a judging page that reads everything its person ever judged."""
    panelist = _filled(tasks=2_400, judged=2_000, people=6)
    held = send(lease(panelist), key="another").next
    assert held is not None
    assert panelist.assignments.count() > 300
    with connection.cursor() as cursor:
        of_it = sittings._sums.parameters(
            member_id=panelist.id, sitting=held.sitting, leased_at=held.leased_at
        )
        cursor.execute(f"EXPLAIN (ANALYZE, FORMAT JSON) {sittings._sums.sql}", of_it)
        ((plan,),) = cursor.fetchone()
    assert _read_by(plan["Plan"]) < 20
    told = sittings.sitting_of(actor=Actor.of(panelist.user), assignment=held)
    assert told == sittings.Sitting(done=2, earned=2 * held.amount_minor, currency=held.currency)


def test_pages_call_no_parallel_workers() -> None:
    """Prevents parallel workers of PostgreSQL for a page: they cost more than they save."""
    from codesign.config import gunicorn

    (options,) = (said.partition("=")[2] for said in gunicorn.raw_env)
    asked = connection.get_connection_params()
    named = {key: asked[key] for key in ("dbname", "user", "host", "port") if asked.get(key)}
    with psycopg.connect(**named, options=options) as like_a_page:
        row = like_a_page.execute("SHOW max_parallel_workers_per_gather").fetchone()
    assert row == ("0",)


def no_batch_of_opening_or_closing_reads_a_large_table_to_its_end(panelist: Member) -> None:
    made = Round.objects.get(study=panelist.study)
    with scans() as full_scans:
        for move in (rounds.close_round, rounds.open_round):
            move(actor=SYSTEM, round=made)
            with claimed(offering.KIND.name, made.id) as work:
                assert offering._batch(work)
    assert not full_scans, "\n".join(full_scans)


def no_query_reads_a_large_table_to_its_end(panelist: Member) -> None:
    client = Client()
    small = judge()
    judging_round(small.cohort, tasks=2)
    send(lease(small))
    keys = {"slug": panelist.study.slug}
    prompt = Prompt.objects.filter(study=panelist.study).order_by("external_id")[100]
    of_role = {
        Role.COORDINATOR: [
            reverse("desk:study", kwargs=keys),
            reverse("annotations:prompts", kwargs=keys),
            reverse("annotations:prompts", kwargs=keys) + "?last=yes",
            reverse("annotations:prompts", kwargs=keys) + f"?from={prompt.external_id}",
            reverse("annotations:prompt", kwargs={**keys, "prompt_id": prompt.id}),
            reverse("annotations:rounds", kwargs=keys),
            reverse("annotations:review", kwargs=keys),
            reverse("annotations:review-decided", kwargs=keys),
            reverse("annotations:review-list", kwargs=keys),
            reverse("compensation:entries", kwargs=keys),
        ],
        Role.AUDITOR: [reverse("desk:study", kwargs=keys), reverse("desk:trail", kwargs=keys)],
    }
    with scans() as full_scans:
        for role, addresses in of_role.items():
            client.force_login(staff(panelist.study, role).user)
            for address in addresses:
                page = client.get(address)
                assert page.status_code == 200
                if address.endswith("review/"):
                    assert "more than 100 wait" in page.content.decode()
        client.force_login(staff(small.study).user)
        for name in BESIDE:
            address = reverse(name, kwargs={"slug": small.study.slug})
            assert client.get(address).status_code == 200
        send(lease(panelist), key="another")
    assert not full_scans, "\n".join(full_scans)
