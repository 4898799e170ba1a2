"""Pages of generation, training, models and comparisons, without running a model."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import expect

from annotations.models import DatasetRelease
from codesign.jobs.models import Job
from codesign.jobs.rules import JobState
from codesign.jobs.services import queueing
from codesign.shared.actors import SYSTEM
from codesign.studies.models import Member
from codesign.studies.rules import Role
from modelhub.models import GenerationRun, TrainingRun
from modelhub.queries.training import KIND
from modelhub.queries.versions import CHECK
from modelhub.rules.generation import Settings
from modelhub.rules.states import Method, TrainingState
from modelhub.services import chunks, generation
from modelhub.services.versions import ensure_embedded_model
from modelhub.services.writing import Draft
from tests.browser.conftest import OpenPage
from tests.browser.looking import check_page
from tests.factories.annotations import lease
from tests.factories.modelhub import add_prompts, frozen_release, open_round
from tests.factories.studies import CohortFactory, staff
from tests.support import jobs
from tests.support.comparisons import compared, prefers, two_panelists
from tests.support.generation_runs import claimed, wanted
from tests.support.model_server import MODEL, model_server

pytestmark = pytest.mark.slow


@pytest.fixture
def engineer(transactional_db: None) -> Member:
    cohort = CohortFactory.create(study__title="Talking about hard days")
    return staff(cohort.study, Role.ML_ENGINEER)


def started(member: Member) -> GenerationRun:
    cohort = member.study.cohorts.get()
    return generation.start_run(
        actor=SYSTEM,
        study=member.study,
        version=ensure_embedded_model(),
        prompts=add_prompts(member.study, "One", "Two"),
        settings=Settings(batch_size=2),
        round=open_round(cohort),
    )


def write_two(run: GenerationRun) -> None:
    work = claimed(run)
    drafts = [
        Draft(item_id=one.item_id, seed=1, text=f"Said {one.item_id}", tokens=9)
        for one in wanted(work)
    ]
    chunks.save_chunk(work=work, drafts=drafts)


def test_generation(open_page: OpenPage, engineer: Member) -> None:
    base = f"/studies/{engineer.study.slug}"
    page = open_page(f"{base}/generation/", user=engineer.user)
    check_page(page, name="runs-none")
    page.goto(f"{base}/models/")
    check_page(page, name="models-none")
    page.goto(f"{base}/generation/new/")
    check_page(page, name="run-start")
    page.get_by_text("Sampling", exact=True).click()
    page.get_by_text("Budget", exact=True).click()
    check_page(page, name="run-start-all")
    run = started(engineer)
    write_two(run)
    for address, name in [
        (f"generation/{run.id}", "run"),
        ("generation", "runs"),
        ("models", "models"),
    ]:
        page.goto(f"{base}/{address}/")
        check_page(page, name=name)


def test_a_home_follows_the_run_by_itself(open_page: OpenPage, engineer: Member) -> None:
    run = started(engineer)
    page = open_page(f"/studies/{engineer.study.slug}/", user=engineer.user)
    said = page.locator("#home-run-state")
    expect(said).to_have_text("waiting for a worker")
    said.evaluate("node => { node.kept = true; }")
    check_page(page, name="home-run")
    write_two(run)
    expect(page.get_by_text("2 of 4 responses")).to_be_visible()
    expect(said).to_have_text("writing")
    write_two(run)
    expect(page.get_by_text("4 of 4 responses")).to_be_visible()
    expect(said).to_have_text("done")
    assert said.evaluate("node => node.kept && node.getAttribute('role') === 'status'")
    assert page.locator("#home-run-progress[hx-get]").count() == 0  # it asks no more


LAST_LOSS = {"step": 5, "loss": 0.125}


def trained(member: Member, release: DatasetRelease, state: TrainingState) -> TrainingRun:
    run = TrainingRun.objects.create(
        study=member.study,
        release=release,
        base=ensure_embedded_model(),
        method=Method.DPO,
        state=state,
        params={"learning_rate": 5e-5, "max_steps": 10, "batch_size": 2, "lora_r": 8},
        config_hash=state.value.ljust(64, "0"),
        losses=[{"step": n, "loss": 0.7 - n / 50} for n in range(1, 5)],
        measurements=[
            {"step": 0, "loss": 0.693},
            {"step": 3, "loss": 0.68, "reward_accuracy": 0.5},
            {"step": 4, "loss": 0.66, "reward_accuracy": 0.75},
        ],
    )
    job = queueing.start(
        actor=SYSTEM, kind=KIND, subject_id=run.id, study_id=run.study_id, done=4, total=10
    )
    if state == TrainingState.FAILED:
        reason = "The release does not fit the model."
        Job.objects.filter(id=job.id).update(state=JobState.FAILED, waits=False, reason=reason)
    return run


def test_training(open_page: OpenPage, engineer: Member) -> None:
    base = f"/studies/{engineer.study.slug}/training"
    page = open_page(f"{base}/", user=engineer.user)
    check_page(page, name="training-none")
    page.goto(f"{base}/start/")
    check_page(page, name="training-nothing-to-train-on")
    release = frozen_release(engineer.study)
    page.reload()
    check_page(page, name="training-start")
    for state in (TrainingState.TRAINING, TrainingState.FAILED):
        run = trained(engineer, release, state)
        page.goto(f"{base}/{run.id}/")
        page.get_by_text("As a table").click()
        check_page(page, name=f"training-{state}")
        if state == TrainingState.TRAINING:  # the loss is replaced together with the progress
            TrainingRun.objects.filter(id=run.id).update(losses=[*run.losses, LAST_LOSS])
            expect(page.get_by_text("lowest 0.125.")).to_be_visible(timeout=20_000)
            assert page.locator("#loss").count() == page.locator("#progress").count() == 1
    page.goto(f"{base}/")
    check_page(page, name="training")


def test_a_model_and_its_comparison(open_page: OpenPage, transactional_db: None) -> None:
    first, second = two_panelists()
    evaluation = compared([first, second])
    engineer = staff(first.study, Role.ML_ENGINEER)
    base = f"/studies/{first.study.slug}"
    page = open_page(f"{base}/models/{evaluation.child_id}/", user=engineer.user)
    check_page(page, name="model")
    page.goto(f"{base}/comparisons/{evaluation.id}/")
    check_page(page, name="comparison-none")
    for member, model in [
        (first, evaluation.child),
        (second, evaluation.child),
        (first, evaluation.parent),
        (second, evaluation.child),
        (first, evaluation.child),
    ]:
        prefers(lease(member), model, evaluation)
    page.reload()
    picture = page.get_by_role("img")
    assert (picture.get_attribute("aria-label") or "").startswith("Preferred in 80%, the range")
    page.get_by_text("As a table").click()
    check_page(page, name="comparison")


def test_registering(open_page: OpenPage, engineer: Member, settings: Any) -> None:
    base = f"/studies/{engineer.study.slug}/models"
    with model_server() as server:
        settings.MODEL_SERVERS = [server.address]
        page = open_page(f"{base}/register/", user=engineer.user)
        check_page(page, name="model-kinds")
        page.get_by_role("link", name="Register: model on a server").click()
        check_page(page, name="model-register")
        page.get_by_label("Name", exact=False).first.fill("house-7b")
        page.get_by_label("Address").fill(server.address)
        page.get_by_label("Name at the server").fill(MODEL)
        page.get_by_role("button", name="Register and check").click()
        expect(page.get_by_role("heading", name="house-7b")).to_be_visible()
        check_page(page, name="model-checking")
        jobs.run_all(CHECK)
        page.reload()
        expect(page.get_by_text("ready", exact=True)).to_be_visible()
        check_page(page, name="model-ready")
        page.goto(f"{base}/")
        check_page(page, name="models-registered")
