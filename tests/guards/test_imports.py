"""Nothing that runs code from a file is read or written, and the bootstrap stands on Python alone."""

from __future__ import annotations

import ast
import sys

from tests.guards.house import imports, named, sources, told, tree

UNSAFE = {"pickle", "cPickle", "_pickle", "joblib", "dill", "cloudpickle", "marshal", "shelve"}


def test_code__neither_reads_nor_writes_pickles() -> None:
    faults = [
        f"{named(path)}:{line} imports {module}"
        for path in sources(tests=True)
        for line, module in imports(path)
        if module.split(".")[0] in UNSAFE
    ]
    faults += [
        f"{named(path)}:{node.lineno} {ast.unparse(node)[:80]}"
        for path in sources(tests=True)
        for node in ast.walk(tree(path))
        if isinstance(node, ast.Call) and _opens_pickles(node)
    ]

    assert not faults, told(
        faults, "A pickle runs code when it is opened. Store numbers as .npz, models as their own text, with a SHA-256:"
    )


def test_bootstrap__needs_nothing_but_python() -> None:
    faults = [
        f"{named(path)}:{line} imports {module}"
        for path in sources()
        if named(path).startswith("iaros/bootstrap/")
        for line, module in imports(path, when_loaded=True)
        if module.split(".")[0] not in sys.stdlib_module_names and not module.startswith("iaros.bootstrap")
    ]

    assert not faults, told(faults, "It runs before anything is installed; use the standard library:")


def _opens_pickles(call: ast.Call) -> bool:
    allowed = [word.value for word in call.keywords if word.arg == "allow_pickle"]
    by_argument = any(not (isinstance(value, ast.Constant) and value.value is False) for value in allowed)
    return by_argument or getattr(call.func, "attr", "") in ("read_pickle", "to_pickle")
