"""Who stops flying: no flight flown and none booked in the next 90 days, of those who flew within 24 months."""

from profiles.models import EventKind
from segmentation.ml.features import KNOWN_IN_THE_PAST
from segmentation.ml.spec import Gate, ModelSpec

_FLEW_WITHIN_24_MONTHS = """
    SELECT e.customer_id, %(at)s::timestamptz AS at
    FROM profiles_event e
    WHERE e.kind = %(flown)s AND e.customer_id IS NOT NULL
      AND e.occurred_at >= %(at)s::timestamptz - interval '730 days' AND e.occurred_at < %(at)s
    GROUP BY e.customer_id
"""

_NEITHER_FLOWN_NOR_BOOKED = """
    SELECT p.customer_id, p.at, (a.customer_id IS NULL)::int AS label
    FROM population p
    LEFT JOIN (
        SELECT DISTINCT e.customer_id
        FROM profiles_event e
        WHERE e.kind IN (%(flown)s, %(booked)s) AND e.occurred_at >= %(at)s
          AND e.occurred_at < %(at)s::timestamptz + %(horizon_days)s * interval '1 day'
    ) a USING (customer_id)
"""

CHURN_90D = ModelSpec(
    name="churn_90d",
    title="Churn within 90 days",
    question="Will this customer neither fly nor book in the next 90 days?",
    entity="customer",
    population_sql=_FLEW_WITHIN_24_MONTHS,
    label_sql=_NEITHER_FLOWN_NOR_BOOKED,
    horizon_days=90,
    features=KNOWN_IN_THE_PAST,
    objective="binary",
    gate=Gate(at_least={"roc_auc": 0.70}, at_most={"ece": 0.03}),
    snapshots=4,
    snapshot_step_days=91,
    parameters={"flown": EventKind.COUPON_FLOWN.value, "booked": EventKind.BOOKING_MADE.value},
)
