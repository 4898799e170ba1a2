"""Invitations by e-mail address."""

from __future__ import annotations

from typing import ClassVar

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower

from codesign.accounts.models import User
from codesign.shared.models import PublicModel
from codesign.studies.models import Cohort, Member, Study
from codesign.studies.rules import Role


class InvitationQuerySet(models.QuerySet["Invitation"]):
    """Invitations, by whether they can still be accepted (decision 28)."""

    def open(self) -> InvitationQuerySet:
        """Those that were neither accepted nor taken back."""
        return self.filter(accepted_at=None, revoked_at=None)


class Invitation(PublicModel):
    """A place in a study for the person who proves to own an e-mail address."""

    study = models.ForeignKey(Study, on_delete=models.PROTECT, related_name="invitations")
    cohort = models.ForeignKey(
        Cohort, on_delete=models.PROTECT, null=True, blank=True, related_name="invitations"
    )
    roles = ArrayField(models.CharField(max_length=20))
    email = models.EmailField()
    invited_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    member = models.ForeignKey(
        Member, on_delete=models.PROTECT, null=True, blank=True, related_name="invitations"
    )
    accepted_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)

    objects = InvitationQuerySet.as_manager()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                Lower("email"),
                "study",
                condition=Q(revoked_at=None, accepted_at=None),
                name="invitation_open_once_per_study",
            )
        ]

    @property
    def held(self) -> list[Role]:
        """The roles that it gives, with their labels."""
        return [Role(role) for role in self.roles]


class PlaceRequest(PublicModel):
    """An address whose owner asks to take part in a study. It is deleted once it is answered."""

    study = models.ForeignKey(
        Study, on_delete=models.PROTECT, related_name="place_requests", db_index=False
    )
    email = models.EmailField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint("study", Lower("email"), name="place_request_once_per_study")
        ]
        indexes: ClassVar = [
            models.Index(fields=["study", "created_at"], name="place_request_by_study")
        ]
