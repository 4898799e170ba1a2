"""Study, cohort, member."""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from functools import partial
from typing import ClassVar

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.utils.crypto import get_random_string

from codesign.accounts.models import User
from codesign.shared.models import PublicModel, one_of
from codesign.studies import rules

PSEUDONYM_LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"


class Study(PublicModel):
    """A study: a question, a set of people and a consent."""

    slug = models.SlugField(unique=True)
    title = models.CharField(max_length=200)
    summary = models.TextField(blank=True)
    organisation = models.CharField(max_length=200, blank=True)
    contact = models.EmailField(help_text="Where people with questions write to.")
    language = models.CharField(max_length=12, default="en")
    state = models.CharField(max_length=10, default=rules.StudyState.DRAFT)
    is_public = models.BooleanField(
        default=False, help_text="Whether people without an account can read about the study."
    )
    secret = models.BinaryField(default=partial(secrets.token_bytes, 32), editable=False)

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(state__in=list(rules.StudyState)), name="study_state_known"
            )
        ]

    def __str__(self) -> str:
        return self.title


class Cohort(PublicModel):
    """Members of a study who get the same tasks and pay, such as lived experience or clinicians."""

    study = models.ForeignKey(Study, on_delete=models.PROTECT, related_name="cohorts")
    key = models.SlugField()
    title = models.CharField(max_length=100)
    role = models.CharField(max_length=20)
    position = models.PositiveSmallIntegerField(default=0)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["study", "key"], name="cohort_key_unique"),
            models.CheckConstraint(
                condition=Q(role__in=sorted(rules.JUDGING)), name="cohort_role_judges"
            ),
        ]
        ordering: ClassVar = ["position", "key"]

    def __str__(self) -> str:
        return self.title


def is_current(path: str = "") -> Q:
    """Whether the member at `path` (the row itself, without one) is in the study now."""
    return Q(**{f"{path}__left_at" if path else "left_at": None})


class MemberQuerySet(models.QuerySet["Member"]):
    """Members, by whether they are in their study now and what they do there (decision 28)."""

    def current(self) -> MemberQuerySet:
        """Those whom no coordinator has taken out."""
        return self.filter(is_current())

    def former(self) -> MemberQuerySet:
        """Those whom a coordinator has taken out."""
        return self.filter(left_at__isnull=False)

    def with_a_role(self, roles: Iterable[str]) -> MemberQuerySet:
        """Those who hold, or held, any of these roles."""
        return self.filter(roles__overlap=sorted(roles))

    def in_charge(self, role: rules.Role) -> MemberQuerySet:
        """Those with this staff role who are in the study and can sign in."""
        return self.current().filter(roles__contains=[role], user__is_active=True)


class HandoverQuerySet(models.QuerySet["Handover"]):
    """Handovers, by whether they are decided (decision 28)."""

    def waiting(self) -> HandoverQuerySet:
        """Those that nobody has decided and that have not taken effect."""
        return self.filter(state=rules.HandoverState.WAITING)


class Member(PublicModel):
    """One person in one study, known to research only by a random pseudonym."""

    study = models.ForeignKey(Study, on_delete=models.PROTECT, related_name="members")
    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="memberships")
    cohort = models.ForeignKey(
        Cohort, on_delete=models.PROTECT, null=True, blank=True, related_name="members"
    )
    roles = ArrayField(models.CharField(max_length=20))
    pseudonym = models.CharField(
        max_length=20, default=partial(get_random_string, 10, PSEUDONYM_LETTERS), unique=True
    )
    left_at = models.DateTimeField(null=True, blank=True)  # removed by a coordinator

    objects = MemberQuerySet.as_manager()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["study", "user"], name="member_once_per_study"),
            models.CheckConstraint(
                condition=Q(roles__contained_by=sorted(rules.STAFF))
                | Q(roles__contained_by=sorted(rules.JUDGING), roles__len=1),
                name="member_judging_excludes_staff",
            ),
            models.CheckConstraint(
                condition=Q(roles__contained_by=sorted(rules.STAFF), cohort=None)
                | Q(roles__contained_by=sorted(rules.JUDGING), cohort__isnull=False),
                name="member_judges_in_a_cohort",
            ),
            models.CheckConstraint(condition=Q(roles__len__gte=1), name="member_has_a_role"),
        ]

    def __str__(self) -> str:
        return self.pseudonym

    @property
    def held(self) -> list[rules.Role]:
        """The roles with their labels."""
        return [rules.Role(role) for role in self.roles]

    @property
    def judges(self) -> bool:
        """Return whether this is, or was, a panelist or clinician."""
        return bool(set(self.roles) & rules.JUDGING)

    def has_role(self, *roles: str) -> bool:
        """Return whether the person holds any of these roles and is still in the study."""
        return self.left_at is None and bool(set(self.roles) & set(roles))


class Handover(PublicModel):
    """A site admin's request to make a person coordinator of a study that has had members."""

    study = models.ForeignKey(Study, on_delete=models.PROTECT, related_name="handovers")
    email = models.EmailField(help_text="Who is named.")
    state = models.CharField(max_length=10, default=rules.HandoverState.WAITING)
    requested_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    due_at = models.DateTimeField(help_text="Takes effect then, unless it ends before.")
    decided_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    ended_at = models.DateTimeField(null=True)
    why = models.CharField(max_length=300, blank=True, help_text="Why it could not be done.")

    objects = HandoverQuerySet.as_manager()

    class Meta:
        constraints: ClassVar = [
            one_of("state", rules.HandoverState, "handover_state_known"),
            models.UniqueConstraint(
                fields=["study"],
                condition=Q(state=rules.HandoverState.WAITING),
                name="handover_one_waiting",
            ),
            models.CheckConstraint(
                condition=~Q(state__in=[rules.HandoverState.DONE, rules.HandoverState.OBJECTED])
                | Q(decided_by=None)
                | ~Q(decided_by=F("requested_by")),
                name="handover_decided_by_another",
            ),
            models.CheckConstraint(
                condition=Q(state=rules.HandoverState.WAITING, ended_at=None)
                | (~Q(state=rules.HandoverState.WAITING) & Q(ended_at__isnull=False)),
                name="handover_ends_once",
            ),
        ]
        ordering: ClassVar = ["-created_at", "id"]
