"""Prompts with the same response are in one split group, however far apart they come in."""

from __future__ import annotations

import uuid
from collections.abc import Sequence

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from annotations.models import Prompt
from annotations.rules.prompts import PromptRow
from annotations.rules.text_kinds import Origin
from annotations.services.intake import Intake, NewResponse
from codesign.shared.actors import SYSTEM
from codesign.studies.models import Study
from tests.factories.studies import StudyFactory

pytestmark = pytest.mark.django_db
SAME = "Breathe out slowly and count to ten. " * 5
OTHER = "Call a friend of yours and tell them how your day has been. " * 5


def import_replies(study: Study, batches: Sequence[Sequence[tuple[str, str]]]) -> list[str]:
    """Import batches of (prompt, reply) in one transaction; return its lookups of replies."""
    with transaction.atomic(), CaptureQueriesContext(connection) as asked:
        intake = Intake(actor=SYSTEM, study=study)
        for batch in batches:
            rows = [
                PromptRow(messages=[{"role": "user", "content": name}], external_id=name)
                for name, _reply in batch
            ]
            landed = intake.add_prompts(intake.ready(rows))
            intake.add_responses(
                [
                    NewResponse(prompt=prompt, text=reply, origin=Origin.AI, source=uuid.uuid4())
                    for prompt, (_name, reply) in zip(landed, batch, strict=True)
                    if prompt
                ]
            )
        intake.settle()
    return [query["sql"] for query in asked if "response.text_hash = hash" in query["sql"]]


def groups_of(study: Study) -> dict[str, uuid.UUID]:
    return dict(Prompt.objects.filter(study=study).values_list("external_id", "split_group"))


@pytest.fixture
def study() -> Study:
    return StudyFactory.create()


@pytest.mark.parametrize(
    "imports",
    [
        [[[("sleep", SAME), ("work", OTHER), ("grief", SAME)]]],
        [[[("sleep", SAME)], [("work", OTHER)], [("grief", SAME)]]],
        [[[("sleep", SAME)]], [[("work", OTHER)], [("grief", SAME)]]],
    ],
    ids=["in one batch", "in two batches", "in two imports"],
)
def test_the_same_reply_joins_prompts(
    study: Study, imports: Sequence[Sequence[Sequence[tuple[str, str]]]]
) -> None:
    for batches in imports:
        import_replies(study, batches)
    groups = groups_of(study)
    assert groups["sleep"] == groups["grief"]
    assert groups["sleep"] != groups["work"]


def test_replies_of_a_new_study_are_looked_up_only_if_they_may_have_come_before(
    study: Study,
) -> None:
    different = [[(f"prompt {n}", f"{n} {SAME}")] for n in range(20)]
    assert import_replies(study, different) == []
    assert len(import_replies(study, [[("another", SAME)]])) == 1
