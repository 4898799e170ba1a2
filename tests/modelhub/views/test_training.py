"""Training, model and comparison pages: permissions and content."""

from __future__ import annotations

from html import unescape
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from codesign.shared.actors import SYSTEM
from codesign.shared.money import format_money
from codesign.studies.models import Member, Study
from codesign.studies.rules import Role
from modelhub.models import Evaluation, TrainingRun
from modelhub.queries.training import KIND
from modelhub.rules.states import TrainingState
from modelhub.services import training
from modelhub.services.evaluations import plan_evaluation
from modelhub.services.versions import ensure_embedded_model
from tests.factories.annotations import judging_round, lease
from tests.factories.modelhub import add_prompts, child_of, frozen_release
from tests.factories.studies import CohortFactory, MemberFactory, StudyFactory, staff
from tests.support import jobs
from tests.support.comparisons import compared, prefers, two_panelists, write
from tests.support.counting import queries_of
from tests.support.training_runs import trained

pytestmark = pytest.mark.django_db
READING = ("training-runs", "training-run", "training-progress", "model", "evaluation")
TRAINING = ("training-start", "training-cancel")


@pytest.fixture
def study() -> Study:
    cohort = CohortFactory.create()
    judging_round(cohort, tasks=0)
    add_prompts(cohort.study, "Held out", held_out=True)
    return cohort.study


@pytest.fixture
def run(study: Study) -> TrainingRun:
    return training.request_training(
        actor=SYSTEM,
        release=frozen_release(study),
        base=ensure_embedded_model(),
        method="dpo",
        params={"max_steps": 2},
    )


@pytest.fixture
def evaluation(study: Study) -> Evaluation:
    return plan_evaluation(actor=SYSTEM, study=study, child=child_of(study))


def signed_in(member: Member) -> Client:
    client = Client()
    client.force_login(member.user)
    return client


def address(name: str, run: TrainingRun, evaluation: Evaluation) -> str:
    keys: dict[str, Any] = {"slug": run.study.slug}
    if name in ("training-run", "training-progress", "training-cancel"):
        keys["run_id"] = run.id
    elif name in ("model", "compare"):
        keys["model_id"] = evaluation.child_id
    elif name == "evaluation":
        keys["evaluation_id"] = evaluation.id
    return reverse(f"modelhub:{name}", kwargs=keys)


def visit(client: Client, name: str, url: str) -> int:
    call = client.post if name in ("training-cancel", "compare") else client.get
    return call(url).status_code


@pytest.mark.parametrize("role", [Role.PANELIST, Role.CLINICIAN, Role.SAFETY_LEAD])
@pytest.mark.parametrize("name", [*READING, *TRAINING, "compare"])
def test_who_judges_learns_no_model(
    study: Study, run: TrainingRun, evaluation: Evaluation, role: Role, name: str
) -> None:
    judges = role in (Role.PANELIST, Role.CLINICIAN)
    member = (
        MemberFactory.create(cohort=CohortFactory.create(study=study, role=role))
        if judges
        else staff(study, role)
    )
    client = signed_in(member)
    answer = client.get(address(name, run, evaluation))
    assert answer.status_code in (403, 405)
    assert visit(client, name, address(name, run, evaluation)) == 403
    assert b"SmolLM" not in answer.content


@pytest.mark.parametrize("role", [Role.COORDINATOR, Role.ML_ENGINEER, Role.AUDITOR])
@pytest.mark.parametrize("name", READING)
def test_who_reads(
    study: Study, run: TrainingRun, evaluation: Evaluation, role: Role, name: str
) -> None:
    assert visit(signed_in(staff(study, role)), name, address(name, run, evaluation)) == 200


@pytest.mark.parametrize("name", TRAINING)
def test_the_ml_engineer_alone_trains(
    study: Study, run: TrainingRun, evaluation: Evaluation, name: str
) -> None:
    url = address(name, run, evaluation)
    for role in (Role.COORDINATOR, Role.AUDITOR):
        assert visit(signed_in(staff(study, role)), name, url) == 403
    assert visit(signed_in(staff(study, Role.ML_ENGINEER)), name, url) in (200, 302)


@pytest.mark.parametrize("name", [*READING, "training-cancel"])
def test_training_runs_of_another_study_are_not_found(
    run: TrainingRun, evaluation: Evaluation, name: str
) -> None:
    """The URL of this study and the URL of another study with its ids both return 404."""
    stranger = staff(StudyFactory.create(), Role.ML_ENGINEER)
    url = address(name, run, evaluation)
    assert visit(signed_in(stranger), name, url) == 404
    own = url.replace(run.study.slug, stranger.study.slug)
    if name != "training-runs":
        assert visit(signed_in(stranger), name, own) == 404


def test_starting_a_run_from_the_page(study: Study) -> None:
    client = signed_in(staff(study, Role.ML_ENGINEER))
    release = frozen_release(study)
    url = reverse("modelhub:training-start", kwargs={"slug": study.slug})
    filled = {
        "method": "dpo",
        "release": release.id,
        "base": ensure_embedded_model().id,
        "learning_rate": "0.0001",
        "max_steps": "4",
        "batch_size": "2",
        "lora_r": "8",
        "beta": "0.1",
        "seed": "3",
    }
    first_try = client.get(url)
    assert first_try.context["form"]["max_steps"].value() == 10  # a minute on a laptop
    assert b"about 6 seconds on a computer with two cores" in first_try.content
    answer = client.post(url, filled | {"learning_rate": "7"})
    assert answer.status_code == 400
    assert b'value="7"' in answer.content  # what was filled in stays
    assert not TrainingRun.objects.exists()
    assert client.post(url, filled).status_code == 302
    made = TrainingRun.objects.get()
    assert (made.seed, made.params["max_steps"], made.method) == (3, 4, "dpo")
    again = client.post(url, filled)
    assert again.status_code == 400
    assert b"has the same release, model and parameters" in again.content
    names = {"slug": study.slug, "run_id": made.id}
    assert reverse("modelhub:training-run", kwargs=names).encode() in again.content


def test_each_method_uses_its_own_parameters(study: Study) -> None:
    client = signed_in(staff(study, Role.ML_ENGINEER))
    url = reverse("modelhub:training-start", kwargs={"slug": study.slug})
    filled = {
        "release": frozen_release(study).id,
        "base": ensure_embedded_model().id,
        "learning_rate": "0.0001",
        "max_steps": "4",
        "batch_size": "2",
        "lora_r": "8",
        "beta": "",
        "seed": "3",
    }
    for method in ("sft", "reward", "kto"):
        assert client.post(url, filled | {"method": method, "beta": "0.3"}).status_code == 302
        params = TrainingRun.objects.get(method=method).params
        assert params.get("beta") == (0.3 if method == "kto" else None)
    answer = client.post(url, filled | {"method": "kto", "batch_size": "1"})
    assert b"its batch size must be at least 2" in answer.content
    assert client.post(url, filled | {"method": "magic"}).status_code == 400


def test_a_release_without_records_for_the_method_is_not_trained_on(study: Study) -> None:
    client = signed_in(staff(study, Role.ML_ENGINEER))
    rows = {"preference": {"train": 4, "test": 1}, "sft": {"train": 0, "test": 1}}
    release = frozen_release(study, rows=rows)
    url = reverse("modelhub:training-start", kwargs={"slug": study.slug})
    page = client.get(url)
    assert b"release 1 (4 preference pairs)" in page.content
    filled = {name: field.initial for name, field in page.context["form"].fields.items()}
    filled |= {"release": release.id, "base": ensure_embedded_model().id}
    answer = client.post(url, filled | {"method": "sft"})
    assert answer.status_code == 400
    assert b"This release has no accepted rewrites to train on." in answer.content
    assert client.post(url, filled | {"method": "dpo"}).status_code == 302


def test_cancelling_from_the_page(study: Study, run: TrainingRun, evaluation: Evaluation) -> None:
    client = signed_in(staff(study, Role.ML_ENGINEER))
    url = address("training-cancel", run, evaluation)
    assert client.post(url).status_code == 302
    run.refresh_from_db()
    assert run.state == TrainingState.CANCELLED
    assert b"no longer possible" in client.post(url, follow=True).content


def test_a_list_of_runs_costs_the_same_however_long(study: Study) -> None:
    client = signed_in(staff(study, Role.ML_ENGINEER))
    url = reverse("modelhub:training-runs", kwargs={"slug": study.slug})
    release = frozen_release(study)

    def count(more: int) -> int:
        for seed in range(TrainingRun.objects.count(), TrainingRun.objects.count() + more):
            training.request_training(
                actor=SYSTEM,
                release=release,
                base=ensure_embedded_model(),
                method="dpo",
                seed=seed,
            )
        return queries_of(client, url)

    assert count(1) == count(6)


SCORES = {"loss": 0.61, "reward_accuracy": 2 / 3, "reward_margin": 0.25}


@pytest.mark.parametrize(
    ("metrics", "says"),
    [
        (
            {"batch": 2, "validation": {"records": 3, "of": 7, "scores": SCORES}},
            "Measured after training on 3 of 7 validation records (n = 3).",
        ),
        ({"validation": None}, "The release has no validation records for this method"),
        ({"reward_accuracy": 1.0}, "did not measure the validation"),
    ],
)
def test_a_score_is_of_the_validation_split_with_its_number_or_none_is_shown(
    study: Study, run: TrainingRun, evaluation: Evaluation, metrics: dict[str, Any], says: str
) -> None:
    TrainingRun.objects.filter(id=run.id).update(state="done", metrics=metrics)
    client = signed_in(staff(study, Role.ML_ENGINEER))
    page = " ".join(client.get(address("training-run", run, evaluation)).content.decode().split())
    assert says in page
    assert ("67% <span" in page) is bool(metrics.get("validation"))
    assert page.count("(n = 3)") == (4 if metrics.get("validation") else 0)
    shown = client.get(f"/api/v1/training-runs/{run.id}/").json()["metrics"]
    assert "reward_accuracy" not in shown
    assert shown.get("validation") == metrics.get("validation")


def test_a_comparison_is_a_picture_with_its_words() -> None:
    first, second = two_panelists()
    evaluation = compared([first, second])
    client = signed_in(staff(first.study))
    url = reverse(
        "modelhub:evaluation", kwargs={"slug": first.study.slug, "evaluation_id": evaluation.id}
    )
    assert "No judgements yet" in client.get(url).content.decode()
    prefers(lease(first), evaluation.child, evaluation)
    page = client.get(url).content.decode()
    assert 'cx="100.0%"' in page
    assert "and 100% (1 prompt)" in " ".join(page.split())
    prefers(lease(first), evaluation.parent, evaluation)
    prefers(lease(second), evaluation.child, evaluation)
    page = client.get(url).content.decode()
    assert 'cx="66.7%"' in page
    assert '<rect class="share-range" x="' in page
    assert "between " in page
    assert "the result is not clear yet" in page
    assert "2 · 0 · 1" in page  # the table behind it
    assert "style=" not in page  # the CSP would refuse it
    few = queries_of(client, url)
    prefers(lease(second), evaluation.child, evaluation)
    assert queries_of(client, url) == few


def test_a_comparison_shows_how_far_its_answers_are_until_all_are_there() -> None:
    panelist, _ = two_panelists()
    study = panelist.study
    made = plan_evaluation(actor=SYSTEM, study=study, child=child_of(study))
    client = signed_in(staff(study))
    url = reverse("modelhub:evaluation", kwargs={"slug": study.slug, "evaluation_id": made.id})
    run = reverse("modelhub:run", kwargs={"slug": study.slug, "run_id": made.child_run_id})
    page = client.get(url).content.decode()
    for said in ("Waiting for a worker", "0 of 3", f'hx-get="{url}"', "<noscript>", run):
        assert said in page
    write(made.parent_run, lambda number: f"Words {number}.")
    page = client.get(url).content.decode()
    assert "Done" in page
    assert "hx-get" in page
    write(made.child_run, lambda number: f"New {number}.")
    page = client.get(url).content.decode()
    assert "3 held-out prompts so far" in page
    assert "hx-get" not in page


def test_there_is_always_a_model_to_start_from() -> None:
    """The embedded model is offered even if all responses were imported."""
    engineer = staff(StudyFactory.create(), Role.ML_ENGINEER)
    frozen_release(engineer.study)
    url = reverse("modelhub:training-start", kwargs={"slug": engineer.study.slug})
    assert b"SmolLM2-135M-Instruct" in signed_in(engineer).get(url).content


def test_the_cost_of_a_comparison_is_shown_before_it_starts() -> None:
    panelist, _ = two_panelists()
    study = panelist.study  # two seats, three held-out prompts
    child = child_of(study)
    url = reverse("modelhub:model", kwargs={"slug": study.slug, "model_id": child.id})
    assert panelist.cohort is not None
    rate = panelist.cohort.pay_rates.get()
    pay = format_money(6 * rate.amount_minor, rate.currency)
    for role in (Role.ML_ENGINEER, Role.COORDINATOR):
        page = unescape(signed_in(staff(study, role)).get(url).content.decode())
        assert "It needs up to 6 judgements" in page
        assert f"The pay is about {pay}." in page
    plan_evaluation(actor=SYSTEM, study=study, child=child)
    assert "It needs" not in signed_in(staff(study)).get(url).content.decode()


@pytest.mark.parametrize(
    ("method", "called", "lower"),
    [
        ("dpo", "Preferences (DPO)", "what people preferred."),
        ("sft", "Rewrites (SFT)", "what people wrote."),
        ("kto", "Good and bad responses (KTO)", "how people rated responses."),
        ("reward", "Reward model", "what people preferred."),
    ],
)
def test_methods_are_called_in_words(study: Study, method: str, called: str, lower: str) -> None:
    made = training.request_training(
        actor=SYSTEM, release=frozen_release(study), base=ensure_embedded_model(), method=method
    )
    with jobs.claimed(KIND, made.id) as work:
        losses = [{"step": 1, "loss": 0.7}, {"step": 2, "loss": 0.6}]
        training.note_curves(work=work, losses=losses, measurements=[])
    client = signed_in(staff(study))
    names = {"slug": study.slug}
    assert called in client.get(reverse("modelhub:training-runs", kwargs=names)).content.decode()
    url = reverse("modelhub:training-run", kwargs={**names, "run_id": made.id})
    page = client.get(url).content.decode()
    assert f"{called} on release 1" in page
    assert f"Lower is closer to {lower}" in page


def test_the_page_of_a_run_shows_the_progress_of_its_job(
    study: Study, run: TrainingRun, evaluation: Evaluation
) -> None:
    page, poll, cancel = (
        address(name, run, evaluation)
        for name in ("training-run", "training-progress", "training-cancel")
    )
    engineer, auditor = (signed_in(staff(study, role)) for role in (Role.ML_ENGINEER, Role.AUDITOR))
    waiting = engineer.get(page).content.decode()
    for said in ("Waiting for a worker", f'hx-get="{poll}"', f'action="{cancel}"', "<noscript>"):
        assert said in waiting
    assert cancel not in auditor.get(page).content.decode()
    with jobs.claimed(KIND, run.id) as work:
        training.note_curves(
            work=work,
            losses=[{"step": 1, "loss": 0.7}, {"step": 2, "loss": 0.6}],
            measurements=[
                {"step": 1, "loss": 0.68, "reward_accuracy": 0.5},
                {"step": 2, "loss": 0.65, "reward_accuracy": 0.75},
            ],
        )
        work.advance(done=1, total=2)
        part = " ".join(engineer.get(poll).content.decode().split())
        assert 'id="progress"' in part
        assert "Training · 1 of 2 steps" in part
        assert 'id="loss" class="between" hx-swap-oob="true"' in part
        assert "From 0.700 to 0.600" in part
        assert "Held-out accuracy from 50% to 75%" in part
        assert "0.6500" in part
        assert "<html" not in part
        training.cancel(actor=SYSTEM, run=run)
        part = engineer.get(poll).content.decode()
        assert "Stopping after the current step" in part
        assert cancel not in part
    whole = engineer.get(page).content.decode()
    assert whole.count('id="loss"') == 1
    assert "hx-swap-oob" not in whole


def test_the_page_of_a_run_is_loaded_again_when_it_has_ended(
    study: Study, run: TrainingRun, evaluation: Evaluation
) -> None:
    client = signed_in(staff(study, Role.ML_ENGINEER))
    model = trained(run)
    answer = client.get(address("training-progress", run, evaluation))
    assert (answer.content, answer["HX-Refresh"]) == (b"", "true")
    page = client.get(address("training-run", run, evaluation)).content.decode()
    assert "hx-get" not in page
    assert reverse("modelhub:model", kwargs={"slug": study.slug, "model_id": model.id}) in page
