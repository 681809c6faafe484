"""What time it is. Stored times are UTC; a day is the airline's day."""

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

from django.conf import settings
from django.utils import timezone


def now() -> datetime:
    """This moment, aware, in UTC."""
    return timezone.now().astimezone(UTC)


def parse_as_of(text: str | None) -> datetime:
    """Read `--as-of`: an ISO date (the end of that day at the airline) or an ISO moment; nothing means now.

    Raises ValueError naming what was expected.
    """
    if not text:
        return now()
    try:
        if len(text) == 10:
            return end_of_day(date.fromisoformat(text))
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise ValueError(f"--as-of {text!r}: expected a date (2026-10-31) or a moment (2026-10-31T22:00:00Z)") from None
    return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=airline_zone()).astimezone(UTC)


def airline_zone() -> ZoneInfo:
    return ZoneInfo(settings.AIRLINE_TIME_ZONE)


def end_of_day(day: date) -> datetime:
    """The last second of the airline's `day`, in UTC."""
    return datetime(day.year, day.month, day.day, 23, 59, 59, tzinfo=airline_zone()).astimezone(UTC)


def airline_day(moment: datetime) -> date:
    return moment.astimezone(airline_zone()).date()
