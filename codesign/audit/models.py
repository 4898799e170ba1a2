"""Audit tables. They use no foreign keys, because the rows they refer to may be deleted."""

from __future__ import annotations

from typing import ClassVar

from django.db import models

from codesign.shared.models import append_only

CURRENT_TRANSACTION = models.Func(
    function="pg_current_xact_id",
    template="(%(function)s()::text::bigint)",
    output_field=models.BigIntegerField(),
)
"""PostgreSQL's 64-bit id of the running transaction."""


class Event(models.Model):
    """An event. The hashed columns hold no personal data (standards 7.2)."""

    id = models.BigAutoField(primary_key=True)
    xid = models.BigIntegerField(
        db_default=CURRENT_TRANSACTION,
        db_index=True,
        help_text="The transaction that wrote it: orders seals, so that none misses a late commit.",
    )
    at = models.DateTimeField(auto_now_add=True)
    action = models.CharField(max_length=80)
    actor_id = models.UUIDField(null=True, help_text="User id; empty for the system.")
    study_id = models.UUIDField(null=True)
    about_kind = models.CharField(max_length=60)
    about_id = models.UUIDField(db_index=True)
    about_label = models.CharField(max_length=200, blank=True)
    data = models.JSONField(default=dict)

    class Meta:
        indexes: ClassVar = [models.Index(fields=["study_id", "-id"], name="event_newest")]
        triggers: ClassVar = append_only()


class PersonKey(models.Model):
    """The key that encrypts one person's details. Deleting it shreds them."""

    user_id = models.UUIDField(primary_key=True)
    key = models.BinaryField()
    created_at = models.DateTimeField(auto_now_add=True)


class PersonalDetail(models.Model):
    """The personal part of an event, readable while the person's key exists."""

    event = models.OneToOneField(Event, on_delete=models.PROTECT, related_name="detail")
    user_id = models.UUIDField(db_index=True)
    ciphertext = models.BinaryField()

    class Meta:
        triggers: ClassVar = append_only()


class Seal(models.Model):
    """The SHA-256 of a batch of events and of the seal before it.

    A timer creates seals, so that no request waits for the head of the chain.
    """

    id = models.BigAutoField(primary_key=True)
    after_xid = models.BigIntegerField(
        unique=True, help_text="Covers events of later transactions…"
    )
    until_xid = models.BigIntegerField(unique=True, help_text="…up to and with this one.")
    events = models.PositiveIntegerField()
    previous = models.CharField(max_length=64)
    digest = models.CharField(max_length=64, unique=True)
    sealed_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        triggers: ClassVar = append_only()
