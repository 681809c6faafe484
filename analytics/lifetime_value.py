"""What customers are worth in the next twelve months, and how unevenly; history where no model serves."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings

from analytics import scores
from analytics.people import ask, data_as_of, one
from analytics.scores import NO_CHAMPION, SCORED, OwnScore

MODEL = "value_12m"
YEAR = timedelta(days=365)
PREDICTED, HISTORICAL = "predicted, next 12 months", "paid, last 12 months"


@dataclass(frozen=True)
class Tenth:
    """A tenth of the customers, the best first; money in major units of the base currency."""

    tenth: int
    customers: int
    total: float
    share: float
    lowest: float
    median: float
    highest: float


@dataclass(frozen=True)
class LifetimeValue:
    """`measure` says whether the figures are predicted or paid; `state` is "no champion" in the second case."""

    as_of: datetime
    state: str
    measure: str
    currency: str
    customers: int
    total: float
    mean: float
    top_tenth_share: float | None
    tenths: list[Tenth]


@dataclass(frozen=True)
class CustomerValue:
    """One customer's value; the interval is there only when it was predicted."""

    as_of: datetime
    state: str
    measure: str
    currency: str
    value: float
    low: float | None
    high: float | None
    paid_12m: float
    bookings_12m: int
    score: OwnScore


def lifetime_value(as_of: datetime | None = None) -> LifetimeValue:
    """The spread of value over all customers."""
    moment = as_of or data_as_of()
    scored = scores.has_scores(MODEL)
    rows = ask("value_spread.sql", person="p.id", scored=scored, since=moment - YEAR, as_of=moment)
    total, customers = sum(row["total"] for row in rows), sum(row["customers"] for row in rows)
    tenths = [Tenth(share=round(row["total"] / total, 4) if total else 0.0, **row) for row in rows]
    return LifetimeValue(
        as_of=moment,
        state=SCORED if scored else NO_CHAMPION,
        measure=PREDICTED if scored else HISTORICAL,
        currency=settings.BASE_CURRENCY,
        customers=customers,
        total=round(total, 2),
        mean=round(total / customers, 2) if customers else 0.0,
        top_tenth_share=tenths[0].share if tenths and total else None,
        tenths=tenths,
    )


def customer_value(customer_id: uuid.UUID, as_of: datetime | None = None) -> CustomerValue:
    """One customer's value with its interval, beside what they really paid in the last twelve months."""
    moment = as_of or data_as_of()
    score = scores.own_score(customer_id, MODEL)
    paid = ask("own_revenue.sql", since=moment - YEAR, as_of=moment, **one(customer_id))[0]
    predicted = score.value is not None
    return CustomerValue(
        as_of=moment,
        state=score.state,
        measure=PREDICTED if predicted else HISTORICAL,
        currency=settings.BASE_CURRENCY,
        value=round(score.value if score.value is not None else paid["value"], 2),
        low=score.low,
        high=score.high,
        paid_12m=round(paid["value"], 2),
        bookings_12m=paid["bookings"],
        score=score,
    )
