"""What each home page shows; its number of queries does not grow with the data."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from annotations.models import DatasetRelease
from annotations.queries.progress import judged_by_cohort
from annotations.rules.states import ReleasePurpose, ReleaseState
from codesign.consent import services as consent
from codesign.shared.actors import SYSTEM, Actor
from codesign.studies.models import Member, Study
from codesign.studies.rules import Role
from modelhub.models import ModelVersion, TrainingRun
from modelhub.rules.states import Method, ModelKind, TrainingState
from modelhub.services import generation
from modelhub.services.versions import ensure_embedded_model
from tests.factories.annotations import judge, judging_round, lease, send
from tests.factories.compensation import credit, set_rate
from tests.factories.modelhub import add_prompts
from tests.factories.studies import CohortFactory, MemberFactory, staff
from tests.support.counting import queries_of

pytestmark = pytest.mark.django_db


def home(study: Study) -> str:
    return reverse("desk:study", kwargs={"slug": study.slug})


def read(client: Client, member: Member) -> str:
    client.force_login(member.user)
    return client.get(home(member.study)).content.decode()


def test_a_panelist_reads_first_then_judges_then_sees_the_pay(client: Client) -> None:
    member = MemberFactory.create()
    set_rate(member.cohort)
    page = read(client, member)
    assert "Read about the study" in page
    assert reverse("annotations:judge", kwargs={"slug": member.study.slug}) not in page
    signed = judge(cohort=member.cohort)
    judging_round(signed.cohort, tasks=3)
    page = read(client, signed)
    assert f'href="{reverse("annotations:topics", kwargs={"slug": signed.study.slug})}"' in page
    for said in ("3 messages", "about 3 minutes", "£0.80", "Nothing yet."):
        assert said in page, said
    send(lease(signed))
    page = read(client, signed)
    assert "2 messages" in page
    assert reverse("annotations:judge", kwargs={"slug": signed.study.slug}) in page
    assert "Nothing yet." not in page
    assert reverse("compensation:mine", kwargs={"slug": signed.study.slug}) in page


def test_who_left_is_not_asked_anything(client: Client) -> None:
    member = judge()
    judging_round(member.cohort)
    consent.withdraw(actor=Actor.of(member.user), member=member)
    page = read(client, member)
    assert "You have left this study" in page
    assert reverse("annotations:judge", kwargs={"slug": member.study.slug}) not in page


def test_a_coordinator_sees_how_far_each_cohort_is(client: Client) -> None:
    panel = CohortFactory.create(title="Lived experience")
    clinic = CohortFactory.create(study=panel.study, title="Clinic", role=Role.CLINICIAN)
    first = judge(cohort=panel)
    MemberFactory.create(cohort=panel)
    judging_round(panel, clinic, tasks=4, overlap=2)
    send(lease(first))
    cohorts = {row.title: row for row in judged_by_cohort(study_id=panel.study_id)}
    one = cohorts["Lived experience"]
    assert (one.signed, one.people, one.done, one.total, one.examples) == (1, 2, 1, 8, 0)
    other = cohorts["Clinic"]
    assert (other.signed, other.people, other.done, other.total) == (0, 0, 0, 8)
    page = read(client, staff(panel.study))
    assert "Lived experience" in page
    assert "1 of 8" in page
    for name in ("enrolment:people", "compensation:rates", "annotations:releases"):
        assert reverse(name, kwargs={"slug": panel.study.slug}) in page


def test_generation_shows_its_progress_to_those_who_may_know_models(client: Client) -> None:
    member = judge()
    study = member.study
    generation.start_run(
        actor=SYSTEM,
        study=study,
        version=ensure_embedded_model(),
        prompts=add_prompts(study, "One", "Two"),
    )
    for role in (Role.COORDINATOR, Role.ML_ENGINEER, Role.AUDITOR):
        page = read(client, staff(study, role))
        assert "Responses from a model" in page
        assert "0 of " in page
    for unknowing in (member, staff(study, Role.SAFETY_LEAD)):
        assert "Responses from a model" not in read(client, unknowing)


def test_release_step_appears_once_something_can_be_released(client: Client) -> None:
    panelist = judge()
    coordinator = staff(panelist.study)
    staff(panelist.study, Role.SAFETY_LEAD)
    assert "Nothing to do" in read(client, coordinator)
    judging_round(panelist.cohort)
    send(lease(panelist))
    assert "There is no dataset release yet" in read(client, coordinator)


def test_the_menu_marks_the_part_that_a_page_belongs_to(client: Client) -> None:
    panelist = judge()
    planned = judging_round(panelist.cohort)
    client.force_login(staff(panelist.study).user)
    rounds = reverse("annotations:rounds", kwargs={"slug": panelist.study.slug})
    page = client.get(rounds).content.decode()
    assert f'href="{rounds}" aria-current="page"' in page
    assert page.count("aria-current") == 1
    page = client.get(f"{rounds}{planned.id}/").content.decode()
    assert f'href="{rounds}" aria-current="true"' in page
    assert page.count("aria-current") == 1


@pytest.mark.parametrize(
    ("part", "page"),
    [
        ("compensation:rates", "compensation:entries"),
        ("desk:set-up", "consent:write"),
        ("desk:set-up", "annotations:rubrics"),
    ],
)
def test_a_page_belongs_to_the_part_that_leads_to_it(client: Client, part: str, page: str) -> None:
    coordinator = staff(judge().study)
    client.force_login(coordinator.user)
    keys = {"slug": coordinator.study.slug}
    shown = client.get(reverse(page, kwargs=keys)).content.decode()
    assert f'href="{reverse(part, kwargs=keys)}" aria-current="true"' in shown


@pytest.mark.parametrize("role", [None, Role.COORDINATOR, Role.ML_ENGINEER, Role.AUDITOR])
def test_homes_make_constant_queries(role: Role | None, client: Client) -> None:
    member = judge()
    judging_round(member.cohort, tasks=2)
    credit(member)
    looking = staff(member.study, role) if role else member
    client.force_login(looking.user)
    few = queries_of(client, home(member.study))
    judging_round(member.cohort, tasks=5)
    for _ in range(3):
        judge(cohort=member.cohort)
        credit(member)
    assert queries_of(client, home(member.study)) == few


def test_an_ml_engineer_is_led_round_the_loop(client: Client) -> None:
    panelist = judge()
    study, base = panelist.study, ensure_embedded_model()
    engineer = staff(study, Role.ML_ENGINEER)
    assert "Nothing has been judged yet" in read(client, engineer)
    judging_round(panelist.cohort)
    send(lease(panelist))
    assert "There is no dataset release yet" in read(client, engineer)
    release = DatasetRelease.objects.create(
        study=study, number=1, purpose=ReleasePurpose.TRAINING, state=ReleaseState.FROZEN
    )
    assert "Release 1 is ready to train on" in read(client, engineer)
    run = TrainingRun.objects.create(
        study=study, release=release, base=base, method=Method.DPO, config_hash="0" * 64
    )
    assert "is being trained on release 1" in read(client, engineer)
    TrainingRun.objects.filter(id=run.id).update(state=TrainingState.CANCELLED)
    assert "Release 1 is ready to train on" in read(client, engineer)
    TrainingRun.objects.filter(id=run.id).update(state=TrainingState.DONE)
    ModelVersion.objects.create(
        study=study, name="child", kind=ModelKind.ADAPTER, parent=base, path="x", sha256="0" * 64
    )
    page = read(client, engineer)
    assert "not yet compared" in page
    assert page.count("btn-primary") == 1
