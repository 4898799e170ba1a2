"""Who can create a site admin."""

from __future__ import annotations

import pytest

from codesign.accounts.models import User
from codesign.accounts.services import make_account
from codesign.shared.actors import SYSTEM, Actor
from codesign.shared.errors import NotPermitted
from tests.factories.accounts import UserFactory

pytestmark = pytest.mark.django_db


def made_by(actor: Actor) -> User:
    return make_account(actor=actor, email="sam@example.org", password=None, is_site_admin=True)


def test_a_site_admin_is_made_by_another_or_by_the_system() -> None:
    first = make_account(actor=SYSTEM, email="robin@example.org", password=None, is_site_admin=True)
    assert made_by(Actor.of(first)).is_site_admin


def test_by_nobody_else() -> None:
    somebody = UserFactory.create()
    for actor in (Actor.of(somebody), Actor(user_id=somebody.id)):
        with pytest.raises(NotPermitted, match="Only a site admin"):
            made_by(actor)
    assert not User.objects.filter(is_site_admin=True).exists()
