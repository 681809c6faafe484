"""`manage.py load_demo`: draw the demo airline and take it in through the same connectors as any airline's files."""

from __future__ import annotations

import shutil
import time
from argparse import ArgumentParser
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from django.conf import settings
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

import profiles.pipeline
from iaros import pipeline, schedule
from iaros.demo import END_AT, SIZES, world, write
from iaros.lib import jobs
from iaros.lib.commands import ReportCommand
from iaros.lib.models import Job, JobState
from iaros.lib.reports import StageReport

# Rates first, since amounts are converted as they land; members before bookings and clicks, which then find people;
# airports and ticketing after the bookings that they know by name.
ORDER = (
    *("exchange_rates", "ecb_rates", "ssim", "loyalty_members"),
    *("pnr", "pnrgov", "pnrgov_xml", "amadeus_pnr", "amadeus_orders", "ndc_orders"),
    *("etickets", "emd", "pnl_adl", "bsm_bpm", "dcs_events", "bcbp", "pfs", "disruptions"),
    *("payments", "refunds_claims"),
    *("web_events", "consents", "loyalty_activity", "competitor_fares"),
    *("salesforce_contacts", "hubspot", "hubspot_merges", "klaviyo_profiles", "zendesk_users", "qualtrics_contacts"),
    *("segment_events", "ga4_export", "snowplow_enriched", "search_log", "mobile_events", "web_consent"),
    *("hubspot_events", "klaviyo_events", "sendgrid_events"),
    *("zendesk_tickets", "call_centre", "surveys", "qualtrics_responses"),
    *("lounge_visits", "wifi_sessions", "onboard_sales", "partner_stays"),
    *("openflights_airports", "airports", "holidays", "weather", "demographics", "us_dot_fares"),
)
KIND = "load_demo"
COMPARED = 100


class Command(ReportCommand):
    help = "Load the demo airline: the same seed gives the same airline. Does nothing when it is loaded already."

    def add_options(self, parser: ArgumentParser) -> None:
        parser.add_argument("--size", default="small", help=f"{', '.join(SIZES)}, or a number of customers")
        parser.add_argument("--seed", type=int, default=42)

    def report(self, *, size: str, seed: int, **options: Any) -> dict[str, Any]:
        params = {"size": size, "seed": seed}
        schedule.sync()
        loaded = Job.objects.filter(kind=KIND, params=params, state=JobState.SUCCEEDED).order_by("-id").first()
        if loaded:
            return {**(loaded.result or {}), "already_loaded": True}
        started = time.perf_counter()
        job = jobs.start(KIND, params)
        with jobs.running(job) as job_progress, _bar(self.console) as bar:
            show = _Shown(bar, job_progress)
            job.result = load(size, seed, show)
            job.result["seconds"] = round(time.perf_counter() - started, 1)
        return {**job.result, "already_loaded": False}

    def render(self, document: dict[str, Any]) -> None:
        for row in document.get("sources", []):
            self.stdout.write(f"{row['source']}: {row['read']:,} read, {row['quarantined']:,} in quarantine")
        self.stdout.write(f"The demo airline is loaded as of {document['as_of']}.")


class _Shown:
    """Progress that goes to the terminal and to the job's row."""

    def __init__(self, bar: Progress, job: Any) -> None:
        self.bar, self.job, self.tasks = bar, job, {}  # type: ignore[var-annotated]

    def __call__(self, *, phase: str, done: int = 0, total: int = 0) -> None:
        if phase not in self.tasks:
            self.tasks[phase] = self.bar.add_task(phase, total=total or None)
        self.bar.update(self.tasks[phase], completed=done, total=total or None)
        self.job(phase=phase[:80], done=done, total=total)


def load(size: str, seed: int, show: Callable[..., None]) -> dict[str, Any]:
    """Draw the world, take its files in and refresh everything; returns what became of each source and stage."""
    folder = Path(settings.VAR_DIR) / "demo" / f"{size}-{seed}"
    show(phase="drawing the airline")
    files = write.write(world.build(int(size) if size.isdigit() else size, seed), folder)
    reports = [profiles.pipeline.ingest(source, files[source], progress=show) for source in ORDER]
    stages = [*pipeline.refresh(END_AT, progress=show), *_groups(show)]
    _compare(show)
    for file in files.values():  # Raw files leave once landed; the truth beside them stays.
        file.unlink()
    if not any(folder.iterdir()):
        shutil.rmtree(folder)
    return {
        "as_of": END_AT.isoformat(),
        "sources": [report.as_dict() for report in reports],
        **pipeline.as_result(stages),
    }


def _groups(show: Callable[..., None]) -> list[StageReport]:
    """What a job does every Sunday, once: behavioural groups become segments, and who is in them their members."""
    # These bring libraries for learning, which a command that only shows its help does not need.
    from segmentation.segments import membership
    from segmentation.segments.clusters import base, living, trial

    show(phase="behavioural groups", done=0, total=1)
    try:
        found = living.refit()
    except (base.NothingStored, trial.Unusable):
        return []  # A handful of customers falls into no groups.
    job = jobs.start(living.JOB, {"seed": 1})
    with jobs.running(job) as progress:
        job.result = found.to_json()
        report = membership.refresh(END_AT, progress=show)
        progress(phase="members of behavioural groups", done=report.profiles, total=report.profiles)
    return [replace(report, stage="members of groups")]


def _compare(show: Callable[..., None]) -> None:
    """What a job does every night, once, so that the page of features says whether the ways to a value agree."""
    from segmentation.features import parity

    show(phase="parity of features", done=0, total=1)
    job = jobs.start(parity.JOB, {"customers": COMPARED, "seed": 1})
    with jobs.running(job):
        job.result = parity.compare(COMPARED).to_json()


def _bar(console: Any) -> Progress:
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    return Progress(*columns, console=console, disable=not console.is_terminal)
