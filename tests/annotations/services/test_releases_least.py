"""A least p and a least margin: what a release asks for, through every door."""

from __future__ import annotations

from decimal import Decimal
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import IntegrityError
from django.test import Client

from annotations.models import DatasetRelease
from annotations.rules.releases import LeastAsked, least_problems
from annotations.services import releases
from codesign.shared.actors import Actor
from codesign.shared.errors import Invalid
from tests.support.release_study import Story, rows

WRONG_MEDIANS = ["0.4999", "1.0001", "NaN", "-1", "0.51234"]
WRONG = [
    ("0.49", "0"),
    ("1", "0"),
    ("NaN", "0"),
    ("Infinity", "0"),
    ("-Infinity", "0"),
    ("0.61234", "0"),
    ("0.5", "-0.1"),
    ("0.5", "3.1"),
    ("0.5", "NaN"),
    ("0.5", "1.00001"),
]


@pytest.mark.parametrize(
    ("p", "margin", "fields"),
    [
        ("0.5", "0", set()),
        ("0.9999", "3", set()),
        ("0.50000", "3.0000", set()),
        *[(p, m, {"least_p" if m == "0" else "least_margin"}) for p, m in WRONG],
        ("0.1", "9", {"least_p", "least_margin"}),
    ],
)
def test_allowed_thresholds(p: str, margin: str, fields: set[str]) -> None:
    assert least_problems(LeastAsked(Decimal(p), Decimal(margin))).keys() == fields


@pytest.fixture
def story(db: None) -> Story:
    """One person slightly preferred a reply: p .75, margin 1; another prompt has p .8333."""
    made = Story()
    one, two = made.member(), made.member()
    made.judge(one, made.prompt(), strength=1)
    both = made.prompt()
    for member in (one, two):
        made.judge(member, both, strength=3)
    return made


def test_the_release_shows_thresholds_and_counts_weaker_pairs(story: Story) -> None:
    out = StringIO()
    call_command(
        "release_dataset", story.study.slug, "--purpose=training", "--least-p=0.8", stdout=out
    )
    made = DatasetRelease.objects.get()
    assert made.manifest["least"] == {"p": 0.8, "margin": 0.0}
    assert [r["meta"]["p"] for r in rows(made, "preference")] == [0.8333]
    assert made.manifest["dropped"]["preference"] == {"below_least_p": 1}
    assert "left out: 1 less sure than the least p" in out.getvalue()
    call_command(
        "release_dataset", story.study.slug, "--purpose=training", "--least-margin=3", stdout=out
    )
    other = DatasetRelease.objects.get(number=2)
    assert other.manifest["dropped"]["preference"] == {"below_least_margin": 1}
    assert other.selection_hash != made.selection_hash


@pytest.mark.parametrize(("p", "margin"), WRONG)
def test_every_door_refuses_what_is_out_of_range(
    story: Story, client: Client, p: str, margin: str
) -> None:
    slug = story.study.slug
    client.force_login(story.coordinator.user)
    sent = {"purpose": "training", "least_p": p, "least_margin": margin}
    answer = client.post(f"/api/v1/studies/{slug}/dataset-releases/", sent, "application/json")
    assert answer.status_code == 400
    assert client.post(f"/studies/{slug}/releases/new/", sent).status_code == 400
    with pytest.raises(CommandError, match=r"Must be from"):
        call_command(
            "release_dataset",
            slug,
            "--purpose=training",
            f"--least-p={p}",
            f"--least-margin={margin}",
            stdout=StringIO(),
        )
    assert not DatasetRelease.objects.exists()


def test_only_an_identical_request_returns_the_queued_release(story: Story) -> None:
    def ask(**least: str) -> int:
        asked = LeastAsked(**{name: Decimal(value) for name, value in least.items()})
        return releases.request_release(
            actor=Actor.of(story.coordinator.user),
            study=story.study,
            purpose="training",
            least=asked,
        ).number

    assert [ask(), ask(p="0.6"), ask(p="0.60"), ask(), ask(margin="1"), ask(p="0.6")] == [
        1,
        2,
        2,
        1,
        3,
        2,
    ]


def test_form_and_api_pass_the_thresholds(story: Story, client: Client) -> None:
    slug = story.study.slug
    client.force_login(story.coordinator.user)
    page = client.get(f"/studies/{slug}/releases/new/").content.decode()
    assert 'name="least_p"' in page
    client.post(
        f"/studies/{slug}/releases/new/",
        {"purpose": "training", "least_p": "0.7", "least_margin": "1.5"},
    )
    client.post(f"/studies/{slug}/releases/new/", {"purpose": "training"})
    body: Any = client.post(
        f"/api/v1/studies/{slug}/dataset-releases/",
        {"purpose": "evaluation", "least_p": 0.65},
        "application/json",
    ).json()
    assert (body["least_p"], body["least_margin"]) == (0.65, 0.0)
    thresholds = DatasetRelease.objects.order_by("number").values_list("least_p", "least_margin")
    assert list(thresholds) == [
        (Decimal("0.7"), Decimal("1.5")),
        (Decimal("0.5"), Decimal(0)),
        (Decimal("0.65"), Decimal(0)),
    ]


def test_the_database_holds_nothing_out_of_range(story: Story) -> None:
    with pytest.raises(IntegrityError, match="release_least_in_range"):
        DatasetRelease.objects.create(study=story.study, number=9, purpose="training", least_p=1)


def test_the_service_refuses_too(story: Story) -> None:
    with pytest.raises(Invalid) as refused:
        releases.request_release(
            actor=Actor.of(story.coordinator.user),
            study=story.study,
            purpose="training",
            least=LeastAsked(Decimal("0.2")),
        )
    assert refused.value.fields.keys() == {"least_p"}


def test_the_best_rated_replies_are_asked_for_at_every_door(story: Story, client: Client) -> None:
    slug, out = story.study.slug, StringIO()
    call_command("release_dataset", slug, "--purpose=training", "--least-median=0.75", stdout=out)
    made = DatasetRelease.objects.get()
    assert made.manifest["least"]["median"] == 0.75
    assert [row["meta"]["kind"] for row in rows(made, "sft")] == ["best_rated", "best_rated"]
    client.force_login(story.coordinator.user)
    page = client.get(f"/studies/{slug}/releases/{made.id}/").content.decode()
    assert "with a median of at least 0.75 of the scale" in page
    client.post(f"/studies/{slug}/releases/new/", {"purpose": "training", "least_median": "0.8"})
    body: Any = client.post(
        f"/api/v1/studies/{slug}/dataset-releases/",
        {"purpose": "training", "least_median": 1},
        "application/json",
    ).json()
    assert body["least_median"] == 1.0
    medians = DatasetRelease.objects.order_by("number").values_list("least_median", flat=True)
    assert list(medians) == [Decimal("0.75"), Decimal("0.8"), Decimal(1)]


@pytest.mark.parametrize("median", WRONG_MEDIANS)
def test_every_door_refuses_a_median_that_is_out_of_range(
    story: Story, client: Client, median: str
) -> None:
    slug = story.study.slug
    client.force_login(story.coordinator.user)
    sent = {"purpose": "training", "least_median": median}
    answer = client.post(f"/api/v1/studies/{slug}/dataset-releases/", sent, "application/json")
    assert answer.status_code == 400
    assert client.post(f"/studies/{slug}/releases/new/", sent).status_code == 400
    asked = ["--purpose=training", f"--least-median={median}"]
    with pytest.raises(CommandError, match=r"Must be from 0\.5 to 1"):
        call_command("release_dataset", slug, *asked, stdout=StringIO())
    with pytest.raises(IntegrityError, match="release_least_median_in_range"):
        DatasetRelease.objects.create(
            study=story.study, number=9, purpose="training", least_median="0.4"
        )
