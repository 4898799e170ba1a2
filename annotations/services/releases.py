"""Request, build, freeze and cancel dataset releases."""

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
from annotations.queries.helplines import numbers_known_to
from annotations.queries.own_judgements import corrections_in
from annotations.queries.selection import granting, linkable, selection
from annotations.rules.releases import (
    ANY_LEAST,
    MAX_BUILDS,
    LeastAsked,
    drop_reason_text,
    folder_problem,
    least_problems,
)
from annotations.rules.states import ReleasePurpose, ReleaseState
from annotations.services import release_states, text_checks
from annotations.services.late_grouping import some_ungrouped, wait_and_group_late
from codesign.jobs.models import Job
from codesign.jobs.queries import job_about
from codesign.jobs.registry import Change, Failed, Kind, register
from codesign.jobs.rules import JobState
from codesign.jobs.services import queueing
from codesign.jobs.services.working import Work, run_to_end
from codesign.shared import disk_space
from codesign.shared.actors import SYSTEM, Actor
from codesign.shared.advisory_locks import Lock, lock_until_commit
from codesign.shared.errors import Conflict, Invalid
from codesign.shared.transition import Move, transition
from codesign.studies.locks import lock_study
from codesign.studies.models import Member, Study
from codesign.studies.permissions import require

log = logging.getLogger(__name__)

CANCELLED_SAYS = gettext_lazy("It was cancelled before it was finished.")
SCAN_SAYS = gettext_lazy(
    "The scan for personal data failed, so nothing was released. Request the release again. If it "
    "fails again, check the log of the worker."
)


def request_release(
    *, actor: Actor, study: Study, purpose: str, least: LeastAsked = ANY_LEAST
) -> DatasetRelease:
    """Request a release, which a worker builds.

    Returns the release that is already queued if the same person requested it with the same purpose
    and thresholds, as after a double click.
    """
    with transaction.atomic():
        fields = _checked_and_locked(actor, study, purpose, least)
        queued = DatasetRelease.objects.filter(
            study=study,
            **fields,
            requested_by__isnull=False,
            requested_by_id=actor.user_id,
            state=ReleaseState.QUEUED,
        )
        return queued.first() or _new_row(actor, study, fields)[0]


def release_now(
    *,
    actor: Actor,
    study: Study,
    purpose: str,
    progress: Progress,
    least: LeastAsked = ANY_LEAST,
) -> DatasetRelease:
    """Request a release and build it in this process, for commands.

    Ctrl-C cancels it. If this process dies, a worker continues.
    """
    with transaction.atomic():
        fields = _checked_and_locked(actor, study, purpose, least)
        release, job = _new_row(actor, study, fields, here=True)
    run_to_end(actor=actor, job=job, listener=progress)
    release.refresh_from_db()
    return release


def _checked_and_locked(
    actor: Actor, study: Study, purpose: str, least: LeastAsked
) -> dict[str, Any]:
    """Return valid fields of a new release. Locks the study, so that numbers are consecutive."""
    require(actor, REQUEST_RELEASE, study)
    if problem := folder_problem(Path(settings.RELEASES_DIR)):  # training reads from there
        raise Conflict(problem)
    if purpose not in set(ReleasePurpose):
        raise Invalid(_("Choose a purpose."), {"purpose": [_("Choose from the list.")]})
    if problems := least_problems(least):
        raise Invalid(_("The least p, margin or median is out of range."), problems)
    lock_study(study_id=study.id)
    return {
        "purpose": purpose,
        "least_p": least.p,
        "least_margin": least.margin,
        "least_median": least.median,
    }


def _new_row(
    actor: Actor, study: Study, fields: dict[str, Any], *, here: bool = False
) -> tuple[DatasetRelease, Job]:
    last = DatasetRelease.objects.filter(study=study).aggregate(n=Max("number"))["n"] or 0
    release = DatasetRelease.objects.create(
        study=study, number=last + 1, requested_by_id=actor.user_id, **fields
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
    """Cancel a release immediately, even if a worker is building it."""
    require(actor, REQUEST_RELEASE, release.study)
    queueing.cancel(actor=actor, job=job_about(kind=queries.JOB, subject_id=release.id))


def _cancel_job(actor: Actor, job: Job) -> None:
    releases = DatasetRelease.objects.select_related("study")
    cancel(actor=actor, release=releases.get(id=job.subject_id))


def _moved(move: Move) -> None:
    """Update the state of the release after its job. `freeze` sets the final state."""
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
    """Build and freeze a release. Starts again if somebody's consent changes in the meantime."""
    release = DatasetRelease.objects.select_related("study").get(id=work.job.subject_id)
    try:
        for left in reversed(range(MAX_BUILDS)):
            if build_once(release=release, work=work, last=not left):
                return
    except OSError as error:
        log.exception("release %s", release.id)
        raise Failed(_files_problem(error)) from error
    finally:  # delete the draft, because somebody in it may have withdrawn consent
        shutil.rmtree(_draft_folder(release), ignore_errors=True)
    raise Failed(
        _("Consents changed each time this was almost finished. Request the release again.")
    )


def _files_problem(error: OSError) -> str:
    if disk_space.was_lacking(error):
        return _("The disk is full, so nothing was saved. Request the release again later.")
    return _("The files could not be written. Check the log of the server.")


def build_once(*, release: DatasetRelease, work: Work, last: bool = False) -> bool:
    """Select, write and freeze. Return False if consent or answers changed in between.

    `last` freezes despite corrections, which then count from the next release on. Otherwise a busy
    study would never have a release.
    """
    draft = write_draft(release=release, work=work)
    return freeze(release=release, draft=draft, work=work, despite_corrections=last)


class Draft:
    """A folder with the files of a release that is not frozen yet."""

    def __init__(self, folder: Path, chosen: Selection, package: Package) -> None:
        self.folder = folder
        self.package = package
        self.parent_id: uuid.UUID | None = None
        self.corrections: dict[str, int] = {}
        """Member id → number of their corrections before the selection."""
        self.granted = {member: chosen.granting[member] for member in package.member_rows}
        self.linkable = chosen.linkable.intersection(package.member_rows)


def write_draft(*, release: DatasetRelease, work: Work) -> Draft:
    """Select what may be released now and write it into a new folder."""
    parent = _parent(release)
    folder = _draft_folder(release)
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(mode=0o700, parents=True)
    try:
        wait_and_group_late(study=release.study)
        text_checks.look(study=release.study, going_on=work.check)
        corrections = corrections_in(study=release.study)
        median = release.least_median
        thresholds = Thresholds(
            float(release.least_p),
            float(release.least_margin),
            None if median is None else float(median),
        )
        chosen = selection(
            study=release.study, purpose=release.purpose, going_on=work.check, thresholds=thresholds
        )
        package = build(
            chosen,
            secret=bytes(release.study.secret),
            folder=folder,
            edition=Edition(release.number, code_version(), _as_parent(parent)),
            scan_texts=partial(
                with_personal_data,
                helplines=numbers_known_to(release.study),
                on_progress=work.check,
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
    draft.corrections = corrections
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
    """Return the previous release for the same purpose."""
    earlier = queries.releases_of(study=release.study).frozen()
    return earlier.filter(purpose=release.purpose, number__lt=release.number).first()


def _as_parent(parent: DatasetRelease | None) -> dict[str, object] | None:
    if parent is None:
        return None
    return {"release": parent.number, "manifest_sha256": parent.manifest_sha256}


@transaction.atomic
def freeze(
    *, release: DatasetRelease, draft: Draft, work: Work, despite_corrections: bool = False
) -> bool:
    """Freeze a draft, unless the consent or an answer of somebody in it changed.

    Returns whether it is frozen.

    The lock on the split groups waits for running imports; later ones see which prompts are used.
    The lock on the study delays new consent versions, and the locks on members delay withdrawals: a
    withdrawal is either already visible here, or it finds the frozen release and supersedes it.
    Likewise, a correction is either already visible here, or it finds the release and is refused.
    Who is in it was decided by `granting`; what counts as consent is
    `ConsentRecordQuerySet.eligible_for`.
    Order of locks: split groups, study, members, job, release.
    """
    lock_until_commit(Lock.SPLIT_GROUPS, release.study_id)
    if some_ungrouped(study=release.study):
        return False
    _lock_for_share(Study._meta.db_table, [str(release.study_id)])
    _lock_for_share(Member._meta.db_table, sorted(draft.granted))
    granted = granting(study=release.study, purpose=release.purpose)
    if any(granted.get(member) != record for member, record in draft.granted.items()):
        return False
    if draft.linkable != linkable(study=release.study).intersection(draft.granted):
        return False
    if not despite_corrections and _corrected_since(release, draft):
        return False
    work.lock()
    row = DatasetRelease.objects.select_for_update().get(id=release.id)
    final = Path(settings.RELEASES_DIR) / str(release.id)
    shutil.rmtree(
        final, ignore_errors=True
    )  # left by a builder that died between rename and commit
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


def _corrected_since(release: DatasetRelease, draft: Draft) -> bool:
    """Return whether somebody in the draft corrected a judgement after the selection began."""
    now = corrections_in(study=release.study)
    return any(now.get(member) != draft.corrections.get(member) for member in draft.granted)


def _lock_for_share(table: str, ids: list[str]) -> None:
    """Lock rows against changes until this transaction ends, but not against other readers."""
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
        cancel=Change(REQUEST_RELEASE, _cancel_job),
        page="annotations:release",
    )
)
