"""A study that runs, its staff, and two who look after the site."""

from __future__ import annotations

from datetime import timedelta

from django.test import Client
from django.utils import timezone

from codesign.accounts import services as accounts
from codesign.accounts.models import User
from codesign.desk.services import handover as services
from codesign.desk.tasks import hand_over
from codesign.shared.actors import Actor
from codesign.studies.models import Handover, Member
from codesign.studies.rules import Role, StudyState
from tests.factories.accounts import UserFactory
from tests.factories.studies import MemberFactory, StudyFactory, staff
from tests.support.sessions import shown_lately

LONG_AGO = timedelta(days=400)


def site_admin(email: str, since: timedelta = LONG_AGO) -> User:
    made = UserFactory.create(email=email, is_site_admin=True)
    User.objects.filter(id=made.id).update(joined_at=timezone.now() - since)
    made.refresh_from_db()
    return made


class Site:
    """A study that runs, its staff, and two who look after the site."""

    def __init__(self) -> None:
        self.study = StudyFactory.create(state=StudyState.OPEN)
        self.cora = staff(self.study)
        self.auditor = staff(self.study, Role.AUDITOR)
        self.panelist = MemberFactory.create(cohort__study=self.study)
        self.ada, self.bea = site_admin("ada@example.org"), site_admin("bea@example.org")
        self.new = UserFactory.create(email="new@example.org")

    def stop(self, *people: User) -> None:
        for user in people or (self.cora.user,):
            accounts.set_active(actor=Actor.of(self.ada), user=user, active=False)

    def open(self, user: User) -> None:
        accounts.set_active(actor=Actor.of(self.bea), user=user, active=True)

    def ask(self, email: str = "new@example.org") -> Handover:
        made = services.name_coordinator(actor=Actor.of(self.ada), study=self.study, email=email)
        assert isinstance(made, Handover)
        return made

    def wait(self) -> None:
        """Let the waiting period pass, and run the timer."""
        Handover.objects.update(due_at=timezone.now() - timedelta(seconds=1))
        hand_over()

    def coordinators(self) -> set[str]:
        members = Member.objects.filter(study=self.study, left_at=None)
        running = members.filter(roles__contains=[Role.COORDINATOR], user__is_active=True)
        return set(running.values_list("user__email", flat=True))


def browser(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return shown_lately(client)
