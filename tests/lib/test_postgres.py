"""A kept connection is used again without asking, and made anew where the server closed it."""

from __future__ import annotations

import pytest
from django.db import connection, connections


@pytest.fixture
def other_connection(transactional_db: None):
    connection.close()
    connection.ensure_connection()
    yield connection
    connection.close()


def _close_from_outside(pid: int) -> None:
    second = connections.create_connection("default")
    try:
        with second.cursor() as cursor:
            cursor.execute("SELECT pg_terminate_backend(%s, 5000)", [pid])
    finally:
        second.close()


def test_a_connection_that_stands__is_usable_without_a_question(other_connection):
    assert other_connection.is_usable()
    assert other_connection.connection.info.transaction_status.name == "IDLE"


def test_a_connection_that_the_server_closed__is_not_usable(other_connection):
    _close_from_outside(other_connection.connection.info.backend_pid)

    assert not other_connection.is_usable()
