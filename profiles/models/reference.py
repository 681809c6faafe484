"""The world around a journey, about nobody: markets, areas, holidays, weather, airports."""

from __future__ import annotations

from typing import ClassVar

from django.db import models

from iaros.lib.ids import uuid7


class Reference(models.Model):
    """What every reference table has: the keyed hash of its key and its content, and the run that wrote it."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    native_key = models.BinaryField(max_length=16, unique=True)
    content_hash = models.BinaryField(max_length=16)
    run_id = models.UUIDField()

    class Meta:
        abstract = True


class MarketFare(Reference):
    """What a market cost on average in a quarter, as an authority publishes it."""

    no_personal_data: ClassVar[str] = "published averages"

    market = models.CharField(max_length=40, help_text="the authority's code of the city market")
    city = models.CharField(max_length=120)
    year = models.SmallIntegerField()
    quarter = models.SmallIntegerField()
    passengers = models.BigIntegerField(null=True, blank=True)
    markets = models.IntegerField(null=True, blank=True, help_text="how many city pairs it stands for")
    fare_minor = models.BigIntegerField()
    currency = models.CharField(max_length=3)
    yield_minor = models.FloatField(null=True, blank=True, help_text="minor units a mile")
    distance_miles = models.FloatField(null=True, blank=True)
    fare_year_before_minor = models.BigIntegerField(null=True, blank=True)
    passengers_year_before = models.BigIntegerField(null=True, blank=True)

    class Meta:
        indexes = [models.Index(fields=["market", "year", "quarter"], name="profiles_marketfare_quarter")]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(quarter__gte=1, quarter__lte=4), name="profiles_marketfare_four_quarters"
            )
        ]

    def __str__(self) -> str:
        return f"{self.city} {self.year}Q{self.quarter}"


class AreaStatistic(Reference):
    """What a census says of an area, of nobody in it."""

    no_personal_data: ClassVar[str] = "counts and medians of areas"

    country = models.CharField(max_length=2)
    area = models.CharField(max_length=40)
    name = models.CharField(max_length=120, blank=True)
    level = models.CharField(max_length=20, blank=True)
    year = models.SmallIntegerField()
    population = models.BigIntegerField(null=True, blank=True)
    households = models.BigIntegerField(null=True, blank=True)
    median_age = models.FloatField(null=True, blank=True)
    median_income_minor = models.BigIntegerField(null=True, blank=True)
    currency = models.CharField(max_length=3, blank=True)
    degree_rate = models.FloatField(null=True, blank=True, help_text="share with a degree, 0 to 1")
    employed_rate = models.FloatField(null=True, blank=True, help_text="share employed, 0 to 1")

    class Meta:
        indexes = [models.Index(fields=["country", "area", "year"], name="profiles_area_year")]

    def __str__(self) -> str:
        return f"{self.country} {self.area} {self.year}"


class Holiday(Reference):
    no_personal_data: ClassVar[str] = "public calendars"

    day = models.DateField()
    country = models.CharField(max_length=2)
    name = models.CharField(max_length=120)
    local_name = models.CharField(max_length=120, blank=True)
    everywhere = models.BooleanField(null=True, help_text="in the whole country")
    regions = models.JSONField(null=True, blank=True, help_text="ISO 3166-2, where it is not everywhere")
    types = models.JSONField(null=True, blank=True)

    class Meta:
        indexes = [models.Index(fields=["country", "day"], name="profiles_holiday_day")]

    def __str__(self) -> str:
        return f"{self.country} {self.day} {self.name}"


class WeatherDay(Reference):
    """The weather of a day at a place, seen or forecast."""

    no_personal_data: ClassVar[str] = "weather"

    latitude = models.FloatField()
    longitude = models.FloatField()
    airport = models.CharField(max_length=3, blank=True)
    day = models.DateField()
    code = models.SmallIntegerField(null=True, blank=True, help_text="WMO 4677")
    warmest_c = models.FloatField(null=True, blank=True)
    coldest_c = models.FloatField(null=True, blank=True)
    rain_mm = models.FloatField(null=True, blank=True)
    snow_cm = models.FloatField(null=True, blank=True)
    wind_kmh = models.FloatField(null=True, blank=True)
    sunshine_s = models.FloatField(null=True, blank=True)

    class Meta:
        indexes = [models.Index(fields=["airport", "day"], name="profiles_weather_airport")]

    def __str__(self) -> str:
        return f"{self.airport or f'{self.latitude},{self.longitude}'} {self.day}"


class Airport(Reference):
    """An airport as one publisher tells of it; each publisher's is a row of its own."""

    no_personal_data: ClassVar[str] = "airports"

    publisher = models.CharField(max_length=20, blank=True, db_default="")
    ident = models.CharField(max_length=10, help_text="ICAO, or the publisher's own")
    iata = models.CharField(max_length=3, blank=True)
    name = models.CharField(max_length=140)
    kind = models.CharField(max_length=20, blank=True)
    country = models.CharField(max_length=40, blank=True)
    region = models.CharField(max_length=10, blank=True)
    city = models.CharField(max_length=100, blank=True)
    metro = models.CharField(max_length=3, blank=True, help_text="the code of its metropolitan area")
    latitude = models.FloatField()
    longitude = models.FloatField()
    elevation_ft = models.FloatField(null=True, blank=True)
    time_zone = models.CharField(max_length=40, blank=True)
    scheduled = models.BooleanField(null=True, help_text="whether airlines fly there by a timetable")

    class Meta:
        indexes = [models.Index(fields=["iata"], name="profiles_airport_iata")]

    def __str__(self) -> str:
        return f"{self.iata or self.ident} {self.name}"
