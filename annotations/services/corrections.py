"""Correct a judgement: a further revision, which alone counts from then on (decision 34).

Nothing is deleted, and the ledger is not touched: work is credited once, whatever its answers.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from dataclasses import dataclass

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy

from annotations.contract.unchecked import UncheckedSubmission
from annotations.models import Assignment, Flag, Judgement, ReviewDecision, Rewrite
from annotations.queries import assignments as queries
from annotations.queries import own_judgements
from annotations.rules.own_texts import OwnKind, Source
from annotations.rules.states import AssignmentState, FlagState
from annotations.services import assignments, judgements, own_texts, review  # noqa: F401 - machines
from annotations.services.judgements import Written
from codesign.audit import services as audit
from codesign.audit.registry import action
from codesign.consent import queries as consent
from codesign.shared.actors import SYSTEM, Actor
from codesign.shared.errors import Conflict, NoConsent
from codesign.shared.transition import transition
from codesign.studies.models import Member

CORRECTED = action("annotations.corrected", gettext_lazy("corrected a judgement"))
CHANGED = gettext_lazy(
    "You corrected this in the meantime, maybe in another window. Check your answers, then send"
    " them again."
)
NOT_SENT = gettext_lazy("You can only correct a judgement that you have sent.")
Reviewed = Rewrite | Flag


@dataclass(frozen=True)
class Corrected:
    """The latest revision. `repeated` if the same correction was stored before."""

    judgement: Judgement
    repeated: bool
    kept: tuple[Flag, ...] = ()
    """Reports that the correction left out and that stay, because a reviewer upheld them."""


@transaction.atomic
def correct(
    *, actor: Actor, assignment_id: uuid.UUID, revision: int, sent: UncheckedSubmission
) -> Corrected:
    """Store answers as the next revision of a judgement.

    `revision` is its number: one more than the revision that the person read. So a repeated request
    stores nothing twice, and of two windows the second is told. Raises Conflict if the judgement
    can no longer be corrected. Order of locks: member (also locked by a freeze), rewrites and flags
    (also locked by a review).
    """
    member = assignments.lock_member_of(actor=actor, assignment_id=assignment_id)
    assignment = queries.locked_own(member=member, assignment_id=assignment_id)
    record_id = consent.id_in_force(member_id=member.id)
    if record_id is None:
        raise NoConsent
    if assignment.state != AssignmentState.SUBMITTED:
        raise Conflict(str(NOT_SENT))
    if before := _repeated(assignment, revision, sent):
        return Corrected(before, repeated=True)
    latest = own_judgements.latest_of(assignment=assignment)
    if latest is None or revision != latest.revision + 1:
        raise Conflict(str(CHANGED))
    if why := own_judgements.settled(assignment=assignment, latest=latest):
        raise Conflict(str(why.label))
    submission = sent.checked(judgements.asked_of(member=member, assignment=assignment))
    judgement = Judgement(
        assignment=assignment,
        revision=revision,
        member=member,
        consent_record_id=record_id,
        active_ms=latest.active_ms,  # of judging, not of correcting
        submitted_at=timezone.now(),
        idempotency_key=f"revision {revision}",
        body_hash=sent.fingerprint(),
        example=latest.example,
    )
    written = judgements.write(judgement=judgement, submission=submission)
    kept = _carry_over(latest, judgement, written)
    audit.record(
        actor=actor,
        action=CORRECTED,
        study_id=assignment.study_id,
        about=("assignment", assignment.id, ""),
        data={"revision": revision},
    )
    return Corrected(judgement, repeated=False, kept=kept)


@transaction.atomic
def save_draft(
    *, actor: Actor, assignment_id: uuid.UUID, sent: UncheckedSubmission | None
) -> Assignment:
    """Keep what a person has corrected so far and not sent; None forgets it.

    Nobody else sees it, and nothing counts before it is sent. Raises Conflict if the judgement can
    no longer be corrected.
    """
    member = assignments.lock_member_of(actor=actor, assignment_id=assignment_id)
    assignment = queries.locked_own(member=member, assignment_id=assignment_id)
    if consent.id_in_force(member_id=member.id) is None:
        raise NoConsent
    if assignment.state != AssignmentState.SUBMITTED:
        raise Conflict(str(NOT_SENT))
    latest = own_judgements.latest_of(assignment=assignment)
    if why := own_judgements.settled(assignment=assignment, latest=latest):
        raise Conflict(str(why.label))
    assignment.draft = sent.as_draft() if sent else None
    assignment.draft_saved_at = timezone.now() if sent else None
    assignment.save(update_fields=["draft", "draft_saved_at"])
    return assignment


def _repeated(assignment: Assignment, revision: int, sent: UncheckedSubmission) -> Judgement | None:
    """Return the revision of that number if it is the same correction. Raises Conflict if not."""
    corrections = Judgement.objects.corrections().filter(assignment=assignment)
    before = next((one for one in corrections if one.revision == revision), None)
    if before and before.body_hash != sent.fingerprint():
        raise Conflict(str(CHANGED))
    return before


def _carry_over(latest: Judgement, judgement: Judgement, written: Written) -> tuple[Flag, ...]:
    """Let what the correction left as it was keep its review and its privacy.

    A changed rewrite or report is reviewed anew. A report that a reviewer upheld stays, because
    the decision is the reviewer's; the reports that were added for this are returned.
    """
    earlier = {_place(row): row for row in _locked(latest)}
    kept = _upheld_and_left_out(earlier, judgement, written)
    same: list[tuple[Reviewed, Reviewed]] = []
    rows: list[Reviewed] = [*written.rewrites, *written.flags, *kept]
    for row in rows:
        before = earlier.get(_place(row))
        if before and _content(before) == _content(row):
            same.append((before, row))
    for before, row in same:
        _keep_decision(before, row)
    _keep_privacy(latest, judgement, written, same)
    return kept


def _locked(latest: Judgement) -> Iterator[Reviewed]:
    """Yield the rewrites and flags of a revision, locked, so that no review decides meanwhile."""
    for rows in (latest.rewrites, latest.flags):
        yield from rows.select_for_update(no_key=True).order_by("id")


def _place(row: Reviewed) -> tuple[str, ...]:
    """Return what a judgement can contain once."""
    if isinstance(row, Rewrite):
        return "rewrite", str(row.response_id)
    return "flag", str(row.response_id), row.harm


def _content(row: Reviewed) -> tuple[object, ...]:
    return (row.text,) if isinstance(row, Rewrite) else (row.severity, row.note)


def _upheld_and_left_out(
    earlier: dict[tuple[str, ...], Reviewed], judgement: Judgement, written: Written
) -> tuple[Flag, ...]:
    sent = {_place(row) for row in written.flags}
    return tuple(
        Flag.objects.bulk_create(
            Flag(
                study_id=row.study_id,
                judgement=judgement,
                response_id=row.response_id,
                harm=row.harm,
                severity=row.severity,
                note=row.note,
                example=row.example,
            )
            for place, row in earlier.items()
            if isinstance(row, Flag) and row.state == FlagState.UPHELD and place not in sent
        )
    )


def _keep_decision(before: Reviewed, row: Reviewed) -> None:
    """Move a row to the state of the same row of the revision before, with its decision."""
    if row.state == before.state:
        return
    about = "rewrite" if isinstance(before, Rewrite) else "flag"
    decisions = ReviewDecision.objects.filter(**{about: before}).order_by("-created_at", "-id")
    last = decisions.select_related("reviewer").first()
    transition(
        row,
        to=before.state,
        actor=SYSTEM,
        reviewer=last and last.reviewer,
        note=last.note if last else "",
        example=row.example,
    )


def _keep_privacy(
    latest: Judgement,
    judgement: Judgement,
    written: Written,
    same: list[tuple[Reviewed, Reviewed]],
) -> None:
    """Let texts keep what their author decided about them; look at the other texts anew."""
    unchanged: dict[tuple[OwnKind, uuid.UUID], uuid.UUID] = {}
    for before, row in same:
        kind = OwnKind.REWRITE if isinstance(row, Rewrite) else OwnKind.FLAG_NOTE
        unchanged[kind, before.id] = row.id
    if latest.comment == judgement.comment:
        unchanged[OwnKind.COMMENT, latest.id] = judgement.id
    if latest.highlights == judgement.highlights:
        unchanged[OwnKind.HIGHLIGHTS, latest.id] = judgement.id
    member: Member = judgement.member
    own_texts.carry_over(member=member, same=unchanged)
    known = {(kind, row) for (kind, _row), row in unchanged.items()}
    changed = [text for text in written.texts if text[:2] not in known]
    own_texts.keep_private(member=member, source=Source.JUDGEMENT, about=judgement.id, sent=changed)
