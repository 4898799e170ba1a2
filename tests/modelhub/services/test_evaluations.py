"""Evaluations: a blind comparison of child and parent, and its result."""

from __future__ import annotations

from functools import partial

import pytest

from annotations.models import Assignment, Response, Task
from annotations.rules.scales import UNSURE
from annotations.rules.states import Ask, RoundKind
from annotations.services.prompts import withdraw_prompt, withdraw_response
from annotations.services.rounds import open_round
from codesign.audit.models import Event
from codesign.consent import services as consent
from codesign.consent.rules import Purpose
from codesign.shared.actors import SYSTEM, Actor
from codesign.shared.errors import Conflict, Invalid, NotPermitted
from codesign.studies.models import Member
from modelhub.models import Evaluation, ModelVersion
from modelhub.queries.evaluations import EvaluationResult, result_of
from modelhub.rules.states import RunState
from modelhub.services import chunks
from modelhub.services.evaluations import plan_evaluation
from modelhub.services.versions import ensure_embedded_model
from modelhub.services.writing import Draft
from tests.factories.annotations import judging_round, lease, send
from tests.factories.consent import sign
from tests.factories.modelhub import add_prompts, child_of
from tests.factories.studies import StudyFactory, staff
from tests.support.comparisons import BOTH, compared, prefers, two_panelists, write
from tests.support.generation_runs import claimed, wanted
from tests.support.kinds_rubric import kinds_round
from tests.support.together import at_once, kinds

pytestmark = pytest.mark.django_db


@pytest.fixture
def panel() -> list[Member]:
    return two_panelists()


def result(evaluation: Evaluation) -> EvaluationResult:
    return result_of(actor=SYSTEM, evaluation=evaluation)


def test_tasks_open_once_both_have_answered(panel: list[Member]) -> None:
    study = panel[0].study
    made = plan_evaluation(actor=SYSTEM, study=study, child=child_of(study))
    assert made.round.kind == RoundKind.EVALUATION
    write(made.parent_run, lambda number: f"Words {number}.")
    assert not Task.objects.filter(round=made.round).exists()
    write(made.child_run, lambda number: f"New {number}.")
    tasks = Task.objects.filter(round=made.round)
    assert {task.prompt.held_out for task in tasks.select_related("prompt")} == {True}
    assert tasks.count() == 3


def test_withdrawn_prompts_and_responses_are_not_compared(panel: list[Member]) -> None:
    """A prompt and a response are withdrawn after both models have written."""
    study = panel[0].study
    made = plan_evaluation(actor=SYSTEM, study=study, child=child_of(study))
    write(made.parent_run, lambda number: f"Words {number}.")
    work = claimed(made.child_run)
    draft = Draft(item_id=wanted(work)[0].item_id, seed=1, text="New.")
    chunks.save_chunk(work=work, drafts=[draft])
    first, second, third = made.parent_run.items.order_by("id")
    assert second.response is not None
    withdraw_prompt(actor=SYSTEM, prompt=first.prompt)
    withdraw_response(actor=SYSTEM, response=second.response)
    write(made.child_run, lambda number: f"New {number}.")
    made.child_run.refresh_from_db()
    assert made.child_run.state == RunState.DONE
    assert Task.objects.get(round=made.round).prompt == third.prompt


def test_both_answer_with_the_same_numbers(panel: list[Member]) -> None:
    made = compared(panel)
    parent, child = made.parent_run, made.child_run
    for name in ("seed", "temperature", "max_new_tokens", "system_message", "samples"):
        assert getattr(parent, name) == getattr(child, name)


def test_identical_responses_count_as_ties_without_a_task(panel: list[Member]) -> None:
    evaluation = compared(panel, same=1)
    assert evaluation.identical == 1
    assert Task.objects.filter(round=evaluation.round).count() == 2
    assert result(evaluation).prompts == 3
    assert result(evaluation).cohorts == []


def test_win_rate_per_cohort(panel: list[Member]) -> None:
    evaluation = compared(panel)
    for member, model in zip(panel, [evaluation.child, evaluation.parent], strict=True):
        prefers(lease(member), model, evaluation)
    (cohort,) = result(evaluation).cohorts
    assert cohort.title == "Lived experience"
    assert (cohort.rate.wins, cohort.rate.losses, cohort.rate.rate) == (1, 1, 0.5)
    assert cohort.examples == 0


def test_both_could_do_harm_prefers_neither(panel: list[Member]) -> None:
    evaluation = compared(panel)
    send(lease(panel[0]), ranking=[], all_harmful=True)
    (cohort,) = result(evaluation).cohorts
    assert (cohort.rate.wins, cohort.rate.ties, cohort.rate.losses) == (0, 1, 0)


def test_responses_that_cannot_be_compared_are_no_tie(panel: list[Member]) -> None:
    evaluation = compared(panel)
    send(lease(panel[0]), ranking=[], cannot_rank=True)
    assert (result(evaluation).cohorts, result(evaluation).left_out) == ([], 1)


def test_taking_evaluation_back_acts_at_once(panel: list[Member]) -> None:  # standards 2.8
    evaluation = compared(panel)
    prefers(lease(panel[0]), evaluation.child, evaluation)
    consent.change_choice(
        actor=Actor.of(panel[0].user),
        member=panel[0],
        purpose=Purpose.EVALUATION,
        granted=False,
    )
    assert result(evaluation).cohorts == []
    assert result(evaluation).left_out == 1


def test_signing_again_does_not_count_withdrawn_judgements(panel: list[Member]) -> None:
    evaluation = compared(panel)
    prefers(lease(panel[0]), evaluation.child, evaluation)
    consent.withdraw(actor=Actor.of(panel[0].user), member=panel[0])
    sign(panel[0], BOTH)
    assert result(evaluation).cohorts == []
    assert result(evaluation).left_out == 1


@pytest.mark.django_db(transaction=True)
def test_concurrent_requests_start_one_comparison(panel: list[Member]) -> None:
    study = panel[0].study
    child = child_of(study)
    start = partial(plan_evaluation, actor=SYSTEM, study=study, child=child)
    assert kinds(at_once(start, start, start)) == ["Conflict", "Conflict", "Evaluation"]
    assert Evaluation.objects.filter(child=child).count() == 1


def test_whose_answers_must_not_test_a_model_is_asked_for_none(panel: list[Member]) -> None:
    """Otherwise a seat is lost, and a member reads upsetting texts for nothing (standards 2.8)."""
    evaluation = compared(panel)
    judging_round(panel[0].cohort, tasks=1)
    consent.change_choice(
        actor=Actor.of(panel[0].user),
        member=panel[0],
        purpose=Purpose.EVALUATION,
        granted=False,
    )
    assert lease(panel[0]).task.round_id != evaluation.round_id
    assert lease(panel[1]).task.round_id == evaluation.round_id


def test_a_comparison_has_the_asks_and_pay_of_the_judging_round(
    panel: list[Member],
) -> None:
    ordinary = judging_round(panel[0].cohort, tasks=40)
    evaluation = compared(panel)
    of_kind: dict[bool, list[Assignment]] = {True: [], False: []}
    for _ in range(43):
        held = lease(panel[0])
        of_kind[held.task.round_id == evaluation.round_id].append(held)
        send(held)
    terms = {
        kind: {
            (tuple(one.asks), one.rubric_id, one.amount_minor, one.promised_seconds)
            for one in of_kind[kind]
        }
        for kind in of_kind
    }
    assert terms[True] == terms[False]
    assert len(terms[True]) == 1
    assert [len(of_kind[kind]) for kind in (True, False)] == [3, 40]
    assert ordinary.cohorts.get().asks == evaluation.round.cohorts.get().asks


def test_work_whose_pay_is_held_does_not_count(panel: list[Member]) -> None:
    evaluation = compared(panel)
    for member in panel:
        prefers(lease(member), evaluation.child, evaluation)
    Assignment.objects.filter(member=panel[0], state="submitted").update(pay_check="held")
    evaluation_result = result(evaluation)
    assert (evaluation_result.cohorts[0].rate.wins, evaluation_result.left_out) == (1, 1)


def test_without_a_ranking_the_higher_rated_response_wins(panel: list[Member]) -> None:
    judging_round(panel[0].cohort, tasks=0, asks=["rating"])
    evaluation = compared(panel)
    held = lease(panel[0])
    childs = evaluation.child_run.items.get(prompt_id=held.prompt_id).response_id
    ratings = [
        {"response": str(id), "criterion": key, "score": 5 if id == childs else 2}
        for id in held.order_shown
        for key in ("heard", "usable")
    ]
    send(held, ratings=ratings, ranking=[])
    (cohort,) = result(evaluation).cohorts
    assert (cohort.rate.wins, cohort.rate.losses) == (1, 0)


def test_unsure_and_what_was_asked_about_one_response_decide_nothing(panel: list[Member]) -> None:
    cohort = panel[0].cohort
    assert cohort
    kinds_round(cohort, tasks=0, asks=[Ask.RATING])
    evaluation = compared(panel)
    held = lease(panel[0])
    childs = evaluation.child_run.items.get(prompt_id=held.prompt_id).response_id
    of_child = {"heard": UNSURE, "advice": 0, "asks": 1, "blames": 1}
    of_parent = {"heard": 1, "advice": 1, "risk": 1, "asks": 1, "blames": 0}
    ratings = [
        {"response": str(id), "criterion": key, "score": score}
        for id in held.order_shown
        for key, score in (of_child if id == childs else of_parent).items()
    ]
    send(held, ratings=ratings, ranking=[])
    (figures,) = result(evaluation).cohorts
    assert (figures.rate.wins, figures.rate.losses) == (0, 1)  # by minus ten points alone


def test_a_comparison_without_ranking_and_ratings_is_refused(panel: list[Member]) -> None:
    judging_round(panel[0].cohort, tasks=0, asks=["rewrite"])
    study = panel[0].study
    with pytest.raises(Conflict, match="needs a ranking or ratings"):
        plan_evaluation(actor=SYSTEM, study=study, child=child_of(study))


def test_sources_of_the_two_are_apart_and_opaque(panel: list[Member]) -> None:
    evaluation = compared(panel)
    responses = Response.objects.filter(tasks__round=evaluation.round)
    sources = set(responses.values_list("source", flat=True))
    assert len(sources) == 2
    assert not sources & {evaluation.parent_id, evaluation.child_id}


def test_who_may_compare(panel: list[Member]) -> None:
    study = panel[0].study
    child = child_of(study)
    for refused in (panel[0], staff(study, "auditor"), staff(study, "safety_lead")):
        with pytest.raises(NotPermitted, match="Your role"):
            plan_evaluation(actor=Actor.of(refused.user), study=study, child=child)
    engineer = Actor.of(staff(study, "ml_engineer").user)
    assert plan_evaluation(actor=engineer, study=study, child=child).requested_by_id
    with pytest.raises(Conflict, match="already"):
        plan_evaluation(actor=engineer, study=study, child=child)


def test_the_trail_names_who_asked_for_the_round_and_the_answers(panel: list[Member]) -> None:
    """A comparison costs pay. An ML engineer still cannot open other rounds."""
    study = panel[0].study
    engineer = Actor.of(staff(study, "ml_engineer").user)
    made = plan_evaluation(actor=engineer, study=study, child=child_of(study))
    abouts = [made.round_id, made.parent_run_id, made.child_run_id]
    events = Event.objects.filter(about_id__in=abouts)
    actions = sorted(events.values_list("action", flat=True))
    assert (
        actions
        == ["annotations.round_made", "annotations.round_moved"] + ["modelhub.run_started"] * 2
    )
    assert set(events.values_list("actor_id", flat=True)) == {engineer.user_id}
    assert made.parent_run.requested_by_id == engineer.user_id
    with pytest.raises(NotPermitted, match="Your role"):
        open_round(actor=engineer, round=judging_round(panel[0].cohort, tasks=0, opened=False))


def test_models_that_cannot_be_compared_are_refused(panel: list[Member]) -> None:
    study = panel[0].study
    with pytest.raises(Invalid, match="Only an adapter of this study"):
        plan_evaluation(actor=SYSTEM, study=study, child=ensure_embedded_model())
    bare = StudyFactory.create()
    with pytest.raises(Conflict, match="no held-out prompts"):
        plan_evaluation(actor=SYSTEM, study=bare, child=child_of(bare))
    add_prompts(bare, "Held out", held_out=True)
    other = ModelVersion.objects.get(study=bare)
    with pytest.raises(Conflict, match="needs an earlier judging round"):
        plan_evaluation(actor=SYSTEM, study=bare, child=other)
