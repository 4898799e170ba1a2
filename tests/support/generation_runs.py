"""Generation runs as a worker writes them, without a model."""

from __future__ import annotations

from codesign.shared.actors import SYSTEM
from codesign.studies.models import Study
from modelhub.models import GenerationRun
from modelhub.services import chunks, generation
from modelhub.services.chunks import Lease
from modelhub.services.versions import ensure_embedded_model
from modelhub.services.writing import Draft
from tests.factories.modelhub import add_prompts


def start(study: Study, **extra: object) -> GenerationRun:
    prompts = add_prompts(study, "One", "Two, longer", "Three, longest")
    values = {"actor": SYSTEM, "version": ensure_embedded_model(), "prompts": prompts}
    return generation.start_run(study=study, **values | extra)  # type: ignore[arg-type]


def answers(lease: Lease) -> list[Draft]:
    return [
        Draft(item_id=w.item_id, seed=1, text=f"Text {w.item_id}", finish_reason="stop", tokens=9)
        for w in lease.wanted
    ]


def leased(run: GenerationRun) -> Lease:
    lease = chunks.lease_chunk(run_id=run.id)
    assert lease is not None
    return lease


def finish(run: GenerationRun) -> None:
    while lease := chunks.lease_chunk(run_id=run.id):
        assert chunks.save_chunk(lease=lease, drafts=answers(lease))
    run.refresh_from_db()
