"""What follows when people are merged or split: features, scores, segments and offers, for `profiles.followers`."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

from django.db import models

from iaros.intelligence.freshening import newest
from iaros.lib.ids import bucket_of
from iaros.lib.purposes import Channel, Purpose
from iaros.lib.undo import Owned
from privacy import consent
from profiles.followers import Standing
from profiles.models import Customer
from recommendations import pipeline as recommendations
from recommendations import selectors as offers
from recommendations.models import ItemKind, Recommendation
from segmentation import pipeline as segmentation
from segmentation import selectors
from segmentation.models import (
    Activation,
    CustomerListEntry,
    FeatureRun,
    FeatureVector,
    Membership,
    Moves,
    Score,
    Segment,
    SegmentStatus,
)

SEGMENTS, SCORES, REACH, OFFERS = "segments", "scores", "activations", "recommendations"
MOST_OFFERS = 5


def _owned(model: type[models.Model]) -> Owned:
    names = {field.name for field in model._meta.concrete_fields}
    return Owned(model._meta.db_table, "customer_id" if "customer_id" in names else "id")


class DerivedFollower:
    """Connected by `iaros.wiring`."""

    name = "intelligence"
    # What was sent and decided stays with the id it was sent to: that is history, and nothing follows.
    tables: Sequence[Owned] = tuple(
        map(_owned, (FeatureVector, Score, Membership, Moves, CustomerListEntry, Recommendation))
    )

    def follow(self, customer_ids: Sequence[UUID]) -> None:
        """From left to right, one after the other: a merge touches two."""
        gone = self._folded(customer_ids)
        for folded, survivor in gone.items():
            _pass_places_on(folded, survivor)
        champions = [version for kind in ItemKind if (version := recommendations.champion(kind))]
        for customer_id in customer_ids:
            as_of = newest(customer_id)
            segmentation.refresh_customer(customer_id, as_of)
            if customer_id in gone:
                Recommendation.objects.filter(bucket=bucket_of(customer_id), id=customer_id).delete()
                continue
            for version in champions:
                recommendations.rank_one(version, customer_id, as_of)

    def _folded(self, customer_ids: Sequence[UUID]) -> dict[UUID, UUID]:
        rows = Customer.objects.filter(
            bucket__in=[bucket_of(c) for c in customer_ids], id__in=list(customer_ids), merged_into__isnull=False
        )
        return {folded: survivor for folded, survivor in rows.values_list("id", "merged_into") if survivor}

    def standing(self, customer_ids: Sequence[UUID]) -> Mapping[UUID, Standing]:
        published = {s.slug: s for s in Segment.objects.filter(status=SegmentStatus.PUBLISHED)}
        return {each: self._standing(each, published) for each in customer_ids}

    def _standing(self, customer_id: UUID, published: Mapping[str, Segment]) -> Standing:
        held = selectors.segments_of(customer_id)
        shown: dict[str, dict[str, str]] = defaultdict(dict)
        for segment in held:
            shown[SEGMENTS][segment.name] = "in"
            reached = published.get(segment.slug)
            if reached and reached.channel and _may_reach(customer_id, reached):
                shown[REACH][f"{segment.name}, {Channel(reached.channel).label}"] = _sent_to(reached)
        for score in selectors.scores_of(customer_id):
            of_trip = "" if score.entity_id == customer_id else f", trip {score.entity_id.hex[-6:]}"
            shown[SCORES][f"{score.title}{of_trip}"] = f"{score.value:.3g}"
        if consent.decide(customer_id, Purpose.PERSONALISATION).allowed:
            # The lists as they stand, without asking for them: nothing is logged as an offer made.
            for stored in offers.stored_lists(customer_id):
                for rank, offer in enumerate(stored["items"][:MOST_OFFERS], start=1):
                    shown[OFFERS][f"{stored['kind']} {rank}"] = offer["item"]
        return shown

    def renewed_since(self, moment: datetime) -> bool:
        return FeatureRun.objects.filter(finished_at__gt=moment).exists()


def _pass_places_on(folded: UUID, survivor: UUID) -> None:
    """Who stood on a list stands there under the id that remains."""
    mine = CustomerListEntry.objects.filter(bucket=bucket_of(folded), customer_id=folded)
    CustomerListEntry.objects.bulk_create(
        [
            CustomerListEntry(bucket=bucket_of(survivor), list_id=entry, customer_id=survivor)
            for entry in mine.values_list("list_id", flat=True)
        ],
        ignore_conflicts=True,
    )
    mine.delete()


def _sent_to(segment: Segment) -> str:
    """The destinations that its members were sent to, so that whoever enters or leaves is so there too."""
    sendings = Activation.objects.filter(segment=segment).values_list("destination__name", flat=True)
    names = sorted(set(sendings))
    return f"sent to {', '.join(names)}" if names else "may be sent"


def _may_reach(customer_id: UUID, segment: Segment) -> bool:
    return consent.decide(customer_id, Purpose(segment.purpose), Channel(segment.channel)).allowed
