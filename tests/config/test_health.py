"""/healthz where nothing but database and broker run."""

import json

import pytest
from django.test import Client


@pytest.mark.django_db
def test_without_a_worker_it_says_so_and_reads_nothing(
    client: Client, django_assert_num_queries: pytest.FixtureRequest
) -> None:
    with django_assert_num_queries(0):  # type: ignore[operator]
        answer = client.get("/healthz")
    assert answer.status_code == 503
    assert json.loads(answer.content) == {
        "database": "ok",
        "broker": "ok",
        "worker": "no answer",
    }
    assert "no-store" in answer["Cache-Control"]


def test_it_cannot_be_posted_to(client: Client) -> None:
    assert client.post("/healthz").status_code == 405
