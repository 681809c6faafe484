"""Features in SQL for analysts: schema `analytics`, without what names a person, gated by the purpose of that name.

`create` makes them for today's catalogue and gives a role that may read nothing else; running it again is harmless. The
views run with their owner's rights, so their reader needs none on the tables behind.
"""

from __future__ import annotations

from django.db import connection, transaction
from django.db.utils import ProgrammingError
from psycopg import ClientCursor, sql

from iaros.lib.purposes import Purpose
from iaros.lib.sql import text
from privacy import consent
from segmentation.features.catalogue import FEATURES, VERSION

READER = "iaros_analyst"
_VIEW = """
CREATE VIEW analytics.features AS
SELECT v.id AS customer_id, v.as_of, {columns}
FROM segmentation_featurevector v
WHERE v.catalogue_version = {version} AND {gate}
"""
_ROLE_SQL = "SELECT EXISTS (SELECT 1 FROM pg_roles WHERE rolname = %s)"


class NoReader(Exception):
    """The reader's role is missing and cannot be made: says how the administrator makes it."""


@transaction.atomic
def create() -> int:
    """Make the schema, the view and the reader's role; returns how many features the view has. Raises NoReader."""
    with connection.cursor() as cursor:
        cursor.execute("CREATE SCHEMA IF NOT EXISTS analytics")
        cursor.execute(text(__package__, "feature_at.sql"))
        cursor.execute("DROP VIEW IF EXISTS analytics.features")
        cursor.execute(_view())
        cursor.execute(_ROLE_SQL, [READER])
        if not cursor.fetchone()[0]:
            _create_reader()
        reader = sql.Identifier(READER)
        cursor.execute(sql.SQL("GRANT USAGE ON SCHEMA analytics TO {}").format(reader))
        cursor.execute(sql.SQL("GRANT SELECT ON ALL TABLES IN SCHEMA analytics TO {}").format(reader))
    return len(FEATURES)


def _create_reader() -> None:
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(sql.SQL("CREATE ROLE {} NOLOGIN").format(sql.Identifier(READER)))
    except ProgrammingError as error:
        raise NoReader(
            f"the database has no role {READER} and this user may not make it; as its administrator: "
            f"CREATE ROLE {READER} NOLOGIN; GRANT {READER} TO {connection.settings_dict['USER']};"
        ) from error


def _view() -> sql.Composed:
    """The statement, whole: a view takes no parameters, so the gate's are written into it by the driver."""
    gate, params = consent.gate(Purpose.ANALYTICS, customer="v.id")
    connection.ensure_connection()
    written = ClientCursor(connection.connection).mogrify(gate, params)
    columns = sql.SQL(", ").join(
        sql.SQL("analytics.feature_at(v.values, {}, {}) AS {}").format(
            sql.Literal(place), sql.Literal(len(FEATURES)), sql.Identifier(one.name)
        )
        for place, one in enumerate(FEATURES)
    )
    # The gate is SQL of `privacy` with its own constants in it; nothing here comes from a user.
    return sql.SQL(_VIEW).format(columns=columns, version=sql.Literal(VERSION), gate=sql.SQL(written))  # type: ignore[arg-type]
