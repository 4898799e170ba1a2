"""The page offers the scopes that the person's roles can use, and no others."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.test import Client
from django.urls import get_resolver, reverse
from django.utils import timezone

from codesign.accounts.models import ApiToken
from codesign.accounts.registry import SCOPE_ROLES
from codesign.accounts.rules import TokenScope
from codesign.studies.models import Member
from codesign.studies.rules import JUDGING, Role
from tests.factories.accounts import UserFactory
from tests.factories.studies import CohortFactory, MemberFactory, StudyFactory, staff
from tests.support.addresses import patterns, view_of
from tests.support.counting import queries_of

pytestmark = pytest.mark.django_db
ANYBODY = {TokenScope.STUDY_READ}
ENGINE = {TokenScope.GENERATION, TokenScope.MODELS, TokenScope.TRAINING, TokenScope.RELEASES}
MAKE = {TokenScope.PROMPTS, TokenScope.REGISTER, TokenScope.EXPORT}
OFFERED = {
    Role.PANELIST: {TokenScope.JUDGE},
    Role.CLINICIAN: {TokenScope.JUDGE},
    Role.COORDINATOR: ENGINE | MAKE | {TokenScope.JUDGEMENTS},
    Role.ML_ENGINEER: ENGINE | MAKE,
    Role.AUDITOR: ENGINE | {TokenScope.JUDGEMENTS},
    Role.SAFETY_LEAD: set(),
}


def offered(client: Client) -> set[str]:
    text = client.get(reverse("accounts:tokens")).content.decode()
    return set(re.findall(r'name="scopes" (?:[^>]* )?value="([^"]+)"', text)) or set(
        re.findall(r'value="([a-z:]+)"[^>]*name="scopes"', text)
    )


def member_as(role: Role) -> Member:
    if role in JUDGING:
        return MemberFactory.create(cohort=CohortFactory.create(role=role))
    return staff(StudyFactory.create(), role)


def signed_in(user: Any) -> Client:
    client = Client()
    client.force_login(user)
    return client


@pytest.mark.parametrize("role", Role)
def test_by_role(role: Role) -> None:
    member = member_as(role)
    client = signed_in(member.user)
    assert offered(client) == ANYBODY | OFFERED[role]
    for scope in TokenScope:
        sent = {"name": scope, "scopes": [scope], "days": "1"}
        may = scope in ANYBODY | OFFERED[role]
        answer = client.post(reverse("accounts:tokens"), sent)
        assert answer.status_code == (302 if may else 400), scope
    assert ApiToken.objects.count() == len(ANYBODY | OFFERED[role])


def test_who_is_in_no_study_or_no_more_reads_what_is_theirs() -> None:
    assert offered(signed_in(UserFactory.create())) == ANYBODY
    left = member_as(Role.COORDINATOR)
    Member.objects.filter(id=left.id).update(left_at=timezone.now())
    assert offered(signed_in(left.user)) == ANYBODY


def test_roles_of_all_studies_count_in_one_query() -> None:
    member = member_as(Role.AUDITOR)
    client = signed_in(member.user)
    few = queries_of(client, reverse("accounts:tokens"))
    for role in (Role.PANELIST, Role.COORDINATOR):
        other = member_as(role)
        Member.objects.filter(id=other.id).update(user=member.user)
    assert offered(client) == set(TokenScope)
    assert queries_of(client, reverse("accounts:tokens")) == few


def test_offered_scopes_match_the_operations() -> None:
    needed: dict[TokenScope, set[str]] = {}
    for pattern in patterns(get_resolver()):
        view = view_of(pattern)
        if scope := getattr(view, "scope", None):
            needed.setdefault(scope, set()).update(view.permission.roles)
    assert set(needed) == set(TokenScope)
    assert {s: roles for s, roles in needed.items() if s not in ANYBODY} == {
        TokenScope(name): set(roles) for name, roles in SCOPE_ROLES
    }
