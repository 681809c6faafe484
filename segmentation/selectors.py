"""What others read of features, segments, scores and models. People come through the gate, and it fails closed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from iaros.lib import sql
from iaros.lib.ids import bucket_of
from iaros.lib.purposes import Channel, Purpose
from privacy import consent
from profiles.models import Profile
from segmentation.features import rfm, store
from segmentation.features.catalogue import NAMES
from segmentation.ml import registry
from segmentation.ml.catalogue import SPECS
from segmentation.models import Activation, FeatureRun, Membership, ModelVersion, Score, Segment, SegmentVersion
from segmentation.segments import dag, evaluation, reach, rules
from segmentation.segments.evaluation import Reason
from segmentation.segments.health import board as health
from segmentation.segments.health import refresh_state
from segmentation.segments.overlap import overlap
from segmentation.segments.reach import NodeCount, Step
from segmentation.segments.sizes import over_time as sizes_over_time
from segmentation.segments.why import explain

__all__ = [
    "activations_of",
    "count_scores",
    "explain",
    "feature_values",
    "features_as_of",
    "get_segment",
    "health",
    "list_segments",
    "model_performance",
    "model_status",
    "overlap",
    "preview",
    "reach_of",
    "refresh_state",
    "rfm_group",
    "scores_of",
    "segment_members",
    "segment_versions",
    "segments_of",
    "sizes_over_time",
    "used_by",
    "why_in",
]

_FIRST = UUID(int=0)
# The newest wording of each segment, and since when the customer is in: their last entering.
_HELD_SQL = """
SELECT s.slug, s.name, s.description, s.purpose, s.channel, v.sentence, v.number AS version,
       (SELECT max(t.at) FROM segmentation_transition t
        WHERE t.bucket = %(bucket)s AND t.customer_id = %(customer)s AND t.segment_id = s.id
          AND t.direction = 'entered') AS since
FROM segmentation_segment s
JOIN LATERAL (
    SELECT v.sentence, v.number FROM segmentation_segmentversion v
    WHERE v.segment_id = s.id ORDER BY v.number DESC LIMIT 1
) v ON true
WHERE s.status = 'published' AND s.position = ANY(%(positions)s::int[])
ORDER BY s.name, s.slug
"""
_MEMBERS_SQL = """
SELECT m.id FROM segmentation_membership m
WHERE length(m.bitmap) > %(byte)s AND get_bit(m.bitmap, %(bit)s) = 1
  AND (m.bucket, m.id) > (%(after_bucket)s, %(after)s) AND {gate}
ORDER BY m.bucket, m.id LIMIT %(limit)s
"""


@dataclass(frozen=True)
class HeldSegment:
    """A segment a customer is in."""

    slug: str
    name: str
    description: str
    purpose: str
    channel: str
    sentence: str
    version: int
    since: datetime | None


@dataclass(frozen=True)
class HeldScore:
    """What a champion said of a customer, or of a booking they are on. `reasons`: the strongest first."""

    name: str
    title: str
    entity_kind: str
    entity_id: UUID
    value: float
    low: float | None
    high: float | None
    reasons: list[dict[str, Any]]
    model_version: str
    model_version_id: UUID
    as_of: datetime


@dataclass(frozen=True)
class ListedSegment:
    """A segment with its newest wording and its counts at the last refresh."""

    slug: str
    name: str
    description: str
    purpose: str
    channel: str
    kind: str
    status: str
    sentence: str
    version: int
    size: int
    reach: int
    counted_at: datetime | None


@dataclass(frozen=True)
class ModelStatus:
    """A model of the catalogue and the version that speaks; `champion` is None for "no champion"."""

    name: str
    title: str
    question: str
    entity: str
    champion: int | None
    champion_as_of: datetime | None
    trained: int

    @property
    def status(self) -> str:
        return f"version {self.champion}" if self.champion else "no champion"


def feature_values(customer_id: UUID) -> dict[str, float]:
    """The stored features by name, NaN where there is none; empty for whoever may not be analysed."""
    found = store.vector_of(customer_id)
    return dict(zip(NAMES, found[0].tolist(), strict=True)) if found else {}


def features_as_of() -> FeatureRun | None:
    """The last completed run of the feature store."""
    return FeatureRun.objects.filter(finished_at__isnull=False).order_by("-finished_at").first()


def rfm_group(customer_id: UUID) -> str:
    """The named RFM group, such as "Champions"."""
    return rfm.name_of(feature_values(customer_id).get("rfm:cell", float("nan")))


def segments_of(
    customer_id: UUID, *, purpose: Purpose = Purpose.ANALYTICS, channel: Channel | None = None
) -> list[HeldSegment]:
    """Segments the customer is in; none where `purpose` (and `channel`) does not allow to look."""
    row = Membership.objects.filter(bucket=bucket_of(customer_id), id=customer_id).first()
    if row is None or not _may(customer_id, purpose, channel):
        return []
    bits = bytes(row.bitmap)
    positions = [place for place in range(8 * len(bits)) if bits[place // 8] >> place % 8 & 1]
    params = {"bucket": bucket_of(customer_id), "customer": customer_id, "positions": positions}
    return [HeldSegment(**one) for one in sql.query(_HELD_SQL, params)]


def scores_of(
    customer_id: UUID, *, purpose: Purpose = Purpose.ANALYTICS, channel: Channel | None = None
) -> list[HeldScore]:
    """What the champions said of the customer, and of their bookings ahead; nothing where the gate says no."""
    if not _may(customer_id, purpose, channel):
        return []
    rows = Score.objects.filter(bucket=bucket_of(customer_id), customer_id=customer_id)
    found = list(rows.order_by("-entity_kind", "name", "entity_id"))
    told = ModelVersion.objects.defer("artifact").in_bulk({row.model_version_id for row in found})
    return [_held(row, told.get(row.model_version_id)) for row in found]


def _held(row: Score, version: ModelVersion | None) -> HeldScore:
    spec = SPECS.get(row.name)
    return HeldScore(
        name=row.name,
        title=spec.title if spec else row.name,
        entity_kind=row.entity_kind,
        entity_id=row.entity_id,
        value=row.value,
        low=row.low,
        high=row.high,
        reasons=row.reasons,
        model_version=str(version) if version else "",
        model_version_id=row.model_version_id,
        as_of=row.as_of,
    )


def _may(customer_id: UUID, purpose: Purpose, channel: Channel | None) -> bool:
    """What is derived rests on analytics; another purpose must hold as well."""
    asked: list[tuple[Purpose, Channel | None]] = [(Purpose.ANALYTICS, None)]
    if purpose is not Purpose.ANALYTICS:
        asked.append((purpose, channel))
    return all(consent.decide(customer_id, one, by).allowed for one, by in asked)


def list_segments(*, published_only: bool = True) -> list[ListedSegment]:
    """Segments, the largest first."""
    chosen = Segment.objects.published() if published_only else Segment.objects.all()
    rows = list(chosen.for_list_page())
    newest = {
        version.segment_id: version
        for version in SegmentVersion.objects.filter(segment__in=rows).order_by("segment_id", "number")
    }
    return [_listed(row, newest.get(row.id)) for row in rows]


def get_segment(slug: str) -> ListedSegment:
    """Raises Segment.DoesNotExist."""
    row = Segment.objects.get(slug=slug)
    return _listed(row, row.versions.order_by("-number").first())


def _listed(row: Segment, version: SegmentVersion | None) -> ListedSegment:
    return ListedSegment(
        slug=row.slug,
        name=row.name,
        description=row.description,
        purpose=row.purpose,
        channel=row.channel,
        kind=row.kind,
        status=row.status,
        sentence=version.sentence if version else "",
        version=version.number if version else 0,
        size=row.size,
        reach=row.reach,
        counted_at=row.counted_at,
    )


def segment_members(
    segment: Segment,
    *,
    purpose: Purpose | None = None,
    channel: Channel | None = None,
    after: UUID | None = None,
    limit: int = 50,
) -> list[UUID]:
    """Members by cursor, those who may be used for the purpose and channel; without them, for the segment's own."""
    if purpose is None:
        purpose, channel = Purpose(segment.purpose), channel or Channel(segment.channel)
    gate, params = consent.gate(purpose, channel, customer="m.id")
    after = after or _FIRST
    params |= {"byte": segment.position // 8, "bit": segment.position, "limit": limit}
    params |= {"after": after, "after_bucket": bucket_of(after) if after != _FIRST else -1}
    return [row["id"] for row in sql.query(_MEMBERS_SQL.format(gate=gate), params)]


def why_in(segment: Segment, customer_id: UUID) -> tuple[bool, list[Reason]]:
    """Is the customer in by the rule as it stands, and how does each condition stand?"""
    newest = segment.versions.order_by("-number").first()
    rule = rules.readable(newest.rule) if newest else None
    return evaluation.why(rule, customer_id) if rule else (False, [])


@dataclass(frozen=True)
class Example:
    """A customer whom a rule selects, with what lists may show of them, and how each condition stands."""

    customer_id: UUID
    tier: str | None
    country: str | None
    home_airport: str | None
    reasons: list[Reason]


@dataclass(frozen=True)
class SeenPreview:
    """`reach.Preview` with its examples told. `estimated`: `customers` were looked at, for a `population`."""

    sentence: str
    estimated: bool
    customers: int
    population: int
    steps: list[Step]
    conditions: list[NodeCount]
    members: list[Example]
    depends_on: list[str]
    as_of: datetime
    seconds: float


def preview(
    rule: Any, *, purpose: Purpose, channel: Channel, holdout_percent: float = 10, slug: str = "", examples: int = 0
) -> SeenPreview:
    """What a rule would select and how many of them can be reached, before it is saved. Raises rules.InvalidRule.

    The caller limits how long it may take, and audits the examples it shows.
    """
    audience = reach.Audience(Purpose(purpose), Channel(channel), holdout_percent, slug)
    found = reach.preview(rule, audience, examples=examples)
    return SeenPreview(
        sentence=found.sentence,
        estimated=found.estimated,
        customers=found.customers,
        population=found.population,
        steps=found.steps,
        conditions=found.conditions,
        members=_examples(rules.read(rule), found.examples),
        depends_on=found.depends_on,
        as_of=found.as_of,
        seconds=found.seconds,
    )


def _examples(tree: rules.Group, ids: list[UUID]) -> list[Example]:
    buckets = sorted({bucket_of(one) for one in ids})
    known = {row.id: row for row in Profile.objects.filter(bucket__in=buckets, id__in=ids)}
    told = ((one, known.get(one), evaluation.why(tree, one)[1]) for one in ids)
    return [
        Example(
            one,
            row.tier if row else None,
            row.country if row else None,
            row.home_airport if row else None,
            reasons,
        )
        for one, row, reasons in told
    ]


def reach_of(segment: Segment) -> list[Step]:
    """From the members as last refreshed to those who can be exported."""
    return reach.of_segment(segment)


def segment_versions(segment: Segment) -> list[SegmentVersion]:
    """Every wording, the newest first."""
    return list(segment.versions.select_related("published_by").order_by("-number"))


def activations_of(segment: Segment) -> list[Activation]:
    """Where the members were sent and what became of them, the newest first."""
    return list(segment.activations.select_related("destination", "started_by").order_by("-began_at", "id"))


def used_by(segment: Segment) -> list[Segment]:
    """Segments whose standing rule names this one."""
    return list(Segment.objects.filter(slug__in=dag.users_of(str(segment.slug))).order_by("name", "id"))


def model_status() -> list[ModelStatus]:
    """Every model of the catalogue, in its order."""
    return [_status(name) for name in SPECS]


def _status(name: str) -> ModelStatus:
    spec, champion = SPECS[name], registry.champion(name)
    return ModelStatus(
        name=name,
        title=spec.title,
        question=spec.question,
        entity=spec.entity,
        champion=champion.number if champion else None,
        champion_as_of=champion.as_of if champion else None,
        trained=ModelVersion.objects.filter(name=name).count(),
    )


def model_performance(name: str, limit: int = 50) -> list[ModelVersion]:
    """The trainings of a model with their figures and gates, the newest first."""
    return registry.versions(name, limit)


def count_scores() -> dict[str, int]:
    """How many customers and bookings each model has spoken of."""
    rows = sql.query("SELECT name, count(*) AS scores FROM segmentation_score GROUP BY name ORDER BY name")
    return {row["name"]: row["scores"] for row in rows}
