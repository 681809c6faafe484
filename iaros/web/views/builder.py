"""Build a segment: change the rule, see who it selects and who can be reached, save it as a version.

One address: a form that works without script. With it, the tree and the counts come as parts of the same page.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import urlencode

from iaros.accounts.models import User
from iaros.intelligence import TookTooLong, within
from iaros.lib import jobs
from iaros.lib.models import FINISHED, Job, JobState
from iaros.lib.purposes import Channel, Purpose
from iaros.web import rule_form
from iaros.web.access import page
from iaros.web.purposes import purpose_of
from iaros.web.reads import builder as reads
from iaros.web.rule_form import Rule
from privacy import audit
from segmentation import pipeline, selectors
from segmentation.models import Segment, SegmentStatus
from segmentation.segments import publishing, reach, rules

COUNT_SECONDS = 2.0
_JOINS = (("all", "All"), ("any", "Any"), ("none", "None"))
EXAMPLES = 6
_KEPT = 20  # rules to go back to
_LONGEST_ADDRESS = 3_000
_OUTBOUND = (Channel.EMAIL, Channel.SMS, Channel.PUSH, Channel.PHONE, Channel.POST, Channel.WEB, Channel.APP)
_USES = (Purpose.MARKETING, Purpose.PERSONALISATION, Purpose.SERVICING, Purpose.SERVICING_IROPS, Purpose.SHARING)


@dataclass
class Draft:
    """What the form holds. `before`: rules to go back to, the last one last."""

    rule: Rule
    name: str = ""
    description: str = ""
    use: str = ""
    channel: str = ""
    holdout: str = "10"
    segment: Segment | None = None
    number: int = 0
    before: list[str] = field(default_factory=list)
    focus: str = ""

    @property
    def audience(self) -> tuple[Purpose, Channel] | None:
        """For what it is meant, once both are chosen; nothing is assumed in their place."""
        if self.use in Purpose.values and self.channel in Channel.values:
            return Purpose(self.use), Channel(self.channel)
        return None

    @property
    def held_out(self) -> float:
        try:
            return min(max(float(self.holdout), 0.0), 50.0)
        except ValueError:
            return 10.0

    @property
    def slug(self) -> str:
        return str(self.segment.slug) if self.segment else ""


@page("segmentation.add_segment")
def new_segment(request: HttpRequest) -> HttpResponseBase:
    return _build(request, None)


@page("segmentation.change_segment")
def edit_segment(request: HttpRequest, slug: str) -> HttpResponseBase:
    """Give a segment its next wording; those of the platform are kept up by it, so they are only copied."""
    segment = Segment.objects.select_related("owner").filter(slug=slug).first()
    if segment is None:
        raise Http404("No such segment")
    if segment.is_system:
        _, rule = reads.newest_rule(segment)
        return redirect(_address(reverse("web:segment-new"), rule, title=f"{segment.name}, own"))
    return _build(request, segment)


def _build(request: HttpRequest, segment: Segment | None) -> HttpResponseBase:
    if request.method != "POST":
        draft = _asked(request, segment)
        return _page(request, draft, *_count(request, draft))
    target = request.headers.get("HX-Target", "")
    # While somebody types the form counts by itself, and htmx adds the button that has the focus: nobody pressed it.
    act = "" if target == "reach" else request.POST.get("act", "")
    draft = _sent(request.POST, segment)
    if act in ("save", "publish"):
        return _save(request, draft, publish=act == "publish")
    if act == "exact":
        return _exact(request, draft)
    if act == "undo":
        draft.rule = rule_form.from_text(draft.before.pop()) if draft.before else draft.rule
    elif act.split(" ")[0] in ("add", "group", "drop", "up", "down"):
        draft.before.append(rule_form.to_text(draft.rule))
        draft.rule, draft.focus = rule_form.changed(draft.rule, act)
    if target == "tree":
        response = render(request, "web/segments/_tree.html", _tree_context(draft, {}))
        response["HX-Trigger-After-Swap"] = "rule:changed"
        return response
    return _part(request, draft) if target == "reach" else _page(request, draft, *_count(request, draft))


def _asked(request: HttpRequest, segment: Segment | None) -> Draft:
    """From the address: a rule, or a feature to begin with; else the rule that stands, or a blank one."""
    asked = request.GET
    number, rule = reads.newest_rule(segment) if segment else (0, rule_form.blank())
    try:
        if "rule" in asked:
            rule = rule_form.from_text(asked["rule"])
        elif asked.get("feature"):
            rule = {"all": [{**rule_form.BLANKS["feature"], "feature": asked["feature"]}]}
    except rule_form.NotARule as error:
        messages.error(request, f"{str(error).capitalize()}. A blank one stands here instead.")
    if segment:
        use, channel = segment.purpose, segment.channel
        return Draft(rule, segment.name, segment.description, use, channel, _plain(segment), segment, number)
    return Draft(
        rule,
        asked.get("title", "")[:120],
        use=asked.get("use", ""),
        channel=asked.get("channel", ""),
        holdout=asked.get("holdout", "10"),
    )


def _plain(segment: Segment) -> str:
    return f"{segment.holdout_percent:f}".rstrip("0").rstrip(".") or "0"


def _sent(post: QueryDict, segment: Segment | None) -> Draft:
    rule = rule_form.from_fields({key: str(value) for key, value in post.items()})
    before = [text for text in post.getlist("before") if _is_rule(text)][-_KEPT:]
    if rule_form.join_of(rule) is None:
        rule = rule_form.blank()
    if segment:
        number, _ = reads.newest_rule(segment)
        use, channel = segment.purpose, segment.channel
        return Draft(rule, segment.name, segment.description, use, channel, _plain(segment), segment, number, before)
    name, description, use, channel, holdout = (
        post.get(field, "").strip() for field in ("name", "description", "use", "channel", "holdout")
    )
    return Draft(rule, name, description, use, channel, holdout, before=before)


def _is_rule(text: str) -> bool:
    try:
        rule_form.from_text(text)
    except rule_form.NotARule:
        return False
    return True


Counts = dict[str, reads.Counted]


def _count(request: HttpRequest, draft: Draft) -> tuple[selectors.SeenPreview | None, Counts, list[str]]:
    """What the rule selects, counts and errors by place, and what else is wrong."""
    sees = request.user.has_perm("accounts.view_customer_360")  # type: ignore[union-attr]
    purpose, channel = draft.audience or (Purpose.ANALYTICS, Channel.EMAIL)
    try:
        with within(COUNT_SECONDS):
            found = selectors.preview(
                draft.rule,
                purpose=purpose,
                channel=channel,
                holdout_percent=draft.held_out,
                slug=draft.slug,
                examples=EXAMPLES if sees else 0,
            )
    except rules.InvalidRule as error:
        return None, *reads.wrong(error)
    except TookTooLong:
        return None, {}, ["Counting took longer than 2 s and was stopped. Count exactly, in the background."]
    return found, reads.counted(found), []


def _seen(request: HttpRequest, found: selectors.SeenPreview | None) -> list[reads.Seen]:
    """The examples that are shown; that they were is written down."""
    purpose = purpose_of(request)
    seen = reads.examples(found, purpose) if found and found.members else []
    if seen:
        audit.reads(
            "segment examples",
            ids=[one.example.customer_id for one in seen],
            purpose=purpose,
            actor=request.user,  # type: ignore[arg-type]
            route="segments/new/",
            details={"rule": found.sentence if found else ""},
        )
    return seen


def _tree_context(draft: Draft, counts: Counts) -> dict[str, Any]:
    return {
        "tree": reads.tree(draft.rule, counts, draft.focus),
        "joins": _JOINS,
        "choices": reads.choices(),
        "before": draft.before[-_KEPT:],
        "draft": draft,
        "here_url": _here(draft),
    }


def _here(draft: Draft) -> str:
    if draft.segment:
        return reverse("web:segment-edit", args=[draft.segment.slug])
    return reverse("web:segment-new")


def _counted_context(
    request: HttpRequest, draft: Draft, found: selectors.SeenPreview | None, counts: Counts, problems: list[str]
) -> dict[str, Any]:
    return {
        "draft": draft,
        "tree": reads.tree(draft.rule, counts, draft.focus),
        "found": found,
        "wrong": any(one.error for one in counts.values()),
        "problems": problems,
        "seen": _seen(request, found),
        "sees_people": request.user.has_perm("accounts.view_customer_360"),  # type: ignore[union-attr]
        "here_url": _here(draft),
    }


def _part(request: HttpRequest, draft: Draft) -> HttpResponse:
    found, counts, problems = _count(request, draft)
    context = _counted_context(request, draft, found, counts, problems)
    response = render(request, "web/segments/_counts.html", context)
    address = _address(_here(draft), draft.rule, **_told(draft))
    if len(address) < _LONGEST_ADDRESS:
        response["HX-Replace-Url"] = address
    return response


def _told(draft: Draft) -> dict[str, str]:
    if draft.segment:
        return {}
    return {"title": draft.name, "use": draft.use, "channel": draft.channel, "holdout": draft.holdout}


def _address(base: str, rule: Rule, **told: str) -> str:
    query = {key: value for key, value in told.items() if value}
    return f"{base}?{urlencode({'rule': rule_form.to_text(rule), **query})}"


def _page(
    request: HttpRequest,
    draft: Draft,
    found: selectors.SeenPreview | None,
    counts: Counts,
    problems: list[str],
    status: int = 200,
) -> HttpResponse:
    context = {
        "title": f"{draft.name}, next version" if draft.segment else "New segment",
        "crumbs": [("Segments", "web:segments"), (draft.name if draft.segment else "New segment", "")],
        "uses": [(one.value, one.label) for one in _USES],
        "channels": [(one.value, one.label) for one in _OUTBOUND],
        **_tree_context(draft, counts),
        **_counted_context(request, draft, found, counts, problems),
    }
    return render(request, "web/segments/builder.html", context, status=status)


def _save(request: HttpRequest, draft: Draft, *, publish: bool) -> HttpResponse:
    """The next version of a segment, or a new one; published only by those who may."""
    by: User = request.user  # type: ignore[assignment]
    if publish and not by.has_perm("segmentation.publish_segment"):
        raise PermissionDenied("segmentation.publish_segment")
    problems = _missing(draft)
    found, counts, others = _count(request, draft)
    if not problems and not others and not any(one.error for one in counts.values()):
        try:
            segment, number = _write(draft, by, publish)
        except (rules.InvalidRule, publishing.TooManySegments, publishing.NotReady) as error:
            others = [str(error)]
        else:
            what = "published" if publish else "saved"
            messages.success(request, f"Version {number} is {what}. {_next(segment)}")
            return redirect("web:segment", slug=segment.slug)
    return _page(request, draft, found, counts, [*problems, *others], status=422)


def _missing(draft: Draft) -> list[str]:
    if draft.segment:
        return []
    found = []
    if not draft.name:
        found.append("Give the segment a name.")
    if draft.audience is None:
        found.append("Choose the purpose and the channel it is for: they decide who may be contacted.")
    return found


@transaction.atomic
def _write(draft: Draft, by: User, publish: bool) -> tuple[Segment, int]:
    if draft.segment:
        segment, number = draft.segment, publishing.reword(draft.segment, draft.rule, by=by).number
    else:
        purpose, channel = draft.audience or (Purpose.MARKETING, Channel.EMAIL)
        segment = publishing.draft(
            name=draft.name[:120],
            rule=draft.rule,
            purpose=purpose,
            channel=channel,
            by=by,
            description=draft.description,
            holdout_percent=draft.held_out,
        )
        number = 1
    if publish and segment.status != SegmentStatus.PUBLISHED:
        publishing.publish(segment, by=by)
    audit.record(
        action="publish segment" if publish else "save segment",
        actor=by,
        route="segments/new/",
        details={"segment": str(segment.slug), "version": number},
    )
    return segment, number


def _next(segment: Segment) -> str:
    if segment.status == SegmentStatus.PUBLISHED:
        return "Its members follow at the next refresh."
    return "It is a draft: nobody is counted until it is published."


def _exact(request: HttpRequest, draft: Draft) -> HttpResponse:
    """Everybody counted, as a job that can be watched and stopped."""
    purpose, channel = draft.audience or (Purpose.ANALYTICS, Channel.EMAIL)
    audience = reach.Audience(purpose, channel, draft.held_out, draft.slug)
    try:
        job = pipeline.count_exactly(draft.rule, audience, by=request.user)
    except rules.InvalidRule:
        return _page(request, draft, *_count(request, draft), status=422)
    if request.headers.get("HX-Target") == "exact":
        return render(request, "web/segments/_exact.html", {"job": job, "steps": []})
    return redirect("web:job-detail", job_id=job.id)


@page("segmentation.add_segment")
def count(request: HttpRequest, job_id: UUID) -> HttpResponse:
    """How far the exact count is, for those who started it; a POST stops it."""
    job = Job.objects.filter(id=job_id, kind="segment.count", owner_id=request.user.pk).first()
    if job is None:
        raise Http404("No such count")
    if request.method == "POST":
        jobs.cancel(job)
    steps = (job.result or {}).get("steps", []) if job.state == JobState.SUCCEEDED else []
    context = {"job": job, "steps": steps, "failed": job.state in FINISHED and not steps}
    return render(request, "web/segments/_exact.html", context)
