"""Several people decide on a handover at the same moment; one decision counts."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from codesign.desk.services import handover as services
from codesign.shared.actors import Actor
from codesign.studies.models import Handover, Member
from codesign.studies.rules import HandoverState, Role
from tests.support.site import Site
from tests.support.together import at_once

pytestmark = pytest.mark.django_db(transaction=True)


def test_objecting_and_taking_effect_at_the_same_moment() -> None:
    """The first one counts, and the other changes nothing."""
    site = Site()
    site.stop()
    for _ in range(3):
        asked = site.ask()
        Handover.objects.update(due_at=timezone.now() - timedelta(seconds=1))
        at_once(
            lambda: services.hand_over_due(),
            lambda asked=asked: services.object_to(  # type: ignore[misc]
                actor=Actor.of(site.bea), handover_id=asked.id
            ),
            lambda asked=asked: services.approve(  # type: ignore[misc]
                actor=Actor.of(site.bea), handover_id=asked.id
            ),
            lambda: services.hand_over_due(),
        )
        asked.refresh_from_db()
        made = Member.objects.filter(study=site.study, user=site.new)
        if asked.state == HandoverState.OBJECTED:
            assert site.coordinators() == set()
            assert not made.exists()
            continue
        assert asked.state == HandoverState.DONE
        assert site.coordinators() == {"new@example.org"}
        assert made.count() == 1
        break


def test_two_who_ask_at_the_same_moment() -> None:
    site = Site()
    site.stop()

    def ask(number: int) -> object:
        admin = (site.ada, site.bea)[number % 2]
        email = f"new{number}@example.org"
        return services.name_coordinator(actor=Actor.of(admin), study=site.study, email=email)

    came = at_once(*(lambda n=n: ask(n) for n in range(4)))
    assert sorted(type(one).__name__ for one in came) == ["Conflict"] * 3 + ["Handover"]
    assert Handover.objects.count() == 1
    assert not Member.objects.filter(study=site.study, user__email__startswith="new").filter(
        roles__contains=[Role.COORDINATOR]
    )
