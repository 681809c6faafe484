"""Who buys an extra bag for the booking just made, until departure; one row per passenger of a booking."""

from profiles.models import EventKind
from segmentation.features.catalogue import TRIP_NAMES
from segmentation.ml.features import KNOWN_IN_THE_PAST
from segmentation.ml.spec import Gate, ModelSpec

_BOOKED_BETWEEN = """
    SELECT e.customer_id, e.booking_id, e.occurred_at AS at
    FROM profiles_event e
    WHERE e.kind = %(booked)s AND e.customer_id IS NOT NULL AND e.booking_id IS NOT NULL
      AND e.occurred_at >= %(since)s AND e.occurred_at < %(at)s
"""

# Departure lies within the horizon for nearly every booking; a bag bought later still does not count.
_BAG_BOUGHT_FOR_THIS_BOOKING = """
    SELECT p.customer_id, p.booking_id, p.at, (b.booking_id IS NOT NULL)::int AS label
    FROM population p
    LEFT JOIN (
        SELECT e.customer_id, e.booking_id, min(e.occurred_at) AS bought_at
        FROM profiles_event e
        WHERE e.kind = %(extra)s AND e.item = 'extra_bag' AND e.occurred_at >= %(since)s
          AND e.occurred_at < %(at)s::timestamptz + %(horizon_days)s * interval '1 day'
        GROUP BY e.customer_id, e.booking_id
    ) b ON b.customer_id = p.customer_id AND b.booking_id = p.booking_id
       AND b.bought_at < p.at + %(horizon_days)s * interval '1 day'
"""

_NOT_YET_DEPARTED_WITHOUT_BAG = """
    SELECT e.customer_id, e.booking_id, e.occurred_at AS at
    FROM profiles_event e
    JOIN profiles_booking b ON b.id = e.booking_id AND b.bucket = get_byte(uuid_send(e.booking_id), 15)
    WHERE e.kind = %(booked)s AND e.customer_id IS NOT NULL
      AND e.occurred_at >= %(at)s::timestamptz - interval '400 days' AND e.occurred_at < %(at)s
      AND b.departs_at > %(at)s AND b.status <> 'cancelled'
      AND NOT EXISTS (
          SELECT 1 FROM profiles_event x
          WHERE x.bucket = e.bucket AND x.customer_id = e.customer_id AND x.booking_id = e.booking_id
            AND x.kind = %(extra)s AND x.item = 'extra_bag' AND x.occurred_at < %(at)s
            AND x.occurred_at >= e.occurred_at
      )
"""

# The customer's whole history brought the AUC down from .710 to .696 on a demo world of 20,000: noise to this question.
_TELLING = ("ancillary:", "loyalty:", "profile:")

EXTRA_BAG = ModelSpec(
    name="extra_bag",
    title="Extra bag on this booking",
    question="Will this passenger buy an extra bag for this booking before departure?",
    entity="booking",
    population_sql=_BOOKED_BETWEEN,
    label_sql=_BAG_BOUGHT_FOR_THIS_BOOKING,
    scoring_sql=_NOT_YET_DEPARTED_WITHOUT_BAG,
    horizon_days=120,
    features=(*TRIP_NAMES, *(name for name in KNOWN_IN_THE_PAST if name.startswith(_TELLING))),
    objective="binary",
    gate=Gate(at_least={"roc_auc": 0.70}, at_most={"ece": 0.03}),
    snapshots=4,
    snapshot_step_days=120,
    parameters={"booked": EventKind.BOOKING_MADE.value, "extra": EventKind.ANCILLARY_BOUGHT.value},
)
