"""Truth tables: which roles one person may have, who may approve a handover."""

from datetime import timedelta
from itertools import combinations

import pytest

from codesign.studies.rules import JUDGING, STAFF, Role, approver_problem, role_problem


@pytest.mark.parametrize("role", list(Role))
def test_a_person_may_have_any_single_role(role: Role) -> None:
    assert role_problem([role, role]) is None


@pytest.mark.parametrize("roles", list(combinations(sorted(Role), 2)), ids="+".join)
def test_who_judges_has_no_other_role(roles: tuple[str, str]) -> None:
    assert (role_problem(roles) is None) is (set(roles) <= STAFF)
    assert (role_problem([*roles, Role.AUDITOR]) is None) is not bool(JUDGING & set(roles))


@pytest.mark.parametrize("roles", [[], ["owner"], [Role.AUDITOR, "owner"]])
def test_no_role_and_an_unknown_role_are_refused(roles: list[str]) -> None:
    assert role_problem(roles) is not None


@pytest.mark.parametrize(
    ("is_requester", "is_named", "days", "reopened", "may"),
    [
        (False, False, 7, False, True),
        (False, False, 8, False, True),
        (False, False, 6, False, False),
        (False, False, 7, True, False),
        (True, False, 8, False, False),
        (False, True, 8, False, False),
    ],
)
def test_who_may_approve_a_handover(
    is_requester: bool, is_named: bool, days: int, reopened: bool, may: bool
) -> None:
    problem = approver_problem(
        is_requester=is_requester,
        is_named=is_named,
        admin_for=timedelta(days=days),
        wait=timedelta(days=7),
        reopened=reopened,
    )
    assert (problem is None) is may
