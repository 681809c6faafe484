"""Jobs as partners see them: what they asked for, how far it is, how it ended."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.urls import reverse
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.exceptions import NotFound
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from iaros.api.callers import caller_on
from iaros.lib import jobs
from iaros.lib.models import Job, JobState


class JobProblemSerializer(serializers.Serializer):
    title = serializers.CharField()
    detail = serializers.CharField()


class JobSerializer(serializers.Serializer):
    id = serializers.UUIDField()
    kind = serializers.CharField()
    state = serializers.ChoiceField(JobState.choices)
    phase = serializers.CharField(allow_blank=True)
    done = serializers.IntegerField()
    total = serializers.IntegerField()
    rate = serializers.FloatField(help_text="units a second")
    eta_at = serializers.DateTimeField(allow_null=True)
    created_at = serializers.DateTimeField()
    started_at = serializers.DateTimeField(allow_null=True)
    finished_at = serializers.DateTimeField(allow_null=True)
    result = serializers.DictField(allow_null=True)
    problem = JobProblemSerializer(allow_null=True)


def accepted(job: Job) -> Response:
    """202 with the job and where to follow it."""
    headers = {"Location": reverse("api:job", args=[job.id]), "Retry-After": "2"}
    return Response(JobSerializer(job).data, status=202, headers=headers)


def start_for(request: Request, kind: str, params: dict[str, Any], *, task: str, queue: Any) -> Job:
    """Start a job that its caller, and people who run jobs, may follow."""
    caller = caller_on(request)
    asked_by = {"client": caller.client.client_id} if caller.client else {}
    return jobs.start(kind, params | asked_by, owner=caller.user, task=task, queue=queue)


class JobView(APIView):
    """A client sees the jobs it started; a person who may run jobs sees all."""

    scope = "jobs:read"
    permission = "accounts.run_jobs"

    @extend_schema(operation_id="get_job", responses=JobSerializer)
    def get(self, request: Request, job_id: UUID) -> Response:
        job = _job_of(request, job_id)
        return Response(JobSerializer(job).data, headers={} if job.finished else {"Retry-After": "2"})

    @extend_schema(operation_id="cancel_job", responses={202: JobSerializer})
    def delete(self, request: Request, job_id: UUID) -> Response:
        """Ask it to stop: at once if it still waits, at its next progress if it runs."""
        job = _job_of(request, job_id)
        jobs.cancel(job)
        return accepted(job)


def _job_of(request: Request, job_id: UUID) -> Job:
    client = caller_on(request).client
    visible = Job.objects.filter(params__client=client.client_id) if client else Job.objects.all()
    job = visible.filter(id=job_id).first()
    if job is None:
        raise NotFound("No such job.")
    return job
