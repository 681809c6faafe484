"""Numbers, money, dates and ages in the words of the design system. Nothing here touches the database."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from django.conf import settings
from django.utils import timezone

from profiles.currency import major_units, minor_units
from profiles.sources import codes

NONE = "–"
MINUS = "−"
_SYMBOLS = {"EUR": "€", "GBP": "£", "USD": "$"}
CABINS = {"F": "First", "C": "Business", "W": "Premium economy", "Y": "Economy"}
_SCALES = ((1e9, "bn"), (1e6, "M"), (1e3, "k"))


def number(value: float | None, decimals: int = 0) -> str:
    """1,284,310; a true minus; "–" for none."""
    if value is None:
        return NONE
    text = f"{abs(value):,.{decimals}f}"
    return f"{MINUS}{text}" if value < 0 and text.strip("0.,") else text


def signed(value: float | None, decimals: int = 0) -> str:
    """+412, −96, 0."""
    if value is None:
        return NONE
    return f"+{number(value, decimals)}" if value > 0 else number(value, decimals)


def short(value: float | None) -> str:
    """44.7 M, 9.2 k: for tiles and heat cells only, the full value goes into the title."""
    if value is None:
        return NONE
    for size, word in _SCALES:
        if abs(value) >= size:
            return f"{number(value / size, 1)} {word}"
    return number(value)


def symbol(currency: str | None = None) -> str:
    code = currency or settings.BASE_CURRENCY
    return _SYMBOLS.get(code, f"{code} ")


def money(minor: float | None, currency: str | None = None) -> str:
    """€412.50, €1,284, JPY 412: the decimals of the currency, none from one thousand on."""
    if minor is None:
        return NONE
    major = major_units(minor, currency)
    plain = abs(major) >= 1000 or major == int(major)
    amount = number(abs(major), 0 if plain else codes.decimals(currency or settings.BASE_CURRENCY))
    return f"{MINUS if major < 0 else ''}{symbol(currency)}{amount}"


def major_money(major: float | None) -> str:
    """The same of an amount in whole units, as models predict it."""
    return NONE if major is None else money(round(major) * minor_units())


def short_money(minor: float | None) -> str:
    if minor is None:
        return NONE
    return f"{MINUS if minor < 0 else ''}{symbol()}{short(major_units(abs(minor)))}"


def short_major(major: float | None) -> str:
    """€31.7 M of an amount in whole units."""
    return NONE if major is None else short_money(major * 100)


def share(value: float | None, decimals: int = 1) -> str:
    """61.8% of a share given as 0 to 1."""
    return NONE if value is None else f"{number(value * 100, decimals)}%"


def percent_signed(rate: float | None) -> str:
    """+20.2% of .202."""
    return NONE if rate is None else f"{signed(rate * 100, 1)}%"


def points(change: float | None) -> str:
    """A change of a share, in percentage points."""
    return NONE if change is None else f"{signed(change * 100, 1)} pp"


def age(since: datetime | timedelta | float | None, now: datetime | None = None) -> str:
    """41 s, 4 min, 3 h 12 min, 3 d 14 h, 8 d."""
    if since is None:
        return NONE
    if isinstance(since, datetime):
        since = (now or timezone.now()) - since
    seconds = since.total_seconds() if isinstance(since, timedelta) else float(since)
    seconds = max(seconds, 0)
    if seconds < 60:
        return f"{seconds:.1f} s" if 0 < seconds < 10 and seconds != int(seconds) else f"{seconds:.0f} s"
    minutes, hours, days = int(seconds // 60), int(seconds // 3600), int(seconds // 86400)
    if minutes < 60:
        return f"{minutes} min"
    if hours < 24:
        return f"{hours} h {minutes % 60:02d} min" if minutes % 60 else f"{hours} h"
    return f"{days} d {hours % 24:02d} h" if hours % 24 else f"{days} d"


def _local(value: datetime) -> datetime:
    return timezone.localtime(value) if timezone.is_aware(value) else value


def moment(value: datetime | None) -> str:
    """23 Nov 2026, 09:14 in the airline's zone."""
    if value is None:
        return NONE
    local = _local(value)
    return f"{local.day} {local:%b %Y, %H:%M}"


def clock(value: datetime | None) -> str:
    """09:14 today, else 21 Nov; with the year when it is another one."""
    if value is None:
        return NONE
    local, today = _local(value), timezone.localdate()
    return f"{local:%H:%M}" if local.date() == today else day(local)


def day(value: date | datetime | None) -> str:
    """21 Nov; 21 Nov 2024 when it is another year."""
    if value is None:
        return NONE
    local = _local(value) if isinstance(value, datetime) else value
    return f"{local.day} {local:%b}" + ("" if local.year == timezone.localdate().year else f" {local.year}")


def figure(value: object) -> str:
    """A measured figure at the precision it bears: 2,841, 0.743, 12.4; text as it is."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return str(value)
    whole = float(value).is_integer() and abs(value) >= 2
    return number(value, 0 if whole else 3 if abs(value) < 2 else 1)


def measure(value: float | None) -> str:
    """A value of a feature, which may be a count or a share: 0, 1, 0.38, 343.9, 12,410."""
    if value is None:
        return NONE
    if float(value).is_integer() or abs(value) >= 10_000:
        return number(value)
    return number(value, 3 if abs(value) < 0.1 else 2 if abs(value) < 10 else 1)


_FIGURES = {
    "roc_auc": "ROC AUC",
    "pr_auc": "PR AUC",
    "ece": "Calibration error (ECE)",
    "brier": "Brier score",
    "mae": "Mean absolute error",
    "coverage_90": "Coverage of the 90% interval",
    "rows_test": "Rows judged on",
    "rows_train": "Rows learnt from",
    "rows_calibrate": "Rows calibrated on",
    "outcomes_test": "Outcomes judged on",
    "lift_top_decile": "Lift in the top tenth",
}


def figure_name(name: str) -> str:
    """What a measured figure is called; its plain name where there is no better."""
    return _FIGURES.get(name, words(name))


def cabin(code: str) -> str:
    return CABINS.get(code, code)


def words(name: str) -> str:
    """extra_bag -> Extra bag."""
    plain = name.replace("_", " ").replace(".", " ").strip()
    return plain[:1].upper() + plain[1:]
