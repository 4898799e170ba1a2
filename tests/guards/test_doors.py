"""Architecture: every view declares a permission, every task its queue and time limit."""

from __future__ import annotations

import ast
from typing import Any

import pytest
from celery import current_app
from django.conf import settings
from django.urls import URLPattern, get_resolver

from codesign.config.programs import WORKERS
from codesign.jobs import carrier
from codesign.jobs.registry import KINDS
from codesign.shared.access import Permission, Scope
from codesign.studies.rules import Role
from tests.support.addresses import patterns, view_of
from tests.support.source import layer, sources

# Views that are not ours to mark; each with its reason, each must still exist.
UNDECLARED = {
    "allauth.": "sign-in pages check for themselves who may see them",
}


VIEWS = sorted(
    {
        (f"{view_of(p).__module__}.{view_of(p).__qualname__}", str(p.pattern)): p
        for p in patterns(get_resolver())
    }.items()
)
OURS = [(name, pattern) for (name, _), pattern in VIEWS if not name.startswith(tuple(UNDECLARED))]


@pytest.mark.parametrize(("name", "pattern"), OURS, ids=[name for name, _ in OURS])
def test_every_view_declares_a_permission(name: str, pattern: URLPattern) -> None:
    """Prevents a page that is open because nobody said who may see it (house rule 2)."""
    permission = getattr(view_of(pattern), "permission", None) or getattr(
        pattern.callback, "permission", None
    )
    assert isinstance(permission, Permission), f"{name} declares none"
    if permission.scope is Scope.STUDY:
        assert permission.roles, f"{permission.name} is held by nobody"
        assert permission.roles <= set(Role)


def test_exceptions_are_not_stale() -> None:
    """Prevents an exception from covering a view that it was never meant for."""
    names = [name for (name, _), _ in VIEWS]
    stale = {prefix for prefix in UNDECLARED if not any(name.startswith(prefix) for name in names)}
    assert stale == set()


def test_a_permission_name_means_one_thing() -> None:
    """Prevents two permissions of one name from drifting apart."""
    held: dict[str, Permission] = {}
    for _, pattern in OURS:
        permission = getattr(view_of(pattern), "permission", None)
        if permission:
            assert held.setdefault(permission.name, permission) == permission


def our_tasks() -> list[tuple[str, Any]]:
    current_app.loader.import_default_modules()
    return sorted((n, t) for n, t in current_app.tasks.items() if not n.startswith("celery."))


KINDS_THERE = list(KINDS)
QUEUES = {"default", "generation", "training", "exports"}


def test_every_task_names_queue_and_time_limit() -> None:
    """Prevents a task that blocks its queue for ever (house rule 8)."""
    assert our_tasks()
    for name, task in our_tasks():
        assert carrier.QUEUES.get(name) in QUEUES, name
        assert task.time_limit, name


def test_what_takes_long_has_processes_of_its_own() -> None:
    """Prevents a sign-in code from waiting behind a release."""
    shared = [task for name, task in our_tasks() if carrier.QUEUES[name] == "default"]
    assert "accounts.tasks.send_mail" in [task.name for task in shared]
    assert max(task.time_limit for task in shared) <= 120
    assert [queues for _, queues, *_ in WORKERS if "default" in queues] == ["default"]


def test_the_timer_rings_tasks_that_exist() -> None:
    """Prevents a renamed task that the timer silently never starts again."""
    known = dict(our_tasks())
    for entry in settings.CELERY_BEAT_SCHEDULE.values():
        assert entry["task"] in known


def test_tasks_are_enqueued_by_name_after_commit() -> None:
    """Prevents a worker from looking for a row that is not committed yet (house rule 8)."""
    direct = {
        f"{name}:{node.lineno}"
        for name, tree in sources().items()
        if name.startswith(("codesign", "annotations", "modelhub"))
        and name != "codesign/jobs/carrier.py"
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute)
        and node.attr in {"delay", "apply_async", "send_task", "delay_on_commit"}
    }
    assert direct == set()


def test_every_kind_of_job_has_its_task() -> None:
    """Prevents a message that no worker understands."""
    known = dict(our_tasks())
    assert len(KINDS_THERE) > 3
    for name, kind in KINDS_THERE:
        assert kind.task in known, f"nothing carries {name}"
        assert carrier.QUEUES[kind.task] == kind.queue
        assert known[kind.task].time_limit == kind.time_limit


def services_in(tree: ast.Module) -> set[str]:
    """The names under which a module has services."""
    return {
        alias.asname or alias.name
        for node in tree.body
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
        if "services" in (*(node.module or "").split("."), alias.name)
    }


def task_name(node: ast.FunctionDef) -> str:
    """The Celery name that a task's decorator gives it."""
    (call,) = (one for one in node.decorator_list if isinstance(one, ast.Call))
    (name,) = (word.value for word in call.keywords if word.arg == "name")
    return str(ast.literal_eval(name))


def test_tasks_call_services() -> None:
    """Prevents rules in tasks: a task takes ids, calls services and does nothing else."""
    seen = {kind.task for _, kind in KINDS_THERE}  # one service carries them all
    for name, tree in sources().items():
        if name.startswith(("codesign", "annotations", "modelhub")) and layer(name) == "tasks":
            known = services_in(tree)
            for node in tree.body:
                if isinstance(node, ast.FunctionDef) and node.decorator_list:
                    seen.add(task_name(node))
                    said, *rest = node.body
                    assert isinstance(said, ast.Expr), f"{name}:{node.name} does not say why"
                    assert rest, f"{name}:{node.name} calls nothing"
                    for call in rest:
                        assert isinstance(call, ast.Expr), f"{name}:{node.name} is no door"
                        assert isinstance(call.value, ast.Call), f"{name}:{node.name} is no door"
                        whose = ast.unparse(call.value.func).split(".")[0]
                        assert whose in known, f"{name}:{node.name} calls {whose}"
    assert seen == {task for task, _ in our_tasks()}
