"""What the API keeps about a person: the jobs that somebody asked for about them, and nothing else. Stored answers are
of started jobs and hold only the job's id."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar
from uuid import UUID

from django.db.models import Model

from iaros.lib.models import Job


class ApiHolder:
    """Connected by `iaros.wiring`; see `privacy.data_holders.DataHolder`."""

    name = "api"
    models: ClassVar[tuple[type[Model], ...]] = ()

    def export(self, customer_id: UUID) -> dict[str, Any]:
        """When somebody asked to have the person's data refreshed."""
        about = Job.objects.filter(kind="customer.enrich", params__customer_id=str(customer_id))
        jobs = [{"asked_at": job.created_at.isoformat(), "state": job.state} for job in about.order_by("id")]
        return {"jobs": jobs} if jobs else {}

    def erase(self, customer_ids: Sequence[UUID]) -> dict[str, int]:
        """Delete those jobs; one that runs finds nobody left to work on."""
        about = Job.objects.filter(kind="customer.enrich", params__customer_id__in=[str(each) for each in customer_ids])
        return {"lib_job": about.delete()[0]}
