"""What the API and the pages ask of analytics: kept answers about everybody, fresh ones about one customer."""

from __future__ import annotations

import uuid

from analytics import behaviour as behaviours
from analytics import churn, dashboards, journeys, measured, pricing, segment_moves
from analytics import lifetime_value as values
from analytics.behaviour import Behaviour
from analytics.churn import ChurnRisk, CustomerRisk
from analytics.dashboards import FareGaps
from analytics.journeys import Journey
from analytics.lifetime_value import CustomerValue, LifetimeValue
from analytics.people import data_as_of
from analytics.segment_moves import SegmentMove

home = dashboards.home
fare_index = pricing.fare_index


def behaviour(customer_id: uuid.UUID | None = None) -> Behaviour:
    """The weekly funnel, channels, look-to-book and lead times."""
    if customer_id is not None:
        return behaviours.behaviour(customer_id)
    return measured.newest("behaviour", Behaviour) or behaviours.behaviour()


def journey(customer_id: uuid.UUID | None = None) -> Journey:
    """The stages from search to flight, or one customer's trips."""
    if customer_id is not None:
        return journeys.journey(customer_id)
    return measured.newest("journey", Journey) or journeys.journey()


def lifetime_value(customer_id: uuid.UUID | None = None) -> LifetimeValue | CustomerValue:
    """The spread of value over all customers, or one customer's value."""
    if customer_id is not None:
        return values.customer_value(customer_id)
    return measured.newest("lifetime_value", LifetimeValue) or values.lifetime_value()


def churn_risk(customer_id: uuid.UUID | None = None) -> ChurnRisk | CustomerRisk:
    """Risk bands of all customers, or one customer's risk."""
    if customer_id is not None:
        return churn.customer_risk(customer_id)
    return measured.newest("churn_risk", ChurnRisk) or churn.churn_risk()


def segments() -> list[SegmentMove]:
    """Every segment with its size, reach and what moved in seven days."""
    return segment_moves.segment_moves()


def fare_gaps() -> FareGaps:
    """The gaps to act on."""
    moment = data_as_of()
    return measured.newest("fare_gaps", FareGaps) or FareGaps(moment, pricing.fare_gaps(moment))
