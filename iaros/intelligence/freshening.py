"""Brings one customer up to date, from the records to the recommendations, by the very functions of the batch."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction
from django.db.models import Max

from analytics.people import data_as_of
from iaros.lib import clock
from iaros.lib.ids import bucket_of
from iaros.lib.reports import Progress, silent
from profiles.golden import assemble
from profiles.models import Event
from recommendations import pipeline as recommendations
from recommendations.models import ItemKind
from segmentation import pipeline as segmentation


def bring_up_to_date(customer_id: UUID, progress: Progress = silent) -> datetime:
    """Replay the customer's records and recompute all that is derived from them; returns as of when."""
    as_of = _newest(customer_id)
    progress(phase="profile", done=0, total=3)
    with transaction.atomic():
        assemble.rebuild([customer_id.bytes], at=clock.now())
    progress(phase="features, scores, segments", done=1, total=3)
    segmentation.refresh_customer(customer_id, as_of)
    progress(phase="recommendations", done=2, total=3)
    for champion in filter(None, map(recommendations.champion, ItemKind)):
        recommendations.rank_one(champion, customer_id, as_of)
    progress(phase="recommendations", done=3, total=3)
    return as_of


def _newest(customer_id: UUID) -> datetime:
    """The moment of the last refresh, or just after the customer's last event where that is later.

    Not the clock: a feed that stopped would make this one customer look older than all the others.
    """
    mine = Event.objects.filter(bucket=bucket_of(customer_id), customer_id=customer_id, occurred_at__lte=clock.now())
    last, refreshed = mine.aggregate(last=Max("occurred_at"))["last"], data_as_of()
    return max(refreshed, last + timedelta(microseconds=1)) if last else refreshed
