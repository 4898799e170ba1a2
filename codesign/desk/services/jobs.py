"""Cancel and resume a study's jobs, each by the service of its kind.

Repeating a request changes nothing, so that a double click is no error.
"""

from __future__ import annotations

import uuid

from django.utils.translation import gettext as _

from codesign.desk.permissions import SEE_JOBS
from codesign.jobs import queries
from codesign.jobs.models import Job
from codesign.jobs.registry import KINDS
from codesign.jobs.rules import UNFINISHED, JobState
from codesign.shared.actors import Actor
from codesign.shared.errors import Conflict
from codesign.studies.models import Study
from codesign.studies.permissions import require
from codesign.studies.rules import STAFF


def cancel(*, actor: Actor, study: Study, job_id: uuid.UUID) -> Job:
    """Cancel a job and return it: cancelled, or running until its worker's next heartbeat.

    Raises Conflict if the job has ended in another way.
    """
    job = _one(actor, study, job_id)
    if (change := KINDS.get(job.kind).cancel) is None:
        raise Conflict(_("Jobs of this kind cannot be cancelled."))
    require(actor, change.permission, study)
    asked = job.state in UNFINISHED and job.cancel_requested_at is not None
    if job.state != JobState.CANCELLED and not asked:
        change.service(actor, job)
        job.refresh_from_db()
    return job


def resume(*, actor: Actor, study: Study, job_id: uuid.UUID) -> Job:
    """Queue a failed or cancelled job again and return it; raises Conflict if it is done."""
    job = _one(actor, study, job_id)
    if (change := KINDS.get(job.kind).resume) is None:
        raise Conflict(_("Jobs of this kind cannot be resumed. Please start the work again."))
    require(actor, change.permission, study)
    if job.state not in UNFINISHED:
        change.service(actor, job)
        job.refresh_from_db()
    return job


def _one(actor: Actor, study: Study, job_id: uuid.UUID) -> Job:
    """Return a job that the actor sees in the history of the study, or raise NotFound."""
    member = require(actor, SEE_JOBS, study)
    kinds = queries.kinds_for(member.roles if member else STAFF)
    return queries.job_in(study_id=study.id, kinds=kinds, job_id=job_id)
