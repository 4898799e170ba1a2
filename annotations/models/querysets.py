"""Rules about rows. Each has one name here, which all code uses (decision 28).

A rule about a row that another row refers to is a function of the path to it:
`Flag.objects.filter(in_use("response"))`.
"""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

from django.db import models
from django.db.models import Exists, F, OuterRef, Q
from django.db.models.functions import Now

from annotations.rules.states import (
    CREDITED,
    FROZEN_RELEASES,
    OPEN_FLAGS,
    OPEN_REWRITES,
    UNFINISHED_RELEASES,
    AssignmentState,
    ItemKind,
    PayCheck,
    ReleaseState,
    RewriteState,
    RoundKind,
    RoundState,
)
from annotations.rules.topics import HEAVIEST, Choice
from codesign.consent.models import ConsentRecord
from codesign.consent.rules import Purpose

if TYPE_CHECKING:
    from annotations.models.assignments import Assignment  # noqa: F401
    from annotations.models.judgements import Flag, Judgement, Rewrite  # noqa: F401
    from annotations.models.prompts import Prompt, Response  # noqa: F401
    from annotations.models.releases import DatasetRelease  # noqa: F401
    from annotations.models.rounds import Round, Seat  # noqa: F401


def in_use(path: str = "") -> Q:
    """Return the condition that a prompt or response was not withdrawn."""
    return Q(**{f"{path}__withdrawn_at" if path else "withdrawn_at": None})


def withdrawn(path: str = "") -> Q:
    """Return the condition that a prompt or response was withdrawn."""
    return Q(**{f"{path}__withdrawn_at__isnull" if path else "withdrawn_at__isnull": False})


class PromptQuerySet(models.QuerySet["Prompt"]):
    """Prompts, by what they may be used for."""

    def in_use(self) -> PromptQuerySet:
        """Those that were not withdrawn."""
        return self.filter(in_use())

    def for_judging(self) -> PromptQuerySet:
        """Those in use from which training data may come: held-out prompts are not among them."""
        return self.filter(held_out=False).in_use()

    def for_comparisons(self) -> PromptQuerySet:
        """Those in use on which models are compared: held-out prompts alone."""
        return self.filter(held_out=True).in_use()


class ResponseQuerySet(models.QuerySet["Response"]):
    """Responses, by whether they may be given to people."""

    def in_use(self) -> ResponseQuerySet:
        """Those that were not withdrawn; their prompts may have been."""
        return self.filter(in_use())


class RoundQuerySet(models.QuerySet["Round"]):
    """Rounds, by what they are for and whether assignments come from them."""

    def judging(self) -> RoundQuerySet:
        """Those that make training data."""
        return self.filter(kind=RoundKind.JUDGING)

    def open(self) -> RoundQuerySet:
        """Those from which assignments come now."""
        return self.filter(state=RoundState.OPEN)


class SeatQuerySet(models.QuerySet["Seat"]):
    """Seats, by the members they may be given to."""

    def not_had_by(self, member_id: uuid.UUID) -> SeatQuerySet:
        """Those whose prompt is new to a member.

        A prompt is not new if they had its task (and did not let the lease expire or put it off),
        skipped the prompt, or read in review what others wrote about it.

        Uses NOT IN, for which PostgreSQL builds a hash table of what the member had. NOT EXISTS
        became a nested loop when the planner had no statistics of the table: quadratic in the work
        of the member, because further seats of their own tasks are first in the queue.
        """
        from annotations.models.assignments import Assignment
        from annotations.models.judgements import SeenInReview

        mine = Assignment.objects.filter(member_id=member_id)
        return self.filter(
            ~Q(task_id__in=mine.had().values("task_id")),
            ~Q(task__prompt_id__in=mine.skipped_for_good().values("prompt_id")),
            ~Q(
                task__prompt_id__in=SeenInReview.objects.filter(member_id=member_id).values(
                    "prompt_id"
                )
            ),
        )

    def not_refused_by(self, member_id: uuid.UUID) -> SeatQuerySet:
        """Those without a topic that a member never wants to see.

        The refused topics are read once, as an array; each seat that may be next needs its prompt.
        A condition by EXISTS became a hash table of all prompts.
        """
        from annotations.models.topics import TopicChoice

        refused = TopicChoice.objects.filter(member_id=member_id, choice=Choice.NEVER)
        return self.filter(~Q(task__prompt__topics__overlap=refused.values("topic")))

    def not_put_off_by(self, member_id: uuid.UUID) -> SeatQuerySet:
        """Those whose task a member has not put off until another day."""
        from annotations.models.assignments import Assignment

        put_off = Assignment.objects.filter(member_id=member_id, later_until__gt=Now())
        return self.filter(~Q(task_id__in=put_off.values("task_id")))

    def not_heaviest(self) -> SeatQuerySet:
        """Those whose prompt does not have the highest intensity."""
        return self.filter(task__prompt__intensity__lt=HEAVIEST)

    def offered_to(self, *, member_id: uuid.UUID, cohort_id: uuid.UUID | None) -> SeatQuerySet:
        """Offered seats of a cohort that the member may have now, in queue order.

        Evaluation rounds come first, then the task nearest to completion.
        """
        new = self.not_had_by(member_id).not_refused_by(member_id).not_put_off_by(member_id)
        seats = new.filter(offered=True, cohort=cohort_id)
        return seats.order_by(F("first").desc(), F("number").desc(), "shuffle")

    def waiting_for(self, *, member_id: uuid.UUID, cohort_id: uuid.UUID | None) -> SeatQuerySet:
        """`offered_to`, without evaluation rounds for members who do not allow evaluation.

        Their answers could not be used. `services.seats` draws which kind a lease takes first.
        """
        seats = self.offered_to(member_id=member_id, cohort_id=cohort_id)
        return seats.of_kinds_allowed_by(member_id)

    def of_kinds_allowed_by(self, member_id: uuid.UUID) -> SeatQuerySet:
        """Those that are not of evaluation rounds, and all if the member allows evaluation."""
        tests = ConsentRecord.objects.filter(member_id=member_id).eligible_for(Purpose.EVALUATION)
        return self.filter(Q(first=False) | Exists(tests))


WORK = Q(state=AssignmentState.SUBMITTED) | Q(skip_paid=True)
"""A judgement, or a skip that is paid, even if it was undone afterwards."""
PAID = WORK & Q(pay_check__in=CREDITED)
"""Work that the ledger credits; not if its pay is held or was refused."""
PAY_HELD = Q(pay_check=PayCheck.HELD)
"""Work whose pay a person checks before it is credited."""
ENDED = Q(state__in=[AssignmentState.SUBMITTED, AssignmentState.SKIPPED])
"""Judged or skipped."""


class AssignmentQuerySet(models.QuerySet["Assignment"]):
    """Assignments, by how they ended and whether they are paid."""

    def leased(self) -> AssignmentQuerySet:
        """Those that somebody holds now."""
        return self.filter(state=AssignmentState.LEASED)

    def submitted(self) -> AssignmentQuerySet:
        """Those with a judgement."""
        return self.filter(state=AssignmentState.SUBMITTED)

    def skipped_for_good(self) -> AssignmentQuerySet:
        """Those that were skipped and do not come back, paid or not."""
        return self.filter(state=AssignmentState.SKIPPED, later_until=None)

    def ended(self) -> AssignmentQuerySet:
        """Those that were judged or skipped."""
        return self.filter(ENDED)

    def had(self) -> AssignmentQuerySet:
        """All but those whose lease ended before anything was sent, and those put off."""
        return self.exclude(state=AssignmentState.EXPIRED).filter(later_until=None)

    def opened(self) -> AssignmentQuerySet:
        """Those that did not stay covered by their content note."""
        return self.exclude(~Q(state=AssignmentState.SUBMITTED), covered=True)

    def paid(self) -> AssignmentQuerySet:
        """Work of people that the ledger credits."""
        return self.by_people().filter(PAID, amount_minor__gt=0)

    def skips_undone(self) -> AssignmentQuerySet:
        """Return paid skips that the person has undone. The text pays nothing more."""
        return self.filter(state=AssignmentState.EXPIRED, skip_paid=True)

    def pay_held(self) -> AssignmentQuerySet:
        """Work whose pay a person checks before it is credited."""
        return self.filter(PAY_HELD)

    def by_people(self) -> AssignmentQuerySet:
        """Those that are not examples made by a program."""
        return self.filter(example=False)


def is_latest(path: str = "") -> Q:
    """Return the condition that a judgement is the latest revision, which alone counts.

    The partial index of corrections answers it, as almost all judgements have one revision.
    """
    from annotations.models.judgements import Judgement

    of = f"{path}__" if path else ""
    newer = Judgement.objects.corrections().filter(
        assignment=OuterRef(f"{of}assignment"), revision__gt=OuterRef(f"{of}revision")
    )
    return ~Q(Exists(newer))


class JudgementQuerySet(models.QuerySet["Judgement"]):
    """Judgements, by whether their members have corrected them."""

    def latest_revisions(self) -> JudgementQuerySet:
        """Those that count: all but the ones that a later revision replaces."""
        return self.filter(is_latest())

    def replaced(self) -> JudgementQuerySet:
        """Those that a later revision replaces."""
        return self.filter(~is_latest())

    def corrections(self) -> JudgementQuerySet:
        """Those that replace what was sent first."""
        return self.filter(revision__gt=1)


def _texts_in_use() -> Q:
    return in_use("response") & in_use("response__prompt")


class RewriteQuerySet(models.QuerySet["Rewrite"]):
    """Rewrites, by their review."""

    def open(self) -> RewriteQuerySet:
        """Those that wait for a review."""
        return self.filter(state__in=OPEN_REWRITES)

    def decided(self) -> RewriteQuerySet:
        """Those that a review accepted, held back or sent back."""
        return self.exclude(state__in=OPEN_REWRITES)

    def sent_back(self) -> RewriteQuerySet:
        """Those that a review sent back to their authors."""
        return self.filter(state=RewriteState.SENT_BACK)

    def of_votes(self) -> RewriteQuerySet:
        """Those that may be released: repeats, training and attention items are no votes."""
        return self.filter(judgement__assignment__item_kind=ItemKind.ORDINARY)

    def of_texts_in_use(self) -> RewriteQuerySet:
        """Those whose response and prompt were not withdrawn."""
        return self.filter(_texts_in_use())

    def of_latest_revisions(self) -> RewriteQuerySet:
        """Those that their authors have not replaced by a correction."""
        return self.filter(is_latest("judgement"))


class FlagQuerySet(models.QuerySet["Flag"]):
    """Flags, by their review."""

    def open(self) -> FlagQuerySet:
        """Those that wait for a review."""
        return self.filter(state__in=OPEN_FLAGS)

    def decided(self) -> FlagQuerySet:
        """Those that a review upheld or dismissed."""
        return self.exclude(state__in=OPEN_FLAGS)

    def of_texts_in_use(self) -> FlagQuerySet:
        """Those whose response and prompt were not withdrawn."""
        return self.filter(_texts_in_use())

    def of_latest_revisions(self) -> FlagQuerySet:
        """Those that their authors have not replaced by a correction."""
        return self.filter(is_latest("judgement"))


class DatasetReleaseQuerySet(models.QuerySet["DatasetRelease"]):
    """Dataset releases, by state."""

    def unfinished(self) -> DatasetReleaseQuerySet:
        """Those that are still to be built, or are being built."""
        return self.filter(state__in=UNFINISHED_RELEASES)

    def frozen(self) -> DatasetReleaseQuerySet:
        """Those that have files, also where a later withdrawal superseded them."""
        return self.filter(state__in=FROZEN_RELEASES)

    def valid_for(self, purpose: str) -> DatasetReleaseQuerySet:
        """Frozen releases for a purpose that no withdrawal has superseded."""
        return self.filter(purpose=purpose, state=ReleaseState.FROZEN)
