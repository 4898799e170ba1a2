"""Each rule has one place and one name; what these guards refuse is the same rule spelt out again.

They prevent that a rule is changed in one place and stays as it was in another.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from tests.support.source import PACKAGES, sources


def modules() -> Iterator[tuple[str, ast.Module]]:
    """The project's own modules by path."""
    return ((name, tree) for name, tree in sources().items() if name.startswith(PACKAGES))


def texts(tree: ast.Module) -> Iterator[str]:
    """Every string of a module, its docstrings too."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value


def test_advisory_locks_are_taken_in_one_module() -> None:
    """Prevents two locks with the same number, which would wait for each other by accident."""
    raw = re.compile(r"pg_(try_)?advisory")
    users = {name for name, tree in modules() if any(raw.search(text) for text in texts(tree))}
    assert users == {"codesign/shared/advisory_locks.py"}


def test_studies_are_locked_by_lock_study_alone() -> None:
    """Prevents a lock outside of a transaction, or one that locks too little."""
    by_hand = {
        name
        for name, tree in modules()
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute)
        and node.attr == "select_for_update"
        and ast.unparse(node.value).startswith("Study.objects")
    }
    assert by_hand == {"codesign/studies/locks.py"}


# Each keyword is a condition that has a name, and the files in which the name is defined. Where it
# is a function of the path to the row (`in_use("response")`), no keyword is left.
CONDITIONS: dict[str, set[str]] = {
    "withdrawn_at": set(),
    "withdrawal": set(),
    "left_at": {"codesign/studies/models.py"},
    "accepted_at": {"codesign/enrolment/models.py"},
    "revoked_at": {"codesign/enrolment/models.py", "codesign/accounts/models.py"},
    "skip_paid": {"annotations/models/querysets.py", "annotations/models/assignments.py"},
    "revision__gt": {"annotations/models/querysets.py", "annotations/models/judgements.py"},
    "pay_check__in": {"annotations/models/querysets.py"},
}
LOOKUPS = {"filter", "exclude", "get", "Q", "get_or_404"}
STATES = {
    "OPEN_FLAGS",
    "OPEN_REWRITES",
    "FROZEN_RELEASES",
    "UNFINISHED_RELEASES",
}


def keywords_of_lookups(tree: ast.Module) -> Iterator[str]:
    """`withdrawn_at` of `filter(response__withdrawn_at__isnull=True)`; of `Q(…)` likewise."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            called = node.func
            name = called.attr if isinstance(called, ast.Attribute) else ast.unparse(called)
            if name in LOOKUPS:
                yield from (one.arg for one in node.keywords if one.arg)


def test_conditions_with_a_name_are_not_spelt_out_again() -> None:
    """Prevents a rule that is changed in one place and stays as it was in another."""
    for condition, allowed in CONDITIONS.items():
        spelt = re.compile(rf"(^|__){condition}(__isnull)?$")
        users = {
            name for name, tree in modules() if any(map(spelt.search, keywords_of_lookups(tree)))
        }
        assert users == allowed, condition


# SQL that Django cannot write, or not as fast; each says the condition in its own words.
RAW_SQL = {
    "annotations/services/seats.py": "offers the seats of a whole batch in one statement",
    "annotations/queries/selection.py": "streams every judgement, one row for each prompt",
}


def test_sql_that_spells_out_a_condition_is_listed() -> None:
    """Prevents SQL that keeps an old rule after its query set has changed."""
    raw = re.compile(r"withdrawn_at IS (NOT )?NULL|left_at IS (NOT )?NULL")
    users = {name for name, tree in modules() if any(raw.search(text) for text in texts(tree))}
    assert users == set(RAW_SQL)


def test_lists_of_states_are_filtered_by_query_sets_alone() -> None:
    """Prevents a second place that says which states count as open or frozen."""
    users = {
        name
        for name, tree in modules()
        for node in ast.walk(tree)
        if isinstance(node, ast.keyword)
        and (node.arg or "").endswith("state__in")
        and STATES & {ast.unparse(part) for part in ast.walk(node.value)}
    }
    assert users == {"annotations/models/querysets.py", "annotations/models/judgements.py"}


def test_names_of_models_are_read_by_releases_alone() -> None:
    """Prevents a page or mail of judging from showing which model wrote a response."""
    readers = {
        name
        for name, tree in modules()
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom)
        and node.module == "annotations.registry"
        and {"model_names", "MODEL_NAMES"} & {alias.name for alias in node.names}
        and not name.startswith("modelhub/")
    }
    assert readers == {"annotations/queries/selection.py"}


def test_credits_are_reversed_by_rejections_alone() -> None:
    """Prevents a page, command or service by which one person takes pay away (decision 48)."""
    ledger = "codesign.compensation.services.ledger"
    users = {
        name
        for name, tree in modules()
        for node in ast.walk(tree)
        if (isinstance(node, ast.Attribute) and ast.unparse(node) == "ledger.reverse")
        or (
            isinstance(node, ast.ImportFrom)
            and node.module == ledger
            and "reverse" in {alias.name for alias in node.names}
        )
        or (isinstance(node, ast.Attribute) and node.attr == "REVERSAL")
    }
    assert users == {
        "codesign/compensation/models/ledger.py",
        "codesign/compensation/services/ledger.py",
        "codesign/compensation/services/rejections.py",
    }
