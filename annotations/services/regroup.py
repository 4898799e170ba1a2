"""Compute the split groups of a study again, by the current rules.

A prompt that a frozen release has used keeps its side: its test data never becomes training data,
or the other way round. Other prompts join their group. If used prompts of the group are on several
sides, they join the side that is farthest from training.
"""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from itertools import count

from django.db import IntegrityError, connection, transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from annotations.models import DatasetRelease, MinhashBucket, Prompt, SplitGroupReason
from annotations.permissions import REGROUP, SEE_GROUPS
from annotations.rules.minhash import REPLY_WORDS, says_enough
from annotations.rules.prompts import first_group
from annotations.rules.split_groups import Groups, Places, Why, placed
from annotations.services.late_grouping import group_late
from annotations.services.minhash_buckets import TEXTS, write_signatures
from annotations.services.split_groups import AT_ONCE, SplitGroupBuilder
from annotations.services.split_sides import USED, side
from codesign.audit import services as audit
from codesign.audit.registry import action
from codesign.jobs.models import Job
from codesign.jobs.queries import job_about
from codesign.jobs.registry import Change, Kind, register
from codesign.jobs.services import queueing
from codesign.jobs.services.working import Listener, Work, run_to_end
from codesign.shared.actors import Actor
from codesign.shared.advisory_locks import Lock, lock_until_commit
from codesign.shared.batches import batched
from codesign.shared.errors import Conflict
from codesign.studies.locks import lock_study
from codesign.studies.models import Study
from codesign.studies.permissions import require

JOB = "regrouping"
REGROUPED = action(
    "annotations.regrouped", gettext_lazy("computed the split groups of prompts again")
)
PROMPTS = f"""
SELECT p.id, p.content_hash, p.split_group, p.held_out, {USED}
FROM annotations_prompt p WHERE p.study_id = %(study)s
"""  # noqa: S608
"""Every prompt, and whether a release has used it."""
FAMILIES = """
SELECT family, array_agg(DISTINCT content_hash) FROM annotations_prompt
WHERE study_id = %s AND family <> '' GROUP BY family HAVING count(DISTINCT content_hash) > 1
"""
REPLIES = """
SELECT min(r.text), array_agg(DISTINCT p.content_hash)
FROM annotations_response r JOIN annotations_prompt p ON p.id = r.prompt_id
WHERE p.study_id = %s GROUP BY r.text_hash HAVING count(DISTINCT p.content_hash) > 1
"""
MOVE = """
UPDATE annotations_prompt SET split_group = moved.target
FROM unnest(%s::uuid[], %s::uuid[]) AS moved (id, target) WHERE annotations_prompt.id = moved.id
"""


@dataclass(slots=True)
class Regrouped:
    """The numbers of prompts that changed."""

    prompts: int = 0
    moved: int = 0
    """Moved to another group."""
    freed: int = 0
    """No longer excluded from training by a held-out prompt of their group."""
    held_out: int = 0
    """Now excluded from training by a held-out prompt of their group."""
    stay: int = 0
    """Used by a release on another side than the rest of their group, so they stay there."""


Row = tuple[uuid.UUID, str, uuid.UUID, bool, bool]
Progress = Callable[[int, int], None]


def request(*, actor: Actor, study: Study, here: bool = False) -> Job:
    """Queue a job that computes the groups of a study (`here`: see `queueing.start`)."""
    require(actor, REGROUP, study)
    try:
        with transaction.atomic():
            return queueing.start(
                actor=actor, kind=KIND.name, subject_id=study.id, study_id=study.id, here=here
            )
    except IntegrityError as error:  # one unfinished job of a kind for each subject
        raise Conflict(_("The split groups of this study are already being computed.")) from error


def regroup_here(*, actor: Actor, study: Study, progress: Listener) -> Job:
    """Compute the groups in this process, for commands; return the job once it has ended."""
    return run_to_end(
        actor=actor, job=request(actor=actor, study=study, here=True), listener=progress
    )


def cancel(*, actor: Actor, study: Study) -> None:
    """Cancel the computation; the groups stay as they were."""
    require(actor, REGROUP, study)
    queueing.cancel(actor=actor, job=job_about(kind=KIND.name, subject_id=study.id))


def resume(*, actor: Actor, study: Study) -> None:
    """Compute the groups again after the job failed or was cancelled."""
    require(actor, REGROUP, study)
    queueing.resume(actor=actor, job=job_about(kind=KIND.name, subject_id=study.id))


def _study_of(job: Job) -> Study:
    return Study.objects.get(id=job.subject_id)


@transaction.atomic
def _run(work: Work) -> None:
    """Compute the groups, and end the job in the same transaction."""
    changes = regroup_prompts(
        actor=Actor(user_id=work.job.requested_by_id),
        study=_study_of(work.job),
        progress=work.progress,
    )
    work.finish(
        reason=_(
            "Prompts: %(prompts)d. In another group now: %(moved)d. No longer kept out of training "
            "by a held-out prompt: %(freed)d. Kept out by one from now on: %(held_out)d. Kept on "
            "their side because a release has used them, although they belong together with "
            "prompts on another side: %(stay)d."
        )
        % asdict(changes)
    )


@transaction.atomic
def regroup_prompts(
    *, actor: Actor, study: Study, progress: Progress = lambda _done, _total: None
) -> Regrouped:
    """Compute the groups of all prompts of a study, and the reasons, from their texts.

    Takes about as long as importing all prompts; imports wait for it. `progress` is called with the
    number of prompts read and written so far, and twice the number of prompts. If it raises an
    exception, the groups stay as they were. Repeating it changes nothing.
    """
    require(actor, REGROUP, study)
    lock_until_commit(Lock.SPLIT_GROUPS, study.id)
    lock_study(study_id=study.id)
    group_late(study=study)
    if DatasetRelease.objects.unfinished().filter(study=study).exists():
        raise Conflict(_("A release of this study is being built. Try again when it is finished."))
    prompts = Prompt.objects.filter(study=study).count()
    groups = _worked_out(study, lambda read: progress(min(read, prompts), 2 * prompts))
    places, held = _places(study, groups)
    changes = _write(
        study, groups, places, held, lambda written: progress(prompts + written, 2 * prompts)
    )
    _write_reasons(study, groups, places)
    audit.record(
        actor=actor,
        action=REGROUPED,
        study_id=study.id,
        about=("study", study.id, study.title),
        data=asdict(changes),
    )
    return changes


def _worked_out(study: Study, progress: Callable[[int], None]) -> Groups:
    MinhashBucket.objects.filter(study=study).delete()
    read = count(0, TEXTS)
    intake = write_signatures(study=study, sign=lambda: progress(next(read)))
    builder = SplitGroupBuilder(study, intake=intake)
    all_read = next(read)
    builder.work_out(lambda: progress(all_read))
    with connection.cursor() as cursor:
        cursor.execute(FAMILIES, [study.id])
        for _family, contents in cursor:
            _join(study, builder.groups, contents, Why.FAMILY)
    with connection.chunked_cursor() as cursor:
        cursor.execute(REPLIES, [study.id])
        for text, contents in cursor:
            if says_enough(text, REPLY_WORDS):
                _join(study, builder.groups, contents, Why.REPLY)
    return builder.groups


def _join(study: Study, groups: Groups, contents: list[str], why: Why) -> None:
    first, *others = (first_group(study.id, content) for content in contents)
    for other in others:
        groups.join(first, other, why)


def _prompts(study: Study) -> Iterator[Row]:
    with connection.chunked_cursor() as cursor:
        cursor.execute(PROMPTS, {"study": study.id})
        yield from cursor


def _places(study: Study, groups: Groups) -> tuple[dict[uuid.UUID, Places], set[uuid.UUID]]:
    """Return places for groups with used prompts, and the groups with held-out prompts."""
    sides: dict[uuid.UUID, set[str]] = defaultdict(set)
    held: set[uuid.UUID] = set()
    for _id, content, group, held_out, used in _prompts(study):
        new = groups.of(first_group(study.id, content))
        if held_out:
            held.add(new)
        elif used:
            sides[new].add(side(study=study, group=group))
    places = {
        group: placed(
            group, used=used, held_out=group in held, side_of=lambda id: side(study=study, group=id)
        )
        for group, used in sides.items()
    }
    return places, held


def _write(
    study: Study,
    groups: Groups,
    places: dict[uuid.UUID, Places],
    held: set[uuid.UUID],
    progress: Callable[[int], None],
) -> Regrouped:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT DISTINCT split_group FROM annotations_prompt WHERE study_id = %s AND held_out",
            [study.id],
        )
        held_before = {group for (group,) in cursor}
    changes = Regrouped()
    for rows in batched(_prompts(study), AT_ONCE):
        moved: list[tuple[uuid.UUID, uuid.UUID]] = []
        for id, content, group, held_out, used in rows:
            tied = groups.of(first_group(study.id, content))
            place = places.get(tied)
            new = place.others if place else tied
            if place and used:
                new = place.used[side(study=study, group=group)]
                changes.stay += place.apart
            changes.prompts += 1
            if new != group:
                moved.append((id, new))
            before, after = group in held_before, tied in held and not (place and used)
            changes.freed += before and not after and not held_out
            changes.held_out += after and not before and not held_out
        changes.moved += len(moved)
        if moved:
            ids, targets = zip(*moved, strict=True)
            with connection.cursor() as cursor:
                cursor.execute(MOVE, [list(ids), list(targets)])
        progress(changes.prompts)
    return changes


def _write_reasons(study: Study, groups: Groups, places: dict[uuid.UUID, Places]) -> None:
    SplitGroupReason.objects.filter(study=study).delete()
    rows = (
        SplitGroupReason(study=study, split_group=target, reason=why)
        for group, why in groups.reasons()
        for target in (_targets(places[group]) if group in places else {group})
    )
    for some in batched(rows, AT_ONCE):
        SplitGroupReason.objects.bulk_create(some)


def _targets(place: Places) -> set[uuid.UUID]:
    return {place.others, *place.used.values()}


KIND = register(
    Kind(
        name=JOB,
        task="annotations.tasks.regroup_prompts",
        queue="exports",
        time_limit=3600,
        run=_run,
        words=gettext_lazy("computing of split groups"),
        unit=gettext_lazy("prompts read and written"),
        permission=SEE_GROUPS,
        cancel=Change(REGROUP, lambda actor, job: cancel(actor=actor, study=_study_of(job))),
        resume=Change(REGROUP, lambda actor, job: resume(actor=actor, study=_study_of(job))),
    )
)
