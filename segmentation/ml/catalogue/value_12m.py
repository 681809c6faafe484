"""What a customer will bring in the next 12 months: fares and extras, in the airline's currency.

Asked of those who booked or flew within 12 months, which is as far back as the features see. Of three years, one is the
answer that judges and one the answer that teaches, so nobody who was away for longer could be among those who taught:
said of them too, the total was a quarter too high.
"""

from profiles.models import EventKind
from segmentation.ml.features import KNOWN_WITHIN_A_YEAR
from segmentation.ml.spec import Gate, ModelSpec

_BOOKED_OR_FLEW_WITHIN_12_MONTHS = """
    SELECT e.customer_id, %(at)s::timestamptz AS at
    FROM profiles_event e
    WHERE e.kind IN (%(flown)s, %(booked)s) AND e.customer_id IS NOT NULL
      AND e.occurred_at >= %(at)s::timestamptz - interval '365 days' AND e.occurred_at < %(at)s
    GROUP BY e.customer_id
"""

_REVENUE_OF_12_MONTHS = """
    SELECT p.customer_id, p.at, coalesce(r.label, 0)::float8 AS label
    FROM population p
    LEFT JOIN (
        SELECT e.customer_id, sum(e.value_base_minor) / %(minor_units)s::float8 AS label
        FROM profiles_event e
        WHERE e.kind IN (%(booked)s, %(extra)s) AND e.occurred_at >= %(at)s
          AND e.occurred_at < %(at)s::timestamptz + %(horizon_days)s * interval '1 day'
        GROUP BY e.customer_id
    ) r USING (customer_id)
"""

VALUE_12M = ModelSpec(
    name="value_12m",
    title="Value of the next 12 months",
    question="How much will this customer spend on fares and extras in the next 12 months?",
    entity="customer",
    population_sql=_BOOKED_OR_FLEW_WITHIN_12_MONTHS,
    label_sql=_REVENUE_OF_12_MONTHS,
    horizon_days=365,
    features=KNOWN_WITHIN_A_YEAR,
    objective="regression",
    gate=Gate(at_least={"spearman": 0.35}, at_most={"total_error": 0.15}),
    snapshots=3,
    snapshot_step_days=60,
    parameters={
        "flown": EventKind.COUPON_FLOWN.value,
        "booked": EventKind.BOOKING_MADE.value,
        "extra": EventKind.ANCILLARY_BOUGHT.value,
    },
)
