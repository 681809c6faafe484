"""Jobs as the pages show them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db.models import Count
from django.utils import timezone

from iaros.lib.models import Job, JobState
from iaros.web.formats import words

TONES = {
    JobState.QUEUED: "",
    JobState.RUNNING: "accent",
    JobState.SUCCEEDED: "ok",
    JobState.FAILED: "bad",
    JobState.CANCELLED: "",
    JobState.LOST: "warn",
}
PAGE = 50


@dataclass(frozen=True)
class JobLine:
    """A job and what is worked out from it; nothing here asks the database again."""

    job: Job
    title: str
    tone: str
    took: timedelta | None
    left: timedelta | None
    started_by: str

    @property
    def rate(self) -> float:
        """Units a second: as the work last said it, or over the whole of a job that ended before it could say."""
        if self.job.rate or not self.job.finished or not self.took:
            return self.job.rate
        return self.job.done / max(self.took.total_seconds(), 0.1)


def line(job: Job, now: datetime | None = None) -> JobLine:
    now = now or timezone.now()
    took = (job.finished_at or now) - job.started_at if job.started_at else None
    left = job.eta_at - now if job.eta_at and job.eta_at > now and not job.finished else None
    owner = job.owner.get_full_name() or job.owner.get_username() if job.owner else "the platform"
    return JobLine(job, words(job.kind), TONES[JobState(job.state)], took, left, owner)


@dataclass(frozen=True)
class JobsPage:
    lines: list[JobLine]
    next_after: str
    live: bool


def jobs_page(*, state: str = "", kind: str = "", after: str = "") -> JobsPage:
    """Newest first, one page; ids are in the order of time, so the last one is the cursor."""
    jobs = Job.objects.select_related("owner").order_by("-id")
    jobs = jobs.filter(state=state) if state in JobState.values else jobs
    jobs = jobs.filter(kind=kind) if kind else jobs
    found = list(_before(jobs, after)[: PAGE + 1])
    lines = [line(job) for job in found[:PAGE]]
    more = str(found[PAGE - 1].id) if len(found) > PAGE else ""
    return JobsPage(lines, more, any(not item.job.finished for item in lines))


def _before(jobs, after: str):  # type: ignore[no-untyped-def]
    try:
        return jobs.filter(id__lt=UUID(after)) if after else jobs
    except ValueError:
        return jobs


def all_lines(*, state: str = "", kind: str = "") -> list[JobLine]:
    """Every job that the filter lets through, for the file."""
    jobs = Job.objects.select_related("owner").order_by("-id")
    jobs = jobs.filter(state=state) if state in JobState.values else jobs
    return [line(job) for job in (jobs.filter(kind=kind) if kind else jobs).iterator(chunk_size=2000)]


def counts() -> dict[str, int]:
    """How many jobs there are in each state."""
    return dict(Job.objects.values_list("state").annotate(n=Count("id")).order_by())


def kinds() -> list[str]:
    return list(Job.objects.values_list("kind", flat=True).distinct().order_by("kind"))


def get_job(job_id: UUID) -> Job | None:
    return Job.objects.select_related("owner").filter(id=job_id).first()
