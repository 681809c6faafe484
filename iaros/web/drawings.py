"""Small SVGs: widths are attributes, so a strict policy needs no style. Each says in words what it draws."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString


def _scaled(values: Sequence[float], height: float, pad: float) -> list[tuple[float, float]]:
    low, high = min(values), max(values)
    span = (high - low) or 1.0
    step = 100 / max(len(values) - 1, 1)
    flat = high == low
    return [
        (i * step, height / 2 if flat else height - pad - (value - low) / span * (height - 2 * pad))
        for i, value in enumerate(values)
    ]


def sparkline(values: Sequence[float], label: str, *, inline: bool = False, tone: str = "") -> SafeString:
    """The shape of a series; empty when there are fewer than two values, since one point has no shape."""
    if len(values) < 2:
        return SafeString("")
    points = _scaled([float(value) for value in values], 28, 2)
    line = "M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in points)
    area = "" if inline else f"{line}L100 28L0 28Z"
    return format_html(
        '<svg class="spark{} {}" viewBox="0 0 100 28" preserveAspectRatio="none" role="img" aria-label="{}">'
        '<path class="area" d="{}"/><path d="{}"/></svg>',
        " inline" if inline else "",
        tone,
        label,
        area,
        line,
    )


def bar(share: float | None, label: str, tone: str = "") -> SafeString:
    """A bar from zero; `share` is 0 to 1 of its limit."""
    width = round(min(max(share or 0.0, 0.0), 1.0) * 100, 2)
    return format_html(
        '<svg class="bar {}" viewBox="0 0 100 6" preserveAspectRatio="none" role="img" aria-label="{}">'
        '<rect class="track" width="100" height="6" rx="1"/><rect class="fill" width="{}" height="6" rx="1"/></svg>',
        tone,
        label,
        width,
    )


def volume(values: Sequence[float], label: str) -> SafeString:
    """Rows a day as bars; a day without rows after the first is a red mark, not a gap that nobody sees."""
    first = next((i for i, value in enumerate(values) if value), len(values))
    top = max(values, default=0) or 1
    width = 90 / max(len(values), 1)
    bars = format_html_join(
        "",
        '<rect{} x="{}" y="{}" width="{}" height="{}"/>',
        (
            (
                SafeString("" if value else ' class="missing"' if i > first else ' class="before"'),
                round(i * width, 2),
                round(18 - max(value / top * 18, 1.5), 2),
                round(width * 0.8, 2),
                round(max(value / top * 18, 1.5), 2),
            )
            for i, value in enumerate(values)
        ),
    )
    return format_html('<svg class="volume" viewBox="0 0 90 18" role="img" aria-label="{}">{}</svg>', label, bars)


def gauge(value: float, low: float | None, high: float | None, label: str, *, ceiling: float = 1.0) -> SafeString:
    """A value on its track with the soft band of its interval; `ceiling` is the right end of the track."""

    def x(at: float) -> float:
        return round(min(max(at / ceiling if ceiling else 0.0, 0.0), 1.0) * 84 + 4, 2)

    band = ""
    if low is not None and high is not None and high > low:
        band = format_html('<rect class="band" x="{}" y="3" width="{}" height="6" rx="3"/>', x(low), x(high) - x(low))
    return format_html(
        '<svg class="gauge" viewBox="0 0 92 12" role="img" aria-label="{}">'
        '<rect class="track" x="0" y="4" width="92" height="4" rx="2"/>{}<circle class="point" cx="{}" cy="6" r="4"/>'
        "</svg>",
        label,
        band,
        x(value),
    )


def reason_bar(contribution: float, largest: float) -> SafeString:
    """Diverging from the middle: what raises goes right, what lowers goes left."""
    width = round(abs(contribution) / (largest or 1.0) * 44, 2)
    raises = contribution >= 0
    return format_html(
        '<svg class="reason-bar" viewBox="0 0 92 8" aria-hidden="true">'
        '<line class="axis" x1="46" x2="46" y1="0" y2="8"/><rect class="{}" x="{}" y="1" width="{}" height="6"/></svg>',
        "raises" if raises else "lowers",
        46 if raises else round(46 - width, 2),
        width,
    )


def waterfall_bar(step: Any, whole: Any) -> SafeString:
    """One step of a waterfall, from where the sum stood to where it stands after; zero is a thin line."""
    span = (whole.high - whole.low) or 1.0

    def x(at: float) -> float:
        return round((at - whole.low) / span * 196 + 2, 2)

    tone = "sum" if step.sums_up else "for" if step.weight >= 0 else "against"
    begins, ends = sorted((x(step.begins), x(step.ends)))
    return format_html(
        '<svg class="waterfall-bar" viewBox="0 0 200 12" preserveAspectRatio="none" aria-hidden="true">'
        '<line class="axis" x1="{}" x2="{}" y1="0" y2="12"/>'
        '<rect class="{}" x="{}" y="2" width="{}" height="8"/></svg>',
        x(0.0),
        x(0.0),
        tone,
        begins,
        round(max(ends - begins, 1.0), 2),
    )


def histogram(now: Sequence[float], label: str, *, before: Sequence[float] = (), inline: bool = False) -> SafeString:
    """Bars from zero of shares of the whole, with the reference as a stepped line over them.

    `inline`: the shape in a row of a table, beside figures that say the same.
    """
    top = max([*now, *before], default=0) or 1
    width = 300 / max(len(now), 1)
    bars = format_html_join(
        "",
        '<rect x="{}" y="{}" width="{}" height="{}"/>',
        (
            (round(i * width + 1, 2), round(96 - value / top * 92, 2), round(width - 2, 2), round(value / top * 92, 2))
            for i, value in enumerate(now)
        ),
    )
    steps = "".join(
        f"{'L' if i else 'M'}{i * width:.2f} {96 - value / top * 92:.2f}H{(i + 1) * width:.2f}"
        for i, value in enumerate(before)
    )
    line = format_html('<path d="{}"/>', steps) if steps else ""
    return format_html(
        '<svg class="histogram{}" viewBox="0 0 300 97" preserveAspectRatio="none" role="img" aria-label="{}">'
        '{}{}<line x1="0" x2="300" y1="96.5" y2="96.5"/></svg>',
        " inline" if inline else "",
        label,
        bars,
        line,
    )
