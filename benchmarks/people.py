"""A study with many tasks and signed-in people, created with SQL, for measurements only."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from benchmarks import machine


@dataclass(frozen=True)
class Person:
    """Cookies of a signed-in panelist."""

    session: str
    csrf: str = "c" * 32


OVERLAP = 3
ABOUT = {"contact": "study@example.org", "summary": "To measure.", "organisation": "Bench"}


def make_study(*, tasks: int, slug: str = "bench") -> object:
    """Create an open study with one cohort, a rubric of five criteria, and `tasks` tasks of two.

    Its daily limit is the highest, because people judge more in seconds than others on a day.
    """
    from annotations.rules.load import MOST_MINUTES
    from annotations.rules.states import Ask, RoundKind
    from annotations.services import care_choices, rounds
    from annotations.services.rubrics import make_rubric
    from codesign.compensation.services.pay_rates import set_rate
    from codesign.shared.actors import SYSTEM
    from codesign.studies import services as studies
    from codesign.studies.rules import Role, StudyState
    from tests.factories.care import cover
    from tests.factories.consent import publish
    from tests.factories.ready import care_plan
    from tests.factories.studies import staff

    study = studies.make_study(actor=SYSTEM, slug=slug, title="Bench", **ABOUT)
    care_choices.set_study_limit(actor=SYSTEM, study=study, minutes=MOST_MINUTES)
    cohort = studies.make_cohort(
        actor=SYSTEM, study=study, key="panel", title="Panel", role=Role.PANELIST
    )
    publish(study)
    cover(study)
    set_rate(actor=SYSTEM, cohort=cohort, amount_minor=80, currency="GBP", estimated_seconds=180)
    rubric = make_rubric(
        actor=SYSTEM, study=study, key="panel", title="Panel", language="en", criteria=CRITERIA
    )
    round_ = rounds.make_round(
        actor=SYSTEM,
        study=study,
        kind=RoundKind.JUDGING,
        title="Round",
        cohorts=[
            rounds.CohortPlan(
                cohort=cohort, rubric=rubric, asks=[Ask.RATING, Ask.RANKING], overlap=OVERLAP
            )
        ],
    )
    rounds.open_round(actor=SYSTEM, round=round_)
    fill(study_id=study.id, round_id=round_.id, cohort_id=cohort.id, tasks=tasks)
    staff(study, Role.COORDINATOR, Role.SAFETY_LEAD)
    care_plan(study)
    studies.change_state(actor=SYSTEM, study=study, state=StudyState.OPEN)
    machine.analyze()
    return cohort


CRITERIA = [
    {
        "key": f"criterion_{n}",
        "title": f"Criterion {n}",
        "help": "How well does it do?",
        "scale": {
            "kind": "likert",
            "min": 1,
            "max": 5,
            "anchors": {str(score): f"anchor {score}" for score in range(1, 6)},
        },
    }
    for n in range(1, 6)
]


def fill(*, study_id: Any, round_id: Any, cohort_id: Any, tasks: int) -> None:
    """Insert prompts, two responses each, tasks and seats directly into the tables."""
    from django.db import connection

    where: dict[str, Any] = {
        "study": study_id,
        "round": round_id,
        "cohort": cohort_id,
        "tasks": tasks,
    }
    with connection.cursor() as cursor:
        for statement in FILL:
            cursor.execute(statement, where)


FILL = (
    """CREATE TEMP TABLE bench AS SELECT n, gen_random_uuid() AS prompt, gen_random_uuid() AS task,
       gen_random_uuid() AS a, gen_random_uuid() AS b FROM generate_series(1, %(tasks)s) n""",
    """INSERT INTO annotations_prompt (id, created_at, study_id, external_id, version, messages,
       content_hash, category, topics, intensity, language, held_out, family, split_group)
       SELECT prompt, now(), %(study)s, 'p' || n, 1,
       jsonb_build_array(jsonb_build_object('role', 'user', 'content',
         'I cannot sleep and I lie awake for hours, what helps? ' || n)),
       md5(n::text), 'education', '{sleep}', 1, 'en', false, '', gen_random_uuid()
       FROM bench""",
    """INSERT INTO annotations_response (id, created_at, prompt_id, text, text_hash, origin,
       language, source) SELECT r.id, now(), prompt, repeat('A calm reply of some length. ', 12),
       md5(r.id::text), 'ai', 'en', r.source FROM bench,
       LATERAL (VALUES (a, '11111111-1111-4111-8111-111111111111'::uuid),
                       (b, '22222222-2222-4222-8222-222222222222'::uuid)) r(id, source)""",
    """INSERT INTO annotations_task (id, created_at, round_id, prompt_id)
       SELECT task, now(), %(round)s, prompt FROM bench""",
    """INSERT INTO annotations_taskresponse (task_id, response_id, position)
       SELECT task, r.id, r.position FROM bench,
       LATERAL (VALUES (a, 0), (b, 1)) r(id, position)""",
    f"""INSERT INTO annotations_seat (task_id, cohort_id, number, state, first, offered, shuffle)
       SELECT task, %(cohort)s, seat, 'free', false, seat = 1, (random() * 2000000000)::int
       FROM bench, generate_series(1, {OVERLAP}) seat""",
    "DROP TABLE bench",
)


def make_people(cohort: object, count: int) -> list[Person]:
    """Create consented panelists with sessions."""
    from tests.factories.annotations import judge

    return [signed_in(judge(cohort=cohort)) for _n in range(count)]


def signed_in(member: Any) -> Person:
    """Create a session of that member's account."""
    from importlib import import_module

    from django.conf import settings
    from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
    from django.utils import timezone

    session = import_module(settings.SESSION_ENGINE).SessionStore()
    session[SESSION_KEY] = str(member.user_id)
    session[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[0]
    session[HASH_SESSION_KEY] = member.user.get_session_auth_hash()
    session.set_expiry(timezone.now() + timedelta(hours=6))
    session.create()
    return Person(session=session.session_key)
