"""Every task names its queue, and every entry of the schedule is a task."""

from __future__ import annotations

import ast

from iaros.celery import app
from iaros.lib.queues import Queue
from iaros.schedule import SCHEDULE
from tests.guards.house import PACKAGES, named, sources, told, tree


def test_tasks__name_a_queue_where_they_are_declared() -> None:
    faults = [
        f"{named(path)}:{function.lineno} {function.name}"
        for path in sources()
        for function in ast.walk(tree(path))
        if isinstance(function, ast.FunctionDef)
        for decorator in function.decorator_list
        if _name(decorator) == "shared_task" and not _names_a_queue(decorator)
    ]

    assert not faults, told(faults, "Write `@shared_task(queue=Queue.X, ...)` with a member of iaros.lib.queues.Queue:")


def test_tasks__run_on_a_declared_queue() -> None:
    app.loader.import_default_modules()

    queues = {name: getattr(task, "queue", None) for name, task in app.tasks.items() if _ours(task)}

    assert queues, "no task of ours was found; does iaros/celery.py still discover tasks?"
    faults = [f"{name}: {queue}" for name, queue in queues.items() if queue not in set(Queue)]
    assert not faults, told(faults, "Name a member of iaros.lib.queues.Queue:")


def test_schedule__rings_tasks_that_exist() -> None:
    app.loader.import_default_modules()

    faults = [entry.task for entry in SCHEDULE if entry.task not in app.tasks]

    assert not faults, told(faults, "iaros/schedule.py names tasks that nobody declares; give the task that name:")


def _name(node: ast.expr) -> str:
    called = node.func if isinstance(node, ast.Call) else node
    return getattr(called, "id", getattr(called, "attr", ""))


def _names_a_queue(node: ast.expr) -> bool:
    named_queue = [word.value for word in getattr(node, "keywords", []) if word.arg == "queue"]
    return bool(named_queue) and ast.unparse(named_queue[0]) in {f"Queue.{queue.name}" for queue in Queue}


def _ours(task: object) -> bool:
    return type(task).__module__.split(".")[0] in PACKAGES
