"""How people want to be paid. The details are encrypted."""

from __future__ import annotations

from typing import ClassVar

from django.db import models

from codesign.compensation.rules.payout_methods import MethodKind
from codesign.shared.models import PublicModel, one_of, write_once
from codesign.studies.models import Member


class PayoutMethodQuerySet(models.QuerySet["PayoutMethod"]):
    """Methods, by whether they count and whether their details can go (decision 49)."""

    def current(self) -> PayoutMethodQuerySet:
        """The method of each person that counts now."""
        return self.filter(replaced_at=None)

    def with_details(self) -> PayoutMethodQuerySet:
        """Those whose details were not shredded."""
        return self.exclude(ciphertext=b"")


class PayoutMethod(PublicModel):
    """How a person wants to be paid, from the time when they said so until they change it."""

    SEALED: ClassVar = b"payout details"
    """The use of the key (`codesign.shared.sealing`)."""

    member = models.ForeignKey(Member, on_delete=models.PROTECT, related_name="payout_methods")
    kind = models.CharField(max_length=10, choices=MethodKind)
    ciphertext = models.BinaryField(help_text="JSON; empty: shredded, or of a kind without.")
    key_id = models.CharField(max_length=12, help_text="Of the key that sealed the details.")
    usable_from = models.DateTimeField(help_text="The end of the cooling time.")
    replaced_at = models.DateTimeField(null=True)
    forget_asked_at = models.DateTimeField(
        null=True, help_text="Its person wants to be erased: shred it once all is paid."
    )
    shredded_at = models.DateTimeField(null=True)

    objects = PayoutMethodQuerySet.as_manager()

    class Meta:
        constraints: ClassVar = [
            one_of("kind", MethodKind, "payout_method_kind_known"),
            models.UniqueConstraint(
                fields=["member"],
                condition=models.Q(replaced_at=None),
                name="payout_method_one_current",
            ),
            models.CheckConstraint(
                condition=models.Q(shredded_at=None) | models.Q(ciphertext=b""),
                name="payout_method_shredded_is_empty",
            ),
        ]
        triggers: ClassVar = write_once("id", "member_id", "kind", "usable_from", "created_at")
