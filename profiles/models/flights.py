"""Flights as such: when they are scheduled, and what became of them. About nobody."""

from __future__ import annotations

from typing import ClassVar

from django.db import models

from iaros.lib.ids import uuid7


class ScheduledLeg(models.Model):
    """A leg of the schedule over a period. Times are local and stand as they were told, `2130`."""

    no_personal_data: ClassVar[str] = "a published schedule"

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    native_key = models.BinaryField(max_length=16, unique=True)
    content_hash = models.BinaryField(max_length=16)
    run_id = models.UUIDField()
    carrier = models.CharField(max_length=3)
    flight_number = models.CharField(max_length=6, help_text="without leading zeros")
    suffix = models.CharField(max_length=1, blank=True)
    variation = models.CharField(max_length=3)
    leg = models.CharField(max_length=2)
    service = models.CharField(max_length=1)
    starts_on = models.DateField()
    ends_on = models.DateField(null=True, blank=True, help_text="none where the period is open")
    weekdays = models.CharField(max_length=7, help_text="1 is Monday")
    origin = models.CharField(max_length=3)
    passenger_departure = models.CharField(max_length=4)
    aircraft_departure = models.CharField(max_length=4)
    departure_variation = models.CharField(max_length=5, help_text="from UTC, +0200")
    departure_terminal = models.CharField(max_length=2, blank=True)
    destination = models.CharField(max_length=3)
    aircraft_arrival = models.CharField(max_length=4)
    passenger_arrival = models.CharField(max_length=4)
    arrival_variation = models.CharField(max_length=5)
    arrival_terminal = models.CharField(max_length=2, blank=True)
    aircraft = models.CharField(max_length=3, blank=True)
    booking_classes = models.CharField(max_length=20, blank=True)
    joint_operation = models.CharField(max_length=9, blank=True)
    onward_flight = models.CharField(max_length=9, blank=True)
    configuration = models.CharField(max_length=20, blank=True)
    time_mode = models.CharField(max_length=1, blank=True, help_text="L local, U UTC")
    data_elements = models.JSONField(default=list, blank=True)

    class Meta:
        verbose_name = "scheduled leg"
        indexes = [models.Index(fields=["carrier", "flight_number", "starts_on"], name="profiles_schedule_flight")]

    def __str__(self) -> str:
        return f"{self.carrier}{self.flight_number} {self.origin}-{self.destination} from {self.starts_on}"


class FlightState(models.TextChoices):
    SCHEDULED = "scheduled", "Scheduled"
    DELAYED = "delayed", "Delayed"
    DEPARTED = "departed", "Departed"
    ARRIVED = "arrived", "Arrived"
    DIVERTED = "diverted", "Diverted"
    CANCELLED = "cancelled", "Cancelled"


class FlightStatus(models.Model):
    """What became of one flight of one day, in the last word that was told of it."""

    no_personal_data: ClassVar[str] = "a flight's operation; who was booked on it stands on the booking"

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    native_key = models.BinaryField(max_length=16, unique=True)
    content_hash = models.BinaryField(max_length=16)
    run_id = models.UUIDField()
    carrier = models.CharField(max_length=3)
    flight_number = models.CharField(max_length=6, help_text="without leading zeros")
    flight_date = models.DateField(help_text="at the airport of departure, as scheduled")
    origin = models.CharField(max_length=3)
    destination = models.CharField(max_length=3)
    state = models.CharField(max_length=10, choices=FlightState)
    scheduled_at = models.DateTimeField(null=True, blank=True)
    estimated_at = models.DateTimeField(null=True, blank=True)
    departed_at = models.DateTimeField(null=True, blank=True)
    delay_minutes = models.IntegerField(null=True, blank=True)
    delay_code = models.CharField(max_length=4, blank=True)
    reason = models.CharField(max_length=80, blank=True)
    diverted_to = models.CharField(max_length=3, blank=True)
    told_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name_plural = "flight statuses"
        indexes = [
            models.Index(fields=["carrier", "flight_number", "flight_date"], name="profiles_flightstatus_flight")
        ]
        constraints = [
            models.CheckConstraint(condition=models.Q(state__in=FlightState.values), name="profiles_flightstatus_state")
        ]

    def __str__(self) -> str:
        return f"{self.carrier}{self.flight_number} of {self.flight_date}: {self.state}"
