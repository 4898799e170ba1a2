"""The coordinator's prompts: reading them, taking one or a single reply out."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from annotations.models import Assignment, Prompt, Round, Seat
from annotations.rules.states import AssignmentState
from annotations.services import assignments, rounds
from codesign.audit.models import Event
from codesign.shared.actors import SYSTEM, Actor
from codesign.studies.models import Member
from codesign.studies.rules import Role
from tests.factories.annotations import (
    PromptFactory,
    ResponseFactory,
    add_task,
    answers,
    judge,
    judging_round,
    lease,
    send,
)
from tests.factories.studies import CohortFactory, staff
from tests.support.counting import pages_of, queries_of
from tests.support.judging_api import Caller
from tests.support.judging_page import signed_in

pytestmark = pytest.mark.django_db


@pytest.fixture
def member() -> Member:
    member = judge()
    judging_round(member.cohort, tasks=2)
    return member


def address(name: str, member: Member, **ids: object) -> str:
    return reverse(f"annotations:{name}", kwargs={"slug": member.study.slug, **ids})


def test_a_coordinator_withdraws_a_prompt(member: Member) -> None:
    held = lease(member)
    client = signed_in(staff(member.study))
    assert held.prompt.external_id in client.get(address("prompts", member)).content.decode()
    out = address("prompt-take-out", member, prompt_id=held.prompt_id)
    assert "You cannot undo this." in client.get(out).content.decode()
    assert client.get(out).status_code == 200  # asking alone changes nothing
    assert Prompt.objects.get(id=held.prompt_id).withdrawn_at is None
    page = client.post(out, follow=True).content.decode()
    assert "Withdrawn on" in page
    held.refresh_from_db()
    assert held.state == AssignmentState.RETURNED
    assert lease(member).prompt_id != held.prompt_id
    assert client.post(out).status_code == 409
    assert Event.objects.filter(action="annotations.prompt_pulled").count() == 1


def test_a_coordinator_withdraws_a_reply(member: Member) -> None:
    held = lease(member)
    client = signed_in(staff(member.study))
    gone = held.order_shown[0]
    out = address("reply-take-out", member, response_id=gone)
    assert "Nobody sees this reply any more." in client.get(out).content.decode()
    assert "withdrawn" in client.post(out, follow=True).content.decode()
    held.refresh_from_db()
    assert held.state == AssignmentState.RETURNED
    following = lease(member)
    assert gone not in following.order_shown
    assert not Seat.objects.filter(task_id=held.task_id, offered=True).exists()
    assert client.post(out).status_code == 409
    event = Event.objects.get(action="annotations.response_pulled")
    assert (event.about_id, event.about_label) == (gone, held.prompt.external_id)


def test_a_withdrawn_reply_is_not_offered_when_its_round_reopens(member: Member) -> None:
    held = lease(member)
    client = signed_in(staff(member.study))
    client.post(address("reply-take-out", member, response_id=held.order_shown[0]))
    made = held.task.round
    rounds.open_round(actor=SYSTEM, round=rounds.close_round(actor=SYSTEM, round=made))
    assert not Seat.objects.filter(task_id=held.task_id, offered=True).exists()


def test_late_work_on_a_withdrawn_response_is_refused(member: Member) -> None:
    held = lease(member)
    Assignment.objects.filter(id=held.id).update(expires_at=timezone.now() - timedelta(hours=1))
    assert assignments.expire_leases() == 1
    client = signed_in(staff(member.study))
    client.post(address("reply-take-out", member, response_id=held.order_shown[0]))
    assert Caller(member).submit(held.id, answers(held)).status_code == 409
    assert not Seat.objects.filter(task_id=held.task_id, offered=True).exists()


def test_judgements_are_kept_after_a_reply_is_withdrawn(member: Member) -> None:
    held = lease(member)
    send(held)
    client = signed_in(staff(member.study))
    client.post(address("reply-take-out", member, response_id=held.order_shown[0]))
    held.refresh_from_db()
    assert held.state == AssignmentState.SUBMITTED
    assert assignments.lease(actor=Actor.of(member.user), slug=member.study.slug).assignment


def test_many_prompts_come_in_pages_by_constant_queries(member: Member) -> None:
    client = signed_in(staff(member.study))
    one = Prompt.objects.filter(study=member.study).first()
    assert one is not None
    few = queries_of(client, address("prompts", member))
    PromptFactory.create_batch(60, study=member.study)
    assert queries_of(client, address("prompts", member)) == few
    pages = pages_of(client, address("prompts", member))
    assert [page.count('<th scope="row"') for page in pages] == [50, 12]
    names = Prompt.objects.filter(study=member.study).order_by("external_id")
    last = names.values_list("external_id", flat=True)[61]
    listing = client.get(address("prompts", member), {"from": last}).content.decode()
    assert listing.count('<th scope="row"') == 1
    assert f">{last}</a>" in listing
    page = address("prompt", member, prompt_id=one.id)
    few = queries_of(client, page)
    ResponseFactory.create_batch(12, prompt=one)
    assert queries_of(client, page) == few


def test_prompts_and_replies_are_found_in_their_own_study_alone(member: Member) -> None:
    other = staff(CohortFactory.create().study)
    client = signed_in(other)
    listed = client.get(address("prompts", other))
    assert not listed.context["page"].object_list
    for prompt in Prompt.objects.filter(study=member.study):
        for reply in prompt.responses.all():
            for door in (
                address("prompt", other, prompt_id=prompt.id),
                address("prompt-take-out", other, prompt_id=prompt.id),
                address("reply-take-out", other, response_id=reply.id),
            ):
                statuses = (client.get(door).status_code, client.post(door).status_code)
                assert statuses in {(404, 404), (404, 405)}, door
    assert not Prompt.objects.exclude(withdrawn_at=None).exists()


@pytest.mark.parametrize("role", sorted(set(Role) - {Role.COORDINATOR}))
def test_nobody_else_sees_or_takes_out(role: Role, client: Client) -> None:
    judges = role in (Role.PANELIST, Role.CLINICIAN)
    cohort = CohortFactory.create(role=role if judges else Role.PANELIST)
    judging_round(cohort)
    person = judge(cohort=cohort) if judges else staff(cohort.study, role)
    prompt = Prompt.objects.get()
    reply = prompt.responses.all()[0]
    client.force_login(person.user)
    for name, ids in (
        ("prompt-take-out", {"prompt_id": prompt.id}),
        ("reply-take-out", {"response_id": reply.id}),
    ):
        assert client.post(address(name, person, **ids)).status_code == 403
    for name in ("prompts",):
        assert client.get(address(name, person)).status_code == 403
    away = staff(CohortFactory.create().study)
    client.force_login(away.user)
    assert client.post(address("prompt-take-out", away, prompt_id=prompt.id)).status_code == 404
    assert client.post(address("reply-take-out", away, response_id=reply.id)).status_code == 404
    prompt.refresh_from_db()
    assert prompt.withdrawn_at is None


def test_heavy_prompts_are_covered_until_they_are_opened(member: Member) -> None:  # standards 4.14
    made = Round.objects.get()
    words = "A line that nobody should read unprepared."
    asked = [{"role": "user", "content": words}]
    task = add_task(made, intensity=3, topics=["bereavement"], messages=asked)
    again = PromptFactory.create(
        study=member.study,
        intensity=3,
        topics=["bereavement"],
        messages=asked,
        split_group=task.prompt.split_group,
    )
    client = signed_in(staff(member.study))
    one = address("prompt", member, prompt_id=task.prompt_id)
    for page in (address("prompts", member), address("prompt-groups", member), one):
        text = client.get(page).content.decode()
        assert task.prompt.external_id in text
        assert "bereavement" in text
        assert words not in text
    covered = client.get(one).content.decode()
    replies = task.responses.values_list("text", flat=True)
    assert "This text is heavy." in covered
    assert address("prompt-take-out", member, prompt_id=task.prompt_id) in covered
    assert not [reply for reply in replies if reply in covered]
    shown = client.get(one, {"open": "1"}).content.decode()
    assert words in shown
    assert [reply for reply in replies if reply in shown]
    Prompt.objects.filter(id=again.id).update(text_check="found")
    texts = address("texts", member) + "?kind=prompt"
    assert words not in client.get(texts).content.decode()
    assert words in client.get(f"{texts}&open={again.id}").content.decode()
