"""The buttons of the history of jobs: who may cancel and resume which kind, and what they read."""

from __future__ import annotations

from collections.abc import Callable
from html import unescape

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db.models import QuerySet
from django.test import Client
from django.urls import reverse

from annotations.models import Round, RoundFilling
from annotations.queries import filling, offering, releases
from annotations.rules.states import RoundState, Waiting
from annotations.services import regroup
from annotations.services.releases import request_release
from codesign.audit.models import Event
from codesign.desk.views.jobs import JOBS_A_PAGE
from codesign.jobs.models import Claim, Job, JobMove
from codesign.jobs.queries import job_about
from codesign.jobs.rules import JobState
from codesign.jobs.services import queueing
from codesign.shared.actors import SYSTEM, Actor
from codesign.studies.models import Member, Study
from codesign.studies.rules import JUDGING, Role
from modelhub.models import Upload
from modelhub.queries import generation, training, uploads
from modelhub.rules.states import UploadState
from modelhub.services.training import request_training
from modelhub.services.uploads import receive
from modelhub.services.versions import ensure_embedded_model
from tests.factories.annotations import judging_round
from tests.factories.modelhub import frozen_release
from tests.factories.studies import CohortFactory, MemberFactory, StudyFactory, staff
from tests.support import generation_runs, jobs

pytestmark = pytest.mark.django_db
COORDINATOR, ENGINEER = Role.COORDINATOR, Role.ML_ENGINEER
PEOPLE = [*sorted(JUDGING), Role.SAFETY_LEAD, Role.AUDITOR, ENGINEER, COORDINATOR]


def release(study: Study) -> Job:
    made = request_release(actor=SYSTEM, study=study, purpose="training")
    return job_about(kind=releases.JOB, subject_id=made.id)


def generation_run(study: Study) -> Job:
    return job_about(kind=generation.KIND, subject_id=generation_runs.start(study).id)


def training_run(study: Study) -> Job:
    run = request_training(
        actor=SYSTEM, release=frozen_release(study), base=ensure_embedded_model(), method="dpo"
    )
    return job_about(kind=training.KIND, subject_id=run.id)


def an_import(study: Study) -> Job:
    file = SimpleUploadedFile("prompts.jsonl", b'{"prompt": "I worry."}\n')
    upload = receive(actor=SYSTEM, study=study, file=file)
    return job_about(kind=uploads.KIND, subject_id=upload.id)


def of_a_round(study: Study, kind: str) -> Job:
    round = Round.objects.create(study=study, kind="judging", title="A round")
    RoundFilling.objects.create(
        round=round, which=Waiting.EVERY, categories=["education"], responses=2
    )
    return queueing.start(
        actor=SYSTEM, kind=kind, subject_id=round.id, study_id=study.id, label=round.title
    )


def round_filling(study: Study) -> Job:
    return of_a_round(study, filling.JOB)


def round_offering(study: Study) -> Job:
    return of_a_round(study, offering.JOB)


def regrouping(study: Study) -> Job:
    return regroup.request(actor=SYSTEM, study=study)


Make = Callable[[Study], Job]
CANCEL: list[tuple[Make, set[Role]]] = [
    (release, {COORDINATOR}),
    (generation_run, {COORDINATOR, ENGINEER}),
    (training_run, {ENGINEER}),
    (an_import, {COORDINATOR, ENGINEER}),
    (round_filling, {COORDINATOR}),
    (round_offering, set()),
    (regrouping, {COORDINATOR}),
]
RESUME: list[tuple[Make, set[Role]]] = [
    (release, set()),
    (generation_run, {COORDINATOR, ENGINEER}),
    (training_run, set()),
    (round_filling, {COORDINATOR}),
    (round_offering, {COORDINATOR}),
    (regrouping, {COORDINATOR}),
]


def member_of(study: Study, role: Role) -> Member:
    if role in JUDGING:
        return MemberFactory.create(cohort=CohortFactory.create(study=study, role=role))
    return staff(study, role)


class Person:
    """A member with a browser."""

    def __init__(self, study: Study, role: Role = COORDINATOR) -> None:
        self.study, self.client = study, Client()
        self.client.force_login(member_of(study, role).user)

    def history(self, query: str = "") -> str:
        answer = self.client.get(reverse("desk:jobs", args=[self.study.slug]) + query)
        return unescape(answer.content.decode())

    def address(self, do: str, job: Job) -> str:
        return reverse(f"desk:job-{do}", args=[self.study.slug, job.id])

    def press(self, do: str, job: Job) -> tuple[int, str]:
        """The status of the answer to the button, and what is read after it."""
        answer = self.client.post(self.address(do, job))
        if answer.status_code != 302:
            return answer.status_code, unescape(answer.content.decode())
        assert answer["Location"] == reverse("desk:jobs", args=[self.study.slug])
        return answer.status_code, self.history()


def end(job: Job, to: JobState, reason: str = "") -> None:
    queueing.end(job=job, to=to, reason=reason)


def pressed(do: str, job: Job, *, by: Person, offered: bool) -> tuple[int, str]:
    """Press a button, shown or not; return the status and the page read after it."""
    assert (by.address(do, job) in by.history()) is offered
    answer = by.press(do, job)
    job.refresh_from_db()
    return answer


def logged(job: Job) -> QuerySet[JobMove]:
    return JobMove.objects.filter(job=job)


@pytest.mark.parametrize("role", PEOPLE)
@pytest.mark.parametrize(("make", "allowed"), CANCEL)
def test_those_who_may_cancel_a_kind_have_a_button(
    make: Make, allowed: set[Role], role: Role
) -> None:
    study = StudyFactory.create()
    job = make(study)
    before = logged(job).count()
    status, read = pressed("cancel", job, by=Person(study, role), offered=role in allowed)
    if role in allowed:
        assert (status, job.state) == (302, JobState.CANCELLED)
        assert "cancelled." in read
        assert logged(job).latest("id").actor_id is not None
    else:
        assert status in (302, 403, 404)
        assert (job.state, logged(job).count()) == (JobState.QUEUED, before)
        if status == 302:
            assert "Jobs of this kind cannot be cancelled." in read


@pytest.mark.parametrize("role", PEOPLE)
@pytest.mark.parametrize(("make", "allowed"), RESUME)
def test_those_who_may_resume_a_kind_have_a_button(
    make: Make, allowed: set[Role], role: Role
) -> None:
    study = StudyFactory.create()
    job = make(study)
    end(job, JobState.FAILED, "An unexpected error stopped this.")
    status, read = pressed("resume", job, by=Person(study, role), offered=role in allowed)
    if role in allowed:
        assert (status, job.state, job.reason) == (302, JobState.QUEUED, "")
        assert "resumed." in read
    else:
        assert status in (302, 403, 404)
        assert job.state == JobState.FAILED
        if status == 302:
            assert "Jobs of this kind cannot be resumed. Please start the work again." in read


def test_a_person_without_the_permission_reads_why_they_are_refused() -> None:
    study = StudyFactory.create()
    job = training_run(study)
    assert Person(study).press("cancel", job)[0] == 403
    assert "Your role in this study does not include this." in Person(study).press("cancel", job)[1]


def test_jobs_of_other_studies_and_hidden_kinds_are_not_found() -> None:
    study = StudyFactory.create()
    job = release(study)
    stranger, engineer = Person(StudyFactory.create()), Person(study, ENGINEER)
    for do in ("cancel", "resume"):
        status, read = stranger.press(do, job)
        assert (status, "This job does not exist" in read) == (404, True)
        assert engineer.press(do, round_filling(study))[0] == 404
        assert stranger.client.post(Person(study).address(do, job)).status_code == 404
    job.refresh_from_db()
    assert job.state == JobState.QUEUED


def test_a_double_click_changes_nothing_more() -> None:
    study = StudyFactory.create()
    person, job = Person(study, ENGINEER), training_run(study)
    for _click in range(2):
        assert "Training run dpo on release 1: cancelled." in person.press("cancel", job)[1]
    assert Event.objects.filter(action="modelhub.training_cancelled").count() == 1
    run = generation_run(study)
    end(run, JobState.FAILED)
    for _click in range(2):
        assert "resumed." in person.press("resume", run)[1]
    assert [move.new for move in logged(run).order_by("id")] == ["queued", "failed", "queued"]


def test_a_running_job_is_cancelled_at_the_workers_next_heartbeat() -> None:
    study = StudyFactory.create()
    person, job = Person(study, ENGINEER), training_run(study)
    with jobs.claimed(training.KIND, job.subject_id):
        for _click in range(2):
            read = person.press("cancel", job)[1]
            assert "being cancelled, within seconds." in read
        assert "Being cancelled" in read
        assert person.address("cancel", job) not in read
    assert Claim.objects.filter(job=job).exists()
    assert Event.objects.filter(action="modelhub.training_cancelled").count() == 1


@pytest.mark.parametrize(
    ("do", "state", "says"),
    [
        ("cancel", JobState.DONE, "no longer possible: the generation run is done."),
        ("cancel", JobState.FAILED, "no longer possible: the generation run is failed."),
        ("resume", JobState.DONE, "can be resumed: the generation run is done."),
    ],
)
def test_a_job_that_ended_in_the_meantime_is_left_alone(
    do: str, state: JobState, says: str
) -> None:
    study = StudyFactory.create()
    job = generation_run(study)
    end(job, state)
    status, read = Person(study).press(do, job)
    assert (status, says in read) == (302, True)
    job.refresh_from_db()
    assert job.state == state


def test_a_check_that_ended_in_the_meantime_does_not_cancel_the_import() -> None:
    study = StudyFactory.create()
    job = an_import(study)
    jobs.run(uploads.KIND, job.subject_id)
    assert "the import is done." in Person(study).press("cancel", job)[1]
    assert Upload.objects.get(id=job.subject_id).state == UploadState.CHECKED


def test_only_the_newest_job_of_a_round_can_be_resumed() -> None:
    study = StudyFactory.create()
    older = round_offering(study)
    end(older, JobState.FAILED)
    newer = queueing.start(
        actor=SYSTEM, kind=offering.JOB, subject_id=older.subject_id, study_id=study.id
    )
    end(newer, JobState.FAILED)
    person = Person(study)
    page = person.history()
    assert person.address("resume", newer) in page
    assert person.address("resume", older) not in page
    person.press("resume", newer)
    older.refresh_from_db()
    assert older.state == JobState.FAILED


def test_a_resumed_opening_offers_the_rest_of_the_seats() -> None:
    cohort = CohortFactory.create()
    round = judging_round(cohort, tasks=2)
    round.tasks.first().seats.update(offered=False)  # type: ignore[union-attr]
    job = queueing.start(
        actor=SYSTEM, kind=offering.JOB, subject_id=round.id, study_id=round.study_id, total=2
    )
    end(job, JobState.FAILED, "An unexpected error stopped this.")
    Person(cohort.study).press("resume", job)
    assert jobs.run(offering.JOB, round.id).state == JobState.DONE
    assert round.state == RoundState.OPEN
    for task in round.tasks.all():
        assert task.seats.filter(offered=True).count() == 1


def test_a_resumed_filling_is_in_the_audit_trail() -> None:
    study = StudyFactory.create()
    person, job = Person(study), round_filling(study)
    person.press("cancel", job)
    person.press("resume", job)
    told = Event.objects.filter(action="annotations.round_filling_moved").order_by("id")
    assert [event.data["to"] for event in told] == ["cancelled", "filling"]


def test_the_buttons_lead_back_to_the_same_page_of_the_history() -> None:
    study = StudyFactory.create()
    job = generation_run(study)
    coordinator = Actor.of(staff(study).user)
    for _number in range(JOBS_A_PAGE):
        run = frozen_release(study)
        queueing.start(actor=coordinator, kind=releases.JOB, subject_id=run.id, study_id=study.id)
    person = Person(study)
    address = f"{person.address('cancel', job)}?last="
    assert f'action="{address}"' in person.history("?last")
    answer = person.client.post(address)
    assert answer["Location"] == reverse("desk:jobs", args=[study.slug]) + "?last="


def test_the_buttons_need_a_csrf_token() -> None:
    study = StudyFactory.create()
    job = generation_run(study)
    client = Client(enforce_csrf_checks=True)
    client.force_login(staff(study).user)
    for do in ("cancel", "resume"):
        assert client.post(reverse(f"desk:job-{do}", args=[study.slug, job.id])).status_code == 403
    job.refresh_from_db()
    assert job.state == JobState.QUEUED
