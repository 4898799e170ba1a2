"""Prompts that an ML engineer imports wait for a coordinator before they become paid work."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from annotations.models import Prompt, Round, Task
from annotations.rules.states import RoundState
from annotations.services.rounds import close_round
from codesign.shared.actors import SYSTEM, Actor
from codesign.shared.errors import Conflict, NotPermitted
from codesign.studies.models import Study
from codesign.studies.rules import Role
from modelhub.models import WaitingPrompt
from modelhub.queries.uploads import KIND as UPLOAD
from modelhub.queries.waiting_prompts import KIND, waiting_now
from modelhub.rules.row_reading import rows_of
from modelhub.services.imports import ImportReport, import_rows
from modelhub.services.waiting_prompts import let_judge
from tests.factories.modelhub import open_round
from tests.factories.studies import CohortFactory, MemberFactory, StudyFactory, staff
from tests.support import jobs
from tests.support.counting import queries_of
from tests.support.uploads import Desk, lines, signed_in

pytestmark = pytest.mark.django_db
ROWS: list[dict[str, Any]] = [
    {
        "external_id": "a",
        "prompt": "I cannot sleep.",
        "intensity": 2,
        "topics": ["sleep"],
        "responses": ["Since when?", "Try tea."],
    },
    {"external_id": "b", "prompt": "I feel low.", "responses": ["Since when?"]},
    {"external_id": "c", "prompt": "Held.", "held_out": True, "responses": ["A", "B"]},
]


@pytest.fixture
def study() -> Study:
    return StudyFactory.create()


@pytest.fixture
def round(study: Study) -> Round:
    return open_round(CohortFactory.create(study=study))


def bring(study: Study, role: Role | None, rows: list[Any] = ROWS) -> ImportReport:
    actor = Actor.of(staff(study, role).user) if role else SYSTEM
    return import_rows(actor=actor, study=study, rows=rows_of(rows))


def waiting(study: Study) -> list[str]:
    held = WaitingPrompt.objects.filter(study=study)
    return sorted(held.values_list("prompt__external_id", flat=True))


@pytest.mark.parametrize(("role", "tasks"), [(Role.COORDINATOR, 1), (None, 1)])
def test_prompts_of_those_who_decide_become_tasks_at_once(
    study: Study, round: Round, role: Role | None, tasks: int
) -> None:
    report = bring(study, role)
    assert (report.tasks, report.wait_for_go) == (tasks, 0)
    assert waiting(study) == []


def test_prompts_of_an_ml_engineer_wait_and_a_coordinator_lets_them_be_judged(
    study: Study, round: Round
) -> None:
    report = bring(study, Role.ML_ENGINEER)
    assert (report.tasks, report.wait_for_go, report.prompts) == (0, 1, 3)
    assert Task.objects.count() == 0
    assert waiting(study) == ["a"]
    home = signed_in(staff(study, Role.COORDINATOR))
    page = home.get(reverse("desk:study", kwargs={"slug": study.slug})).content.decode()
    assert "1 prompt with responses was imported by an ML engineer" in page
    assert "if each prompt has two responses" in page
    assert reading(study) in page
    assert "Add them to the round" not in page
    page = home.get(reading(study)).content.decode()
    assert "if each prompt has two responses" in page
    assert go(study) in page
    for said in (">a</a>", "I cannot sleep.", "Since when?", "Try tea.", "Some of this"):
        assert said in page
    assert ">b</a>" not in page
    assert home.post(go(study)).status_code == 302
    jobs.run(KIND, round.id)
    assert list(Task.objects.values_list("prompt__external_id", flat=True)) == ["a"]
    assert waiting(study) == []
    assert waiting_now(study_id=study.id) is None
    assert "No imported prompts are waiting." in home.get(reading(study)).content.decode()


def reading(study: Study) -> str:
    return reverse("modelhub:waiting-prompts", kwargs={"slug": study.slug})


def go(study: Study) -> str:
    return reverse("modelhub:let-judge", kwargs={"slug": study.slug})


def test_the_same_file_again_does_not_wait_twice(study: Study, round: Round) -> None:
    bring(study, Role.ML_ENGINEER)
    assert bring(study, Role.ML_ENGINEER).wait_for_go == 0
    assert bring(study, Role.COORDINATOR).tasks == 1
    assert waiting(study) == []
    assert bring(study, Role.ML_ENGINEER).wait_for_go == 0


def test_without_an_open_round_the_coordinator_who_opens_one_decides(study: Study) -> None:
    report = bring(study, Role.ML_ENGINEER)
    assert (report.wait_for_go, report.wait_for_round) == (0, 1)
    assert waiting(study) == []


@pytest.mark.parametrize("role", [Role.ML_ENGINEER, Role.AUDITOR, Role.SAFETY_LEAD])
def test_only_a_coordinator_lets_prompts_be_judged(study: Study, round: Round, role: Role) -> None:
    bring(study, Role.ML_ENGINEER)
    member = staff(study, role)
    assert signed_in(member).post(go(study)).status_code == 403
    assert signed_in(member).get(reading(study)).status_code == 403
    with pytest.raises(NotPermitted, match="Your role"):
        let_judge(actor=Actor.of(member.user), study=study)
    assert Task.objects.count() == 0


def test_people_of_other_studies_and_strangers_get_nothing(study: Study, round: Round) -> None:
    bring(study, Role.ML_ENGINEER)
    other = signed_in(staff(StudyFactory.create(), Role.COORDINATOR))
    assert other.post(go(study)).status_code == 404
    assert other.get(reading(study)).status_code == 404
    assert Client().post(go(study)).status_code == 302
    panelist = signed_in(MemberFactory.create(cohort__study=study))
    assert panelist.post(go(study)).status_code == 403
    assert Task.objects.count() == 0


def test_adding_is_refused_if_no_prompt_waits(study: Study, round: Round) -> None:
    with pytest.raises(Conflict, match="No imported prompts are waiting"):
        let_judge(actor=SYSTEM, study=study)
    bring(study, Role.ML_ENGINEER)
    let_judge(actor=SYSTEM, study=study)
    with pytest.raises(Conflict, match="being added"):
        let_judge(actor=SYSTEM, study=study)
    with pytest.raises(Conflict, match="No judging round is open"):
        let_judge(actor=SYSTEM, study=StudyFactory.create())


def test_a_round_that_is_closed_meanwhile_gets_no_tasks(study: Study, round: Round) -> None:
    bring(study, Role.ML_ENGINEER)
    let_judge(actor=SYSTEM, study=study)
    closed = close_round(actor=SYSTEM, round=round)
    assert closed.state == RoundState.CLOSED
    jobs.run(KIND, round.id)
    assert Task.objects.count() == 0
    assert waiting(study) == ["a"]


def test_a_withdrawn_prompt_does_not_wait(study: Study, round: Round) -> None:
    bring(study, Role.ML_ENGINEER)
    Prompt.objects.filter(external_id="a").update(withdrawn_at=round.created_at)
    assert waiting_now(study_id=study.id) is None


def test_an_ml_engineer_imports_by_page_and_is_told_that_prompts_wait(
    study: Study, round: Round
) -> None:
    desk = Desk(study, Role.ML_ENGINEER)
    upload = desk.checked(lines(*ROWS))
    assert "wait until a coordinator adds them to this round" in " ".join(desk.page(upload).split())
    desk.client.post(desk.at("upload-confirm", upload))
    jobs.run(UPLOAD, upload.id)
    page = " ".join(desk.page(upload).split())
    assert "1 prompt waits until a coordinator adds it to the round." in page
    assert "1 waits for a coordinator" in desk.client.get(desk.at("uploads")).content.decode()
    assert "Import another file" in page
    assert "See the prompts" not in page
    assert waiting(study) == ["a"]


def test_prompts_of_a_file_that_an_ml_engineer_confirmed_wait(study: Study, round: Round) -> None:
    upload = Desk(study).checked(lines(*ROWS))
    engineer = Desk(study, Role.ML_ENGINEER)
    assert "wait until a coordinator adds them" in " ".join(engineer.page(upload).split())
    assert engineer.client.post(engineer.at("upload-confirm", upload)).status_code == 302
    jobs.run(UPLOAD, upload.id)
    assert not Task.objects.exists()
    assert waiting(study) == ["a"]


def test_prompts_of_an_ml_engineers_file_wait_although_a_coordinator_confirmed_it(
    study: Study, round: Round
) -> None:
    upload = Desk(study, Role.ML_ENGINEER).checked(lines(*ROWS))
    coordinator = Desk(study)
    assert "wait until a coordinator adds them" in " ".join(coordinator.page(upload).split())
    coordinator.client.post(coordinator.at("upload-confirm", upload))
    jobs.run(UPLOAD, upload.id)
    assert not Task.objects.exists()
    assert waiting(study) == ["a"]


def test_prompts_of_a_file_that_an_ml_engineer_remapped_wait(study: Study, round: Round) -> None:
    coordinator = Desk(study)
    upload = coordinator.checked(lines(*ROWS))
    engineer = Desk(study, Role.ML_ENGINEER)
    answer = engineer.client.post(engineer.at("upload-remap", upload), {"prompt": "=external_id"})
    assert answer.status_code == 302
    jobs.run(UPLOAD, upload.id)
    coordinator.client.post(coordinator.at("upload-confirm", upload))
    jobs.run(UPLOAD, upload.id)
    assert not Task.objects.exists()
    assert WaitingPrompt.objects.filter(study=study).count() == 1


def test_only_prompts_that_waited_at_the_time_are_added(study: Study, round: Round) -> None:
    bring(study, Role.ML_ENGINEER)
    let_judge(actor=SYSTEM, study=study)
    later = [{"external_id": "z", "prompt": "Later.", "responses": ["One", "Two"]}]
    assert bring(study, Role.ML_ENGINEER, later).wait_for_go == 1
    jobs.run(KIND, round.id)
    assert list(Task.objects.values_list("prompt__external_id", flat=True)) == ["a"]
    assert waiting(study) == ["z"]


@pytest.mark.parametrize("role", [Role.COORDINATOR, Role.ML_ENGINEER])
def test_prompts_with_one_reply_are_said_to_cost_nothing_and_how_to_go_on(
    study: Study, round: Round, role: Role
) -> None:
    desk = Desk(study, role)
    single = [{"prompt": f"Question {n}.", "responses": ["The only reply."]} for n in range(6)]
    held = {"prompt": "Held.", "held_out": True, "responses": ["Alone."]}
    upload = desk.checked(lines(*single, held))
    said = "6 prompts have only one reply. They can be judged once a second reply is generated or"
    preview = " ".join(desk.page(upload).split())
    assert said in preview
    assert desk.at("run-start") in preview
    assert "is open. Prompts with two different responses" not in preview
    assert "in pay" not in preview
    desk.client.post(desk.at("upload-confirm", upload))
    jobs.run(UPLOAD, upload.id)
    result = " ".join(desk.page(upload).split())
    assert said in result
    assert desk.at("run-start") in result


def test_only_prompts_that_become_tasks_are_said_to_cost_pay(study: Study, round: Round) -> None:
    desk = Desk(study)
    upload = desk.checked(lines(*ROWS))
    assert (upload.found["ready"], upload.found["one_reply"]) == (1, 1)
    assert "in pay" in desk.page(upload)
    desk.client.post(desk.at("upload-confirm", upload))
    jobs.run(UPLOAD, upload.id)
    again = desk.checked(lines(*ROWS), "again.jsonl")
    assert again.found["ready"] == 0
    second = {"external_id": "b", "prompt": "I feel low.", "responses": ["Tell me more."]}
    assert desk.checked(lines(second), "second.jsonl").found["ready"] == 1


def test_an_import_waits_for_a_coordinator_until_one_has_decided(
    study: Study, round: Round
) -> None:
    desk = Desk(study, Role.ML_ENGINEER)
    for name, prompt in (("first.jsonl", "One."), ("second.jsonl", "Two.")):
        upload = desk.checked(lines({"prompt": prompt, "responses": ["A", "B"]}), name)
        desk.client.post(desk.at("upload-confirm", upload))
        jobs.run(UPLOAD, upload.id)
        said = desk.client.get(desk.at("uploads")).content.decode()
        assert said.count("1 waits for a coordinator") == 1
        let_judge(actor=SYSTEM, study=study)
        jobs.run(KIND, round.id)
        assert "for a coordinator" not in desk.client.get(desk.at("uploads")).content.decode()


def test_heavy_waiting_prompts_are_covered(study: Study, round: Round) -> None:
    heavy = ROWS[0] | {"intensity": 3}
    bring(study, Role.ML_ENGINEER, [heavy])
    coordinator = signed_in(staff(study, Role.COORDINATOR))
    page = coordinator.get(reading(study)).content.decode()
    assert "This text is heavy." in page
    assert "sleep" in page
    assert "I cannot sleep." not in page
    assert "Try tea." not in page


def test_the_page_takes_a_constant_number_of_queries(study: Study, round: Round) -> None:
    coordinator = signed_in(staff(study, Role.COORDINATOR))
    bring(study, Role.ML_ENGINEER)
    few = queries_of(coordinator, reading(study))
    more = [{"prompt": f"Question {n}.", "responses": ["A", "B"]} for n in range(4)]
    bring(study, Role.ML_ENGINEER, more)
    assert queries_of(coordinator, reading(study)) == few


@pytest.mark.parametrize("content", [b"colour,size\nred,3\n", lines({"prompt": ""})])
def test_a_file_that_cannot_be_imported_is_listed_as_such(study: Study, content: bytes) -> None:
    desk = Desk(study)
    name = "x.jsonl" if content.startswith(b"{") else "x.csv"
    desk.checked(content, name)
    listed = desk.client.get(desk.at("uploads")).content.decode()
    assert "cannot be imported" in listed
    assert "waiting for your confirmation" not in listed
