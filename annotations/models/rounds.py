"""Rounds, their tasks and seats."""

from __future__ import annotations

import secrets
from functools import partial
from typing import ClassVar

import pgtrigger
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q

from annotations.models.prompts import Prompt, Response
from annotations.models.querysets import RoundQuerySet, SeatQuerySet
from annotations.models.rubrics import Rubric
from annotations.rules.special_items import MOST_CHECKS
from annotations.rules.states import RoundKind, RoundState, SeatState, Waiting
from annotations.rules.text_kinds import Category
from codesign.shared.models import Guard, PublicModel, append_only, counting, one_of
from codesign.studies.models import Cohort, Study


class Round(PublicModel):
    """One pass over a set of tasks."""

    study = models.ForeignKey(Study, on_delete=models.PROTECT, related_name="rounds")
    kind = models.CharField(max_length=12)
    parent = models.ForeignKey("self", on_delete=models.PROTECT, null=True, blank=True)
    title = models.CharField(max_length=120)
    state = models.CharField(max_length=10, default=RoundState.PLANNED)
    check_every = models.PositiveSmallIntegerField(
        null=True, help_text="One in this number of leases leads to a hidden check; empty for none."
    )

    objects = RoundQuerySet.as_manager()

    class Meta:
        constraints: ClassVar = [
            one_of("kind", RoundKind, "round_kind_known"),
            one_of("state", RoundState, "round_state_known"),
            models.CheckConstraint(
                condition=Q(check_every=None)
                | Q(check_every__gte=MOST_CHECKS, kind=RoundKind.JUDGING),
                name="round_checks_are_few",
            ),
        ]


class RoundCohort(models.Model):
    """What a cohort is asked in a round, its rubric, and the number of people for each task."""

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


class RoundFilling(models.Model):
    """Which prompts a job fills a round with, and the number that became tasks."""

    round = models.OneToOneField(Round, on_delete=models.PROTECT, related_name="filling")
    which = models.CharField(max_length=10)
    categories = ArrayField(models.CharField(max_length=12), help_text="Of the prompts.")
    responses = models.PositiveSmallIntegerField(help_text="For each prompt, at most.")
    placed = models.PositiveIntegerField(default=0, help_text="Those that became tasks.")

    class Meta:
        constraints: ClassVar = [
            one_of("which", Waiting, "round_filling_which_known"),
            models.CheckConstraint(
                condition=Q(responses__gte=2), name="round_filling_has_something_to_compare"
            ),
            models.CheckConstraint(
                condition=Q(categories__contained_by=list(Category)),
                name="round_filling_categories_known",
            ),
        ]


class RoundCounter(models.Model):
    """Changes of the numbers of tasks, seats and judgements of a round; the sums are the counters.

    Triggers add a row for every change in its own transaction. So the sums are always right, and
    transactions never wait for each other, as they would for a single counter row. A timer folds
    the rows of a round into one (`services.counters`).
    """

    id = models.BigAutoField(primary_key=True)
    round = models.ForeignKey(
        Round, on_delete=models.PROTECT, related_name="counters", db_constraint=False
    )
    cohort = models.ForeignKey(
        Cohort,
        on_delete=models.PROTECT,
        null=True,
        related_name="+",
        db_constraint=False,
        db_index=False,
        help_text="Empty in rows that count tasks.",
    )
    tasks = models.BigIntegerField(default=0)
    seats = models.BigIntegerField(default=0)
    judged = models.BigIntegerField(default=0, help_text="Seats that hold a judgement.")

    class Meta:
        db_table = "annotations_roundtally"  # as it was first called


TALLY = "INSERT INTO annotations_roundtally (round_id, cohort_id, tasks, seats, judged)"


class Task(PublicModel):
    """A prompt with its fixed set of responses in a round."""

    round = models.ForeignKey(Round, on_delete=models.PROTECT, related_name="tasks")
    prompt = models.ForeignKey(Prompt, on_delete=models.PROTECT, related_name="tasks")
    responses = models.ManyToManyField(Response, through="TaskResponse", related_name="tasks")
    drawn_from = models.PositiveIntegerField(
        null=True, help_text="How many replies there were, where the task shows fewer of them."
    )

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["round", "prompt"], name="task_once_per_round")
        ]
        triggers: ClassVar = [
            counting(
                name="tally",
                func=f"""
                    {TALLY} SELECT round_id, NULL, count(*), 0, 0 FROM made GROUP BY round_id;
                    RETURN NULL;
                """,  # noqa: S608
            )
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
    """A place for one judgement of one cohort on one task.

    `offered` marks the free seat of a task and cohort that is leased next: the free one with the
    lowest number, while the round is open and the prompt not withdrawn. The queue is an index over
    offered seats: seats of evaluation rounds separate from others (a lease draws between the two,
    decision 20), then the highest number (the task nearest to completion), then `shuffle`. Seats
    change only under a lock on their task.
    """

    id = models.BigAutoField(primary_key=True)
    task = models.ForeignKey(Task, on_delete=models.PROTECT, related_name="seats", db_index=False)
    cohort = models.ForeignKey(Cohort, on_delete=models.PROTECT, related_name="+", db_index=False)
    number = models.PositiveSmallIntegerField(help_text="From 1.")
    state = models.CharField(max_length=10, default=SeatState.FREE)
    first = models.BooleanField(default=False, help_text="Of a comparison between models.")
    offered = models.BooleanField(default=False)
    shuffle = models.IntegerField(default=partial(secrets.randbits, 31))

    objects = SeatQuerySet.as_manager()

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
        triggers: ClassVar = [
            counting(
                name="tally",
                func=f"""
                    {TALLY} SELECT t.round_id, made.cohort_id, 0, count(*),
                      count(*) FILTER (WHERE made.state = '{SeatState.FILLED}')
                    FROM made JOIN annotations_task t ON t.id = made.task_id
                    GROUP BY t.round_id, made.cohort_id;
                    RETURN NULL;
                """,  # noqa: S608
            ),
            Guard(
                name="tally_judged",
                when=pgtrigger.After,
                operation=pgtrigger.UpdateOf("state"),  # type: ignore[no-untyped-call]
                condition=pgtrigger.Condition(
                    f"((OLD.state = '{SeatState.FILLED}') <> (NEW.state = '{SeatState.FILLED}'))"
                ),
                func=f"""
                    {TALLY} SELECT round_id, NEW.cohort_id, 0, 0,
                      CASE WHEN NEW.state = '{SeatState.FILLED}' THEN 1 ELSE -1 END
                    FROM annotations_task WHERE id = NEW.task_id;
                    RETURN NULL;
                """,  # noqa: S608
            ),
        ]


class ExpectedAnswer(PublicModel):
    """What was expected for a text of a training or attention round, and why, for one cohort."""

    seat = models.OneToOneField(Seat, on_delete=models.PROTECT, related_name="expected")
    answers = models.JSONField(help_text="Parts of a submission: ratings, ranking and so on.")
    explanation = models.TextField(blank=True, help_text="Shown after a training item.")
