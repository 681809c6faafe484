"""What happened to whom: one row for everything that features, journeys and triggers read."""

from __future__ import annotations

from typing import ClassVar

from django.db import models

from iaros.lib.ids import number
from iaros.lib.personal_data import Personal, Sensitivity
from iaros.lib.purposes import Purpose


class EventKind(models.IntegerChoices):
    """The one table of kinds. A number never changes its meaning; a new kind is a new line."""

    BOOKING_MADE = 1, "Booked"
    BOOKING_CHANGED = 2, "Changed a booking"
    BOOKING_CANCELLED = 3, "Cancelled a booking"
    COUPON_FLOWN = 4, "Flew"
    ANCILLARY_BOUGHT = 5, "Bought an extra"
    CHECKED_IN = 6, "Checked in"
    BAG_CHECKED = 7, "Checked a bag"
    POINTS_EARNED = 8, "Earned points"
    POINTS_REDEEMED = 9, "Redeemed points"
    WEB_VIEWED = 10, "Viewed a page"
    WEB_SEARCHED = 11, "Searched"
    APP_OPENED = 12, "Opened the app"
    MESSAGE_SENT = 13, "Was sent a message"
    MESSAGE_OPENED = 14, "Opened a message"
    MESSAGE_CLICKED = 15, "Clicked in a message"
    SERVICE_CONTACT = 16, "Contacted service"
    SURVEY_ANSWERED = 17, "Answered a survey"
    DISRUPTION = 18, "Was disrupted"
    REFUND = 19, "Was refunded"
    CONSENT_CHANGED = 20, "Changed a consent"
    BOARDED = 21, "Boarded"
    NO_SHOW = 22, "Did not show up"
    PAYMENT = 23, "Paid"
    CLAIM = 24, "Made a claim"
    PARTNER_STAY = 25, "Stayed or drove with a partner"
    LOUNGE_VISITED = 26, "Visited a lounge"
    MESSAGE_BOUNCED = 27, "Could not be reached"


class Event(models.Model):
    """Found by its customer within a month. `id` breaks a tie of moments; it is a random number of 63 bits, and no
    index of the database says once more that it is unique: on ten events a customer that would cost half a kilobyte.

    An amount in the airline's own currency stands once, as `value_base_minor`; `value_minor` and `currency` say what
    was paid in another one."""

    personal_data: ClassVar[dict[str, Personal]] = {
        name: Personal(Purpose.ANALYTICS, Sensitivity.NORMAL)
        for name in (
            "customer_id",
            "occurred_at",
            "kind",
            "value_minor",
            "currency",
            "value_base_minor",
            "quantity",
            "item",
            "channel",
            "cabin",
            "haul",
            "lead_days",
            "booking_id",
            "properties",
        )
    }

    pk = models.CompositePrimaryKey("occurred_at", "id")
    occurred_at = models.DateTimeField()
    id = models.BigIntegerField(default=number)
    ingested_at = models.DateTimeField()
    customer_id = models.UUIDField(null=True, blank=True)
    bucket = models.SmallIntegerField(null=True, blank=True)
    kind = models.SmallIntegerField(choices=EventKind)
    record_id = models.UUIDField()
    booking_id = models.UUIDField(null=True, blank=True)
    value_minor = models.BigIntegerField(null=True, blank=True)
    currency = models.CharField(max_length=3, null=True, blank=True)
    value_base_minor = models.BigIntegerField(null=True, blank=True)
    quantity = models.IntegerField(default=1)
    item = models.CharField(max_length=24, null=True, blank=True)
    channel = models.CharField(max_length=8, null=True, blank=True)
    cabin = models.CharField(max_length=1, null=True, blank=True)
    haul = models.CharField(max_length=1, null=True, blank=True)
    lead_days = models.SmallIntegerField(null=True, blank=True)
    properties = models.JSONField(null=True, blank=True)

    class Meta:
        indexes = [
            models.Index(fields=["bucket", "customer_id"], name="profiles_event_customer"),
            # Few, and compared with what is known of flights at each refresh.
            models.Index(
                fields=["customer_id", "occurred_at"],
                condition=models.Q(kind=EventKind.DISRUPTION),
                name="profiles_event_disruption",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.occurred_at:%Y-%m-%d}"
