"""Care cases and the rota of safety leads. Only safety leads read them (standards 4.9).

The audit trail has none of this, since coordinators and auditors read it. `CaseMove` is the log.
"""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar

import pgtrigger
from django.db import models
from django.db.models import F, Q

from codesign.care.rules.cases import (
    SEEN,
    TOLD_AGAIN_AFTER,
    Answer,
    CaseState,
    Contact,
    Outcome,
    Reason,
)
from codesign.care.rules.disclosure.phrases import Urgency
from codesign.shared.models import PublicModel, Refusal, append_only, one_of, write_once
from codesign.studies.models import Member, Study


class CarePlan(models.Model):
    """What a study does when a person in it is in distress."""

    study = models.OneToOneField(
        Study, on_delete=models.PROTECT, primary_key=True, related_name="care_plan"
    )
    escalation = models.TextField(
        blank=True, help_text="What the safety lead does, step by step, and whom they call."
    )


class Duty(PublicModel):
    """A safety lead's place in the rota of their study."""

    member = models.OneToOneField(Member, on_delete=models.PROTECT, related_name="duty")
    study = models.ForeignKey(Study, on_delete=models.PROTECT, related_name="duties")
    place = models.PositiveSmallIntegerField(help_text="1 is in charge, 2 is the deputy.")
    away_from = models.DateField(null=True, blank=True)
    away_until = models.DateField(null=True, blank=True, help_text="The last day.")

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["study", "place"],
                name="duty_place_once",
                deferrable=models.Deferrable.DEFERRED,
            ),
            models.CheckConstraint(condition=Q(place__gte=1), name="duty_place_from_one"),
            models.CheckConstraint(
                condition=Q(away_from=None, away_until=None) | Q(away_until__gte=F("away_from")),
                name="duty_absence_in_order",
            ),
        ]
        ordering: ClassVar = ["place"]


class CaseQuerySet(models.QuerySet["Case"]):
    """Cases, by who may know of them."""

    def seen(self) -> CaseQuerySet:
        """Those that the safety lead sees."""
        return self.filter(state__in=SEEN)

    def opened(self) -> CaseQuerySet:
        """Those that somebody must look after."""
        return self.filter(state=CaseState.OPEN)

    def overdue(self, *, at: datetime) -> CaseQuerySet:
        """Those whose time has passed and of which nobody was told since, or not for a day."""
        late = self.opened().filter(due_at__lte=at)
        long_ago = Q(told_at__lte=at - TOLD_AGAIN_AFTER)
        return late.filter(Q(told_at=None) | Q(told_at__lt=F("due_at")) | long_ago)

    def unanswered(self, *, at: datetime) -> CaseQuerySet:
        """Those whose author was silent until they open."""
        return self.filter(state=CaseState.WAITING, opens_at__lte=at)


class Case(PublicModel):
    """Somebody who may need support. What they wrote stays where it is; this names it."""

    study = models.ForeignKey(Study, on_delete=models.PROTECT, related_name="care_cases")
    member = models.ForeignKey(Member, on_delete=models.PROTECT, related_name="care_cases")
    reason = models.CharField(max_length=8)
    about_kind = models.CharField(max_length=20, blank=True, help_text="In what they wrote.")
    about = models.UUIDField(null=True, blank=True)
    urgency = models.CharField(max_length=8, default=Urgency.CONCERN)
    answer = models.CharField(max_length=8, blank=True, help_text="Empty: they did not say.")
    contact = models.CharField(max_length=8, blank=True, help_text="Empty: they did not say.")
    contact_details = models.BinaryField(blank=True, default=b"", help_text="Encrypted.")
    state = models.CharField(max_length=8, default=CaseState.WAITING)
    opens_at = models.DateTimeField(help_text="It opens then, if the author has not answered.")
    due_at = models.DateTimeField(null=True, blank=True, help_text="Somebody must look by then.")
    told_at = models.DateTimeField(
        null=True, blank=True, help_text="When the deputy was told that it is overdue."
    )
    outcome = models.CharField(max_length=8, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)

    objects = CaseQuerySet.as_manager()

    SEALED: ClassVar = b"codesign care case, 1"
    """The use for which details and notes are encrypted (`codesign.shared.sealing`)."""

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["about_kind", "about"],
                condition=Q(about__isnull=False),
                name="case_once_for_each_text",
            ),
            one_of("reason", Reason, "case_reason_known"),
            one_of("urgency", Urgency, "case_urgency_known"),
            one_of("state", CaseState, "case_state_known"),
            models.CheckConstraint(
                condition=Q(answer__in=["", *Answer.values]), name="case_answer_known"
            ),
            models.CheckConstraint(
                condition=Q(contact__in=["", *Contact.values]), name="case_contact_known"
            ),
            models.CheckConstraint(
                condition=Q(contact=Contact.PHONE) | Q(contact_details=b""),
                name="case_details_of_contact",
            ),
            models.CheckConstraint(
                condition=Q(state=CaseState.OPEN, due_at__isnull=False)
                | (~Q(state=CaseState.OPEN) & Q(due_at=None)),
                name="case_open_has_a_time",
            ),
            models.CheckConstraint(
                condition=Q(state=CaseState.CLOSED, outcome__in=Outcome.values)
                | (~Q(state=CaseState.CLOSED) & Q(outcome="")),
                name="case_closed_has_an_outcome",
            ),
        ]
        indexes: ClassVar = [
            models.Index(
                fields=["study", "due_at"],
                condition=Q(state=CaseState.OPEN),
                name="case_by_due",
            ),
            models.Index(
                fields=["opens_at"],
                condition=Q(state=CaseState.WAITING),
                name="case_waiting",
            ),
            models.Index(fields=["member", "-created_at"], name="case_by_member"),
        ]
        triggers: ClassVar = write_once(
            "study_id", "member_id", "reason", "about_kind", "about", "created_at"
        )

    @property
    def is_seen(self) -> bool:
        """Return whether the safety lead knows of it."""
        return self.state in SEEN


class CaseNote(PublicModel):
    """What a safety lead wrote about a case; encrypted, never changed, and emptied by erasure."""

    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="notes")
    author = models.ForeignKey(Member, on_delete=models.PROTECT, related_name="+")
    ciphertext = models.BinaryField(help_text="Empty: erased.")

    class Meta:
        triggers: ClassVar = [
            *write_once("case_id", "author_id", "created_at"),
            Refusal(
                name="only_emptied",
                operation=pgtrigger.UpdateOf("ciphertext"),  # type: ignore[no-untyped-call]
                condition=pgtrigger.Condition("NEW.ciphertext <> ''"),
            ),
        ]
        ordering: ClassVar = ["created_at", "id"]


class CaseMove(models.Model):
    """The log of changes of state; `by` is empty where the system opened or settled a case."""

    id = models.BigAutoField(primary_key=True)
    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="moves")
    old_state = models.CharField(max_length=8)
    new_state = models.CharField(max_length=8)
    by = models.ForeignKey(Member, on_delete=models.PROTECT, null=True, related_name="+")
    moved_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        triggers: ClassVar = append_only()
        ordering: ClassVar = ["moved_at", "id"]
