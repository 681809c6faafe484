"""Who read whom: told in full, and not to be retold."""

import pytest
from django.db import IntegrityError, connection, transaction

from iaros.accounts.models import User
from iaros.lib.purposes import Purpose
from privacy import audit
from privacy.models import AuditEvent


def test_reads__of_two_people__are_found_for_each(alice, bob, carol):
    analyst = User.objects.create_user("ann")

    audit.reads("segment members", ids=[alice, bob], purpose=Purpose.MARKETING, actor=analyst, route="/segments/x")

    (line,) = audit.for_customer(bob)
    assert (line.who, line.action, line.purpose) == ("ann", "read segment members", "marketing")
    assert audit.for_customer(carol) == []


def test_trail__changed_or_deleted__is_refused_by_the_database(alice):
    audit.reads("profile", ids=[alice], purpose=Purpose.SERVICING)

    with pytest.raises(IntegrityError, match="written once"), transaction.atomic():
        AuditEvent.objects.update(actor="somebody else")
    with pytest.raises(IntegrityError, match="written once"), transaction.atomic():
        AuditEvent.objects.all().delete()


def test_trail__rolled_back_with_the_act__tells_nothing(alice):
    with transaction.atomic():
        audit.reads("profile", ids=[alice], purpose=Purpose.SERVICING)
        transaction.set_rollback(True)

    assert audit.for_customer(alice) == []


def test_sign_in__is_in_the_trail(client, db):
    client.force_login(User.objects.create_user("ann"))

    assert AuditEvent.objects.filter(action="signed in", actor="ann").count() == 1


@pytest.mark.parametrize("table", ["privacy_auditevent", "privacy_policytext", "privacy_consentevent"])
def test_what_is_written_once__is_not_emptied(db, table):
    _refused(f"TRUNCATE {table}")


def test_a_part_of_the_consent_ledger__is_not_emptied_either(db):
    _refused("TRUNCATE privacy_consentevent_07")


def _refused(statement: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL iaros.may_empty = 'off'")
        with pytest.raises(IntegrityError, match="written once"), transaction.atomic():
            cursor.execute(statement)
