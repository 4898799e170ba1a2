"""What a member judged and skipped, for the member alone."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Count, Max, OuterRef, QuerySet, Subquery
from django.utils import timezone

from annotations.models import Assignment, DatasetRelease, Judgement, ReviewDecision, Rewrite
from annotations.queries.assignments import saw_in_review
from annotations.queries.own_texts import kept_private
from annotations.rules import own_judgements as rules
from annotations.rules.model_markup import readable, without_tokens
from annotations.rules.own_judgements import Earned, Settled
from annotations.rules.own_texts import OwnKind
from annotations.rules.states import USABLE, Ask, AssignmentState, RewriteState, SkipReason
from annotations.rules.work_states import work_state
from codesign.compensation.queries import ledger, reviews
from codesign.compensation.rules.work_states import WorkState
from codesign.shared.actors import Actor
from codesign.shared.errors import NotFound
from codesign.studies.models import Member, Study

NEWEST = ("-leased_at", "-id")


@dataclass(frozen=True, slots=True)
class OwnWork:
    """One assignment that its member judged or skipped."""

    assignment: Assignment
    asked: str
    """What the prompt asks last; empty if the member never opened the text."""
    earned: Earned
    state: WorkState
    revisions: int
    """Number of times that the member sent answers; 0 for a skip."""

    @property
    def id(self) -> uuid.UUID:
        """Return the id of the assignment."""
        return self.assignment.id

    @property
    def skipped(self) -> str:
        """Return the reason for skipping in words, or ""."""
        reason = self.assignment.skip_reason
        return str(SkipReason(reason).label) if reason else ""

    @property
    def sent_at(self) -> datetime:
        """Return when it was judged or skipped."""
        return self.assignment.ended_at or self.assignment.leased_at

    @property
    def can_take_back(self) -> bool:
        """Return whether it was sent in the last minutes (`rules.own_judgements`)."""
        return not self.skipped and rules.can_take_back(sent_at=self.sent_at, now=timezone.now())


@dataclass(frozen=True, slots=True)
class OwnJudgement:
    """One piece of own work with its answers, and whether they can still be corrected."""

    work: OwnWork
    judgement: Judgement | None
    """The latest revision; None for a skip."""
    settled: Settled | None
    sent_back: Sequence[str]
    """Notes of reviewers who sent a rewrite of the latest revision back."""

    @property
    def correction_so_far(self) -> dict[str, Any] | None:
        """Return what the member corrected since the latest revision and did not send."""
        saved_at = self.work.assignment.draft_saved_at
        if self.judgement is None or saved_at is None or saved_at <= self.judgement.submitted_at:
            return None
        return self.work.assignment.draft


def _person(actor: Actor) -> uuid.UUID:
    if actor.user_id is None:  # the system judges nothing
        raise NotFound
    return actor.user_id


def finished(*, actor: Actor, member: Member) -> QuerySet[Assignment]:
    """Return what a member judged and skipped, the newest first, with the prompts."""
    mine = Assignment.objects.ended().filter(member=member, member__user_id=_person(actor))
    return mine.select_related("prompt").order_by(*NEWEST)


def finished_in(
    *, actor: Actor, study: Study, since: datetime | None = None
) -> QuerySet[Assignment]:
    """Return what the actor judged and skipped in a study, all or since a time."""
    mine = Assignment.objects.ended().filter(study=study, member__user_id=_person(actor))
    if since:
        mine = mine.filter(ended_at__gte=since)
    return mine.select_related("prompt")


def works_of(*, actor: Actor, assignments: Sequence[Assignment]) -> list[OwnWork]:
    """Return these assignments of the actor with what they earned; one query and three of pay."""
    ids = [one.id for one in assignments]
    sent = Judgement.objects.filter(assignment__in=ids, member__user_id=_person(actor))
    revisions = dict(sent.values_list("assignment_id").annotate(Max("revision")))
    reversed_later = ledger.reversed_credits(about_kind="assignment", about_ids=ids)
    states = _states_of(assignments)
    return [
        OwnWork(
            assignment=one,
            asked="" if one.stayed_covered else _asked(one.prompt.messages),
            earned=rules.earned(
                amount_minor=one.amount_minor,
                is_work=not one.example and (not one.skip_reason or one.skip_paid),
                pay_check=one.pay_check,
                reversed_later=one.id in reversed_later,
            ),
            state=states[one.id],
            revisions=revisions.get(one.id, 0),
        )
        for one in assignments
    ]


def _states_of(assignments: Sequence[Assignment]) -> dict[uuid.UUID, WorkState]:
    """Return the states of assignments of one person, which may be of several studies."""
    states: dict[uuid.UUID, WorkState] = {}
    for study_id in {one.study_id for one in assignments}:
        of_study = [one for one in assignments if one.study_id == study_id]
        done = {("assignment", one.id): one.ended_at or one.leased_at for one in of_study}
        credited = reviews.states_of(study_id=study_id, done=done)
        for one in of_study:
            states[one.id] = work_state(
                state=one.state,
                shown=one.first_shown_at is not None,
                is_work=one.is_work,
                pay_check=one.pay_check,
                credited=credited["assignment", one.id],
            )
    return states


def revisions_of(*, actor: Actor, assignment_id: uuid.UUID) -> QuerySet[Judgement, uuid.UUID]:
    """Return the ids of all that the actor sent for an assignment, for use in other queries."""
    mine = Judgement.objects.filter(assignment=assignment_id, member__user_id=_person(actor))
    return mine.values_list("id", flat=True)


def own_judgement(*, actor: Actor, assignment_id: uuid.UUID) -> OwnJudgement:
    """Return finished work of the actor, even of a study that they left. Raises NotFound."""
    rows = Assignment.objects.ended().filter(id=assignment_id, member__user_id=_person(actor))
    assignment = rows.select_related("member__study", "prompt").first()
    if assignment is None:
        raise NotFound
    (work,) = works_of(actor=actor, assignments=[assignment])
    latest = latest_of(assignment=assignment)
    return OwnJudgement(
        work=work,
        judgement=latest,
        settled=settled(assignment=assignment, latest=latest),
        sent_back=_notes_of_sent_back(latest) if latest else [],
    )


def sent_back(*, actor: Actor, member: Member) -> list[uuid.UUID]:
    """Return the assignments of the member's rewrites that reviewers sent back; one query."""
    rewrites = Rewrite.objects.sent_back().of_latest_revisions()
    mine = rewrites.filter(study_id=member.study_id, judgement__member=member)
    if member.user_id != actor.user_id:
        return []
    return list(dict.fromkeys(mine.order_by("id").values_list("judgement__assignment", flat=True)))


def _notes_of_sent_back(latest: Judgement) -> list[str]:
    """Return the last note on each rewrite that was sent back, unless only its author sees it."""
    notes = ReviewDecision.objects.filter(
        rewrite=OuterRef("id"), new_state=RewriteState.SENT_BACK
    ).exclude(kept_private(OwnKind.REVIEW_NOTE))
    rewrites = Rewrite.objects.sent_back().filter(judgement=latest).order_by("id")
    last = notes.order_by("-created_at", "-id").values("note")[:1]
    return [note or "" for note in rewrites.values_list(Subquery(last), flat=True)]


def latest_of(*, assignment: Assignment) -> Judgement | None:
    """Return the latest revision for an assignment, with its rewrites and flags."""
    sent = Judgement.objects.filter(assignment=assignment).order_by("-revision")
    latest = sent.prefetch_related("rewrites", "flags").first()
    if latest:
        latest.assignment = assignment
    return latest


def settled(*, assignment: Assignment, latest: Judgement | None) -> Settled | None:
    """Return why an assignment's judgement can no longer be corrected, or None."""
    return rules.settled(
        in_release=_may_be_released(assignment),
        read_others=saw_in_review(member_id=assignment.member_id, prompt_id=assignment.prompt_id),
        revisions=latest.revision if latest else 0,
    )


def _may_be_released(assignment: Assignment) -> bool:
    """Return whether a frozen release may contain the judgement: it has work of its member.

    Held-out prompts are never released, nor is work whose pay is or was held unless a person then
    decided to use it: a release that was frozen before dropped it.
    """
    if assignment.state != AssignmentState.SUBMITTED or assignment.prompt.held_out:
        return False
    if assignment.pay_check not in USABLE:
        return False
    frozen = DatasetRelease.objects.frozen().filter(frozen_at__gte=assignment.ended_at)
    return frozen.filter(members__member=assignment.member_id).exists()


def corrections_in(*, study: Study) -> dict[str, int]:
    """Return member id → number of their corrections in a study, so that new ones are noticed."""
    made = Judgement.objects.corrections().filter(assignment__study=study)
    by_member = made.values_list("member_id").annotate(n=Count("id"))
    return {str(member): number for member, number in by_member}


def as_sent(*, judgement: Judgement) -> dict[str, Any]:
    """Return the answers in the form of a submission, with offsets of the text as shown."""
    responses = judgement.assignment.responses
    return {
        "ratings": judgement.ratings,
        "turn_ratings": judgement.turn_ratings or [],
        "ranking": judgement.ranking,
        "strength": judgement.strength,
        "all_harmful": judgement.all_harmful,
        "cannot_rank": _cannot_rank(judgement),
        "why": judgement.why or [],
        "rewrites": [
            {"response": str(row.response_id), "text": row.text}
            for row in sorted(judgement.rewrites.all(), key=lambda row: row.id)
        ],
        "highlights": [
            _as_shown(mark, responses[uuid.UUID(mark["response"])].text)
            for mark in judgement.highlights
        ],
        "flags": [
            {
                "response": str(row.response_id),
                "harm": row.harm,
                "severity": row.severity,
                "note": row.note,
            }
            for row in sorted(judgement.flags.all(), key=lambda row: row.id)
        ],
        "comment": judgement.comment,
    }


def _cannot_rank(judgement: Judgement) -> bool:
    """Return whether the person said so: only then a ranking that was asked for is empty."""
    asked = Ask.RANKING in judgement.assignment.asks
    return asked and not judgement.ranking and not judgement.all_harmful


def _as_shown(mark: Mapping[str, Any], source: str) -> dict[str, Any]:
    start, end = readable(source).in_text(mark["start"], mark["end"])
    return {**mark, "start": start, "end": end}


def _asked(messages: Sequence[Mapping[str, str]]) -> str:
    said = [turn["content"] for turn in messages if turn["role"] == "user"]
    return without_tokens(said[-1]) if said else ""
