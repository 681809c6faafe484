"""Data flows left to right; imports point back to the left."""

from tests.guards.house import tool


def test_imports__point_to_the_left() -> None:
    checked = tool("lint-imports", "--config", ".importlinter", "--no-cache")

    assert checked.returncode == 0, (
        "An import points to the right. Move what is needed to the left, join it in iaros/wiring.py, or let the two "
        f"meet in a table; docs/architecture.md says which room holds what.\n{checked.stdout[-4000:]}"
    )
