"""Background work of models; rows are the truth, a message only rings."""

import uuid

from codesign.jobs.carrier import background
from modelhub.services import chunks, generation, training, training_process, uploads


@background(name="modelhub.tasks.generate_chunk", queue="generation", time_limit=3600)
def generate_chunk(run_id: str, ring: str) -> None:
    """Write the next chunk of a run."""
    chunks.generate_chunk(run_id=uuid.UUID(run_id), ring=int(ring))


@background(name="modelhub.tasks.ring_generation", queue="default", time_limit=60)
def ring_generation() -> None:
    """Ring again for runs that wait: lost messages, dead leases."""
    generation.ring_waiting()


@background(name="modelhub.tasks.train", queue="training", time_limit=5 * 3600)
def train(run_id: str) -> None:
    """See one training run through."""
    training_process.run_training(run_id=uuid.UUID(run_id))


@background(name="modelhub.tasks.ring_training", queue="default", time_limit=60)
def ring_training() -> None:
    """Ring again for training runs that wait or whose process is gone."""
    training.requeue_stale()


@background(name="modelhub.tasks.read_upload", queue="exports", time_limit=3600)
def read_upload(upload_id: str) -> None:
    """Look through a file of prompts, or import it."""
    uploads.read(upload_id=uuid.UUID(upload_id))


@background(name="modelhub.tasks.ring_uploads", queue="default", time_limit=60)
def ring_uploads() -> None:
    """Ring again for files that wait or whose worker is gone; clear away what a crash left."""
    uploads.tend()


@background(name="modelhub.tasks.drop_uploads", queue="default", time_limit=60)
def drop_uploads() -> None:
    """Delete files that were shown and never confirmed."""
    uploads.drop_unconfirmed()
