"""Reviewing rewrites and flags."""

from __future__ import annotations

import uuid

import pytest
from django.urls import reverse

from annotations.models import Response, ReviewDecision, Rewrite
from annotations.queries import review as queries
from annotations.queries.review import Kind
from annotations.rules.states import FlagState, RewriteState
from annotations.services import review
from annotations.views.review import DECIDED_A_PAGE
from codesign.audit.models import Event
from codesign.consent.services import withdraw
from codesign.shared.actors import SYSTEM, Actor
from codesign.shared.errors import Conflict, Invalid, NotFound, NotPermitted
from codesign.studies.models import Member
from codesign.studies.rules import Role
from tests.factories.annotations import judge, judging_round
from tests.factories.studies import CohortFactory, staff
from tests.support.counting import pages_of, queries_of
from tests.support.judging_page import cohort_of, judged, signed_in
from tests.support.pages import flowed

pytestmark = pytest.mark.django_db


@pytest.fixture
def member() -> Member:
    member = judge()
    judging_round(cohort_of(member), tasks=4, overlap=2)
    return member


@pytest.fixture
def clinician(member: Member) -> Member:
    return judge(cohort=CohortFactory.create(study=member.study, role=Role.CLINICIAN))


@pytest.fixture
def coordinator(member: Member) -> Member:
    return staff(member.study)


def test_a_decision_moves_logs_and_is_audited(member: Member, coordinator: Member) -> None:
    rewrite, flag = judged(member)
    actor = Actor.of(coordinator.user)
    review.decide(
        actor=actor,
        kind=Kind.REWRITES,
        item_id=rewrite.id,
        state=RewriteState.ACCEPTED,
        note="Warm.",
    )
    review.decide(actor=actor, kind=Kind.FLAGS, item_id=flag.id, state=FlagState.UPHELD)
    rewrite.refresh_from_db()
    flag.refresh_from_db()
    assert (rewrite.state, flag.state) == (RewriteState.ACCEPTED, FlagState.UPHELD)
    row = ReviewDecision.objects.get(rewrite=rewrite)
    assert (row.old_state, row.new_state, row.note) == ("pending", "accepted", "Warm.")
    assert row.reviewer == coordinator
    assert Event.objects.filter(about_id__in=[rewrite.id, flag.id]).count() == 2


def test_only_a_changed_decision_adds_a_row(member: Member, clinician: Member) -> None:
    rewrite, _ = judged(member)
    actor = Actor.of(clinician.user)
    for state in ("accepted", "accepted", "held_back", "accepted"):
        review.decide(actor=actor, kind=Kind.REWRITES, item_id=rewrite.id, state=state)
    assert ReviewDecision.objects.filter(rewrite=rewrite).count() == 3


@pytest.mark.parametrize("state", ["pending", "reported"])
def test_a_decided_review_cannot_wait_again(
    member: Member, coordinator: Member, state: str
) -> None:
    rewrite, flag = judged(member)
    actor = Actor.of(coordinator.user)
    review.decide(actor=actor, kind=Kind.REWRITES, item_id=rewrite.id, state="accepted")
    review.decide(actor=actor, kind=Kind.FLAGS, item_id=flag.id, state="dismissed")
    unknown = (Invalid, "Unknown decision")
    refusal, said = (Conflict, "rewrite is accepted") if state == "pending" else unknown
    with pytest.raises(refusal, match=said):
        review.decide(actor=actor, kind=Kind.REWRITES, item_id=rewrite.id, state=state)
    refusal, said = (Conflict, "flag is dismissed") if state == "reported" else unknown
    with pytest.raises(refusal, match=said):
        review.decide(actor=actor, kind=Kind.FLAGS, item_id=flag.id, state=state)


def test_unknown_things_are_refused(member: Member, coordinator: Member) -> None:
    rewrite, flag = judged(member)
    actor = Actor.of(coordinator.user)
    with pytest.raises(Invalid, match="Unknown decision"):
        review.decide(actor=actor, kind=Kind.REWRITES, item_id=rewrite.id, state="upheld")
    with pytest.raises(Invalid, match="at most 500 characters"):
        review.decide(actor=actor, kind=Kind.FLAGS, item_id=flag.id, state="upheld", note="x" * 501)
    with pytest.raises(NotFound, match="does not exist"):
        review.decide(actor=actor, kind=Kind.FLAGS, item_id=rewrite.id, state="upheld")


def test_a_stale_page_does_not_overrule_a_colleague(
    member: Member, coordinator: Member, clinician: Member
) -> None:
    rewrite, _ = judged(member)
    review.decide(
        actor=Actor.of(coordinator.user),
        kind=Kind.REWRITES,
        item_id=rewrite.id,
        state="held_back",
        seen="pending",
    )
    with pytest.raises(Conflict, match="decided on this while"):
        review.decide(
            actor=Actor.of(clinician.user),
            kind=Kind.REWRITES,
            item_id=rewrite.id,
            state="accepted",
            seen="pending",
        )


def test_nobody_decides_on_their_own(member: Member, clinician: Member) -> None:
    judging_round(cohort_of(clinician))
    rewrite, flag = judged(clinician)
    actor = Actor.of(clinician.user)
    with pytest.raises(NotPermitted, match="your own work"):
        review.decide(actor=actor, kind=Kind.REWRITES, item_id=rewrite.id, state="accepted")
    with pytest.raises(NotPermitted, match="your own work"):
        review.decide(actor=actor, kind=Kind.FLAGS, item_id=flag.id, state="dismissed")
    assert queries.counts(actor=actor, study_id=member.study_id) == queries.Counts(0, 0, 0)


@pytest.mark.parametrize(
    "role", [Role.ML_ENGINEER, Role.AUDITOR, Role.SAFETY_LEAD, "panelist", "stranger"]
)
def test_others_are_refused(member: Member, role: str) -> None:
    rewrite, _ = judged(member)
    if role == "panelist":
        other = judge(cohort=member.cohort)
    elif role == "stranger":
        other = staff(judge().study)
    else:
        other = staff(member.study, role)
    refusal, said = (NotFound, "not in it") if role == "stranger" else (NotPermitted, "Your role")
    with pytest.raises(refusal, match=said):
        review.decide(
            actor=Actor.of(other.user),
            kind=Kind.REWRITES,
            item_id=rewrite.id,
            state=RewriteState.ACCEPTED,
        )
    client = signed_in(other)
    for name in ("review", "review-decided"):
        url = reverse(f"annotations:{name}", kwargs={"slug": member.study.slug})
        if role == Role.AUDITOR and name == "review-decided":
            review.decide(actor=SYSTEM, kind=Kind.REWRITES, item_id=rewrite.id, state="accepted")
            page = client.get(url).content.decode()
            assert rewrite.text in page
            assert member.pseudonym not in page
            one = {"slug": member.study.slug, "kind": "rewrites", "item_id": rewrite.id}
            decide = reverse("annotations:review-decide", kwargs=one)
            assert decide not in page
            assert client.get(decide).status_code == 403
        else:
            assert client.get(url).status_code in (403, 404)


def test_the_system_may(member: Member) -> None:
    rewrite, _ = judged(member)
    review.decide(actor=SYSTEM, kind=Kind.REWRITES, item_id=rewrite.id, state="accepted")
    assert ReviewDecision.objects.get().reviewer is None


def test_waiting_items_are_shown_one_by_one(member: Member, coordinator: Member) -> None:
    rewrite_ids = {judged(member)[0].id for _ in range(3)}
    actor = Actor.of(coordinator.user)
    seen: list[uuid.UUID] = []
    after = None
    for _ in range(4):
        item = queries.next_waiting(
            actor=actor, study_id=member.study_id, kind=queries.Kind.REWRITES, after=after
        )
        assert item is not None
        seen.append(item.id)
        after = item.id
    assert set(seen[:3]) == rewrite_ids
    assert seen[3] == seen[0]


def test_withdrawn_texts_are_not_reviewed(member: Member, coordinator: Member) -> None:
    judged(member)
    actor = Actor.of(coordinator.user)
    assert queries.counts(actor=actor, study_id=member.study_id) == queries.Counts(1, 1, 0)
    withdraw(actor=Actor.of(member.user), member=member)
    assert queries.counts(actor=actor, study_id=member.study_id) == queries.Counts(0, 0, 0)


def test_every_decision_is_listed_and_distinguishable(coordinator: Member) -> None:
    many = DECIDED_A_PAGE + 1
    member = judge(cohort__study=coordinator.study)
    judging_round(cohort_of(member), tasks=many)
    texts = [f"I hear you, time {n}." for n in range(many)]
    actor = Actor.of(coordinator.user)
    for text in texts:
        rewrite, flag = judged(member, text=text)
        review.decide(
            actor=actor, kind=Kind.REWRITES, item_id=rewrite.id, state="accepted", note=f"N {text}"
        )
        review.decide(actor=actor, kind=Kind.FLAGS, item_id=flag.id, state="upheld")
    client = signed_in(coordinator)
    listed = reverse("annotations:review-decided", kwargs={"slug": member.study.slug})
    pages = [flowed(page) for page in pages_of(client, listed)]
    assert [page.count('class="decided"') for page in pages] == [DECIDED_A_PAGE, DECIDED_A_PAGE, 2]
    for text in texts:
        assert sum(page.count(f">{text}<") for page in pages) == 1
    for rewrite in Rewrite.objects.select_related("response__prompt"):
        asked = rewrite.response.prompt.messages[0]["content"]
        assert sum(page.count(asked) for page in pages) == 2
    assert "It labels." in "".join(pages)
    assert texts[-1] in pages[0]
    assert "<button" not in pages[0].split("<main")[1].split("</main")[0]


def test_a_late_reviewer_keeps_their_note(
    member: Member, coordinator: Member, clinician: Member
) -> None:
    rewrite, _ = judged(member)
    decide = reverse(
        "annotations:review-decide",
        kwargs={"slug": member.study.slug, "kind": "rewrites", "item_id": rewrite.id},
    )
    review.decide(
        actor=Actor.of(clinician.user), kind=Kind.REWRITES, item_id=rewrite.id, state="held_back"
    )
    client = signed_in(coordinator)
    sent = {"state": "accepted", "seen": "pending", "note": "Warm and plain."}
    page = client.post(decide, sent)
    assert page.status_code == 409
    words = page.content.decode()
    assert "Somebody else decided on this while you were reading." in words
    assert "held back" in words
    assert "Warm and plain.</textarea>" in words
    assert page.context["next"].replace("&", "&amp;") in words
    assert client.get(page.context["next"]).status_code == 200
    rewrite.refresh_from_db()
    assert rewrite.state == "held_back"
    assert client.post(decide, sent | {"seen": "held_back"}).status_code == 302
    assert ReviewDecision.objects.filter(rewrite=rewrite).latest("created_at").note == sent["note"]
    assert client.post(decide, sent | {"note": "x" * 501, "state": "held_back"}).status_code == 400


def test_the_page_shows_the_next_after_each_decision(member: Member, coordinator: Member) -> None:
    judged(member)
    judged(member)
    client = signed_in(coordinator)
    url = reverse("annotations:review", kwargs={"slug": member.study.slug})
    page = client.get(f"{url}?kind=rewrites")
    words = page.content.decode()
    assert words.count("<ins>") >= 1
    assert words.count("<del>") >= 1
    item = page.context["item"]["item"]
    decide = reverse(
        "annotations:review-decide",
        kwargs={"slug": member.study.slug, "kind": "rewrites", "item_id": item.id},
    )
    page = client.post(decide, {"state": "accepted", "seen": "pending"}, follow=True)
    assert page.context["item"]["item"].id != item.id
    assert page.context["left"] == 1
    assert 'id="item-title" tabindex="-1" autofocus' in page.content.decode()
    listed = reverse("annotations:review-decided", kwargs={"slug": member.study.slug})
    assert decide in client.get(listed).content.decode()
    assert "Hold back" in client.get(decide).content.decode()
    back = {"state": "held_back", "seen": "accepted", "back": "decided"}
    page = client.post(decide, back, follow=True)
    assert page.redirect_chain == [(listed, 302)]
    assert "held back" in page.content.decode()


def test_the_page_does_not_reveal_author_or_time(member: Member, clinician: Member) -> None:
    rewrite, _ = judged(member)
    client = signed_in(clinician)
    pages = [
        client.get(reverse("annotations:review", kwargs={"slug": member.study.slug}), {"kind": k})
        for k in ("rewrites", "flags")
    ]
    for page in pages:
        words = page.content.decode()
        assert member.pseudonym not in words
        assert str(rewrite.judgement_id) not in words
        assert str(member.id) not in words
        assert member.user.email not in words


@pytest.mark.parametrize("name", ["review", "review-decided"])
def test_queries_do_not_grow(member: Member, coordinator: Member, name: str) -> None:
    url = reverse(f"annotations:{name}", kwargs={"slug": member.study.slug})
    client = signed_in(coordinator)
    rewrite, flag = judged(member)
    actor = Actor.of(coordinator.user)
    review.decide(actor=actor, kind=Kind.REWRITES, item_id=rewrite.id, state="accepted")
    judged(member)
    few = queries_of(client, url)
    review.decide(actor=actor, kind=Kind.FLAGS, item_id=flag.id, state="dismissed")
    for _ in range(2):
        rewrite, flag = judged(member)
        review.decide(actor=actor, kind=Kind.REWRITES, item_id=rewrite.id, state="accepted")
    assert queries_of(client, url) == few


def test_a_rewrite_of_only_capitals_and_punctuation_has_a_note(
    member: Member, coordinator: Member
) -> None:
    """Whatever is decided, it is no training data: the reviewer should know."""
    rewrite, _ = judged(member)
    shown = rewrite.judgement.assignment.order_shown
    reply = Response.objects.exclude(id=rewrite.response_id).get(id__in=shown)
    same = Rewrite.objects.create(
        study_id=member.study_id,
        judgement=rewrite.judgement,
        response=reply,
        text=f"{reply.text.upper()} !!",
    )
    said = "Only capitals, spaces or punctuation are different."
    for one, count in ((same, 1), (rewrite, 0)):
        url = reverse(
            "annotations:review-decide",
            kwargs={"slug": member.study.slug, "kind": "rewrites", "item_id": one.id},
        )
        assert signed_in(coordinator).get(url).content.decode().count(said) == count
