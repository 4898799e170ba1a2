"""Topics, covered texts, later and undo through the API."""

from __future__ import annotations

from typing import Any

import pytest

from annotations.models import Assignment, OwnLimit
from codesign.studies.rules import Role
from tests.factories.annotations import add_task, judge, judging_round
from tests.factories.studies import staff
from tests.support.judging_api import Caller, problem

pytestmark = pytest.mark.django_db


@pytest.fixture
def panelist() -> Caller:
    member = judge()
    made = judging_round(member.cohort, tasks=0, overlap=2)
    for topic in ("sleep", "work", "bereavement"):
        add_task(made, topics=[topic], intensity=3 if topic == "bereavement" else 1)
    return Caller(member)


def topics(caller: Caller, method: str = "GET", body: Any = None) -> Any:
    return caller.send(method, f"studies/{caller.member.study.slug}/topics/", body)


def test_leasing_asks_for_no_choice() -> None:
    member = judge(chose_topics=False)
    judging_round(member.cohort)
    assert Caller(member).lease().status_code == 201


def test_choices_are_read_and_changed(panelist: Caller) -> None:
    assert topics(panelist).json() == {
        "choices": [
            {"topic": topic, "choice": "fine"} for topic in ("bereavement", "sleep", "work")
        ],
        "minutes": None,
        "study_minutes": 60,
    }
    sent = topics(
        panelist, "PUT", {"choices": [{"topic": "sleep", "choice": "never"}], "minutes": 30}
    )
    assert sent.json()["choices"][1] == {"topic": "sleep", "choice": "never"}
    assert topics(panelist, "PUT", {"choices": []}).json()["minutes"] == 30
    assert topics(panelist, "PUT", {"minutes": None}).json()["minutes"] is None


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"choices": [{"topic": "sleep", "choice": "often"}]}, "choices"),
        ({"choices": [{"topic": "tea", "choice": "never"}]}, "choices"),
        ({"choices": "sleep"}, "choices"),
        ({"minutes": 2}, "minutes"),
        ({"minutes": "x"}, "minutes"),
        ({"minuets": 30}, "minuets"),
    ],
)
def test_bad_input_names_its_field(panelist: Caller, body: Any, field: str) -> None:
    fields = problem(topics(panelist, "PUT", body), 400)["fields"]
    assert any(name.startswith(field) for name in fields), fields
    assert not OwnLimit.objects.exists()


def test_others_have_none(panelist: Caller) -> None:
    coordinator = staff(panelist.member.study, Role.COORDINATOR)
    for method in ("GET", "PUT"):
        assert problem(topics(Caller(coordinator), method), 403)
    stranger = Caller(judge())
    path = f"studies/{panelist.member.study.slug}/topics/"
    assert problem(stranger.send("GET", path), 404)
    assert problem(Caller().send("GET", path), 401)


def until_covered(caller: Caller) -> dict[str, Any]:
    """Skip until the text that is covered."""
    one: dict[str, Any] = caller.lease().json()
    while not one["covered"]:
        one = caller.send("POST", f"assignments/{one['id']}/skip/", {"reason": "other"}).json()[
            "next"
        ]
    return one


def test_a_covered_text_is_opened(panelist: Caller) -> None:
    one = until_covered(panelist)
    row = Assignment.objects.get(id=one["id"])
    assert row.first_shown_at is None
    answer = panelist.send("POST", f"assignments/{one['id']}/open/")
    assert answer.json() == one | {"covered": False}
    row.refresh_from_db()
    assert row.first_shown_at is not None
    assert problem(Caller(judge()).send("POST", f"assignments/{one['id']}/open/"), 404)


def test_later_and_undo(panelist: Caller) -> None:
    one = panelist.lease().json()
    put_off = panelist.send("POST", f"assignments/{one['id']}/later/").json()
    assert put_off["rest"] is False
    second = put_off["next"]
    assert second["id"] != one["id"]
    skipped = panelist.send("POST", f"assignments/{second['id']}/skip/", {"reason": "other"})
    assert skipped.json()["rest"] is False
    again = panelist.send("POST", f"assignments/{second['id']}/undo-skip/")
    assert again.json()["prompt"] == second["prompt"]
    assert again.json()["pay"]["amount_minor"] == 0
    assert problem(panelist.send("POST", f"assignments/{one['id']}/undo-skip/"), 409)
    assert problem(panelist.send("POST", f"assignments/{second['id']}/later/"), 409)
    for way in ("later", "undo-skip"):
        assert problem(Caller(judge()).send("POST", f"assignments/{one['id']}/{way}/"), 404)
