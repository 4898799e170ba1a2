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
from django.utils.translation import ngettext

from annotations.datasets.plumbing.build import NothingToRelease, Package, Progress, build
from annotations.datasets.plumbing.manifest import Edition, code_version
from annotations.datasets.plumbing.personal_data_scan import ScanFailed, with_personal_data
from annotations.datasets.plumbing.selection import Selection
from annotations.datasets.policy.snapshot import Thresholds
from annotations.models import DatasetRelease, ReleaseMember
from annotations.permissions import REQUEST_RELEASE
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
from annotations.rules.states import (
    RELEASE_STATES,
    UNFINISHED_RELEASES,
    ReleasePurpose,
    ReleaseState,
)
from annotations.services import release_progress, text_checks
from annotations.services.release_progress import Cancelled
from codesign.audit import services as audit
from codesign.audit.registry import action
from codesign.shared import disk_space
from codesign.shared.actors import SYSTEM, Actor
from codesign.shared.advisory_locks import Lock, lock_session, try_lock_session, unlock_session
from codesign.shared.errors import Conflict, Invalid
from codesign.shared.jobs import enqueue
from codesign.studies.locks import lock_study
from codesign.studies.models import Member, Study
from codesign.studies.permissions import require

log = logging.getLogger(__name__)

REQUESTED = action("annotations.release_requested", "asked for a dataset release")
FROZEN = action("annotations.release_frozen", "froze a dataset release")
FAILED = action("annotations.release_failed", "could not build a dataset release")
CANCELLED = action("annotations.release_cancelled", "cancelled the making of a dataset release")

CANCELLED_SAYS = "It was cancelled before it was finished."
SCAN_SAYS = (
    "The program that looks for personal data ended too early, so nothing is released. "
    "Ask again; if it happens again, look at the worker's log."
)


class CannotBuild(Exception):
    """A build ended without a release; the sentence is for the person who asked."""


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
        release = asked.first() or _new_row(actor=actor, study=study, **wanted)
        enqueue("annotations.tasks.build_release", release.id)
    return release


def release_now(
    *,
    actor: Actor,
    study: Study,
    purpose: str,
    progress: Progress,
    least: LeastAsked = ANY_LEAST,
) -> DatasetRelease:
    """Ask for a release and build it here and now, for commands.

    When this process dies, the timer has a worker go on.
    """
    with transaction.atomic():
        wanted = _checked_and_locked(actor, study, purpose, least)
        release = _new_row(actor=actor, study=study, **wanted)
    build_release(release_id=release.id, progress=progress, wait=True)
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


def _new_row(*, actor: Actor, study: Study, **wanted: Any) -> DatasetRelease:
    last = DatasetRelease.objects.filter(study=study).aggregate(n=Max("number"))["n"] or 0
    release = DatasetRelease.objects.create(
        study=study, number=last + 1, requested_by_id=actor.user_id, **wanted
    )
    tell_trail(what=REQUESTED, release=release, actor=actor)
    return release


@transaction.atomic
def cancel(*, actor: Actor, release: DatasetRelease) -> DatasetRelease:
    """Stop the making of a release: at once where it waits, in a moment where it is built."""
    require(actor, REQUEST_RELEASE, release.study)
    row = DatasetRelease.objects.select_for_update().get(id=release.id)
    if row.state not in UNFINISHED_RELEASES:
        raise Conflict("This release is not being made any more.")
    row.state = RELEASE_STATES.check(row.state, ReleaseState.FAILED)
    row.error = CANCELLED_SAYS
    row.save(update_fields=["state", "error"])
    tell_trail(what=CANCELLED, release=row, actor=actor)
    return row


def tell_trail(
    *, what: str, release: DatasetRelease, actor: Actor = SYSTEM, **data: object
) -> None:
    """Write in the audit trail what was done with a release."""
    audit.record(
        actor=actor,
        action=what,
        study_id=release.study_id,
        about=("dataset_release", release.id, f"Release {release.number}"),
        data={"purpose": release.purpose, **data},
    )


# --- building ------------------------------------------------------------------------------------


def build_release(
    *, release_id: uuid.UUID, progress: Progress | None = None, wait: bool = False
) -> None:
    """Build a release that waits; does nothing where it is done or somebody else builds it.

    One builder at a time holds an advisory lock of its connection. When it dies, the database
    lets go, and the next ring starts the build anew. `wait` stands in line instead.
    """
    if not _take_lock(release_id, wait=wait):
        return
    try:
        if _begin(release_id):
            _build_or_fail(release_id, progress or _no_listener)
    finally:
        unlock_session(Lock.BUILD_RELEASE, release_id)


def _no_listener(done: int, total: int) -> None:
    """Progress that nobody watches but the database."""


def _take_lock(release_id: uuid.UUID, *, wait: bool) -> bool:
    if wait:
        lock_session(Lock.BUILD_RELEASE, release_id)
        return True
    return try_lock_session(Lock.BUILD_RELEASE, release_id)


@transaction.atomic
def _begin(release_id: uuid.UUID) -> bool:
    """Mark it as building; False where there is nothing to do any more."""
    release = DatasetRelease.objects.select_for_update().get(id=release_id)
    if release.state not in UNFINISHED_RELEASES:
        return False
    if release.builds >= MAX_BUILDS:
        _fail(release, "The program that built this was stopped again and again. Look at its log.")
        return False
    if release.state == ReleaseState.BUILDING:  # its builder died
        release.state = RELEASE_STATES.check(release.state, ReleaseState.QUEUED)
    release.state = RELEASE_STATES.check(release.state, ReleaseState.BUILDING)
    release.builds += 1
    release.building_since = timezone.now()
    release.rows_done = release.rows_total = 0
    release.save(update_fields=["state", "builds", "building_since", "rows_done", "rows_total"])
    return True


def _build_or_fail(release_id: uuid.UUID, progress: Progress) -> None:
    release = DatasetRelease.objects.select_related("study").get(id=release_id)
    try:
        for _ in range(MAX_BUILDS):
            if build_once(release=release, progress=progress):
                return
        raise CannotBuild(
            "People changed their consent each time this was about to be finished. Ask again."
        )
    except Cancelled:
        return
    except CannotBuild as stop:
        sentence = str(stop)
    except OSError as error:
        log.exception("release %s", release.id)
        sentence = "The files could not be written. The server's log says why."
        if disk_space.was_lacking(error):
            sentence = "There was no room left on the disk, so nothing was kept. Ask again later."
    finally:  # no draft stays behind: somebody in it may have taken their consent back
        shutil.rmtree(_draft_folder(release), ignore_errors=True)
    with transaction.atomic():
        release = DatasetRelease.objects.select_for_update().get(id=release_id)
        if release.state == ReleaseState.BUILDING:
            _fail(release, sentence)


def _fail(release: DatasetRelease, sentence: str) -> None:
    release.state = RELEASE_STATES.check(release.state, ReleaseState.FAILED)
    release.error = sentence[:500]
    release.save(update_fields=["state", "error"])
    tell_trail(what=FAILED, release=release, reason=release.error)


def build_once(*, release: DatasetRelease, progress: Progress) -> bool:
    """Select, write and freeze; False where somebody's consent changed in between."""
    return freeze(release=release, draft=write_draft(release=release, progress=progress))


class Draft:
    """A folder that is written and not yet frozen."""

    def __init__(self, folder: Path, chosen: Selection, package: Package) -> None:
        self.folder = folder
        self.package = package
        self.parent_id: uuid.UUID | None = None
        self.granted = {member: chosen.granting[member] for member in package.member_rows}


def write_draft(*, release: DatasetRelease, progress: Progress) -> Draft:
    """Select what may be released now and write it into a folder of its own."""
    row = release_progress.wanted(release=release)
    going_on = release_progress.stopped_by_cancelling(row=row)
    parent = _parent(release)
    folder = _draft_folder(release)
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(mode=0o700, parents=True)
    try:
        text_checks.look(study=release.study, going_on=going_on)
        thresholds = Thresholds(float(release.least_p), float(release.least_margin))
        chosen = selection(
            study=release.study, purpose=release.purpose, going_on=going_on, thresholds=thresholds
        )
        package = build(
            chosen,
            secret=bytes(release.study.secret),
            folder=folder,
            edition=Edition(release.number, code_version(), _as_parent(parent)),
            scan_texts=partial(
                with_personal_data, helplines=helpline_numbers(), on_progress=going_on
            ),
            progress=release_progress.told_to_database(row=row, listener=progress),
        )
    except NothingToRelease as nothing:
        raise CannotBuild(_nothing(nothing.dropped)) from nothing
    except ScanFailed as failed:
        log.exception("release %s", release.id)
        raise CannotBuild(SCAN_SAYS) from failed
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
def freeze(*, release: DatasetRelease, draft: Draft) -> bool:
    """Make a draft the release, unless the consent of anybody in it has changed since.

    The study's row keeps a new consent version out until this ends, the members' rows keep each
    withdrawal out: it either came before, and is seen here, or comes after, and finds the frozen
    release to supersede. Order of locks: study, members, release.
    """
    _lock_for_share(Study._meta.db_table, [str(release.study_id)])
    _lock_for_share(Member._meta.db_table, sorted(draft.granted))
    now = granting(study=release.study, purpose=release.purpose)
    if any(now.get(member) != record for member, record in draft.granted.items()):
        return False
    row = DatasetRelease.objects.select_for_update().get(id=release.id)
    if row.state not in UNFINISHED_RELEASES:
        raise Cancelled
    final = Path(settings.RELEASES_DIR) / str(release.id)
    shutil.rmtree(final, ignore_errors=True)  # of a builder that died between rename and commit
    draft.folder.rename(final)
    package = draft.package
    row.state = RELEASE_STATES.check(row.state, ReleaseState.FROZEN)
    row.frozen_at = timezone.now()
    row.parent_id = draft.parent_id
    row.selection_hash = package.manifest["selection_hash"]
    row.manifest, row.manifest_sha256 = package.manifest, package.manifest_sha256
    row.has_examples = package.manifest["example_judgements"] > 0
    row.save(
        update_fields=[
            "state",
            "frozen_at",
            "parent",
            "selection_hash",
            "manifest",
            "manifest_sha256",
            "has_examples",
        ]
    )
    ReleaseMember.objects.bulk_create(
        ReleaseMember(release=row, member_id=member, rows=rows)
        for member, rows in sorted(package.member_rows.items())
    )
    tell_trail(
        what=FROZEN, release=row, manifest_sha256=row.manifest_sha256, rows=package.manifest["rows"]
    )
    return True


def _lock_for_share(table: str, ids: list[str]) -> None:
    """Keep rows as they are until this transaction ends, without keeping other readers out."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT id FROM {table} WHERE id = ANY(%s::uuid[]) ORDER BY id FOR SHARE",  # noqa: S608
            [ids],
        )


def ring_releases() -> int:
    """Ring for every release that waits and that no builder holds; returns how many.

    While another is built, those that were never begun are left in their line: each was rung for
    when it was asked for, and a long build would find a message more from every beat.
    """
    waiting = list(queries.waiting())
    free = [release for release in waiting if _nobody_builds(release.id)]
    if len(free) < len(waiting):
        free = [release for release in free if release.state != ReleaseState.QUEUED]
    for release in free:
        enqueue("annotations.tasks.build_release", release.id)
    return len(free)


def _nobody_builds(release_id: uuid.UUID) -> bool:
    if free := _take_lock(release_id, wait=False):
        unlock_session(Lock.BUILD_RELEASE, release_id)
    return free
