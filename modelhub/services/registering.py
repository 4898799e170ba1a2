"""Registers models, and keeps their state in step with the job that checks them.

`model_checks` has the worker's side.
"""

from __future__ import annotations

import os
import uuid
from dataclasses import asdict, replace
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext as _

from codesign.jobs.models import Job
from codesign.jobs.queries import job_about
from codesign.jobs.rules import JobState
from codesign.jobs.services import queueing
from codesign.jobs.services.working import Work
from codesign.shared.actors import Actor
from codesign.shared.advisory_locks import Lock, lock_until_commit
from codesign.shared.errors import Conflict, Invalid, NotPermitted
from codesign.shared.transition import Move, transition
from codesign.shared.visible import seen
from codesign.studies.models import Study
from codesign.studies.permissions import require
from modelhub.models import ModelVersion
from modelhub.permissions import REGISTER_MODEL
from modelhub.queries.versions import CHECK
from modelhub.rules.registering import (
    NEEDS_PATH,
    Allowed,
    Registration,
    registration_problems,
)
from modelhub.rules.states import BASES, ModelKind, ModelState
from modelhub.services.versions import record_made

MAIN = "main"
"""The revision of a Hub model if none is given."""


@transaction.atomic
def register_model(
    *,
    actor: Actor,
    study: Study | None,
    wanted: Registration,
    base: ModelVersion | None = None,
    any_folder: bool = False,
    here: bool = False,
    version_id: uuid.UUID | None = None,
) -> ModelVersion:
    """Register a model of a study, and queue its check. Only the system registers for all studies.

    `base` is the base of an adapter. `any_folder` allows folders that the operator did not list,
    for the command, which operators run. With `here`, the caller runs the job. `version_id` is the
    id of the new model: a repeated request returns the model that exists. Raises Invalid with the
    errors of each field, or Conflict.
    """
    _require(actor, study)
    wanted = _cleaned(wanted)
    lock_until_commit(Lock.REGISTER_MODEL)  # shared models and those of studies share names
    if existing := ModelVersion.objects.filter(id=version_id).first() if version_id else None:
        return _same(existing, study=study, wanted=wanted, base=base)
    _refuse(wanted, study, base, any_folder=any_folder)
    version = ModelVersion.objects.create(
        id=version_id or uuid.uuid4(),
        study=study,
        parent=base,
        state=ModelState.QUEUED,
        made_by_id=actor.user_id,
        **asdict(wanted),
    )
    record_made(actor=actor, version=version)
    queueing.start(
        actor=actor,
        kind=CHECK,
        subject_id=version.id,
        study_id=version.study_id,
        label=version.name,
        here=here,
    )
    return version


def allowed_here(*, any_folder: bool = False) -> Allowed:
    """Return what the operator allows, with symbolic links of folders resolved."""
    return Allowed(
        folders=[os.path.realpath(folder) for folder in settings.MODEL_FOLDERS],
        hub=settings.HUB_MODELS,
        servers=settings.MODEL_SERVERS,
        any_folder=any_folder,
    )


def _require(actor: Actor, study: Study | None) -> None:
    if study is not None:
        require(actor, REGISTER_MODEL, study)
    elif not actor.is_system:
        raise NotPermitted(_("Only an operator can register a model for all studies."))


def _cleaned(wanted: Registration) -> Registration:
    """Return the registration without white space around its values, and with whole paths."""
    texts = {name: seen(str(text)) for name, text in asdict(wanted).items()}
    if texts["kind"] == ModelKind.HUB:
        texts["revision"] = texts["revision"] or MAIN
    if texts["kind"] == ModelKind.SERVER:
        texts["location"] = texts["location"].rstrip("/")
    clean = replace(wanted, **texts)
    if clean.kind in NEEDS_PATH and clean.location.startswith("/") and "\x00" not in clean.location:
        return replace(clean, location=os.path.realpath(clean.location))
    return clean


def _same(
    existing: ModelVersion, *, study: Study | None, wanted: Registration, base: ModelVersion | None
) -> ModelVersion:
    """Return the model of a repeated request; raises Conflict if the request was changed."""
    asked = (study, wanted.name, wanted.kind, wanted.location, wanted.served_name, base)
    stored = (existing.study, existing.name, existing.kind, existing.location)
    if asked != (*stored, existing.served_name, existing.parent):
        raise Conflict(
            _("This page was already used to register a model. Open the page again for another.")
        )
    return existing


def _refuse(
    wanted: Registration, study: Study | None, base: ModelVersion | None, *, any_folder: bool
) -> None:
    problems = registration_problems(
        wanted, allowed=allowed_here(any_folder=any_folder), has_base=base is not None
    )
    if base is not None and not problems and not _can_carry(base, study):
        problems = {"base": [_("An adapter needs a base that is ready and has weights here.")]}
    if not problems and _is_taken(wanted.name, study):
        problems = {"name": [_("There is a model with this name. Choose another name.")]}
    if problems:
        raise Invalid(" ".join(words for of in problems.values() for words in of), problems)


def _can_carry(base: ModelVersion, study: Study | None) -> bool:
    usable = base.study_id is None or (study is not None and base.study_id == study.id)
    return usable and base.kind in BASES and base.state == ModelState.READY


def _is_taken(name: str, study: Study | None) -> bool:
    """Return whether a study's models or the shared models include this name."""
    there = ModelVersion.objects.filter(name=name).exclude(state=ModelState.REFUSED)
    if study is not None:
        there = there.of_study(study.id)
    return there.exists()


@transaction.atomic
def cancel_check(*, actor: Actor, version: ModelVersion) -> ModelVersion:
    """Cancel the check of a model, which is then refused. Its name can be used again."""
    _require(actor, version.study)
    queueing.cancel(actor=actor, job=job_about(kind=CHECK, subject_id=version.id))
    version.refresh_from_db()
    return version


def follow(*, move: Move) -> None:
    """Change the state of a model with its job's."""
    job: Job = move.row
    version = _locked(job.subject_id)
    states = {
        JobState.QUEUED: ModelState.QUEUED,
        JobState.RUNNING: ModelState.CHECKING,
        JobState.DONE: ModelState.READY,
    }
    to = states.get(JobState(move.new), ModelState.REFUSED)
    changes: dict[str, Any] = {}
    if to == ModelState.REFUSED:
        changes["problem"] = job.reason or _("The check was cancelled.")
    transition(version, to=to, actor=move.actor, changes=changes)


@transaction.atomic
def accept(*, work: Work, found: dict[str, Any]) -> None:
    """Save what the check found, and end its job, which makes the model ready.

    `found` are columns of the model. Raises Stopped if the check was cancelled.
    """
    work.lock()
    version = _locked(work.job.subject_id)
    for name, value in found.items():
        setattr(version, name, value)
    version.save(update_fields=list(found))
    work.finish()


def _locked(version_id: uuid.UUID) -> ModelVersion:
    versions = ModelVersion.objects.select_for_update(no_key=True, of=("self",))
    return versions.get(id=version_id)
