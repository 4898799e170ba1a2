"""Assignments, the balance of their orders, and the log of pay checks."""

from __future__ import annotations

import uuid
from functools import cached_property
from typing import ClassVar

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q, QuerySet

from annotations.models.prompts import Prompt, Response
from annotations.models.querysets import (
    AssignmentQuerySet,
)
from annotations.models.rounds import Seat, Task
from annotations.models.rubrics import Rubric
from annotations.rules.states import (
    AssignmentState,
    ItemKind,
    PayCheck,
    SkipReason,
    WhyHeld,
)
from annotations.rules.work_speed import Spare
from codesign.shared.compiled_queries import CompiledQuery
from codesign.shared.models import PublicModel, append_only, one_of, write_once
from codesign.studies.models import Member, Study

HOLDS_SEAT = Q(
    state__in=[AssignmentState.LEASED, AssignmentState.SUBMITTED], item_kind=ItemKind.ORDINARY
)


class Assignment(PublicModel):
    """A task leased to one member, with the terms that were in force at that time."""

    study = models.ForeignKey(Study, on_delete=models.PROTECT, related_name="assignments")
    member = models.ForeignKey(
        Member, on_delete=models.PROTECT, related_name="assignments", db_index=False
    )
    task = models.ForeignKey(Task, on_delete=models.PROTECT, related_name="assignments")
    prompt = models.ForeignKey(Prompt, on_delete=models.PROTECT, related_name="+")
    seat = models.ForeignKey(Seat, on_delete=models.PROTECT, related_name="assignments")
    state = models.CharField(max_length=10, default=AssignmentState.LEASED)
    # snapshots
    asks = ArrayField(models.CharField(max_length=12))
    rubric = models.ForeignKey(Rubric, on_delete=models.PROTECT, related_name="+", db_index=False)
    order_shown = ArrayField(models.UUIDField(), help_text="Response ids, A first.")
    seed = models.BigIntegerField(help_text="Of the order shown.")
    propensity = models.FloatField(help_text="Probability of the order shown, given the queue.")
    amount_minor = models.PositiveBigIntegerField(help_text="For its number of replies.")
    currency = models.CharField(max_length=3)
    intensity = models.PositiveSmallIntegerField(null=True, help_text="Of its prompt.")
    item_kind = models.CharField(
        max_length=9, default=ItemKind.ORDINARY, db_default=ItemKind.ORDINARY
    )
    check_after = models.BooleanField(
        null=True, help_text="Whether the next lease is a hidden check, if there is one."
    )
    # life
    leased_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)
    sitting = models.UUIDField(help_text="Groups what was judged without a longer pause.")
    # speed of work: see rules.work_speed and decision 20; empty in rows of older versions
    promised_seconds = models.PositiveIntegerField(null=True, help_text="By the rate, for this.")
    words_shown = models.PositiveIntegerField(null=True, help_text="Of prompt and responses.")
    spare_seconds = models.IntegerField(
        null=True,
        help_text="Promised time that may still be paid at once: at the lease, and once judged or "
        "skipped at its end.",
    )
    skips_before = models.PositiveSmallIntegerField(
        null=True, help_text="Skips in a row just before, without a judgement between."
    )
    pay_check = models.CharField(max_length=10, default="", db_default="", blank=True)
    # care: see rules.load and rules.topics; empty in rows of older versions
    load_before = models.PositiveIntegerField(
        null=True, help_text="Load in seconds of the member's day before this."
    )
    sitting_began = models.DateTimeField(null=True)
    covered = models.BooleanField(
        null=True, help_text="Only the content note is shown, until the person opens the text."
    )
    later_until = models.DateTimeField(
        null=True, help_text="Put off: may come back to the same person from then on."
    )
    first_shown_at = models.DateTimeField(null=True, blank=True)
    draft = models.JSONField(null=True, blank=True)
    draft_saved_at = models.DateTimeField(null=True, blank=True)
    skip_reason = models.CharField(max_length=12, blank=True)
    skip_paid = models.BooleanField(default=False, help_text="Also of a skip that was undone.")
    skip_note = models.CharField(max_length=500, blank=True)
    example = models.BooleanField(default=False, help_text="Made by seed_judgements.")

    objects = AssignmentQuerySet.as_manager()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["seat"], condition=HOLDS_SEAT, name="one_per_seat"),
            models.UniqueConstraint(
                fields=["member"],
                condition=Q(state=AssignmentState.LEASED),
                name="one_lease_per_member",
            ),
            models.UniqueConstraint(
                fields=["task", "member", "item_kind"],
                condition=~Q(state=AssignmentState.EXPIRED) & Q(later_until=None),
                name="task_once_per_member",
            ),
            one_of("state", AssignmentState, "assignment_state_known"),
            one_of("pay_check", PayCheck, "assignment_pay_check_known"),
            one_of("item_kind", ItemKind, "assignment_item_kind_known"),
            models.CheckConstraint(
                condition=Q(pay_check=PayCheck.NONE)
                | Q(state=AssignmentState.SUBMITTED)
                | Q(state=AssignmentState.SKIPPED, skip_paid=True),
                name="assignment_pay_check_of_work",
            ),
            models.CheckConstraint(
                condition=Q(state=AssignmentState.SKIPPED, skip_reason__in=list(SkipReason))
                | (~Q(state=AssignmentState.SKIPPED) & Q(skip_reason="")),
                name="assignment_skip_has_reason",
            ),
        ]
        indexes: ClassVar = [
            models.Index(
                fields=["expires_at"],
                condition=Q(state=AssignmentState.LEASED),
                name="assignment_by_expiry",
            ),
            models.Index(fields=["member", "-leased_at"], name="assignment_by_member"),
            models.Index(
                fields=["member", "task"],
                condition=~Q(state=AssignmentState.EXPIRED),
                name="assignment_seen",
            ),
            models.Index(
                fields=["member", "prompt"],
                condition=Q(state=AssignmentState.SKIPPED),
                name="assignment_skipped",
            ),
            models.Index(
                fields=["member"],
                condition=Q(later_until__isnull=False),
                name="assignment_put_off",
            ),
            models.Index(fields=["study"], condition=Q(example=True), name="assignment_example"),
            models.Index(
                fields=["study", "member"],
                condition=Q(pay_check=PayCheck.HELD),
                name="assignment_held",
            ),
        ]
        triggers: ClassVar = write_once(
            "study_id",
            "member_id",
            "task_id",
            "prompt_id",
            "asks",
            "rubric_id",
            "order_shown",
            "seed",
            "propensity",
            "amount_minor",
            "currency",
            "intensity",
            "item_kind",
            "promised_seconds",
            "words_shown",
            "leased_at",
        )

    @property
    def holds_seat(self) -> bool:
        """Return whether a seat was taken for this alone."""
        return self.item_kind == ItemKind.ORDINARY

    @property
    def is_work(self) -> bool:
        """Return whether this is a judgement or a paid skip, even one that was undone."""
        return self.state == AssignmentState.SUBMITTED or self.skip_paid

    @property
    def paid_as(self) -> str:
        """Return what the ledger calls this work."""
        return "skip" if self.skip_reason else "judgement"

    @property
    def leads_aside(self) -> bool:
        """Return whether the next lease may be a training item or a hidden check."""
        return bool(self.check_after) or self.item_kind == ItemKind.TRAINING

    @property
    def stayed_covered(self) -> bool:
        """Return whether only the content note was shown, and the text never opened."""
        return bool(self.covered) and self.state != AssignmentState.SUBMITTED

    @property
    def pay_held(self) -> bool:
        """Return whether the pay is held and waits for a decision."""
        return self.pay_check == PayCheck.HELD

    @property
    def spare(self) -> Spare:
        """Return what could be paid immediately when this was leased, or judged or skipped."""
        ended = self.state in (AssignmentState.SUBMITTED, AssignmentState.SKIPPED)
        return Spare(self.spare_seconds, (ended and self.ended_at) or self.leased_at)

    @cached_property
    def responses(self) -> dict[uuid.UUID, Response]:
        """Return response id → response shown. Cached, because they never change."""
        return {response.id: response for response in _responses_of.all(task_id=self.task_id)}


@CompiledQuery
def _responses_of(task_id: uuid.UUID) -> QuerySet[Response]:
    return Response.objects.filter(tasks=task_id)


class OrderBalance(models.Model):
    """How much more often one source was left of another, for one member: -1, 0 or 1."""

    id = models.BigAutoField(primary_key=True)
    member = models.ForeignKey(Member, on_delete=models.PROTECT, related_name="+", db_index=False)
    first_source = models.UUIDField()
    second_source = models.UUIDField()
    lead = models.SmallIntegerField(default=0, help_text="Times first was left minus right.")

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["member", "first_source", "second_source"], name="order_balance_unique"
            ),
            models.CheckConstraint(
                condition=Q(first_source__lt=F("second_source")), name="order_balance_sorted"
            ),
            models.CheckConstraint(
                condition=Q(lead__gte=-1, lead__lte=1), name="order_balance_at_most_one"
            ),
        ]


class PayDecision(PublicModel):
    """The log of pay checks: each change of an assignment's `pay_check`, and the reason.

    The first entry of an assignment says that a rule held its pay.
    """

    study = models.ForeignKey(Study, on_delete=models.PROTECT, related_name="+", db_index=False)
    assignment = models.ForeignKey(
        Assignment, on_delete=models.PROTECT, related_name="pay_decisions"
    )
    decided_by = models.ForeignKey(Member, on_delete=models.PROTECT, null=True, related_name="+")
    old_state = models.CharField(max_length=10, blank=True)
    new_state = models.CharField(max_length=10)
    why = models.CharField(max_length=10, blank=True, help_text="Of a rule that held it.")
    reason = models.CharField(max_length=1000, blank=True, help_text="In words, for the person.")

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(new_state=PayCheck.HELD, why__in=list(WhyHeld), reason="")
                | ~Q(new_state=PayCheck.HELD) & Q(why=""),
                name="pay_decision_held_by_a_rule",
            ),
            models.UniqueConstraint(
                fields=["assignment", "new_state"], name="pay_decision_moves_on"
            ),
        ]
        triggers: ClassVar = append_only()
