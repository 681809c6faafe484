"""The segments that come with the platform. They are kept up here: a changed rule becomes their next wording."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from iaros.lib.purposes import Channel, Purpose
from segmentation.models import Segment
from segmentation.segments import publishing


@dataclass(frozen=True)
class Seed:
    slug: str
    name: str
    description: str
    purpose: Purpose
    channel: Channel
    rule: dict[str, Any]


SEEDS: tuple[Seed, ...] = (
    Seed(
        "lapsing-gold-and-platinum",
        "Lapsing Gold and Platinum",
        "High tiers who have not flown for four months and have nothing booked.",
        Purpose.MARKETING,
        Channel.EMAIL,
        {
            "all": [
                {"feature": "loyalty:tier_rank", "op": ">=", "value": 3},
                {"feature": "booking:upcoming_count", "op": "=", "value": 0},
                {
                    "any": [
                        {"feature": "flown:recency_days", "op": ">", "value": 120},
                        {"feature": "flown:recency_days", "op": "unknown"},
                    ]
                },
            ]
        },
    ),
    Seed(
        "frequent-business-flyers",
        "Frequent business flyers",
        "Six flights and more a year, booked late or in a premium cabin.",
        Purpose.MARKETING,
        Channel.EMAIL,
        {
            "all": [
                {"feature": "flown:count_365d", "op": ">=", "value": 6},
                {
                    "any": [
                        {"feature": "booking:late_share_730d", "op": ">=", "value": 0.4},
                        {"feature": "booking:premium_share_730d", "op": ">=", "value": 0.3},
                    ]
                },
            ]
        },
    ),
    Seed(
        "winter-sun-searchers",
        "Winter sun searchers",
        "Looked for winter sun in the last month and have not booked since.",
        Purpose.PERSONALISATION,
        Channel.WEB,
        {
            "all": [
                {"feature": "web:sun_searches_30d", "op": ">=", "value": 1},
                {"feature": "booking:count_30d", "op": "=", "value": 0},
            ]
        },
    ),
    Seed(
        "bag-buyers",
        "Bag buyers",
        "Bought extra bags at least twice in two years.",
        Purpose.PERSONALISATION,
        Channel.APP,
        {"all": [{"feature": "ancillary:extra_bag_count_730d", "op": ">=", "value": 2}]},
    ),
    Seed(
        "new-and-promising",
        "New and promising",
        "With us for less than half a year, booked lately and spends above the middle.",
        Purpose.MARKETING,
        Channel.EMAIL,
        {
            "all": [
                {"feature": "profile:tenure_days", "op": "<=", "value": 180},
                {"feature": "rfm:recency", "op": ">=", "value": 4},
                {"feature": "rfm:monetary", "op": ">=", "value": 3},
            ]
        },
    ),
)


def ensure_default_segments() -> list[Segment]:
    """Draft and publish the platform's segments that are missing, and reword those whose rule changed here.

    One that an analyst retired stays retired.
    """
    return [_ensure(seed) for seed in SEEDS]


def _ensure(seed: Seed) -> Segment:
    segment = Segment.objects.filter(slug=seed.slug).first()
    if segment is not None:
        publishing.reword(segment, seed.rule)
        return segment
    segment = publishing.draft(
        name=seed.name,
        rule=seed.rule,
        purpose=seed.purpose,
        channel=seed.channel,
        description=seed.description,
        slug=seed.slug,
        is_system=True,
    )
    try:
        return publishing.publish(segment)
    except publishing.TooManySegments:
        # The airline allows fewer than the platform brings; the draft waits for room.
        return segment
