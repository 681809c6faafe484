"""Who may not come back, and what goes with them. Without a champion it says so and gives no risk."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings

from analytics import scores
from analytics.people import ask, data_as_of
from analytics.scores import NO_CHAMPION, SCORED, OwnScore

MODEL = "churn_90d"
YEAR = timedelta(days=365)
EDGES = (0.3, 0.6, 0.8)
BANDS = ("low", "medium", "high", "very high")


@dataclass(frozen=True)
class Band:
    """Customers whose risk lies in a range; `value_at_risk` is the sum of risk times value, in major units."""

    name: str
    from_risk: float
    to_risk: float
    customers: int
    mean_risk: float
    value_at_risk: float


@dataclass(frozen=True)
class ChurnRisk:
    as_of: datetime
    state: str
    currency: str
    customers: int
    value_at_risk: float | None
    bands: list[Band]


@dataclass(frozen=True)
class CustomerRisk:
    """One customer's risk, its band and its reasons."""

    as_of: datetime
    state: str
    risk: float | None
    band: str
    score: OwnScore


def churn_risk(as_of: datetime | None = None) -> ChurnRisk:
    """Risk bands of all customers and the value at risk in each."""
    moment = as_of or data_as_of()
    if not scores.has_scores(MODEL):
        return ChurnRisk(moment, NO_CHAMPION, settings.BASE_CURRENCY, 0, None, [])
    found = ask("churn_bands.sql", person="e.entity_id", edges=list(EDGES), since=moment - YEAR, as_of=moment)
    rows = {row["band"]: row for row in found}
    limits = (0.0, *EDGES, 1.0)
    bands = [
        Band(
            name=name,
            from_risk=limits[at],
            to_risk=limits[at + 1],
            customers=rows.get(at, {}).get("customers", 0),
            mean_risk=round(rows.get(at, {}).get("mean_risk", 0.0), 4),
            value_at_risk=round(rows.get(at, {}).get("value_at_risk", 0.0), 2),
        )
        for at, name in enumerate(BANDS)
    ]
    return ChurnRisk(
        as_of=moment,
        state=SCORED,
        currency=settings.BASE_CURRENCY,
        customers=sum(band.customers for band in bands),
        value_at_risk=round(sum(band.value_at_risk for band in bands), 2),
        bands=bands,
    )


def customer_risk(customer_id: uuid.UUID) -> CustomerRisk:
    """One customer's risk with its reasons."""
    score = scores.own_score(customer_id, MODEL)
    band = "" if score.value is None else band_of(score.value)
    return CustomerRisk(score.as_of or data_as_of(), score.state, score.value, band, score)


def band_of(risk: float) -> str:
    """The name of the band a risk lies in; a bound belongs to the band above it."""
    return BANDS[sum(risk >= edge for edge in EDGES)]
