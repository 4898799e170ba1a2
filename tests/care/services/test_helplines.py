"""Countries and helplines of a study: who changes them, and what an open study must keep."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta

import pytest
from django.utils import timezone

from codesign.audit.models import Event
from codesign.care.models import Helpline, RecruitedCountry
from codesign.care.queries import helplines as queries
from codesign.care.services import helplines as services
from codesign.shared.actors import SYSTEM, Actor
from codesign.shared.errors import Conflict, Invalid, NotFound, NotPermitted
from codesign.studies.models import Study
from codesign.studies.rules import JUDGING, Role, StudyState
from codesign.studies.services import change_state
from tests.factories.care import cover, details
from tests.factories.ready import ready_study
from tests.factories.studies import CohortFactory, MemberFactory, StudyFactory, staff

pytestmark = pytest.mark.django_db


@pytest.fixture
def draft() -> Study:
    return StudyFactory.create(state=StudyState.DRAFT)


@pytest.fixture
def opened() -> Study:
    """An open study in the United Kingdom with one verified line."""
    return StudyFactory.create()


def add(study: Study, *, verified: bool = True, **changes: object) -> Helpline:
    return services.add_line(
        actor=SYSTEM,
        study=study,
        details=details(**changes),
        verified_on=timezone.localdate() if verified else None,
    )


def missing(study: Study) -> list[str]:
    return queries.codes_without_line(study_id=study.id)


@pytest.mark.parametrize("role", sorted(Role))
def test_coordinators_and_safety_leads_keep_them(draft: Study, role: Role) -> None:
    if role in JUDGING:
        member = MemberFactory.create(cohort=CohortFactory.create(study=draft, role=role))
    else:
        member = staff(draft, role)
    actor = Actor.of(member.user)
    line = add(draft)
    changes: list[Callable[[], object]] = [
        lambda: services.name_country(actor=actor, study=draft, country_code="GB"),
        lambda: services.drop_country(actor=actor, study=draft, country_code="GB"),
        lambda: services.copy_examples(actor=actor, study=draft, country_code="GB"),
        lambda: services.add_line(
            actor=actor, study=draft, details=details(name="Another"), verified_on=None
        ),
        lambda: services.change_line(
            actor=actor, line=line, details=details(hours="always"), verified=False
        ),
        lambda: services.verify_line(actor=actor, line=line),
        lambda: services.remove_line(actor=actor, line=line),
    ]
    for change in changes:
        if role in (Role.COORDINATOR, Role.SAFETY_LEAD):
            change()
        else:
            with pytest.raises(NotPermitted, match="Your role"):
                change()


def test_staff_of_another_study_change_nothing(draft: Study) -> None:
    stranger = Actor.of(staff(StudyFactory.create()).user)
    line = add(draft)
    with pytest.raises(NotFound, match="not in it"):
        services.verify_line(actor=stranger, line=line)
    with pytest.raises(NotFound, match="not in it"):
        services.name_country(actor=stranger, study=draft, country_code="GB")


def test_a_line_says_who_verified_it_and_when(draft: Study) -> None:
    lead = staff(draft, Role.SAFETY_LEAD)
    line = add(draft, verified=False)
    assert (line.verified_on, line.verified_by) == (None, None)
    line = services.verify_line(actor=Actor.of(lead.user), line=line)
    assert (line.verified_on, line.verified_by) == (timezone.localdate(), lead)


@pytest.mark.parametrize(
    ("changes", "stays"),
    [
        ({"hours": "evenings"}, True),
        ({"name": "The Samaritans"}, True),
        ({"languages": ("en", "cy")}, True),
        ({"phone": "999"}, False),
        ({"url": "https://example.org"}, False),
        ({"text_number": "85258"}, False),
        ({"country_code": "IE"}, False),
        ({"kind": "emergency"}, False),
    ],
)
def test_a_line_that_is_reached_in_another_way_counts_as_unverified(
    draft: Study, changes: dict[str, object], stays: bool
) -> None:
    line = services.change_line(
        actor=SYSTEM, line=add(draft), details=details(**changes), verified=False
    )
    assert (line.verified_on is not None) is stays
    line = services.change_line(actor=SYSTEM, line=line, details=details(**changes), verified=True)
    assert line.verified_on == timezone.localdate()


def test_repeated_requests_change_nothing(draft: Study) -> None:
    assert add(draft) == add(draft)
    for _ in range(2):
        services.name_country(actor=SYSTEM, study=draft, country_code="GB")
        services.copy_examples(actor=SYSTEM, study=draft, country_code="IE")
    assert Helpline.objects.filter(country_code="IE").count() == 3
    assert RecruitedCountry.objects.count() == 1
    services.drop_country(actor=SYSTEM, study=draft, country_code="GB")
    services.drop_country(actor=SYSTEM, study=draft, country_code="GB")
    assert not RecruitedCountry.objects.exists()


def test_names_are_unique_in_a_country(draft: Study) -> None:
    add(draft)
    other = add(draft, name="Other")
    with pytest.raises(Invalid, match="another helpline with this name"):
        add(draft, phone="999")
    with pytest.raises(Invalid, match="another helpline with this name"):
        services.change_line(actor=SYSTEM, line=other, details=details(), verified=False)
    add(draft, country_code="IE")


def test_wrong_details_are_refused_with_their_fields(draft: Study) -> None:
    with pytest.raises(Invalid, match="check the details") as refused:
        add(draft, phone="12345", languages=())
    assert set(refused.value.fields) == {"phone", "languages"}
    assert not Helpline.objects.exists()
    with pytest.raises(Invalid, match="choose a country"):
        services.name_country(actor=SYSTEM, study=draft, country_code="EU")


def test_copied_examples_have_to_be_verified(draft: Study) -> None:
    services.name_country(actor=SYSTEM, study=draft, country_code="GB")
    copied = services.copy_examples(actor=SYSTEM, study=draft, country_code="GB")
    assert {line.name for line in copied} >= {"Samaritans", "Shout", "Emergency services"}
    assert not any(line.verified_on for line in copied)
    assert missing(draft) == ["GB"]
    [samaritans] = [line for line in copied if line.name == "Samaritans"]
    services.verify_line(actor=SYSTEM, line=samaritans)
    assert missing(draft) == []
    assert services.copy_examples(actor=SYSTEM, study=draft, country_code="") == []


def test_an_emergency_number_alone_is_no_crisis_line(draft: Study) -> None:
    services.name_country(actor=SYSTEM, study=draft, country_code="GB")
    add(draft, kind="emergency", phone="999", name="Emergency services")
    assert missing(draft) == ["GB"]
    add(draft)
    assert missing(draft) == []


def test_an_open_study_keeps_a_verified_line_in_every_country(opened: Study) -> None:
    line = Helpline.objects.get(study=opened)
    with pytest.raises(Conflict, match="First add one for: United Kingdom"):
        services.remove_line(actor=SYSTEM, line=line)
    with pytest.raises(Conflict, match="United Kingdom"):
        services.change_line(actor=SYSTEM, line=line, details=details(phone="999"), verified=False)
    line.refresh_from_db()
    assert (line.phone, line.verified_on is None) == ("116 123", False)
    with pytest.raises(Conflict, match="First add one for: Spain"):
        services.name_country(actor=SYSTEM, study=opened, country_code="ES")
    with pytest.raises(Conflict, match="at least one country"):
        services.drop_country(actor=SYSTEM, study=opened, country_code="GB")
    add(opened, country_code="ES", phone="024")
    services.name_country(actor=SYSTEM, study=opened, country_code="ES")
    services.drop_country(actor=SYSTEM, study=opened, country_code="GB")
    services.remove_line(actor=SYSTEM, line=line)
    assert Helpline.objects.get().country_code == "ES"


def test_an_older_open_study_can_be_completed_step_by_step(opened: Study) -> None:
    Helpline.objects.all().delete()
    RecruitedCountry.objects.all().delete()
    line = add(opened, verified=False)
    services.verify_line(actor=SYSTEM, line=line)
    services.name_country(actor=SYSTEM, study=opened, country_code="GB")
    assert missing(opened) == []


def test_a_paused_study_opens_again_only_with_its_lines() -> None:
    study = change_state(actor=SYSTEM, study=ready_study(), state=StudyState.OPEN)
    change_state(actor=SYSTEM, study=study, state=StudyState.PAUSED)
    study.refresh_from_db()
    services.remove_line(actor=SYSTEM, line=Helpline.objects.get(study=study))
    with pytest.raises(Conflict, match="Add and verify a crisis line: United Kingdom"):
        change_state(actor=SYSTEM, study=study, state=StudyState.OPEN)
    add(study)
    change_state(actor=SYSTEM, study=study, state=StudyState.OPEN)


def test_old_lines_warn_and_still_count(opened: Study) -> None:
    long_ago = timezone.localdate() - timedelta(days=91)
    Helpline.objects.filter(study=opened).update(verified_on=long_ago)
    cover(opened, "IE")
    assert queries.lines_due(study_id=opened.id) == 1
    assert missing(opened) == []
    [gb, ie] = queries.kept_countries(study_id=opened.id)[::-1]
    assert ([kept.due for kept in gb.lines], [kept.due for kept in ie.lines]) == ([True], [False])


def test_a_day_can_be_given_for_what_was_checked_before(draft: Study) -> None:
    day = date(2026, 11, 1)
    line = services.add_line(actor=SYSTEM, study=draft, details=details(), verified_on=day)
    assert line.verified_on == day


def test_the_trail_holds_what_was_done(draft: Study) -> None:
    services.name_country(actor=SYSTEM, study=draft, country_code="GB")
    line = services.verify_line(actor=SYSTEM, line=add(draft, verified=False))
    services.change_line(actor=SYSTEM, line=line, details=details(hours="always"), verified=False)
    services.change_line(actor=SYSTEM, line=line, details=details(hours="always"), verified=False)
    services.remove_line(actor=SYSTEM, line=line)
    services.drop_country(actor=SYSTEM, study=draft, country_code="GB")
    events = Event.objects.filter(study_id=draft.id).order_by("id")
    assert [event.action for event in events] == [
        "care.country_named",
        "care.line_added",
        "care.line_verified",
        "care.line_changed",
        "care.line_removed",
        "care.country_dropped",
    ]
    assert events[1].data == {"country": "GB"}
