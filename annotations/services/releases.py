"""Asking for a dataset release, building it, freezing it, marking it superseded."""

from __future__ import annotations

import logging
import shutil
import uuid
from collections import Counter
from functools import partial
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import connection, transaction
from django.db.models import Max
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from annotations.datasets.plumbing.build import NothingToRelease, Package, Progress, build
from annotations.datasets.plumbing.manifest import Edition, code_version
from annotations.datasets.plumbing.personal_data_scan import ScanFailed, with_personal_data
from annotations.datasets.plumbing.selection import Selection
from annotations.datasets.policy.snapshot import Thresholds
from annotations.models import DatasetRelease, ReleaseMember
from annotations.permissions import REQUEST_RELEASE, SEE_RELEASES
from annotations.queries import releases as queries
from annotations.queries.helplines import helpline_numbers
from annotations.queries.selection import granting, selection
from annotations.rules.releases import (
    ANY_LEAST,
    MAX_BUILDS,
    LeastAsked,
    drop_reason_text,
    least_problems,
)
from annotations.rules.states import ReleasePurpose, ReleaseState
from annotations.services import release_states, text_checks
from annotations.services.late_ties import some_untied, wait_and_tie_late
from codesign.jobs.models import Job
from codesign.jobs.queries import job_about
from codesign.jobs.registry import Failed, Kind, register
from codesign.jobs.rules import JobState
from codesign.jobs.services import queueing
from codesign.jobs.services.working import Work, run_here
from codesign.shared import disk_space
from codesign.shared.actors import SYSTEM, Actor
from codesign.shared.advisory_locks import Lock, lock_until_commit
from codesign.shared.errors import Invalid
from codesign.shared.transition import Move, transition
from codesign.studies.locks import lock_study
from codesign.studies.models import Member, Study
from codesign.studies.permissions import require

log = logging.getLogger(__name__)

CANCELLED_SAYS = gettext_lazy("It was cancelled before it was finished.")
SCAN_SAYS = gettext_lazy(
    "The program that looks for personal data ended too early, so nothing is released. "
    "Ask again; if it happens again, look at the worker's log."
)


def request_release(
    *, actor: Actor, study: Study, purpose: str, least: LeastAsked = ANY_LEAST
) -> DatasetRelease:
    """Ask for a release; a worker builds it.

    While the same person's release for the same purpose and the same least has not begun, it is
    that one: another would hold the same, as where somebody pressed twice.
    """
    with transaction.atomic():
        wanted = _checked_and_locked(actor, study, purpose, least)
        asked = DatasetRelease.objects.filter(
            study=study,
            **wanted,
            requested_by__isnull=False,
            requested_by_id=actor.user_id,
            state=ReleaseState.QUEUED,
        )
        return asked.first() or _new_row(actor, study, wanted)[0]


def release_now(
    *,
    actor: Actor,
    study: Study,
    purpose: str,
    progress: Progress,
    least: LeastAsked = ANY_LEAST,
) -> DatasetRelease:
    """Ask for a release and build it in this process, for commands.

    If this process dies, a worker builds it.
    """
    with transaction.atomic():
        wanted = _checked_and_locked(actor, study, purpose, least)
        release, job = _new_row(actor, study, wanted, here=True)
    run_here(job=job, listener=progress)
    release.refresh_from_db()
    return release


def _checked_and_locked(
    actor: Actor, study: Study, purpose: str, least: LeastAsked
) -> dict[str, Any]:
    """What is asked for, checked; the study is locked: releases are numbered one after another."""
    require(actor, REQUEST_RELEASE, study)
    if purpose not in set(ReleasePurpose):
        raise Invalid("Choose what it is for.", {"purpose": ["Choose from the list."]})
    if problems := least_problems(least):
        raise Invalid("The least p or margin is out of range.", problems)
    lock_study(study_id=study.id)
    return {"purpose": purpose, "least_p": least.p, "least_margin": least.margin}


def _new_row(
    actor: Actor, study: Study, wanted: dict[str, Any], *, here: bool = False
) -> tuple[DatasetRelease, Job]:
    last = DatasetRelease.objects.filter(study=study).aggregate(n=Max("number"))["n"] or 0
    release = DatasetRelease.objects.create(
        study=study, number=last + 1, requested_by_id=actor.user_id, **wanted
    )
    release_states.record(action=release_states.REQUESTED, release=release, actor=actor)
    job = queueing.start(
        actor=actor,
        kind=queries.JOB,
        subject_id=release.id,
        study_id=study.id,
        label=_("Release %(number)s") % {"number": release.number},
        here=here,
    )
    return release, job


def cancel(*, actor: Actor, release: DatasetRelease) -> None:
    """Stop the making of a release: immediately, also where a worker builds it."""
    require(actor, REQUEST_RELEASE, release.study)
    queueing.cancel(actor=actor, job=job_about(kind=queries.JOB, subject_id=release.id))


def _moved(move: Move) -> None:
    """Let the release follow its job; `freeze` moves it to its last state."""
    states = {
        JobState.QUEUED: ReleaseState.QUEUED,
        JobState.RUNNING: ReleaseState.BUILDING,
        JobState.FAILED: ReleaseState.FAILED,
        JobState.CANCELLED: ReleaseState.FAILED,
    }
    if (state := states.get(JobState(move.new))) is None:
        return
    release = DatasetRelease.objects.select_for_update().get(id=move.row.subject_id)
    cancelled = move.new == JobState.CANCELLED
    reason = {"reason": move.row.reason} if move.new == JobState.FAILED else {}
    transition(release, to=state, actor=move.actor, cancelled=cancelled, **reason)


# --- building ------------------------------------------------------------------------------------


def _build(work: Work) -> None:
    """Build a release and freeze it, again where somebody's consent changed meanwhile."""
    release = DatasetRelease.objects.select_related("study").get(id=work.job.subject_id)
    try:
        for _again in range(MAX_BUILDS):
            if build_once(release=release, work=work):
                return
    except OSError as error:
        log.exception("release %s", release.id)
        raise Failed(_files_problem(error)) from error
    finally:  # no draft stays behind: somebody in it may have taken their consent back
        shutil.rmtree(_draft_folder(release), ignore_errors=True)
    raise Failed(
        _("People changed their consent each time this was about to be finished. Ask again.")
    )


def _files_problem(error: OSError) -> str:
    if disk_space.was_lacking(error):
        return _("There was no room left on the disk, so nothing was kept. Ask again later.")
    return _("The files could not be written. The server's log says why.")


def build_once(*, release: DatasetRelease, work: Work) -> bool:
    """Select, write and freeze; False where somebody's consent changed in between."""
    draft = write_draft(release=release, work=work)
    return freeze(release=release, draft=draft, work=work)


class Draft:
    """A folder that is written and not yet frozen."""

    def __init__(self, folder: Path, chosen: Selection, package: Package) -> None:
        self.folder = folder
        self.package = package
        self.parent_id: uuid.UUID | None = None
        self.granted = {member: chosen.granting[member] for member in package.member_rows}


def write_draft(*, release: DatasetRelease, work: Work) -> Draft:
    """Select what may be released now and write it into a folder of its own."""
    parent = _parent(release)
    folder = _draft_folder(release)
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(mode=0o700, parents=True)
    try:
        wait_and_tie_late(study=release.study)
        text_checks.look(study=release.study, going_on=work.check)
        thresholds = Thresholds(float(release.least_p), float(release.least_margin))
        chosen = selection(
            study=release.study, purpose=release.purpose, going_on=work.check, thresholds=thresholds
        )
        package = build(
            chosen,
            secret=bytes(release.study.secret),
            folder=folder,
            edition=Edition(release.number, code_version(), _as_parent(parent)),
            scan_texts=partial(
                with_personal_data, helplines=helpline_numbers(), on_progress=work.check
            ),
            progress=work.progress,
        )
    except NothingToRelease as nothing:
        raise Failed(_nothing(nothing.dropped)) from nothing
    except ScanFailed as failed:
        log.exception("release %s", release.id)
        raise Failed(str(SCAN_SAYS)) from failed
    draft = Draft(folder, chosen, package)
    draft.parent_id = parent.id if parent else None
    return draft


def _draft_folder(release: DatasetRelease) -> Path:
    return Path(settings.RELEASES_DIR) / ".building" / str(release.id)


def _nothing(dropped: Counter[str]) -> str:
    if not dropped:
        return _("Nothing can be released yet: there are no judgements.")
    reasons = (f"{count} {drop_reason_text(reason)}" for reason, count in dropped.most_common())
    return ngettext(
        "Nothing can be released yet: there is %(count)d judgement, and it cannot be used"
        " (%(reasons)s).",
        "Nothing can be released yet: there are %(count)d judgements, and none can be used"
        " (%(reasons)s).",
        dropped.total(),
    ) % {"count": dropped.total(), "reasons": "; ".join(reasons)}


def _parent(release: DatasetRelease) -> DatasetRelease | None:
    """The release of the same purpose before this one."""
    earlier = queries.releases_of(study=release.study).frozen()
    return earlier.filter(purpose=release.purpose, number__lt=release.number).first()


def _as_parent(parent: DatasetRelease | None) -> dict[str, object] | None:
    if parent is None:
        return None
    return {"release": parent.number, "manifest_sha256": parent.manifest_sha256}


@transaction.atomic
def freeze(*, release: DatasetRelease, draft: Draft, work: Work) -> bool:
    """Make a draft the release, unless the consent of anybody in it has changed since.

    An import that ties prompts ends before; one that comes after finds which prompts are used.
    The study's row keeps a new consent version out until this ends, the members' rows keep each
    withdrawal out: it either came before, and is seen here, or comes after, and finds the frozen
    release to supersede. Order of locks: split groups, study, members, job, release.
    """
    lock_until_commit(Lock.SPLIT_GROUPS, release.study_id)
    if some_untied(study=release.study):
        return False
    _lock_for_share(Study._meta.db_table, [str(release.study_id)])
    _lock_for_share(Member._meta.db_table, sorted(draft.granted))
    now = granting(study=release.study, purpose=release.purpose)
    if any(now.get(member) != record for member, record in draft.granted.items()):
        return False
    work.lock()
    row = DatasetRelease.objects.select_for_update().get(id=release.id)
    final = Path(settings.RELEASES_DIR) / str(release.id)
    shutil.rmtree(final, ignore_errors=True)  # of a builder that died between rename and commit
    draft.folder.rename(final)
    package = draft.package
    transition(
        row,
        to=ReleaseState.FROZEN,
        actor=SYSTEM,
        changes={
            "frozen_at": timezone.now(),
            "parent_id": draft.parent_id,
            "selection_hash": package.manifest["selection_hash"],
            "manifest": package.manifest,
            "manifest_sha256": package.manifest_sha256,
            "has_examples": package.manifest["example_judgements"] > 0,
        },
        manifest_sha256=package.manifest_sha256,
        rows=package.manifest["rows"],
    )
    ReleaseMember.objects.bulk_create(
        ReleaseMember(release=row, member_id=member, rows=rows)
        for member, rows in sorted(package.member_rows.items())
    )
    work.finish()
    return True


def _lock_for_share(table: str, ids: list[str]) -> None:
    """Keep rows as they are until this transaction ends, without keeping other readers out."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT id FROM {table} WHERE id = ANY(%s::uuid[]) ORDER BY id FOR SHARE",  # noqa: S608
            [ids],
        )


KIND = register(
    Kind(
        name=queries.JOB,
        task="annotations.tasks.build_release",
        queue="exports",
        time_limit=4 * 3600,
        run=_build,
        moved=_moved,
        words=gettext_lazy("dataset release"),
        unit=gettext_lazy("judgements"),
        permission=SEE_RELEASES,
        most_attempts=MAX_BUILDS,
        cancels_at_once=True,
        cancelled_reason=CANCELLED_SAYS,
        page="annotations:release",
    )
)
