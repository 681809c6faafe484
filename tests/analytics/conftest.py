from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from privacy import encryption
from tests.segmentation.population import customers

AS_OF = datetime(2026, 6, 30, 20, 0, tzinfo=UTC)
DAY = timedelta(days=1)


@pytest.fixture(autouse=True)
def _keys(settings, tmp_path):
    settings.KEYS_FILE = encryption.write_new_keys(tmp_path / "keys.json")


@pytest.fixture
def alice(db) -> UUID:
    """Flies weekly."""
    return customers(1)[0]


@pytest.fixture
def bob(db) -> UUID:
    """Lapsed."""
    return customers(1)[0]
