"""Generation runs as a worker writes them, without a model."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from codesign.jobs.queries import job_about
from codesign.jobs.services import working
from codesign.jobs.services.working import Work
from codesign.shared.actors import SYSTEM
from codesign.studies.models import Study
from modelhub.models import GenerationRun
from modelhub.queries.generation import KIND
from modelhub.services import chunks, generation
from modelhub.services.versions import ensure_embedded_model
from modelhub.services.writing import Draft, Wanted
from tests.factories.modelhub import add_prompts


def start(study: Study, **extra: object) -> GenerationRun:
    prompts = add_prompts(study, "One", "Two, longer", "Three, longest")
    values = {"actor": SYSTEM, "version": ensure_embedded_model(), "prompts": prompts}
    return generation.start_run(study=study, **values | extra)  # type: ignore[arg-type]


@contextmanager
def worker(run: GenerationRun) -> Iterator[Work | None]:
    """A worker that claims the next chunk and lives until the block ends."""
    job = job_about(kind=KIND, subject_id=run.id)
    with working.at_work(job_id=job.id, call=job.call) as work:
        yield work


def claim(run: GenerationRun) -> Work | None:
    """Claim the next chunk for a worker that gives no more signs of life.

    Its claim counts until another worker claims.
    """
    with worker(run) as work:
        return work


def claimed(run: GenerationRun) -> Work:
    work = claim(run)
    assert work is not None
    return work


def wanted(work: Work) -> list[Wanted]:
    """The texts of a claimed chunk."""
    run = GenerationRun.objects.get(id=work.job.subject_id)
    return chunks.wanted_of(run=run, chunk=work.part)


def answers(work: Work) -> list[Draft]:
    return [
        Draft(item_id=w.item_id, seed=1, text=f"Text {w.item_id}", finish_reason="stop", tokens=9)
        for w in wanted(work)
    ]


def write(work: Work) -> None:
    chunks.save_chunk(work=work, drafts=answers(work))


def finish(run: GenerationRun) -> None:
    while work := claim(run):
        write(work)
    run.refresh_from_db()
