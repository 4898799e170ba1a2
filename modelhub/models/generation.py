"""Generation runs, and their items: the responses to write."""

from __future__ import annotations

import uuid
from typing import ClassVar

from django.db import models
from django.db.models import Q

from annotations.models import Prompt, Response, Round
from codesign.accounts.models import User
from codesign.shared.models import PublicModel, counting, one_of
from codesign.studies.models import Study
from modelhub.models.versions import ModelVersion
from modelhub.rules.states import ItemState, RunState


class GenerationRun(PublicModel):
    """A model version writes responses to a set of prompts with one set of parameters."""

    study = models.ForeignKey(Study, on_delete=models.PROTECT, related_name="generation_runs")
    model_version = models.ForeignKey(
        ModelVersion, on_delete=models.PROTECT, related_name="generation_runs"
    )
    round = models.ForeignKey(
        Round,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        help_text="Where finished prompts become tasks; empty in an evaluation.",
    )
    state = models.CharField(max_length=10, default=RunState.QUEUED)
    samples = models.PositiveSmallIntegerField(help_text="Responses per prompt.")
    temperature = models.FloatField()
    top_p = models.FloatField(default=0.95)
    max_new_tokens = models.PositiveSmallIntegerField()
    batch_size = models.PositiveSmallIntegerField(default=8)
    seed = models.BigIntegerField()
    system_message = models.TextField()
    template_arguments = models.JSONField(
        default=dict, help_text='Passed to the chat template, such as {"enable_thinking": false}.'
    )
    group = models.UUIDField(
        default=uuid.uuid4,
        help_text="Runs of one group answer the same prompts for the same tasks of a round.",
    )
    most_tokens = models.PositiveBigIntegerField(
        null=True, blank=True, help_text="Budget: tokens read and written. Empty: no limit."
    )
    most_micros = models.PositiveBigIntegerField(
        null=True, blank=True, help_text="Budget, in millionths of the currency. Empty: no limit."
    )
    currency = models.CharField(max_length=3, blank=True, help_text="Of the prices.")
    price_read = models.PositiveBigIntegerField(
        default=0, help_text="Per million tokens that the model reads, in millionths."
    )
    price_written = models.PositiveBigIntegerField(
        default=0, help_text="Per million tokens that the model writes, in millionths."
    )
    tokens_read = models.PositiveBigIntegerField(
        default=0, help_text="All that the server counted, also for texts that were discarded."
    )
    tokens_written = models.PositiveBigIntegerField(
        default=0, help_text="All that the server counted, also for texts that were discarded."
    )
    selection = models.JSONField(
        default=dict, help_text="Which prompts it answers, as of its start; empty for all."
    )
    config_hash = models.CharField(max_length=64)
    requested_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    started_at = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)
    error = models.CharField(max_length=500, blank=True)
    unmade = models.PositiveIntegerField(default=0, help_text="Items that are not made yet.")
    made_until = models.CharField(
        max_length=120,
        blank=True,
        help_text="External id of the last prompt with items, while items are still being made. "
        "Items are made in the order of external ids.",
    )
    # A trigger on the items keeps these counts. Items change only while this row is locked.
    total = models.PositiveIntegerField(default=0, help_text="Its items so far.")
    done = models.PositiveIntegerField(default=0)
    failed = models.PositiveIntegerField(default=0)
    tokens = models.PositiveBigIntegerField(default=0, help_text="Of the items that are done.")
    tasks_made = models.PositiveIntegerField(default=0, help_text="In its round, by this run.")
    tasks_wait = models.BooleanField(
        default=False, help_text="Whether tasks are still to be made because the round was locked."
    )

    class Meta:
        constraints: ClassVar = [
            one_of("state", RunState, "generation_run_state_known"),
            models.CheckConstraint(
                condition=Q(most_micros=None) | ~Q(currency=""),
                name="generation_budget_has_currency",
            ),
        ]
        indexes: ClassVar = [models.Index(fields=["group"], name="generation_run_group")]

    @property
    def to_write(self) -> int:
        """The total number of responses of this run."""
        return self.total + self.unmade


COUNT_ITEMS = f"""
    UPDATE modelhub_generationrun run SET
      total = run.total + changed.total, done = run.done + changed.done,
      failed = run.failed + changed.failed, tokens = run.tokens + changed.tokens
    FROM (
      SELECT run_id, sum(sign) AS total,
        coalesce(sum(sign) FILTER (WHERE state = '{ItemState.DONE}'), 0) AS done,
        coalesce(sum(sign) FILTER (WHERE state = '{ItemState.FAILED}'), 0) AS failed,
        coalesce(sum(sign * tokens) FILTER (WHERE state = '{ItemState.DONE}'), 0) AS tokens
      FROM ({{rows}}) rows GROUP BY run_id
    ) changed
    WHERE run.id = changed.run_id
      AND (changed.total, changed.done, changed.failed, changed.tokens) <> (0, 0, 0, 0);
    RETURN NULL;
"""  # noqa: S608
MADE = "SELECT 1 AS sign, run_id, state, tokens FROM made"
GONE = "SELECT -1, run_id, state, tokens FROM gone"


class GenerationItem(models.Model):
    """One response to write. Workers claim items in chunks; each item is written once."""

    id = models.BigAutoField(primary_key=True)
    run = models.ForeignKey(GenerationRun, on_delete=models.PROTECT, related_name="items")
    prompt = models.ForeignKey(Prompt, on_delete=models.PROTECT, related_name="+")
    prompt_version = models.PositiveIntegerField()
    sample = models.PositiveSmallIntegerField(help_text="From 0.")
    length = models.PositiveIntegerField(help_text="Characters of the prompt, to batch by.")
    chunk = models.PositiveIntegerField(help_text="Items of one chunk run in one batch.")
    state = models.CharField(max_length=10, default=ItemState.PENDING)
    attempts = models.PositiveSmallIntegerField(default=0, help_text="Workers that claimed it.")
    seed = models.BigIntegerField(null=True, blank=True)
    finish_reason = models.CharField(max_length=12, blank=True)
    tokens = models.PositiveIntegerField(default=0)
    latency_ms = models.PositiveIntegerField(default=0)
    made_again = models.PositiveSmallIntegerField(
        default=0, help_text="Texts that were discarded because they could not be shown."
    )
    error = models.CharField(max_length=300, blank=True)
    done_at = models.DateTimeField(null=True, blank=True)
    response = models.OneToOneField(
        Response, on_delete=models.PROTECT, null=True, blank=True, related_name="generation_item"
    )

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["run", "prompt", "prompt_version", "sample"], name="generation_item_once"
            ),
            one_of("state", ItemState, "generation_item_state_known"),
            models.CheckConstraint(
                condition=Q(state=ItemState.DONE, response__isnull=False)
                | (~Q(state=ItemState.DONE) & Q(response=None)),
                name="generation_item_done_has_response",
            ),
        ]
        indexes: ClassVar = [
            models.Index(
                fields=["run", "chunk"],
                condition=~Q(state=ItemState.DONE),
                name="generation_item_waiting",
            )
        ]
        triggers: ClassVar = [
            counting(name="count_made", func=COUNT_ITEMS.format(rows=MADE)),
            counting(
                name="count_changed",
                func=COUNT_ITEMS.format(rows=f"{MADE} UNION ALL {GONE}"),
                changes=True,
            ),
        ]
