"""Prompts come in once, whole, and tied to what they must not be parted from."""

from typing import Any

import pytest

from annotations.models import Prompt, Response, Seat
from annotations.rules.prompts import PromptRow
from annotations.rules.states import AssignmentState
from annotations.rules.text_kinds import Origin
from annotations.services import assignments, intake
from annotations.services import prompts as services
from codesign.accounts import services as accounts
from codesign.accounts.models import User
from codesign.shared.actors import SYSTEM, Actor
from codesign.shared.errors import Conflict, NotPermitted
from codesign.studies import services as studies
from codesign.studies.models import Study
from codesign.studies.rules import Role
from tests.factories.annotations import judge, judging_round

pytestmark = pytest.mark.django_db
LONG = "I have been waking at four every night for two months and I lie there going over all of it "


@pytest.fixture
def study() -> Study:
    return studies.make_study(actor=SYSTEM, slug="s", title="S", contact="s@example.org")


def row(text: str, **extra: Any) -> PromptRow:
    return PromptRow(messages=[{"role": "user", "content": text}], **extra)


def add(study: Study, *rows: PromptRow, **extra: Any) -> services.AddedPrompts:
    return services.add_prompts(actor=SYSTEM, study=study, rows=rows, **extra)


def groups(study: Study) -> dict[str, Any]:
    return dict(Prompt.objects.filter(study=study).values_list("external_id", "split_group"))


def test_the_same_row_again_changes_nothing(study: Study) -> None:
    first = add(study, row("I can't sleep", line=1, topics=["sleep"]))
    again = add(study, row("I can't  SLEEP", line=1, topics=["sleep"]))
    assert (first.made, again.made, again.already_there) == (1, 0, 1)
    assert again.by_line[1] == first.by_line[1]


def test_an_external_id_with_other_text_is_refused_and_nothing_is_added(study: Study) -> None:
    add(study, row("I can't sleep", external_id="a"))
    with pytest.raises(intake.RowsRefused) as refused:
        add(study, row("New one", external_id="b"), row("Other", external_id="a", line=2))
    assert [str(p) for p in refused.value.problems] == [
        "line 2: 'a' already exists with a different text."
    ]
    assert Prompt.objects.count() == 1


def test_skip_bad_adds_the_rest(study: Study) -> None:
    added = add(study, row("One", line=1), row(" ", line=2), skip_bad=True)
    assert added.made == 1
    assert [p.line for p in added.problems] == [2]


@pytest.mark.parametrize("batch", [1, 2, 500])
def test_tied_prompts_share_a_group_in_whatever_order_they_come(study: Study, batch: int) -> None:
    rows = [
        row(LONG + "again.", external_id="near-1"),
        row(LONG + "again!", external_id="near-2"),
        row("My mother died in May.", external_id="family-1", family="f"),
        row("My rabbit ran away.", external_id="family-2", family="f"),
        row("Something else altogether", external_id="alone"),
    ]
    for start in range(0, 5, batch):
        add(study, *reversed(rows[start : start + batch]))
    group_of = groups(study)
    assert group_of["near-1"] == group_of["near-2"]
    assert group_of["family-1"] == group_of["family-2"]
    assert len(set(group_of.values())) == 3
    other = studies.make_study(actor=SYSTEM, slug="o", title="O", contact="s@example.org")
    add(other, *rows)
    assert [group_of[r.external_id] == group_of["near-1"] for r in rows] == [
        groups(other)[r.external_id] == groups(other)["near-1"] for r in rows
    ]


def test_a_late_prompt_joins_two_groups(study: Study) -> None:
    first = row(LONG, external_id="a", family="x")
    second = row("Hello", external_id="b", family="y")
    add(study, first, second)
    assert groups(study)["a"] != groups(study)["b"]
    talk = [
        {"role": "user", "content": LONG},
        {"role": "assistant", "content": "Hi"},
        {"role": "user", "content": "Bye"},
    ]
    add(study, PromptRow(messages=talk, external_id="c", family="y"))
    assert len(set(groups(study).values())) == 1


def test_prompts_of_other_studies_are_not_tied(study: Study) -> None:
    other = studies.make_study(actor=SYSTEM, slug="o", title="O", contact="s@example.org")
    add(study, row(LONG, external_id="a"))
    add(other, row(LONG, external_id="a"))
    assert groups(study)["a"] != groups(other)["a"]


def test_identical_responses_tie_their_prompts_where_they_are_no_stock_phrase(
    study: Study,
) -> None:
    add(study, row("One", external_id="a"), row("Two", external_id="b"), row("3", external_id="c"))
    a, b, c = Prompt.objects.order_by("external_id")
    source = study.id
    said = "I hear you, " * 7
    for prompt, text in ((a, "Ok."), (b, "Ok."), (c, "Ok."), (a, said), (b, f" {said}  ")):
        new = intake.NewResponse(prompt=prompt, text=text, origin=Origin.AI, source=source)
        services.add_responses(actor=SYSTEM, study=study, new=[new])
    group_of = groups(study)
    assert group_of["a"] == group_of["b"] != group_of["c"]
    assert Response.objects.count() == 5


def test_withdrawing_a_prompt_is_final_and_recorded(study: Study) -> None:
    prompt = add(study, row("One", line=1)).by_line[1]
    assert services.withdraw_prompt(actor=SYSTEM, prompt=prompt).withdrawn_at
    with pytest.raises(Conflict, match="already withdrawn"):
        services.withdraw_prompt(actor=SYSTEM, prompt=prompt)


def test_a_withdrawn_prompt_is_returned_and_not_offered() -> None:
    one = judge()
    assert one.cohort is not None
    other = judge(cohort=one.cohort)
    judging_round(one.cohort, tasks=1, overlap=2)
    actors = [Actor.of(member.user) for member in (one, other)]
    held = assignments.lease(actor=actors[0], slug=one.study.slug).assignment
    assert held is not None
    services.withdraw_prompt(actor=SYSTEM, prompt=held.prompt)
    held.refresh_from_db()
    assert held.state == AssignmentState.RETURNED
    for actor in actors:
        assert assignments.lease(actor=actor, slug=one.study.slug).assignment is None
    assert not Seat.objects.filter(offered=True).exists()


@pytest.mark.parametrize(
    ("role", "allowed"),
    [
        (Role.COORDINATOR, True),
        (Role.ML_ENGINEER, True),
        (Role.AUDITOR, False),
        (Role.SAFETY_LEAD, False),
        (Role.PANELIST, False),
        (Role.CLINICIAN, False),
    ],
)
def test_roles_that_may_add_prompts(study: Study, role: Role, allowed: bool) -> None:
    user: User = accounts.make_account(actor=SYSTEM, email="x@example.org", password="pw-one-two")
    judges = role in (Role.PANELIST, Role.CLINICIAN)
    cohort = (
        studies.make_cohort(actor=SYSTEM, study=study, key="k", title="K", role=role)
        if judges
        else None
    )
    studies.add_member(actor=SYSTEM, study=study, user=user, roles=[role], cohort=cohort)
    actor = Actor.of(user)
    if allowed:
        assert services.add_prompts(actor=actor, study=study, rows=[row("One")]).made == 1
    else:
        with pytest.raises(NotPermitted, match="Your role"):
            services.add_prompts(actor=actor, study=study, rows=[row("One")])
