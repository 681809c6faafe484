from __future__ import annotations

from uuid import UUID

import pytest

from iaros.lib.purposes import Purpose
from privacy import consent, encryption
from privacy.consent import ConsentEntry
from recommendations import pipeline
from tests.recommendations import town
from tests.segmentation.population import customers


@pytest.fixture(autouse=True)
def _keys(settings, tmp_path):
    settings.KEYS_FILE = encryption.write_new_keys(tmp_path / "keys.json")


@pytest.fixture
def nobody(db) -> UUID:
    """Somebody we know and who never travelled."""
    return customers(1)[0]


@pytest.fixture(scope="module")
def refreshed_town(django_db_setup, django_db_blocker, tmp_path_factory):
    """The town with everything ranked, built once for the module and taken down after it."""
    from django.conf import settings
    from django.db import transaction

    with django_db_blocker.unblock(), pytest.MonkeyPatch.context() as patch:
        patch.setattr(settings, "KEYS_FILE", encryption.write_new_keys(tmp_path_factory.mktemp("town") / "keys.json"))
        with transaction.atomic():
            people = town.build()
            allow(*people)
            pipeline.refresh(town.AS_OF)
            yield people
            transaction.set_rollback(True)


def allow(*customers: UUID) -> None:
    """Each of them says yes to personalisation."""
    consent.record([ConsentEntry(each, Purpose.PERSONALISATION, "granted", town.AS_OF) for each in customers])
