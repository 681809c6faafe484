"""The typed facts of a booking. Bookings carry no customer, since they are of several people; passengers do.

Passengers, coupons and extras are found by their customer, legs by their booking, and told anew with their record;
nobody addresses one. So their primary key is a declaration to the ORM and not an index of the database.
"""

from __future__ import annotations

from typing import ClassVar

from django.db import models

from iaros.lib.ids import number_in_time, uuid7
from iaros.lib.personal_data import Erase, Personal, Sensitivity
from iaros.lib.purposes import Purpose

# Tickets and what was paid are kept ten years by accounting law; erasure cuts the tie to the person.
_TICKETED = Personal(Purpose.SERVICING, Sensitivity.NORMAL, erase=Erase.KEEP_BY_LAW, retention_days=3650)
_TIE = Personal(Purpose.SERVICING, Sensitivity.PSEUDONYM, erase=Erase.NULL)


class Booking(models.Model):
    personal_data: ClassVar[dict[str, Personal]] = {
        "locator": _TICKETED,
        "origin": _TICKETED,
        "destination": _TICKETED,
        "departs_at": _TICKETED,
        "returns_at": _TICKETED,
        "total_minor": _TICKETED,
    }

    pk = models.CompositePrimaryKey("bucket", "id")
    bucket = models.SmallIntegerField()
    id = models.UUIDField(default=uuid7)
    locator = models.CharField(max_length=8)
    created_at = models.DateTimeField()
    modified_at = models.DateTimeField()
    status = models.CharField(max_length=10)
    channel = models.CharField(max_length=8)
    point_of_sale = models.CharField(max_length=3, null=True, blank=True)
    agency = models.CharField(max_length=10, null=True, blank=True)
    brand = models.CharField(max_length=20, blank=True)
    market = models.CharField(max_length=20, blank=True)
    currency = models.CharField(max_length=3)
    total_minor = models.BigIntegerField()
    total_base_minor = models.BigIntegerField(
        null=True, blank=True, help_text="of a foreign `total_minor`, at the day's rate"
    )
    party_size = models.SmallIntegerField()
    origin = models.CharField(max_length=3)
    destination = models.CharField(max_length=3)
    departs_at = models.DateTimeField()
    returns_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        indexes = [models.Index(fields=["locator"], name="profiles_booking_locator")]

    def __str__(self) -> str:
        return self.locator


class TripPurpose(models.IntegerChoices):
    """Why a trip was probably made; derived, never stated."""

    BUSINESS = 0, "Business"
    LEISURE = 1, "Leisure"
    VISITING = 2, "Visiting friends and relatives"


class Passenger(models.Model):
    personal_data: ClassVar[dict[str, Personal]] = {
        "customer_id": _TIE,
        "record_id": _TIE,
        "purpose": Personal(Purpose.ANALYTICS, Sensitivity.DERIVED, erase=Erase.NULL),
        "purpose_confidence": Personal(Purpose.ANALYTICS, Sensitivity.DERIVED, erase=Erase.NULL),
        "passenger_type": _TICKETED,
    }

    pk = models.CompositePrimaryKey("bucket", "record_id")
    bucket = models.SmallIntegerField(help_text="of the customer")
    customer_id = models.UUIDField(null=True, blank=True)
    record_id = models.UUIDField()
    booking_id = models.UUIDField()
    number = models.SmallIntegerField()
    passenger_type = models.CharField(max_length=3)
    purpose = models.SmallIntegerField(null=True, blank=True, choices=TripPurpose)
    purpose_confidence = models.SmallIntegerField(null=True, blank=True, help_text="in percent")

    class Meta:
        indexes = [
            models.Index(fields=["customer_id"], name="profiles_passenger_customer"),
            models.Index(fields=["booking_id"], name="profiles_passenger_booking"),
        ]

    def __str__(self) -> str:
        return f"passenger {self.number}"


class FlightLeg(models.Model):
    no_personal_data: ClassVar[str] = "a flight of a booking; who was on it stands on the coupon"

    pk = models.CompositePrimaryKey("bucket", "id")
    bucket = models.SmallIntegerField(help_text="of the booking")
    id = models.BigIntegerField(default=number_in_time)  # by it a leg told by a run is known from one told before
    booking_id = models.UUIDField()
    number = models.SmallIntegerField()
    carrier = models.CharField(max_length=3)
    flight_number = models.CharField(max_length=6)
    origin = models.CharField(max_length=3)
    destination = models.CharField(max_length=3)
    departs_at = models.DateTimeField()
    departs_zone = models.SmallIntegerField(help_text="minutes from UTC at the airport, east is positive")
    arrives_at = models.DateTimeField()
    cabin = models.CharField(max_length=1)
    booking_class = models.CharField(max_length=2)
    fare_basis = models.CharField(max_length=15)
    status = models.CharField(max_length=6)
    operating_carrier = models.CharField(max_length=3, default="", help_text="who flies it, where another sold it")
    operating_number = models.CharField(max_length=6, default="")

    class Meta:
        indexes = [models.Index(fields=["booking_id"], name="profiles_flightleg_booking")]

    def __str__(self) -> str:
        return f"{self.carrier}{self.flight_number} {self.origin}-{self.destination}"


class Coupon(models.Model):
    personal_data: ClassVar[dict[str, Personal]] = {
        "customer_id": _TIE,
        "record_id": _TIE,
        "ticket_number": _TICKETED,
        "status": _TICKETED,
        "fare_minor": _TICKETED,
        "currency": _TICKETED,
    }

    pk = models.CompositePrimaryKey("bucket", "record_id", "ticket_number", "number")
    bucket = models.SmallIntegerField(help_text="of the customer")
    customer_id = models.UUIDField(null=True, blank=True)
    record_id = models.UUIDField()
    booking_id = models.UUIDField(null=True, blank=True, help_text="none where only the ticket is known")
    leg_number = models.SmallIntegerField()
    ticket_number = models.CharField(max_length=14)
    number = models.SmallIntegerField()
    status = models.CharField(max_length=10)
    fare_minor = models.BigIntegerField()
    currency = models.CharField(max_length=3)

    class Meta:
        indexes = [models.Index(fields=["customer_id"], name="profiles_coupon_customer")]

    def __str__(self) -> str:
        return f"{self.ticket_number}/{self.number}"


class Ancillary(models.Model):
    personal_data: ClassVar[dict[str, Personal]] = {
        "customer_id": _TIE,
        "record_id": _TIE,
        "code": _TICKETED,
        "price_minor": _TICKETED,
        "currency": _TICKETED,
        "bought_at": _TICKETED,
    }

    pk = models.CompositePrimaryKey("bucket", "id")
    bucket = models.SmallIntegerField(help_text="of the customer")
    id = models.UUIDField(default=uuid7)
    customer_id = models.UUIDField(null=True, blank=True)
    record_id = models.UUIDField()
    booking_id = models.UUIDField(null=True, blank=True, help_text="none where only the ticket is known")
    leg_number = models.SmallIntegerField(null=True, blank=True)
    code = models.CharField(max_length=24)
    price_minor = models.BigIntegerField()
    currency = models.CharField(max_length=3)
    price_base_minor = models.BigIntegerField(null=True, blank=True)
    bought_at = models.DateTimeField()

    class Meta:
        verbose_name_plural = "ancillaries"
        indexes = [models.Index(fields=["customer_id"], name="profiles_ancillary_customer")]

    def __str__(self) -> str:
        return self.code


class ServiceRequest(models.Model):
    """A special service of a passenger: seat, pet, assistance, meal.

    Requests of the special categories (health, religion) are sealed under the customer's key: their `code` is null,
    and nothing is derived from them.
    """

    personal_data: ClassVar[dict[str, Personal]] = {
        "customer_id": Personal(Purpose.SERVICING, Sensitivity.PSEUDONYM),
        "code": Personal(Purpose.SERVICING),
        "status": Personal(Purpose.SERVICING),
        "cipher": Personal(Purpose.SERVICING, Sensitivity.SPECIAL),
    }

    pk = models.CompositePrimaryKey("bucket", "id")
    bucket = models.SmallIntegerField(help_text="of the customer")
    id = models.UUIDField(default=uuid7)
    customer_id = models.UUIDField()
    record_id = models.UUIDField()
    booking_id = models.UUIDField(null=True, blank=True, help_text="none where only the flight is known")
    leg_number = models.SmallIntegerField(null=True, blank=True)
    code = models.CharField(max_length=4, null=True, blank=True)
    status = models.CharField(max_length=6)
    cipher = models.BinaryField(null=True, blank=True, help_text="code and text")

    class Meta:
        indexes = [models.Index(fields=["customer_id"], name="profiles_service_customer")]

    def __str__(self) -> str:
        return self.code or "a service"
