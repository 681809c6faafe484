from profiles.models.booking import Ancillary, Booking, Coupon, FlightLeg, Passenger, ServiceRequest, TripPurpose
from profiles.models.code_entry import CodeEntry
from profiles.models.column_mapping import ColumnMapping
from profiles.models.customer import Customer, CustomerQuerySet, Identifier, IdentifierKind, SearchKeys
from profiles.models.delivery import CursorKind, Delivery, DeliveryPart, DeliveryState, Pull, Way
from profiles.models.enrichment import Enrichment
from profiles.models.event import Event, EventKind
from profiles.models.fare import FareObservation
from profiles.models.flights import FlightStatus, ScheduledLeg
from profiles.models.identity_act import ActKind, IdentityAct
from profiles.models.loyalty import LoyaltyActivity
from profiles.models.matching import (
    MatchModelVersion,
    PairReason,
    PairState,
    PairVerdict,
    ReviewPair,
    SharedIdentifier,
    Verdict,
)
from profiles.models.profile import Profile
from profiles.models.quality import Dimension, QualityMeasure
from profiles.models.rate import ExchangeRate
from profiles.models.reference import Airport, AreaStatistic, Holiday, MarketFare, WeatherDay
from profiles.models.run import IngestRun, QuarantinedRow, RunState
from profiles.models.source_record import Link, LinkRule, Message, Source, SourceRecord, SourceReliability, UnlinkedKey

__all__ = [
    "ActKind",
    "Airport",
    "Ancillary",
    "AreaStatistic",
    "Booking",
    "CodeEntry",
    "ColumnMapping",
    "Coupon",
    "CursorKind",
    "Customer",
    "CustomerQuerySet",
    "Delivery",
    "DeliveryPart",
    "DeliveryState",
    "Dimension",
    "Enrichment",
    "Event",
    "EventKind",
    "ExchangeRate",
    "FareObservation",
    "FlightLeg",
    "FlightStatus",
    "Holiday",
    "Identifier",
    "IdentifierKind",
    "IdentityAct",
    "IngestRun",
    "Link",
    "LinkRule",
    "LoyaltyActivity",
    "MarketFare",
    "MatchModelVersion",
    "Message",
    "PairReason",
    "PairState",
    "PairVerdict",
    "Passenger",
    "Profile",
    "Pull",
    "QualityMeasure",
    "QuarantinedRow",
    "ReviewPair",
    "RunState",
    "ScheduledLeg",
    "SearchKeys",
    "ServiceRequest",
    "SharedIdentifier",
    "Source",
    "SourceRecord",
    "SourceReliability",
    "TripPurpose",
    "UnlinkedKey",
    "Verdict",
    "Way",
    "WeatherDay",
]
