"""Files of prompts from pages and programs."""

from __future__ import annotations

from typing import ClassVar

from django.db import models

from codesign.accounts.models import User
from codesign.jobs.queries import Progress
from codesign.shared.models import PublicModel, one_of
from codesign.studies.models import Study
from modelhub.rules.states import UploadState


class Upload(PublicModel):
    """One file: looked through, shown, and imported once somebody has said so.

    A program says so when it sends it: then it is imported without having been looked through.
    """

    study = models.ForeignKey(Study, on_delete=models.PROTECT, related_name="+")
    requested_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    name = models.CharField(max_length=120, help_text="What the file was called.")
    suffix = models.CharField(max_length=10)
    sha256 = models.CharField(max_length=64, blank=True, help_text="Of what a program sent.")
    state = models.CharField(max_length=10, default=UploadState.QUEUED)
    skip_bad = models.BooleanField(default=False)
    total = models.PositiveIntegerField(default=0, help_text="Rows; a guess until it was read.")
    found = models.JSONField(default=dict, help_text="Counts of what came or would come of it.")
    problems = models.JSONField(default=list, help_text="[[line, sentence], …], the first ones.")
    first = models.JSONField(default=list, help_text="The first rows, as they will be seen.")
    error = models.CharField(max_length=500, blank=True)
    checked_at = models.DateTimeField(null=True, help_text="When a person was shown what is in it.")
    ended_at = models.DateTimeField(null=True, blank=True)

    progress: Progress
    """How far its job is, for the API."""

    class Meta:
        constraints: ClassVar = [
            one_of("state", UploadState, "upload_state_known"),
            models.UniqueConstraint(
                fields=["study", "requested_by", "sha256", "skip_bad"],
                condition=models.Q(ended_at=None) & ~models.Q(sha256=""),
                name="upload_sent_once",
            ),
        ]
