"""Texts that only their author sees, and the log of the author's decisions."""

from __future__ import annotations

from typing import ClassVar

from django.db import models

from annotations.rules.own_texts import OwnKind, OwnState
from codesign.shared.models import PublicModel, append_only, one_of, write_once
from codesign.studies.models import Member


class OwnText(PublicModel):
    """Marks a text, in whichever table it is stored, as visible only to its author.

    A separate row, so that what others read (reviews, releases, the audit trail) is the same as if
    the text did not exist.
    """

    member = models.ForeignKey(
        Member, on_delete=models.PROTECT, related_name="own_texts", help_text="Its author."
    )
    kind = models.CharField(max_length=12)
    about = models.UUIDField(
        help_text="The rewrite, flag, skipped assignment or review decision; else the judgement."
    )
    state = models.CharField(max_length=8, default=OwnState.WAITING)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["about", "kind"], name="own_text_once"),
            one_of("kind", OwnKind, "own_text_kind_known"),
            one_of("state", OwnState, "own_text_state_known"),
        ]
        triggers: ClassVar = write_once("member_id", "kind", "about")


class OwnTextMove(models.Model):
    """The log of changes of state. The audit trail has none of them, because others read it."""

    id = models.BigAutoField(primary_key=True)
    own_text = models.ForeignKey(OwnText, on_delete=models.PROTECT, related_name="moves")
    old_state = models.CharField(max_length=8)
    new_state = models.CharField(max_length=8)
    moved_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        triggers: ClassVar = append_only()
