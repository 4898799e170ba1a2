"""A site admin cannot take over a study that has members (decision 0019)."""

from __future__ import annotations

from datetime import timedelta

import pytest
from allauth.account.models import EmailAddress
from django.conf import settings
from django.db import IntegrityError, transaction
from django.urls import reverse
from django.utils import timezone

from codesign.accounts import services as accounts
from codesign.accounts.models import OutgoingMail, User
from codesign.audit.models import Event
from codesign.desk.services import handover as services
from codesign.desk.tasks import hand_over
from codesign.enrolment import services as enrolment
from codesign.enrolment.models import Invitation
from codesign.shared.actors import SYSTEM, Actor
from codesign.shared.errors import Conflict, Invalid, NotFound, NotPermitted
from codesign.studies import services as studies
from codesign.studies.models import Handover, Member, Study
from codesign.studies.rules import HANDOVER_STATES, HandoverState, Role, StudyState
from tests.factories.accounts import UserFactory
from tests.factories.studies import StudyFactory, staff
from tests.support.pages import flowed
from tests.support.site import Site, browser, site_admin

pytestmark = pytest.mark.django_db


@pytest.fixture
def site() -> Site:
    return Site()


def state_of(asked: Handover) -> str:
    asked.refresh_from_db()
    return asked.state


def mailed() -> dict[str, str]:
    return {mail.to: mail.body for mail in OutgoingMail.objects.order_by("created_at")}


def test_a_takeover_of_a_running_study_does_not_succeed(site: Site) -> None:
    """The attack: stop the coordinator, name oneself, open the account again."""
    ada = browser(site.ada)
    stop = reverse("accounts:set_active", kwargs={"user_id": site.cora.user_id})
    assert ada.post(stop, {"active": "no"}).status_code == 302
    name = reverse("desk:coordinator", kwargs={"slug": site.study.slug})
    for own in ("ada@example.org", "ADA@example.org", "ada+study@example.org"):
        answer = ada.post(name, {"email": own})
        assert answer.status_code == 400
        assert "You cannot hand a study to yourself." in answer.content.decode()
    assert ada.post(name, {"email": "new@example.org"}).status_code == 302
    assert ada.post(stop, {"active": "yes"}).status_code == 302
    site.wait()
    assert site.coordinators() == {site.cora.user.email}
    assert Handover.objects.get().state == HandoverState.ENDED
    home = reverse("desk:study", kwargs={"slug": site.study.slug})
    assert ada.get(home).status_code == 404


def test_a_site_admin_has_no_other_door(site: Site) -> None:
    site.stop()
    for email in ("ada@example.org", "nobody-yet@example.org"):
        with pytest.raises(NotFound, match="not in it"):
            enrolment.invite(
                actor=Actor.of(site.ada), study=site.study, email=email, roles=[Role.COORDINATOR]
            )
    with pytest.raises(NotFound, match="not in it"):
        studies.add_member(
            actor=Actor.of(site.ada), study=site.study, user=site.new, roles=[Role.COORDINATOR]
        )


def test_everybody_concerned_is_mailed_immediately(site: Site) -> None:
    site.stop()
    told = mailed()
    assert set(told) == {site.cora.user.email, site.auditor.user.email}  # the stopped one too
    assert f"has deactivated the account {site.cora.user.email}" in told[site.cora.user.email]
    site.ask()
    told = mailed()
    assert set(told) == {site.cora.user.email, site.auditor.user.email, "bea@example.org"}
    for body in told.values():
        assert "ada@example.org, a site admin, requests that new@example.org becomes" in body
        assert site.study.title in body
    assert reverse("desk:handovers", kwargs={"slug": site.study.slug}) in told[site.cora.user.email]
    assert "write to bea@example.org" in told[site.cora.user.email]
    assert "/site/handovers/" in told["bea@example.org"]


def test_who_stops_all_staff_first_still_tells_all(site: Site) -> None:
    site.stop(site.auditor.user, site.cora.user, site.bea)
    OutgoingMail.objects.all().delete()
    site.ask()
    assert set(mailed()) == {site.cora.user.email, site.auditor.user.email, "bea@example.org"}


def test_deactivating_a_site_admin_is_mailed_to_all_site_admins(site: Site) -> None:
    third = site_admin("cid@example.org")
    site.stop(site.bea)
    assert set(mailed()) == {"bea@example.org", third.email}


def test_it_takes_effect_after_the_waiting_time_and_not_before(site: Site) -> None:
    site.stop()
    asked = site.ask()
    assert asked.due_at - asked.created_at > timedelta(hours=settings.HANDOVER_HOURS - 0.1)
    hand_over()
    assert site.coordinators() == set()
    site.wait()
    hand_over()  # rung again, it does nothing more
    assert state_of(asked) == HandoverState.DONE
    assert site.coordinators() == {"new@example.org"}
    assert "now coordinates the study" in mailed()[site.cora.user.email]


def test_coordinator_without_an_account_is_invited(site: Site) -> None:
    site.stop()
    site.ask("later@example.org")
    site.wait()
    assert Invitation.objects.get().email == "later@example.org"
    accounts.make_account(actor=SYSTEM, email="later@example.org", password=None)
    assert site.coordinators() == {"later@example.org"}


def test_a_second_site_admin_approves(site: Site) -> None:
    site.stop()
    asked = site.ask()
    ada, bea = browser(site.ada), browser(site.bea)
    assert "requests that new@example.org" in bea.get(reverse("accounts:people")).content.decode()
    page = reverse("desk:handover-decide", kwargs={"handover_id": asked.id})
    approve = reverse("desk:handover-approve", kwargs={"handover_id": asked.id})
    assert f'action="{approve}"' not in ada.get(page).content.decode()
    assert ada.post(approve).status_code == 403
    assert f'action="{approve}"' in bea.get(page).content.decode()
    assert bea.post(approve).status_code == 302
    assert site.coordinators() == {"new@example.org"}
    assert asked.state == HandoverState.WAITING
    assert (state_of(asked), asked.decided_by) == (HandoverState.DONE, site.bea)
    assert bea.post(approve).status_code == 409


def test_an_approver_was_a_site_admin_well_before(site: Site) -> None:
    site.stop()
    wait = timedelta(hours=settings.HANDOVER_HOURS)
    fresh = site_admin("fresh@example.org", since=wait - timedelta(hours=1))
    asked = site.ask()
    after = site_admin("after@example.org", since=timedelta(0))
    for admin in (fresh, after):
        with pytest.raises(NotPermitted, match="for long enough"):
            services.approve(actor=Actor.of(admin), handover_id=asked.id)
    services.object_to(actor=Actor.of(fresh), handover_id=asked.id)  # any of them may object


def test_who_was_let_in_again_shortly_before_does_not_approve(site: Site) -> None:
    """Otherwise a site admin could reactivate a former colleague's account to approve."""
    gone = site_admin("gone@example.org")
    site.stop(gone, site.cora.user)
    asked = site.ask()
    site.open(gone)
    gone.refresh_from_db()
    with pytest.raises(NotPermitted, match="for long enough"):
        services.approve(actor=Actor.of(gone), handover_id=asked.id)


def test_named_person_cannot_approve(site: Site) -> None:
    site.stop()
    asked = site.ask("bea+study@example.org")
    with pytest.raises(NotPermitted, match="You are named in this request"):
        services.approve(actor=Actor.of(site.bea), handover_id=asked.id)


def test_an_account_that_they_made_counts_as_theirs(site: Site) -> None:
    made = accounts.make_account(
        actor=Actor.of(site.ada), email="quiet@example.org", password=None, is_site_admin=True
    )
    site.stop()
    with pytest.raises(Invalid, match="to yourself"):
        site.ask(made.email)


def test_an_address_that_became_theirs_meanwhile_ends_it(site: Site) -> None:
    site.stop()
    asked = site.ask("other@example.org")
    EmailAddress.objects.create(user=site.ada, email="other@example.org", verified=True)
    site.wait()
    assert state_of(asked) == HandoverState.ENDED
    assert site.coordinators() == set()


@pytest.mark.parametrize("who", ["ada", "bea"])
def test_who_asked_or_approved_does_not_take_the_place_by_its_invitation(
    site: Site, who: str
) -> None:
    site.stop()
    asked = site.ask("later@example.org")
    services.approve(actor=Actor.of(site.bea), handover_id=asked.id)
    giver: User = getattr(site, who)
    EmailAddress.objects.create(user=giver, email="later@example.org", verified=True)
    assert enrolment.accept_all(user=giver, email="later@example.org") == []
    assert site.coordinators() == set()


def test_an_offer_of_a_new_study_is_void_once_it_runs() -> None:
    """Otherwise an offer made before the study runs could be accepted months later."""
    ada = site_admin("ada@example.org")
    study = StudyFactory.create(state=StudyState.DRAFT)
    for email in ("cora@example.org", "sleeper@example.org"):
        made = services.name_coordinator(actor=Actor.of(ada), study=study, email=email)
        assert isinstance(made, Invitation)
    accounts.make_account(actor=SYSTEM, email="cora@example.org", password=None)
    Study.objects.update(state=StudyState.OPEN)
    accounts.make_account(actor=SYSTEM, email="sleeper@example.org", password=None)
    assert list(Member.objects.values_list("user__email", flat=True)) == ["cora@example.org"]


def test_only_an_untouched_study_is_handed_over_immediately() -> None:
    ada = Actor.of(site_admin("ada@example.org"))
    study = StudyFactory.create(state=StudyState.DRAFT)
    UserFactory.create(email="new@example.org")
    made = services.name_coordinator(actor=ada, study=study, email="new@example.org")
    assert isinstance(made, Member)
    accounts.set_active(actor=ada, user=made.user, active=False)
    again = services.name_coordinator(actor=ada, study=study, email="next@example.org")
    assert isinstance(again, Handover)


@pytest.mark.parametrize("state", [StudyState.OPEN, StudyState.PAUSED, StudyState.CLOSED])
def test_opened_study_is_never_handed_over_immediately(state: StudyState) -> None:
    ada = Actor.of(site_admin("ada@example.org"))
    study = StudyFactory.create(state=state)
    made = services.name_coordinator(actor=ada, study=study, email="new@example.org")
    assert isinstance(made, Handover)


def test_study_with_data_but_no_members_waits_too() -> None:
    ada = Actor.of(site_admin("ada@example.org"))
    study = StudyFactory.create(state=StudyState.DRAFT)
    studies.make_cohort(actor=SYSTEM, study=study, title="Panel", role=Role.PANELIST)
    made = services.name_coordinator(actor=ada, study=study, email="new@example.org")
    assert isinstance(made, Handover)


def test_any_staff_member_can_object(site: Site) -> None:
    """With a deactivated coordinator and one site admin, nobody else could object."""
    site.stop()
    asked = site.ask()
    auditor = browser(site.auditor.user)
    page = reverse("desk:handovers", kwargs={"slug": site.study.slug})
    home = auditor.get(reverse("desk:study", kwargs={"slug": site.study.slug}))
    assert f'href="{page}">View the request' in flowed(home.content)
    keys = {"slug": site.study.slug, "handover_id": asked.id}
    press = reverse("desk:handover-object", kwargs=keys)
    shown = auditor.get(page).content.decode()
    assert f'action="{press}"' in shown
    assert "ada@example.org" in shown
    assert browser(site.panelist.user).post(press).status_code == 403
    assert auditor.post(press).status_code == 302
    assert state_of(asked) == HandoverState.OBJECTED
    site.wait()
    assert site.coordinators() == set()


def test_reactivating_a_coordinator_ends_the_request(site: Site) -> None:
    """Otherwise a site admin could end the alarm and deactivate the account again near the end."""
    site.stop()
    asked = site.ask()
    OutgoingMail.objects.all().delete()
    site.open(site.cora.user)
    assert state_of(asked) == HandoverState.ENDED
    assert "ada@example.org" in set(OutgoingMail.objects.values_list("to", flat=True))
    site.stop()
    site.wait()
    assert site.coordinators() == set()


def test_a_coordinator_of_another_study_does_not_object(site: Site) -> None:
    site.stop()
    asked = site.ask()
    other = staff(StudyFactory.create())
    with pytest.raises(NotFound, match="not in it"):
        services.object_to(actor=Actor.of(other.user), handover_id=asked.id)
    keys = {"slug": other.study.slug, "handover_id": asked.id}
    assert browser(other.user).post(reverse("desk:handover-object", kwargs=keys)).status_code == 404


def test_another_site_admin_objects_and_who_asked_withdraws(site: Site) -> None:
    site.stop()
    for admin, state in ((site.bea, HandoverState.OBJECTED), (site.ada, HandoverState.WITHDRAWN)):
        asked = site.ask()
        end = reverse("desk:handover-end", kwargs={"handover_id": asked.id})
        assert browser(site.cora.user).post(end).status_code in (302, 403)
        assert browser(admin).post(end).status_code == 302
        assert state_of(asked) == state
    with pytest.raises(NotPermitted, match="Somebody else made this request"):
        services.withdraw(actor=Actor.of(site.bea), handover_id=asked.id)


def test_it_ends_where_who_asked_is_stopped_or_the_study_is_run_again(site: Site) -> None:
    site.stop()
    asked = site.ask()
    accounts.set_active(actor=Actor.of(site.bea), user=site.ada, active=False)
    with pytest.raises(Conflict, match="was deactivated"):
        services.approve(actor=Actor.of(site.bea), handover_id=asked.id)
    site.wait()
    assert (state_of(asked), "was deactivated" in asked.why) == (HandoverState.ENDED, True)


def test_only_one_request_is_open_at_a_time(site: Site) -> None:
    site.stop()
    asked = site.ask()
    with pytest.raises(Conflict, match="already an open request"):
        services.name_coordinator(actor=Actor.of(site.bea), study=site.study, email="x@example.org")
    name = reverse("desk:coordinator", kwargs={"slug": site.study.slug})
    there = reverse("desk:handover-decide", kwargs={"handover_id": asked.id})
    assert browser(site.bea).get(name).headers["Location"] == there
    with pytest.raises(IntegrityError, match="handover"), transaction.atomic():
        Handover.objects.create(
            study=site.study, email="y@example.org", requested_by=site.bea, due_at=timezone.now()
        )


def test_members_of_the_study_cannot_be_named(site: Site) -> None:
    site.stop()
    for member, says in ((site.cora, "Reactivate their account"), (site.auditor, "another role")):
        with pytest.raises(Invalid, match=says):
            site.ask(member.user.email)


def test_the_table_of_states_ends_everywhere() -> None:
    for state in HandoverState:
        after = HANDOVER_STATES.table[state]
        assert after == (set(HandoverState) - {state} if state == "waiting" else set())


def test_the_trail_of_the_study_holds_every_step(site: Site) -> None:
    site.stop()
    services.withdraw(actor=Actor.of(site.ada), handover_id=site.ask().id)
    asked = site.ask()
    services.object_to(actor=Actor.of(site.bea), handover_id=asked.id)
    services.approve(actor=Actor.of(site.bea), handover_id=site.ask().id)
    site.open(site.cora.user)
    events = Event.objects.filter(study_id=site.study.id).exclude(action="studies.member_added")
    assert list(events.order_by("id").values_list("action", "actor_id")) == [
        ("studies.staff_stopped", site.ada.id),
        ("desk.handover_asked", site.ada.id),
        ("desk.handover_moved", site.ada.id),
        ("desk.handover_asked", site.ada.id),
        ("desk.handover_moved", site.bea.id),
        ("desk.handover_asked", site.ada.id),
        ("desk.handover_approved", site.bea.id),
        ("desk.handover_moved", site.bea.id),
        ("studies.staff_opened", site.bea.id),
    ]
    assert "new@example.org" not in str(list(events.values("data", "about_label")))
    slug = {"slug": site.study.slug}
    trail = browser(site.auditor.user).get(reverse("desk:trail", kwargs=slug)).content.decode()
    site.cora.user.refresh_from_db()
    page = browser(site.cora.user).get(reverse("desk:handovers", kwargs=slug)).content.decode()
    for shown in (trail, page):
        assert "deactivated the account of a staff member" in shown
        assert "requested a new coordinator for the study" in shown
        assert "approved a new coordinator for the study" in shown
    assert site.cora.pseudonym in page


def test_deactivating_a_panelist_is_not_mailed(site: Site) -> None:
    site.stop(site.panelist.user)
    assert not mailed()
    assert not Event.objects.filter(study_id=site.study.id).exists()
