"""The demo airline: a seeded world of Norvia Air and the source files it would send us.

`world.build(size, seed)` draws it, `write.write(world, folder)` writes it. The same seed gives the same bytes.
"""

from datetime import UTC, datetime

# The moment at which every file is cut; what comes later is simulated for the truth and never written to a feed.
END_AT = datetime(2026, 10, 31, 22, 0, tzinfo=UTC)

SIZES = {"small": 2_000, "medium": 50_000}
