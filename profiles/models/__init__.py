from profiles.models.booking import Ancillary, Booking, Coupon, FlightLeg, Passenger, ServiceRequest, TripPurpose
from profiles.models.code_entry import CodeEntry
from profiles.models.column_mapping import ColumnMapping
from profiles.models.customer import Customer, CustomerQuerySet, Identifier, IdentifierKind, SearchKeys
from profiles.models.delivery import CursorKind, Delivery, DeliveryPart, DeliveryState, Pull, Way
from profiles.models.enrichment import Enrichment
from profiles.models.event import Event, EventKind
from profiles.models.fare import FareObservation
from profiles.models.flights import FlightStatus, ScheduledLeg
from profiles.models.loyalty import LoyaltyActivity
from profiles.models.profile import Profile
from profiles.models.quality import Dimension, QualityMeasure
from profiles.models.rate import ExchangeRate
from profiles.models.reference import Airport, AreaStatistic, Holiday, MarketFare, WeatherDay
from profiles.models.run import IngestRun, QuarantinedRow, RunState
from profiles.models.source_record import Link, LinkRule, Message, Source, SourceRecord, SourceReliability, UnlinkedKey

__all__ = [
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
    "IngestRun",
    "Link",
    "LinkRule",
    "LoyaltyActivity",
    "MarketFare",
    "Message",
    "Passenger",
    "Profile",
    "Pull",
    "QualityMeasure",
    "QuarantinedRow",
    "RunState",
    "ScheduledLeg",
    "SearchKeys",
    "ServiceRequest",
    "Source",
    "SourceRecord",
    "SourceReliability",
    "TripPurpose",
    "UnlinkedKey",
    "Way",
    "WeatherDay",
]
