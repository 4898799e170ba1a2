"""Rounds and their tasks; overlap is the number of seats."""

from __future__ import annotations

import random
from typing import ClassVar

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q

from annotations.models.prompts import Prompt, Response, Rubric
from annotations.rules.states import RoundKind, RoundState, SeatState
from codesign.shared.models import PublicModel, append_only, one_of
from codesign.studies.models import Cohort, Study


def shuffle_key() -> int:
    """A random place in the queue, so that the order of import says nothing."""
    return random.getrandbits(31)


class Round(PublicModel):
    """One pass over a set of tasks."""

    study = models.ForeignKey(Study, on_delete=models.PROTECT, related_name="rounds")
    kind = models.CharField(max_length=12)
    parent = models.ForeignKey("self", on_delete=models.PROTECT, null=True, blank=True)
    title = models.CharField(max_length=120)
    state = models.CharField(max_length=10, default=RoundState.PLANNED)

    class Meta:
        constraints: ClassVar = [
            one_of("kind", RoundKind, "round_kind_known"),
            one_of("state", RoundState, "round_state_known"),
        ]


class RoundCohort(models.Model):
    """What a cohort is asked in a round, by which rubric, and how many judge each task."""

    round = models.ForeignKey(Round, on_delete=models.PROTECT, related_name="cohorts")
    cohort = models.ForeignKey(Cohort, on_delete=models.PROTECT, related_name="+")
    rubric = models.ForeignKey(Rubric, on_delete=models.PROTECT, related_name="+")
    asks = ArrayField(models.CharField(max_length=12))
    overlap = models.PositiveSmallIntegerField(help_text="Seats per task.")

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["round", "cohort"], name="round_cohort_once"),
            models.CheckConstraint(condition=Q(overlap__gte=1), name="round_cohort_has_seats"),
        ]
        triggers: ClassVar = append_only()


class Task(PublicModel):
    """A prompt with its fixed set of responses in a round."""

    round = models.ForeignKey(Round, on_delete=models.PROTECT, related_name="tasks")
    prompt = models.ForeignKey(Prompt, on_delete=models.PROTECT, related_name="tasks")
    responses = models.ManyToManyField(Response, through="TaskResponse", related_name="tasks")

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["round", "prompt"], name="task_once_per_round")
        ]


class TaskResponse(models.Model):
    """One response of a task, in an order that only the database sees."""

    task = models.ForeignKey(Task, on_delete=models.PROTECT, related_name="task_responses")
    response = models.ForeignKey(Response, on_delete=models.PROTECT, related_name="+")
    position = models.PositiveSmallIntegerField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["task", "response"], name="task_response_once"),
            models.UniqueConstraint(fields=["task", "position"], name="task_response_position"),
        ]
        triggers: ClassVar = append_only()


class Seat(models.Model):
    """One place for one judgement of one cohort on one task.

    `offered` marks the one free seat of a task and cohort that is given next: the free one with
    the lowest number, while the round is open and the prompt not pulled. The queue is an index
    over offered seats: evaluation rounds first, then the highest number (the task nearest to
    completion), then `shuffle`.
    Seats change only under a lock on their task's row.
    """

    id = models.BigAutoField(primary_key=True)
    task = models.ForeignKey(Task, on_delete=models.PROTECT, related_name="seats")
    cohort = models.ForeignKey(Cohort, on_delete=models.PROTECT, related_name="+")
    number = models.PositiveSmallIntegerField(help_text="From 1.")
    state = models.CharField(max_length=10, default=SeatState.FREE)
    first = models.BooleanField(
        default=False, help_text="Goes before other rounds: a comparison that people wait for."
    )
    offered = models.BooleanField(default=False)
    shuffle = models.IntegerField(default=shuffle_key)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["task", "cohort", "number"], name="seat_unique"),
            models.UniqueConstraint(
                fields=["task", "cohort"], condition=Q(offered=True), name="seat_one_offered"
            ),
            models.CheckConstraint(
                condition=Q(offered=False) | Q(state=SeatState.FREE), name="seat_offered_is_free"
            ),
            one_of("state", SeatState, "seat_state_known"),
        ]
        indexes: ClassVar = [
            models.Index(
                F("cohort"),
                F("first").desc(),
                F("number").desc(),
                F("shuffle"),
                condition=Q(offered=True),
                name="seat_queue",
            )
        ]
