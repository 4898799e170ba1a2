"""Compiled queries return what their querysets return."""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta

import pytest
from django.db.models import Count, QuerySet
from django.utils import timezone

from annotations.models import Rubric
from codesign.audit.models import Event
from codesign.compensation.models import PayRate
from codesign.shared.compiled_queries import CompiledQuery, insert
from codesign.studies.models import Member
from tests.factories.studies import MemberFactory

pytestmark = pytest.mark.django_db


@CompiledQuery
def members(slug: str, member_id: uuid.UUID) -> QuerySet[Member]:
    """Everybody in a study but one, the newest first."""
    in_study = Member.objects.select_related("study", "cohort").filter(study__slug=slug)
    return in_study.exclude(id=member_id).order_by("-created_at", "id")


@CompiledQuery
def rates(member_id: uuid.UUID, at: datetime) -> QuerySet[PayRate, tuple[uuid.UUID, str]]:
    """Rates that somebody's cohort has had."""
    pay_rates = PayRate.objects.filter(cohort__members=member_id, effective_from__lte=at)
    return pay_rates.values_list("id", "currency")


def test_instances_are_those_of_the_queryset() -> None:
    first = MemberFactory.create()
    others = [MemberFactory.create(cohort=first.cohort) for _ in range(2)]
    instances = members.all(slug=first.study.slug, member_id=first.id)
    assert {member.id for member in instances} == {member.id for member in others}
    for member in instances:
        again = Member.objects.get(id=member.id)
        assert vars(again).keys() == vars(member).keys()
        assert {k: v for k, v in vars(again).items() if k != "_state"} == {
            k: v for k, v in vars(member).items() if k != "_state"
        }
        assert not member._state.adding
        assert member.cohort == first.cohort
        assert member.study.secret == first.study.secret


@CompiledQuery
def in_cohorts(slug: str) -> QuerySet[Member]:
    """Everybody in a study, with the number of others in their cohort."""
    return Member.objects.filter(study__slug=slug).annotate(size=Count("cohort__members"))


def test_annotations_are_attributes() -> None:
    first = MemberFactory.create()
    MemberFactory.create(cohort=first.cohort)
    sizes = [getattr(member, "size", None) for member in in_cohorts.all(slug=first.study.slug)]
    assert sizes == [2, 2]


def test_each_use_asks_anew_with_its_own_values() -> None:
    first, stranger = MemberFactory.create(), MemberFactory.create()
    assert members.all(slug=first.study.slug, member_id=stranger.id) == [first]
    assert members.all(slug=stranger.study.slug, member_id=first.id) == [stranger]
    assert members.first(slug=first.study.slug, member_id=first.id) is None
    second = MemberFactory.create(cohort=first.cohort)
    assert members.first(slug=first.study.slug, member_id=first.id) == second


def test_rows_are_plain_values() -> None:
    member = MemberFactory.create()
    now = timezone.now()
    rate = PayRate(
        study=member.study,
        cohort=member.cohort,
        amount_minor=80,
        currency="GBP",
        estimated_seconds=60,
        effective_from=now,
    )
    insert(rate)
    assert rates.rows(member_id=member.id, at=now) == [[rate.id, "GBP"]]
    assert rates.rows(member_id=member.id, at=now - timedelta(days=1)) == []


def test_a_parameter_that_leads_nowhere_is_a_mistake() -> None:
    @CompiledQuery
    def forgetful(study_id: uuid.UUID, member_id: uuid.UUID) -> QuerySet[Rubric]:
        return Rubric.objects.filter(study_id=study_id)

    with pytest.raises(ValueError, match="forgetful does not use all"):
        forgetful.all(study_id=uuid.uuid4(), member_id=uuid.uuid4())


def test_an_insert_stores_what_save_would() -> None:
    about = uuid.uuid4()
    rows = [
        Event(action="x.y", about_kind="x", about_id=about, data={"n": [number, None]})
        for number in range(3)
    ]
    insert(*rows)
    stored = list(Event.objects.filter(about_id=about).order_by("id"))
    assert [event.data for event in stored] == [{"n": [number, None]} for number in range(3)]
    assert all(event.xid and event.at for event in stored)
    assert not any(row._state.adding for row in rows)
