"""A study of any size, written directly into the tables: its work of a hundred days.

Of every hundred prompts, two are held out. Of the tasks of the others, a fifth is judged by
everyone, a tenth by one person, and a twentieth was skipped by somebody. A tenth of the judgements
rewrites a reply (a fifth of those still waits for review), and one in thirty reports harm. Two
generation runs wrote the replies; the second still has a twentieth to write. One in twenty people
has withdrawn consent.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from typing import Any

from benchmarks import machine
from benchmarks.people import ABOUT, CRITERIA, OVERLAP, Person, make_people, signed_in
from benchmarks.rows import fill
from codesign.config.servers.roles import APP_ROLE

JUDGE_AT_ONCE = 8
STAFF = ("coordinator", "ml_engineer", "auditor")


@dataclass(frozen=True)
class Filled:
    """A study, the people and pages to measure, and how long it took to fill."""

    slug: str
    prompt: str
    run: str
    people: dict[str, Person]
    judging: list[Person]
    seconds: float
    size: str


def filled(database: str, prompts: int, *, slug: str = "bench") -> Filled:
    """Create a study with so many prompts in that database, in its own process."""
    command = [sys.executable, "-m", "benchmarks.filling", slug, str(prompts)]
    environment = {**os.environ, "DATABASE_URL": machine.address_as(APP_ROLE, database)}
    output = subprocess.run(
        command, cwd=machine.ROOT, env=environment, check=True, stdout=subprocess.PIPE
    ).stdout
    values = json.loads(output)
    values["people"] = {role: Person(session) for role, session in values["people"].items()}
    values["judging"] = [Person(session) for session in values["judging"]]
    return Filled(**values)


def panel_size(prompts: int) -> int:
    """Return the number of panelists: enough for a full page; in larger studies each does more."""
    return {1_000_000: 250}.get(prompts, 80)


def _make(slug: str, prompts: int) -> dict[str, Any]:
    """Create a study with so many prompts, its work of a hundred days, and people to view it."""
    from codesign.shared.actors import SYSTEM
    from codesign.studies import services as studies
    from codesign.studies.rules import Role, StudyState
    from tests.factories.accounts import UserFactory
    from tests.factories.annotations import choose_topics
    from tests.factories.care import cover
    from tests.factories.consent import publish, sign
    from tests.factories.ready import care_plan
    from tests.factories.studies import MemberFactory, staff

    UserFactory.reset_sequence(prompts, force=True)  # avoids addresses of another study's people
    study = studies.make_study(actor=SYSTEM, slug=slug, title=f"Study of {prompts:,}", **ABOUT)
    publish(study)
    cover(study)
    cohorts, round_, run_a, run_b = _plan(study)
    people = panel_size(prompts)
    panel = [MemberFactory.create(cohort=cohorts[0]) for _ in range(people)]
    clinicians = [MemberFactory.create(cohort=cohorts[1]) for _ in range(people // 3)]
    for member in [*panel, *clinicians]:
        choose_topics(member)
    seconds = fill(
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
    staff(study, Role.COORDINATOR, Role.SAFETY_LEAD)
    care_plan(study)
    studies.change_state(actor=SYSTEM, study=study, state=StudyState.OPEN)
    return _to_look_at(study, panel, clinicians, str(run_b.id)) | {"seconds": seconds}


def _to_look_at(study: Any, panel: list[Any], clinicians: list[Any], run: str) -> dict[str, Any]:
    """Return sessions of people, and the objects that they view."""
    from annotations.models import Prompt
    from codesign.studies.rules import Role
    from tests.factories.studies import staff

    viewers = {"panelist": signed_in(panel[0]), "clinician": signed_in(clinicians[1])}
    viewers |= {role: signed_in(staff(study, Role(role))) for role in STAFF}
    prompt = Prompt.objects.filter(study=study).order_by("external_id")[0]
    return {
        "slug": study.slug,
        "prompt": str(prompt.id),
        "run": run,
        "people": {role: person.session for role, person in viewers.items()},
        "judging": [person.session for person in make_people(panel[0].cohort, JUDGE_AT_ONCE + 1)],
        "size": _size(),
    }


def _size() -> str:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_size_pretty(pg_database_size(current_database()))")
        return str(cursor.fetchone()[0])


def _plan(study: Any) -> tuple[list[Any], Any, Any, Any]:
    """Create two cohorts with rubric and pay, an open round, two generation runs, a release."""
    from annotations.models import DatasetRelease
    from annotations.rules.states import Ask, RoundKind
    from annotations.services import rounds
    from annotations.services.rubrics import make_rubric
    from codesign.compensation.services.pay_rates import set_rate
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

    from codesign.jobs.models import Job
    from modelhub.models import GenerationRun, ModelVersion, Source
    from modelhub.queries.generation import KIND

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
    about = {"subject_id": run.id, "study_id": study.id, "label": name}
    Job.objects.create(kind=KIND, state=run.state, waits=False, **about)
    run.source = Source.objects.create(study=study, model_version=version).id
    return run


if __name__ == "__main__":
    import django

    django.setup()
    print(json.dumps(_make(sys.argv[1], int(sys.argv[2]))))
