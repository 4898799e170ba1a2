"""Errors of the API name the invalid field and its allowed values."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from rest_framework import serializers

from annotations.models import DatasetRelease
from codesign.shared.serializers import OneOf, Shape
from codesign.studies.rules import Role
from modelhub.models import GenerationRun, TrainingRun
from tests.factories.annotations import PromptFactory
from tests.factories.studies import staff

ID = "3c1d0b7e-2f8a-4f0e-9b59-5a3e5b8d4c21"


class Everything(Shape):
    """A field of each kind that requests use."""

    text = serializers.CharField(max_length=3)
    whole = serializers.IntegerField(min_value=2, max_value=5)
    number = serializers.FloatField(max_value=0.5)
    id = serializers.UUIDField()
    yes = serializers.BooleanField()
    word = OneOf(["sft", "dpo"])
    some = serializers.DictField()
    several = serializers.ListField(child=serializers.IntegerField())


@pytest.mark.parametrize(
    ("field", "sent", "says"),
    [
        ("text", None, "This may not be null."),
        ("text", "", "This may not be empty."),
        ("text", {}, "Please send a text."),
        ("text", "four", "Please keep this to 3 characters."),
        ("whole", "x", "Please send a whole number."),
        ("whole", "1" * 2000, "Please send a whole number."),
        ("whole", 1, "Please send 2 or more."),
        ("whole", 6, "Please send 5 or less."),
        ("number", "x", "Please send a number."),
        ("number", 7, "Please send 0.5 or less."),
        ("id", "7", "Please send an id that this API returned."),
        ("yes", "perhaps", "Must be true or false."),
        ("word", "ppo", "Please use one of: sft, dpo."),
        ("some", [], "Please send an object."),
        ("several", {}, "Please send a list."),
    ],
)
def test_a_field_says_what_it_takes(field: str, sent: Any, says: str) -> None:
    read = Everything(data={field: sent})
    assert not read.is_valid()
    assert read.errors[field] == [says]
    others = set(read.errors) - {field}
    assert {str(sentence) for other in others for sentence in read.errors[other]} == {
        "This is missing."
    }


BODIES: list[tuple[str, dict[str, Any], str, str]] = [
    ("training-runs/", {"release": ID, "base": "x", "method": "ppo"}, "method", "sft, dpo"),
    (
        "training-runs/",
        {"release": ID, "base": "x", "method": "kto", "batch_size": 1},
        "batch_size",
        "Use: release, base, method, params, seed.",
    ),
    ("{study}/dataset-releases/", {"purpose": "fun"}, "purpose", "training, evaluation"),
    (
        "{study}/dataset-releases/",
        {"purpose": "training", "x": 1},
        "x",
        "Use: purpose",
    ),
    (
        "{study}/generation-runs/",
        {"model": "x", "temprature": 0},
        "temprature",
        "temperature",
    ),
    ("{study}/generation-runs/", {"model": "x", "samples": 0}, "samples", "1 or more"),
]


@pytest.mark.django_db
@pytest.mark.parametrize(("path", "body", "field", "says"), BODIES)
def test_unknown_fields_are_refused(
    path: str, body: dict[str, Any], field: str, says: str, client: Client
) -> None:
    role = Role.COORDINATOR if "releases" in path else Role.ML_ENGINEER
    member = staff(PromptFactory.create().study, role)
    client.force_login(member.user)
    address = f"/api/v1/{path.format(study=f'studies/{member.study.slug}')}"
    answer = client.post(address, body, content_type="application/json")
    assert answer.status_code == 400
    assert says in answer.json()["fields"][field][0]
    assert not DatasetRelease.objects.exists()
    assert not TrainingRun.objects.exists()
    assert not GenerationRun.objects.exists()
