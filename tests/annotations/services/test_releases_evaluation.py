"""Releases for evaluation contain what people compared, and no release for training does."""

from __future__ import annotations

from collections import Counter

import pytest
from django.test import Client

from annotations.models import Judgement, ReleaseMember
from annotations.rules.imported import ImportedStatement
from annotations.services.imported import record_imported_judgements
from codesign.shared.actors import SYSTEM
from codesign.studies.rules import Role
from tests.factories.annotations import lease
from tests.factories.studies import staff
from tests.support.comparisons import compared, prefers, two_panelists
from tests.support.release_study import Story, release, rows, withdraw

pytestmark = pytest.mark.django_db


def test_comparisons_are_released_with_texts_and_retracted() -> None:
    """standards 2.9: whoever withdraws is in the list for the pairs that they compared."""
    panel = two_panelists()
    evaluation = compared(panel)
    for member in panel:
        prefers(lease(member), evaluation.child, evaluation)
    assert Judgement.objects.count() == 2
    made = release(evaluation.study, "evaluation")
    pairs = rows(made, "comparisons")
    assert sum(len(pair["individual_preferences"]) for pair in pairs) == 2
    for pair in pairs:
        models = {pair["meta"][f"response_{n}_model_version_id"] for n in (1, 2)}
        assert models == {str(evaluation.child_id), str(evaluation.parent_id)}
        child = 1 + (pair["meta"]["response_2_model_version_id"] == str(evaluation.child_id))
        assert (pair["overall_preference"] > 0) is (child == 2)
        assert pair[f"response_{child}"][0]["content"].startswith("New ")
    texts = rows(made, "texts")
    judgements = rows(made, "judgements")
    assert {row["response_id"] for row in judgements} <= {row["response_id"] for row in texts}
    assert {row["held_out"] for row in texts} == {True}
    assert set(made.manifest["rows"]["judgements"]) == {"test"}
    assert made.manifest["rows"]["preference"] == {}
    assert made.manifest["query"]["rounds"] == ["judging", "evaluation"]

    withdraw(panel[0])
    client = Client()
    client.force_login(staff(evaluation.study, Role.ML_ENGINEER).user)
    (entry,) = client.get(f"/api/v1/studies/{evaluation.study.slug}/retractions/").json()["results"]
    assert len(entry["records"]["comparisons"]) == 1
    assert set(entry["records"]["comparisons"]) <= {pair["record_id"] for pair in pairs}
    assert set(entry["records"]["judgements"]) <= {row["judgement_id"] for row in judgements}


def test_a_release_for_training_has_none_of_it() -> None:
    panel = two_panelists()
    evaluation = compared(panel)
    prefers(lease(panel[0]), evaluation.child, evaluation)
    story = Story(evaluation.study)
    story.judge(story.member(), story.prompt())
    made = release(evaluation.study)
    assert "comparisons" not in made.manifest["rows"]
    assert made.manifest["query"]["rounds"] == ["judging"]
    assert {row["held_out"] for row in rows(made, "texts")} == {False}
    assert made.manifest["dropped"]["preference"] == {"evaluation_round": 1}


def test_imported_judgements_are_released_in_their_own_config() -> None:
    story = Story()
    first, second = story.responses(story.prompt())
    held, _other = story.responses(story.prompt(held_out=True))
    record_imported_judgements(
        actor=SYSTEM,
        study=story.study,
        source="A made-up forum",
        statements=[
            ImportedStatement(first.id, "rank", 1.0),
            ImportedStatement(second.id, "rank", 2.0),
            ImportedStatement(first.id, "score", 0.5, "helpful", rater=2),
            ImportedStatement(first.id, "label", criterion="tone", label="kind"),
            ImportedStatement(first.id, "span", 1.0, "warm", 0, 3),
            ImportedStatement(held.id, "rank", 1.0),
        ],
    )
    alone = release(story.study)
    assert alone.manifest["judgements"] == 0
    assert alone.manifest["imported"] == {"A made-up forum": 5}
    assert alone.manifest["dropped"]["imported"] == {"held_out": 1}
    kinds = Counter(row["kind"] for row in rows(alone, "imported"))
    assert kinds == {"rank": 2, "score": 1, "label": 1, "span": 1}
    labels = [label for row in rows(alone, "imported") if (label := row.get("label"))]
    assert labels == ["kind"]
    assert {row["response_id"] for row in rows(alone, "imported")} == {
        str(first.id),
        str(second.id),
    }
    assert not ReleaseMember.objects.exists()
    story.judge(story.member(), story.prompt())
    both = release(story.study)
    assert len(rows(both, "preference")) == 1
    assert len({row["prompt_id"] for row in rows(both, "texts")}) == 2
    assert "imported" not in release(story.study, "publication").manifest["rows"]
