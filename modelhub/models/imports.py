"""Files of prompts from pages and programs."""

from __future__ import annotations

from typing import ClassVar

from django.db import models

from annotations.models import Prompt
from codesign.accounts.models import User
from codesign.jobs.queries import Progress
from codesign.shared.models import PublicModel, one_of
from codesign.studies.models import Study
from modelhub.rules.states import UploadState


class Upload(PublicModel):
    """One file of prompts: checked, shown, and imported once a person has confirmed.

    A file that a program sends through the API counts as confirmed and is imported directly.
    """

    study = models.ForeignKey(Study, on_delete=models.PROTECT, related_name="+")
    requested_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    name = models.CharField(max_length=120, help_text="The file's original name.")
    suffix = models.CharField(max_length=10)
    sha256 = models.CharField(max_length=64, blank=True, help_text="Of what a program sent.")
    state = models.CharField(max_length=10, default=UploadState.QUEUED)
    skip_bad = models.BooleanField(default=False)
    options = models.JSONField(default=dict, help_text="The mapping of columns, and the choices.")
    columns = models.JSONField(default=list, help_text="The file's columns, once it was read.")
    total = models.PositiveIntegerField(
        default=0, help_text="Rows; an estimate until all are read."
    )
    found = models.JSONField(default=dict, help_text="Counts from the check or the import.")
    problems = models.JSONField(default=list, help_text="[[line, sentence], …], the first ones.")
    first = models.JSONField(default=list, help_text="The first rows, for the preview.")
    error = models.CharField(max_length=500, blank=True)
    checked_at = models.DateTimeField(null=True, help_text="When the check was finished.")
    ended_at = models.DateTimeField(null=True, blank=True)

    progress: Progress
    """The progress of its job, set for the API."""

    class Meta:
        constraints: ClassVar = [
            one_of("state", UploadState, "upload_state_known"),
            models.UniqueConstraint(
                fields=["study", "requested_by", "sha256", "skip_bad"],
                condition=models.Q(ended_at=None) & ~models.Q(sha256=""),
                name="upload_sent_once",
            ),
        ]


class ImportMapping(models.Model):
    """How a study imported files with these columns the last time, to offer it for the next one."""

    study = models.ForeignKey(Study, on_delete=models.CASCADE, related_name="+")
    columns_hash = models.CharField(max_length=64, help_text="Of the names, without their order.")
    options = models.JSONField(default=dict, help_text="The mapping of columns, and the choices.")
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["study", "columns_hash"], name="one_mapping_of_columns")
        ]


class WaitingPrompt(models.Model):
    """A prompt that can be judged once a coordinator adds it to the round.

    A person who may not manage rounds imported it while a judging round was open.
    """

    prompt = models.OneToOneField(
        Prompt, on_delete=models.CASCADE, primary_key=True, related_name="+"
    )
    study = models.ForeignKey(Study, on_delete=models.CASCADE, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        indexes: ClassVar = [models.Index(fields=["study", "created_at"], name="waiting_of_study")]
