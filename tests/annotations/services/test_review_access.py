"""Who may read in review what others wrote about a prompt, and is asked to judge it no more."""

from __future__ import annotations

from typing import Any

import pytest
from django.urls import reverse

from annotations.contract.skip import Skip
from annotations.models import Rewrite, Round, SeenInReview
from annotations.queries.review import Kind
from annotations.rules.states import RoundKind
from annotations.services import assignments, review, rounds, submissions
from codesign.audit.models import Event
from codesign.consent.rules import Purpose
from codesign.shared.actors import SYSTEM, Actor
from codesign.shared.errors import Conflict
from codesign.studies.models import Member
from codesign.studies.rules import Role
from tests.factories.annotations import judge, judging_round, lease, send
from tests.factories.studies import CohortFactory, staff
from tests.support.judging_page import cohort_of, judged, signed_in

pytestmark = pytest.mark.django_db


@pytest.fixture
def member() -> Member:
    member = judge()
    judging_round(cohort_of(member), tasks=4, overlap=2)
    return member


@pytest.fixture
def clinician(member: Member) -> Member:
    return judge(cohort=CohortFactory.create(study=member.study, role=Role.CLINICIAN))


def review_page(member: Member) -> str:
    return reverse("annotations:review", kwargs={"slug": member.study.slug})


def ask_about(made: Round, rewrite: Rewrite) -> None:
    prompt = rewrite.response.prompt
    rounds.add_tasks(actor=SYSTEM, round=made, items=[(prompt, list(prompt.responses.all()))])


@pytest.mark.parametrize("finished_by", ["submit", "skip"])
def test_nobody_reads_what_others_wrote_before_they_judged_the_same_prompt(
    member: Member, clinician: Member, finished_by: str
) -> None:
    rewrite, _ = judged(member)
    ask_about(judging_round(cohort_of(clinician), tasks=0), rewrite)
    client = signed_in(clinician)
    one = reverse(
        "annotations:review-decide",
        kwargs={"slug": member.study.slug, "kind": "rewrites", "item_id": rewrite.id},
    )

    def reads() -> bool:
        page = client.get(review_page(member))
        assert client.get(one).status_code == (200 if page.context["item"] else 404)
        assert (page.context["counts"].later == 0) is bool(page.context["item"])
        return page.context["item"] is not None

    assert not reads()
    assert (
        "2 appear here after you have judged or skipped their texts yourself"
        in client.get(review_page(member)).content.decode()
    )
    home = client.get(reverse("desk:study", kwargs={"slug": member.study.slug})).content.decode()
    assert "2 appear here after you have judged or skipped their texts yourself" in home
    assert "Nothing is waiting." not in home
    held = lease(clinician)
    assert not reads()
    assignments.stop(actor=Actor.of(clinician.user), assignment_id=held.id)
    assert not reads()
    assert not SeenInReview.objects.exists()
    held = lease(clinician)
    if finished_by == "submit":
        send(held)
    else:
        submissions.skip(
            actor=Actor.of(clinician.user), assignment_id=held.id, skip=Skip.read(reason="other")
        )
    assert reads()
    assert SeenInReview.objects.get().prompt == rewrite.response.prompt


@pytest.mark.parametrize("door", ["review", "decided", "one"])
def test_a_reviewed_prompt_is_never_leased_to_its_reader(
    member: Member, clinician: Member, door: str
) -> None:
    rewrite, _ = judged(member)
    if door == "decided":
        review.decide(actor=SYSTEM, kind=Kind.REWRITES, item_id=rewrite.id, state="accepted")
    keys: dict[str, Any] = {"slug": member.study.slug}
    address = {
        "review": review_page(member),
        "decided": reverse("annotations:review-decided", kwargs=keys),
        "one": reverse(
            "annotations:review-decide", kwargs=keys | {"kind": "rewrites", "item_id": rewrite.id}
        ),
    }[door]
    client = signed_in(clinician)
    assert client.head(address).status_code == 200
    assert not SeenInReview.objects.exists()  # headers alone tell nothing
    for _ in range(2):
        assert client.get(address).status_code == 200
        assert SeenInReview.objects.get().prompt == rewrite.response.prompt
    ask_about(judging_round(cohort_of(clinician), tasks=0), rewrite)
    actor = Actor.of(clinician.user)
    assert assignments.lease(actor=actor, slug=member.study.slug).assignment is None
    colleague = judge(cohort=clinician.cohort)
    assert lease(colleague).prompt == rewrite.response.prompt
    assert client.get(review_page(member)).context["counts"].later == 0


@pytest.mark.parametrize("why", ["a colleague holds it", "the round is closed"])
def test_a_reviewed_prompt_is_never_offered(member: Member, clinician: Member, why: str) -> None:
    rewrite, _ = judged(member)
    made = judging_round(cohort_of(clinician), tasks=0)
    ask_about(made, rewrite)
    colleague = judge(cohort=clinician.cohort)
    client = signed_in(clinician)
    assert client.get(review_page(member)).context["item"] is None
    if why == "the round is closed":
        rounds.close_round(actor=SYSTEM, round=made)
    else:
        held = lease(colleague)
    assert client.get(review_page(member)).context["item"] is not None
    if why == "the round is closed":
        rounds.open_round(actor=SYSTEM, round=made)
    else:
        assignments.stop(actor=Actor.of(colleague.user), assignment_id=held.id)
    actor = Actor.of(clinician.user)
    assert assignments.lease(actor=actor, slug=member.study.slug).assignment is None
    assert client.get(review_page(member)).context["item"] is not None
    assert lease(colleague).prompt == rewrite.response.prompt


def test_a_clinician_can_review_instead_of_judging(member: Member, clinician: Member) -> None:
    first, second = judged(member)[0], judged(member)[0]
    made = judging_round(cohort_of(clinician), tasks=0, overlap=2)
    for rewrite in (first, second):
        ask_about(made, rewrite)
    client = signed_in(clinician)
    held = lease(clinician)
    page = client.get(review_page(member))
    assert page.context["counts"].later == 4
    words = page.content.decode()
    assert "Review the next one instead" in words
    assert "Then you will not be asked to judge it." in words
    instead = reverse("annotations:review-instead", kwargs={"slug": member.study.slug})
    assert client.get(instead).status_code == 405
    page = client.post(instead, {"kind": "rewrites"}, follow=True)
    shown = page.context["item"]["item"]
    assert shown.prompt_id != held.prompt_id
    assert shown.kind == Kind.REWRITES
    event = Event.objects.get(action="annotations.gave_up_judging")
    assert (event.actor_id, event.about_id) == (clinician.user_id, shown.prompt_id)
    page = client.post(instead, {"kind": "rewrites"}, follow=True)
    assert "the text that you have open" in page.content.decode()
    assert page.context["counts"].later == 2
    send(held)
    actor = Actor.of(clinician.user)
    assert assignments.lease(actor=actor, slug=member.study.slug).assignment is None
    assert client.get(review_page(member)).context["counts"].later == 0


@pytest.mark.parametrize("role", [Role.ML_ENGINEER, Role.AUDITOR, "panelist", "stranger"])
def test_others_may_not_review_instead(member: Member, role: str) -> None:
    judged(member)
    if role == "panelist":
        other = judge(cohort=member.cohort)
    else:
        other = staff(judge().study) if role == "stranger" else staff(member.study, role)
    instead = reverse("annotations:review-instead", kwargs={"slug": member.study.slug})
    assert signed_in(other).post(instead).status_code in (403, 404)
    assert not SeenInReview.objects.exists()


def test_late_work_of_a_reviewer_is_refused(member: Member, clinician: Member) -> None:
    rewrite, _ = judged(member)
    ask_about(judging_round(cohort_of(clinician), tasks=0, overlap=2), rewrite)
    mine = lease(clinician)
    assignments.stop(actor=Actor.of(clinician.user), assignment_id=mine.id)
    colleagues = [judge(cohort=clinician.cohort) for _ in range(2)]
    held = [lease(colleague) for colleague in colleagues]
    client = signed_in(clinician)
    assert client.get(review_page(member)).context["item"] is not None
    assignments.stop(actor=Actor.of(colleagues[1].user), assignment_id=held[1].id)
    with pytest.raises(Conflict, match="no longer assigned"):
        send(mine)


def test_held_out_prompts_come_back_and_stay_unread_until_given_up(
    member: Member, clinician: Member
) -> None:
    """Otherwise one review of a comparison would leave nobody to judge the next one."""
    made = judging_round(cohort_of(clinician), tasks=1, overlap=2, kind=RoundKind.EVALUATION)
    granted = [Purpose.TAKE_PART, Purpose.EVALUATION]
    judged(judge(cohort=clinician.cohort, granted=granted))
    clinician = judge(cohort=clinician.cohort, granted=granted)
    send(lease(clinician))
    client = signed_in(clinician)
    page = client.get(review_page(member))
    assert page.context["item"] is None
    assert page.context["counts"].later == 1  # the report; its rewrite is never learnt from
    assert signed_in(staff(member.study)).get(review_page(member)).context["item"] is not None
    rounds.close_round(actor=SYSTEM, round=made)
    instead = reverse("annotations:review-instead", kwargs={"slug": member.study.slug})
    assert client.post(instead, {"kind": "flags"}, follow=True).context["item"] is not None


@pytest.mark.parametrize("overlap", [1, 2])
def test_reviews_of_finished_tasks_are_open_to_all(
    member: Member, clinician: Member, overlap: int
) -> None:
    rewrite, _ = judged(member)
    ask_about(judging_round(cohort_of(clinician), tasks=0, overlap=overlap), rewrite)
    reader = judge(cohort=clinician.cohort)
    client = signed_in(reader)
    for _ in range(overlap):
        assert client.get(review_page(member)).context["item"] is None
        send(lease(judge(cohort=clinician.cohort)))
    assert client.get(review_page(member)).context["item"] is not None
    assert client.get(review_page(member)).context["counts"].later == 0
    assert assignments.lease(actor=Actor.of(reader.user), slug=reader.study.slug).assignment is None
