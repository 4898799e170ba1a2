"""The database refuses changes to fixed columns and rows."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import DatabaseError, models, transaction

from annotations.models import DatasetRelease, ReleaseMember, TaskResponse
from tests.support.release_study import Story, release

pytestmark = pytest.mark.django_db


def refuses(row: models.Model, **changes: Any) -> None:
    """Check that each change and the deletion of the row are refused."""
    rows = type(row)._default_manager.filter(pk=row.pk)
    for name, value in changes.items():
        with pytest.raises(DatabaseError, match="Cannot update"), transaction.atomic():
            rows.update(**{name: value})
    with pytest.raises(DatabaseError, match=r"Cannot (update or )?delete"), transaction.atomic():
        rows._raw_delete(rows.db)


def test_a_prompt_keeps_its_words() -> None:
    prompt = Story().prompt()
    refuses(prompt, messages=[], content_hash="0" * 64, external_id="other", topics=["other"])
    prompt.held_out = True
    prompt.save(update_fields=["held_out", "split_group"])


def test_an_assignment_keeps_what_was_in_force() -> None:
    story = Story()
    assignment = story.judge(story.member(), story.prompt()).assignment
    refuses(
        assignment,
        study=Story().study,
        member=story.member(),
        asks=[],
        order_shown=[],
        seed=2,
        propensity=1.0,
        amount_minor=1,
        currency="USD",
        intensity=2,
        leased_at=assignment.created_at,
    )
    assignment.save(update_fields=["state", "seat", "draft", "example"])


def test_a_task_keeps_its_responses() -> None:
    Story().prompt()
    refuses(TaskResponse.objects.all()[0], position=7)


def test_the_request_and_content_of_a_release_never_change() -> None:
    story = Story()
    story.judge(story.member(), story.prompt())
    made = release(story.study)
    frozen: dict[str, Any] = {
        "manifest": {},
        "manifest_sha256": "0" * 64,
        "selection_hash": "",
        "frozen_at": None,
        "has_examples": True,
        "parent": made,
        "purpose": "publication",
        "number": 2,
        "least_median": 1,
    }
    refuses(made, **frozen)
    refuses(ReleaseMember.objects.get(release=made), rows=0)
    DatasetRelease.objects.filter(id=made.id).update(state="superseded")
    refuses(made, **frozen)
