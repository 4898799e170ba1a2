"""Reads: on whose behalf a query reads is said by its parameters (decision 28).

They prevent that an id from an address opens what belongs to another study or person.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache

from tests.support.source import PACKAGES, layer, sources

FOR_PEOPLE = {"views", "api", "forms", "serializers", "home_cards"}
"""What answers people and their programs; commands and timers act for the system or an operator."""
SCOPES = {"actor", "study", "study_id", "member", "member_id", "member_ids"}

# Each says why it may be asked without a scope.
WITHOUT_SCOPE = {
    "annotations.queries.rubrics.templates": "questions that ship with the code",
    "annotations.queries.rubrics.rubric_in": "of a rubric that was read for its study",
    "codesign.care.queries.emergency.emergency_table": "a table that ships with the code",
    "codesign.care.queries.help_page.help_parts": "words that ship with the code",
    "codesign.studies.queries.public_studies": "studies that anybody may read about",
    "codesign.desk.queries.about_public_study": "what anybody may read about one of these",
    "codesign.audit.queries.last_seal": "a fingerprint of the whole trail, which names nobody",
    "codesign.accounts.queries.address_to_prove": "a person who is not signed in yet, by a link",
    "codesign.accounts.queries.is_taken": "signing up, where nobody is signed in",
    "codesign.compensation.queries.pay_rates.rate_in_force": "of a checked member's cohort",
    "codesign.consent.queries.choices_of": "of a signature that was read for its person",
    "annotations.queries.releases.job_of_release": "of a release of a checked study",
    "codesign.jobs.queries.job_of": "of a round of a checked study",
    "codesign.jobs.queries.unfinished_job": "of a round of a checked study",
    "modelhub.queries.training.children_of": "of models that came of releases of a checked study",
    "modelhub.queries.training.runs_on": "on releases of a checked study",
}
FROM_OUTSIDE = ("uuid.UUID", "UUID", "str", "Collection[uuid.UUID]", "int", "bool", "datetime")
"""Types of what may come from an address; a row or a query set was read for somebody before."""


def modules() -> dict[str, ast.Module]:
    """The project's own modules by path."""
    return {name: tree for name, tree in sources().items() if name.startswith(PACKAGES)}


def dotted(name: str) -> str:
    return name.removesuffix(".py").replace("/", ".").removesuffix(".__init__")


@cache
def public_queries() -> dict[str, ast.FunctionDef]:
    """dotted name → every public function of a `queries` module."""
    return {
        f"{dotted(name)}.{node.name}": node
        for name, tree in modules().items()
        if layer(name) == "queries"
        for node in tree.body
        if isinstance(node, ast.FunctionDef) and not node.name.startswith("_")
    }


def used_in(tree: ast.Module) -> Iterator[str]:
    """dotted names of what a module takes from the modules that it imports."""
    known = {
        alias.asname or alias.name: f"{node.module}.{alias.name}"
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and node.module
        for alias in node.names
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            yield f"{known.get(node.value.id)}.{node.attr}"
        elif isinstance(node, ast.Name) and node.id in known:
            yield known[node.id]


def asked_for_people() -> set[str]:
    """Queries that the doors for people ask."""
    return {
        query
        for name, tree in modules().items()
        if layer(name) in FOR_PEOPLE
        for query in used_in(tree)
        if query in public_queries()
    }


def has_scope(query: ast.FunctionDef) -> bool:
    """Whether it takes the actor, or a study or member, or only rows that were read before."""
    taken = [*query.args.args, *query.args.kwonlyargs]
    if {one.arg for one in taken} & SCOPES:
        return True
    annotations = [ast.unparse(one.annotation) for one in taken if one.annotation]
    return any(one not in FROM_OUTSIDE for one in annotations)


def test_queries_for_people_take_the_actor_or_what_was_checked() -> None:
    """Prevents an id from an address from showing what belongs to another study or person."""
    without = {name for name in asked_for_people() if not has_scope(public_queries()[name])}
    assert without == set(WITHOUT_SCOPE)


def test_queries_take_their_actor_by_name() -> None:
    """Prevents an actor that is mistaken for another argument beside it."""
    positional = {
        name
        for name, query in public_queries().items()
        if "actor" in [one.arg for one in query.args.args]
    }
    assert positional == {"codesign.studies.queries.roles_held"}  # called by a registry
