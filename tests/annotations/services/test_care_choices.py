"""Who may store topics and limits, and what is refused."""

from __future__ import annotations

import pytest

from annotations.models import OwnLimit, StudyLimit, TopicChoice
from annotations.queries import load
from annotations.services import care_choices
from codesign.audit.models import Event
from codesign.consent import services as consent
from codesign.consent.rules import WithdrawalLevel
from codesign.shared.actors import Actor
from codesign.shared.errors import Invalid, NotFound, NotPermitted
from codesign.studies.models import Member
from codesign.studies.rules import Role
from tests.factories.annotations import judge, judging_round
from tests.factories.studies import StudyFactory, staff

pytestmark = pytest.mark.django_db


@pytest.fixture
def member() -> Member:
    member = judge(chose_topics=False)
    judging_round(member.cohort)  # its text is about “low mood”
    return member


def choose(
    member: Member, choices: dict[str, str], minutes: int | None = None, slug: str = ""
) -> None:
    care_choices.choose(
        actor=Actor.of(member.user),
        slug=slug or member.study.slug,
        choices=choices,
        minutes=minutes,
    )


def chosen() -> list[tuple[str, str]]:
    return list(TopicChoice.objects.order_by("topic").values_list("topic", "choice"))


def test_choices_replace_earlier_ones_and_leave_the_others(member: Member) -> None:
    TopicChoice.objects.create(member=member, topic="gone", choice="ask")
    choose(member, {"low mood": "never"})
    choose(member, {"low mood": "ask"}, 30)
    assert chosen() == [("gone", "ask"), ("low mood", "ask")]
    assert OwnLimit.objects.get().minutes == 30
    choose(member, {}, None)
    assert not OwnLimit.objects.exists()


def test_the_trail_says_that_but_not_what_and_only_once(member: Member) -> None:
    for _ in range(2):
        choose(member, {"low mood": "never"}, 30)
    event = Event.objects.get(action=care_choices.CHOSEN)
    assert "low mood" not in str(event.data)
    assert "30" not in str(event.data)


@pytest.mark.parametrize(
    ("choices", "minutes", "field"),
    [
        ({"unheard of": "never"}, None, "choices"),
        ({"low mood": "sometimes"}, None, "choices"),
        ({}, 4, "minutes"),
        ({}, 61, "minutes"),
        ({}, -1, "minutes"),
    ],
)
def test_what_is_no_choice_is_refused(
    member: Member, choices: dict[str, str], minutes: int | None, field: str
) -> None:
    with pytest.raises(Invalid, match=r"\.") as refusal:
        choose(member, choices, minutes)
    assert field in refusal.value.fields
    assert not TopicChoice.objects.exists()
    assert not OwnLimit.objects.exists()


def test_ones_own_limit_is_at_most_the_studys(member: Member) -> None:
    coordinator = staff(member.study, Role.COORDINATOR)
    actor = Actor.of(coordinator.user)
    care_choices.set_study_limit(actor=actor, study=member.study, minutes=90)
    choose(member, {}, 80)
    care_choices.set_study_limit(actor=actor, study=member.study, minutes=20)
    assert load.limit_of(Member.objects.get(id=member.id)) == 20 * 60
    assert Event.objects.filter(action=care_choices.LIMITED).count() == 2


def test_others_may_not(member: Member) -> None:
    coordinator = staff(member.study, Role.COORDINATOR)
    with pytest.raises(NotPermitted, match="role"):
        choose(coordinator, {"low mood": "never"})
    with pytest.raises(NotFound, match="does not exist"):
        choose(member, {}, slug=StudyFactory.create().slug)
    for one in (member, staff(member.study, Role.AUDITOR), staff(member.study, Role.SAFETY_LEAD)):
        with pytest.raises(NotPermitted, match="role"):
            care_choices.set_study_limit(actor=Actor.of(one.user), study=member.study, minutes=30)
    assert not StudyLimit.objects.exists()


@pytest.mark.parametrize("minutes", [4, 1441])
def test_a_limit_of_a_study_is_sensible(member: Member, minutes: int) -> None:
    coordinator = staff(member.study, Role.COORDINATOR)
    with pytest.raises(Invalid, match="from 5 to 1440"):
        care_choices.set_study_limit(
            actor=Actor.of(coordinator.user), study=member.study, minutes=minutes
        )


@pytest.mark.parametrize("level", list(WithdrawalLevel))
def test_choices_are_forgotten_with_the_person(member: Member, level: WithdrawalLevel) -> None:
    choose(member, {"low mood": "never"}, 30)
    consent.withdraw(actor=Actor.of(member.user), member=member, level=level)
    assert TopicChoice.objects.exists() == (level != WithdrawalLevel.ERASE)
    assert OwnLimit.objects.exists() == (level != WithdrawalLevel.ERASE)
