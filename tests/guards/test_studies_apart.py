"""What is done in one study shows nowhere in another."""

from __future__ import annotations

import pytest
from django.test import Client

from codesign.studies.rules import JUDGING, Role
from modelhub.services.versions import ensure_embedded_model
from tests.factories.annotations import judge, judging_round
from tests.factories.compensation import credit
from tests.factories.consent import publish
from tests.factories.history import make_history
from tests.factories.studies import staff
from tests.support.study_pages import pages_of


@pytest.mark.django_db
def test_nothing_of_another_study_shows() -> None:
    """Prevents a page or a list from showing rows of another study."""
    member = judge()
    judging_round(member.cohort, tasks=2)
    publish(member.study)
    credit(member)
    ensure_embedded_model()
    client = Client()
    client.force_login(staff(member.study, *(set(Role) - JUDGING)).user)
    pages_of(member.study, client)  # what is read is on record: let it be there before
    before = pages_of(member.study, client)
    assert sum(status == 200 for status, _ in before.values()) > 30
    make_history()
    after = pages_of(member.study, client)
    assert {route: page for route, page in after.items() if page != before[route]} == {}
