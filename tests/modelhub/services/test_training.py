"""Training runs: what is refused, and how a run ends."""

from __future__ import annotations

import threading
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from django.db import connection, transaction
from django.utils import timezone

from annotations.models import DatasetRelease
from codesign.audit.models import Event
from codesign.jobs.queries import job_about
from codesign.jobs.registry import Failed
from codesign.jobs.services import tending
from codesign.jobs.services.pulse import Stopped
from codesign.shared.actors import SYSTEM, Actor
from codesign.shared.errors import Conflict, Invalid, NotFound, NotPermitted
from codesign.studies.models import Study
from modelhub.models import ModelVersion, TrainingRun
from modelhub.queries.training import KIND, trainable_bases
from modelhub.queries.versions import able_to_write
from modelhub.rules.generation import Settings
from modelhub.rules.states import ModelKind, TrainingState
from modelhub.services import training
from modelhub.services.evaluations import plan_evaluation
from modelhub.services.generation import start_run
from modelhub.services.training_process import summary_of
from modelhub.services.versions import ensure_embedded_model as embedded
from tests.factories.modelhub import add_prompts, child_of, frozen_release
from tests.factories.studies import MemberFactory, StudyFactory, staff
from tests.support import jobs
from tests.support.engine_release import pair, turn, write_release
from tests.support.running import LONGEST
from tests.support.together import at_once, kinds
from tests.support.training_runs import trained

SMALL = {"max_steps": 2, "batch_size": 2}
REPLY = {
    "record_id": "r0",
    "prompt": turn("user", "I cannot sleep."),
    "completion": turn("assistant", "That sounds tiring."),
}
PAIRS = [pair(number) for number in range(4)]


def ask(study: Study, **also: Any) -> TrainingRun:
    asked: dict[str, Any] = {
        "actor": SYSTEM,
        "release": also.pop("release", None) or frozen_release(study),
        "base": embedded(),
        "method": "dpo",
        "params": SMALL,
    } | also
    return training.request_training(**asked)


@pytest.mark.django_db
def test_only_the_ml_engineer_may_ask() -> None:
    study = StudyFactory.create()
    engineer = staff(study, "ml_engineer")
    assert ask(study, actor=Actor.of(engineer.user)).requested_by == engineer.user
    for role in ("coordinator", "auditor", "safety_lead"):
        with pytest.raises(NotPermitted, match="Your role"):
            ask(study, actor=Actor.of(staff(study, role).user))
    with pytest.raises(NotPermitted, match="Your role"):
        ask(study, actor=Actor.of(MemberFactory.create(cohort__study=study).user))
    with pytest.raises(NotFound, match="not in it"):
        ask(study, actor=Actor.of(staff(StudyFactory.create(), "ml_engineer").user))


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("purpose", "state", "said"),
    [
        ("training", "superseded", "withdrawn their consent"),
        ("training", "building", "not finished"),
        ("training", "failed", "not finished"),
        ("evaluation", "frozen", "for evaluation"),
        ("publication", "frozen", "for publication"),
    ],
)
def test_releases_that_must_not_be_trained_on(purpose: str, state: str, said: str) -> None:
    study = StudyFactory.create()
    with pytest.raises(Conflict, match=said):
        ask(study, release=frozen_release(study, purpose=purpose, state=state))


@pytest.mark.django_db
def test_bad_numbers_are_named() -> None:
    with pytest.raises(Invalid) as caught:
        ask(StudyFactory.create(), params={"learning_rate": 7, "lora_r": 0})
    assert len(caught.value.fields["params"]) == 2


@pytest.mark.django_db
def test_a_model_without_weights_cannot_be_a_base() -> None:
    study = StudyFactory.create()
    other = ModelVersion.objects.create(study=study, name="theirs", kind=ModelKind.IMPORTED)
    with pytest.raises(Invalid, match="does not have the weights"):
        ask(study, base=other)
    with pytest.raises(Invalid, match="Choose a training method"):
        ask(study, method="guess")


@pytest.mark.django_db
def test_a_scorer_neither_writes_nor_is_trained_on_nor_compared() -> None:
    """A reward run makes a scorer, and needs a base model."""
    study = StudyFactory.create()
    run = ask(study, method="reward")
    scorer = trained(run)
    assert scorer.kind == ModelKind.SCORER
    with pytest.raises(Invalid, match="scores responses"):
        ask(study, base=scorer)
    with pytest.raises(Invalid, match="can be compared"):
        plan_evaluation(actor=SYSTEM, study=study, child=scorer)
    assert scorer not in able_to_write(study_id=study.id)
    with pytest.raises(Invalid, match="must start from a base model"):
        ask(study, method="reward", base=child_of(study))


@pytest.mark.django_db
def test_a_run_on_a_model_with_the_longest_name_makes_a_model() -> None:
    """Each generation adds to the name; the end, which tells children apart, stays whole."""
    study = StudyFactory.create()
    base = ModelVersion.objects.create(
        study=study,
        name="long " * 24,
        kind=ModelKind.FOLDER,
        location="/x",
        path="x",
        sha256="0" * 64,
    )
    for _generation in range(3):
        run = ask(study, base=base)
        base = trained(run)
        assert len(base.name) <= 120
        assert base.name.endswith(f"-dpo-r{run.release.number}-{run.config_hash[:6]}")
        assert base.name.startswith("long long long")


@pytest.mark.django_db
def test_models_with_withdrawn_data_cannot_be_trained_further() -> None:  # standards 2.9
    study = StudyFactory.create()
    release = frozen_release(study)
    run = ask(study, release=release)
    child = trained(run)
    again = ask(study, base=child)
    trained(again)
    DatasetRelease.objects.filter(id=release.id).update(
        state="superseded", superseded_at=timezone.now()
    )
    release = frozen_release(study)
    for base in ModelVersion.objects.filter(training_run__in=[run, again]):
        with pytest.raises(Conflict, match="withdrawn later"):
            ask(study, release=release, base=base)
    assert child not in trainable_bases(actor=SYSTEM, study=study)


@pytest.mark.django_db
def test_the_same_run_is_not_done_twice() -> None:
    study = StudyFactory.create()
    release = frozen_release(study)
    first = ask(study, release=release)
    with pytest.raises(Conflict, match="has the same release, model and parameters"):
        ask(study, release=release)
    ask(study, release=release, seed=1)
    training.cancel(actor=SYSTEM, run=first)
    assert ask(study, release=release).state == TrainingState.QUEUED


@pytest.mark.django_db(transaction=True)
def test_concurrent_requests_queue_one_run() -> None:
    study = StudyFactory.create()
    release, base = frozen_release(study), embedded()
    start = partial(ask, study, release=release, base=base)
    assert kinds(at_once(*[start] * 4)) == ["Conflict"] * 3 + ["TrainingRun"]
    assert TrainingRun.objects.count() == 1


@pytest.mark.django_db
def test_a_release_superseded_while_training_makes_no_model() -> None:  # standards 2.9
    run = ask(StudyFactory.create())
    with jobs.claimed(KIND, run.id) as work:
        training.note_curves(work=work, losses=[{"step": 1, "loss": 0.7}], measurements=[])
        run.release.state = "superseded"
        run.release.save(update_fields=["state"])
        with pytest.raises(Failed, match="new release"):
            training.note_curves(work=work, losses=[], measurements=[])
        with pytest.raises(Failed, match="new release"), transaction.atomic():
            training.finish(work=work, path="x", sha256="0" * 64, metrics={})
    run.refresh_from_db()
    assert run.state == TrainingState.TRAINING
    assert not ModelVersion.objects.filter(training_run=run).exists()


@pytest.mark.django_db
def test_a_waiting_run_is_cancelled_at_once() -> None:
    run = ask(StudyFactory.create())
    assert training.cancel(actor=SYSTEM, run=run).state == TrainingState.CANCELLED
    with pytest.raises(Conflict, match="is cancelled"):
        training.cancel(actor=SYSTEM, run=run)
    assert jobs.run_all(KIND) == 0


@pytest.mark.django_db
def test_a_release_superseded_while_waiting_is_not_trained_on() -> None:
    run = ask(StudyFactory.create())
    run.release.state = "superseded"
    run.release.save(update_fields=["state"])
    jobs.run(KIND, run.id)
    run.refresh_from_db()
    assert run.state == TrainingState.FAILED
    assert "new release" in run.error


@pytest.mark.django_db
def test_a_run_whose_process_died_waits_again() -> None:
    run = ask(StudyFactory.create())
    with jobs.claimed(KIND, run.id) as work:
        training.note_curves(work=work, losses=[{"step": 1, "loss": 0.7}], measurements=[])
    run.refresh_from_db()
    assert run.state == TrainingState.TRAINING
    tending.tend()
    run.refresh_from_db()
    assert (run.state, run.losses) == (TrainingState.QUEUED, [])


@pytest.mark.django_db
def test_a_cancelled_run_whose_process_died_is_not_done_again() -> None:
    run = ask(StudyFactory.create())
    with jobs.claimed(KIND, run.id) as work:
        training.cancel(actor=SYSTEM, run=run)
        with pytest.raises(Stopped):
            training.note_curves(work=work, losses=[], measurements=[])
    tending.tend()
    run.refresh_from_db()
    assert (run.state, run.error) == (TrainingState.CANCELLED, "")


def test_progress_is_read_from_events() -> None:
    events: list[dict[str, Any]] = [
        {"event": "start"},
        {"event": "measurement", "step": 0, "scores": {"loss": 0.7}},
        {"event": "step", "step": 1, "total": 4, "loss": 0.69, "eta_s": 6.4},
        {"event": "measurement", "step": 1, "scores": {"loss": 0.65, "reward_accuracy": 0.5}},
        {"event": "step", "step": 2, "total": 4, "loss": 0.61, "eta_s": 4.2},
    ]
    assert summary_of(events=events) == {
        "step": 2,
        "steps": 4,
        "losses": [{"step": 1, "loss": 0.69}, {"step": 2, "loss": 0.61}],
        "measurements": [
            {"step": 0, "loss": 0.7},
            {"step": 1, "loss": 0.65, "reward_accuracy": 0.5},
        ],
    }
    assert summary_of(events=[])["steps"] == 0


@pytest.fixture
def homes(settings: Any, tmp_path: Path, embedded_model: Path) -> Any:
    """Separate folders for a test, with a link to the converted model."""
    settings.MODELS_DIR = tmp_path / "models"
    settings.RELEASES_DIR = tmp_path / "releases"
    settings.MODELS_DIR.mkdir()
    settings.RELEASES_DIR.mkdir()
    (settings.MODELS_DIR / embedded_model.name).symlink_to(embedded_model)
    return settings


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_a_finished_run_is_a_model_version_with_its_lineage(homes: Any) -> None:
    study = StudyFactory.create()
    engineer = staff(study, "ml_engineer")
    start_run(
        actor=SYSTEM,
        study=study,
        version=embedded(),
        settings=Settings(system_message="Be kind to whoever writes."),
        prompts=add_prompts(study, "I cannot sleep."),
    )
    run = ask(study, actor=Actor.of(engineer.user))
    write_release(homes.RELEASES_DIR / str(run.release_id), preference={"train": PAIRS})
    jobs.run(KIND, run.id)
    run.refresh_from_db()
    assert (run.state, run.error) == (TrainingState.DONE, "")
    job = job_about(kind=KIND, subject_id=run.id)
    assert (job.done, job.total) == (2, 2)
    assert [point["step"] for point in run.losses] == [1, 2]
    version = run.model_version
    assert version.parent == embedded()
    assert version.made_by == engineer.user
    assert len(version.sha256) == 64
    assert (homes.MODELS_DIR / version.path / "adapter_model.safetensors").is_file()
    card = (homes.MODELS_DIR / version.path / "README.md").read_text()
    assert "> Be kind to whoever writes." in card
    assert Event.objects.filter(action="modelhub.training_ended", about_id=run.id).exists()


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_a_release_without_pairs_ends_in_a_sentence(homes: Any) -> None:
    run = ask(StudyFactory.create())
    write_release(homes.RELEASES_DIR / str(run.release_id), sft={"train": [REPLY]})
    jobs.run(KIND, run.id)
    run.refresh_from_db()
    assert run.state == TrainingState.FAILED
    assert "no preference pairs" in run.error
    assert not ModelVersion.objects.filter(training_run=run).exists()


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_running_out_of_memory_fails_the_run_with_an_explanation(homes: Any) -> None:
    homes.TRAINING_MEMORY_MB = 1000
    run = ask(StudyFactory.create())
    write_release(homes.RELEASES_DIR / str(run.release_id), preference={"train": PAIRS})
    jobs.run(KIND, run.id)
    run.refresh_from_db()
    assert run.state == TrainingState.FAILED
    assert "There was not enough memory. Try a smaller batch" in run.error


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_unexpected_errors_are_only_in_the_log(
    homes: Any, caplog: pytest.LogCaptureFixture
) -> None:
    run = ask(StudyFactory.create())
    folder = write_release(homes.RELEASES_DIR / str(run.release_id), preference={"train": PAIRS})
    (folder / "preference" / "train.parquet").write_bytes(b"PAR1 and no more")
    jobs.run(KIND, run.id)
    run.refresh_from_db()
    assert run.state == TrainingState.FAILED
    assert run.error.startswith("An unexpected error stopped the training")
    assert str(homes.RELEASES_DIR) not in run.error
    assert "Traceback" in caplog.text


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_cancelling_stops_a_run_at_its_next_step(homes: Any) -> None:
    run = ask(StudyFactory.create(), params={"max_steps": 5000, "batch_size": 2})
    write_release(homes.RELEASES_DIR / str(run.release_id), preference={"train": PAIRS})
    worker = threading.Thread(target=_in_thread(lambda: jobs.run(KIND, run.id)))
    worker.start()
    stepped = threading.Event()
    while not stepped.wait(0.2):
        run.refresh_from_db()
        if run.losses or not worker.is_alive():
            stepped.set()
    training.cancel(actor=SYSTEM, run=run)
    worker.join(LONGEST)  # a step may take long on a busy machine
    run.refresh_from_db()
    assert run.state == TrainingState.CANCELLED
    assert job_about(kind=KIND, subject_id=run.id).done < 5000


def _in_thread(work: Callable[[], object]) -> Callable[[], None]:
    def run() -> None:
        try:
            work()
        finally:
            connection.close()

    return run
