"""Customers: the list, finding one, and the page of one person in parts.

Every read goes through the gate of the page's purpose first and leaves one audit row.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from iaros.intelligence import ConsentRequired, Reader, UnknownCustomer, admit, note
from iaros.lib import clock
from iaros.lib.purposes import Purpose
from iaros.web.access import page
from iaros.web.formats import words
from iaros.web.purposes import purpose_of
from iaros.web.reads import customer_page as reads
from iaros.web.reads import customers as lists
from iaros.web.reads import identities as links
from iaros.web.reads import timeline as timelines
from iaros.web.tables import MOST_ROWS, ONE_MORE, as_csv, may_export, wants_csv
from privacy import audit, consent
from profiles import knowledge
from profiles.models import EventKind
from profiles.selectors import survivor_of
from profiles.sources import codes

# Names and contacts are for serving a person; looking at figures never needs them.
REVEAL_FOR = (Purpose.SERVICING, Purpose.SERVICING_IROPS, Purpose.LEGAL_OBLIGATION)
ORDERS = (("value", "Most valuable first"), ("churn", "Likeliest to leave first"), ("newest", "Newest first"))


def _cursor(request: HttpRequest) -> UUID | None:
    try:
        return UUID(request.GET.get("after", ""))
    except ValueError:
        return None


def _asked(request: HttpRequest) -> lists.Asked:
    given = {name: request.GET.get(name, "").strip() for name in ("tier", "country", "home_airport")}
    return lists.Asked(
        order=request.GET.get("order") or lists.usual_order(),
        everyone=request.GET.get("show") == "everyone",
        tier=given["tier"],
        country=given["country"].upper(),
        home_airport=given["home_airport"].upper(),
    )


@page("accounts.view_customer_360")
def customer_list(request: HttpRequest) -> HttpResponseBase:
    purpose, query = purpose_of(request), request.GET.get("q", "").strip()
    export = wants_csv(request)
    if export:
        may_export(request)
    limit = ONE_MORE if export else lists.PAGE
    asked = _asked(request)
    hits = lists.find(query, purpose) if query else lists.listed(asked, purpose, _cursor(request), limit)
    audit.record(
        action=f"{'export' if export else 'find' if query else 'list'} customers",
        actor=request.user,  # type: ignore[arg-type]
        purpose=purpose,
        ids=[hit.id for hit in hits[:MOST_ROWS]],
        route="customers/",
        details={"rows": min(len(hits), MOST_ROWS)},
    )
    if export:
        header = ["customer_id", "tier", "country", "home_airport", "value_12m", "churn_90d", "updated_at"]
        rows = ([str(h.id), h.tier, h.country, h.home_airport, h.value, h.churn, h.updated_at] for h in hits)
        return as_csv("customers", header, rows)
    context = {
        "title": "Customers",
        "crumbs": [("Customers", "")],
        "hits": hits,
        "query": query,
        "asked": asked,
        "orders": ORDERS,
        "tiers": [entry.code for entry in codes.entries("tier_points")],
        "narrowed": any((asked.tier, asked.country, asked.home_airport)),
        "next_after": hits[-1].id if len(hits) == lists.PAGE and not query else "",
    }
    return render(request, "web/customers/list.html", context)


def reader_of(request: HttpRequest, *, reveal: bool = False) -> Reader:
    match = request.resolver_match
    return Reader(
        purpose=purpose_of(request),
        actor=request.user,  # type: ignore[arg-type]
        route=f"{request.method} /{match.route}" if match else request.path,
        reveal=reveal,
    )


def admitted(view: Callable[..., HttpResponseBase]) -> Callable[..., HttpResponseBase]:
    """Let the reader in or say why not: unknown is 404, a refusal is 403 with its reason."""

    def checked(request: HttpRequest, customer_id: UUID, *args: Any, **kwargs: Any) -> HttpResponseBase:
        living = survivor_of(customer_id)
        if living and living != customer_id and request.method == "GET":
            return redirect(f"{reverse('web:customer', args=[living])}?{request.GET.urlencode()}")
        try:
            admit(customer_id, reader_of(request))
            return view(request, customer_id, *args, **kwargs)
        except UnknownCustomer:
            raise Http404("No such customer") from None
        except ConsentRequired as refusal:
            context = {
                "title": "Not for this purpose",
                "crumbs": [("Customers", "web:customers"), ("Not for this purpose", "")],
                "reason": refusal.decision.reason,
            }
            return render(request, "web/customers/refused.html", context, status=403)

    return checked


@page("accounts.view_customer_360")
@admitted
def overview(request: HttpRequest, customer_id: UUID) -> HttpResponseBase:
    return _overview(request, customer_id, reader_of(request))


def _overview(request: HttpRequest, customer_id: UUID, reader: Reader, **more: Any) -> HttpResponse:
    frame = reads.frame(customer_id, reader)
    parts = reads.overview(customer_id, reader, frame)
    note("customer.read", reader, [customer_id], parts=["overview"])
    return render(request, "web/customers/overview.html", _context(frame, "") | parts | more)


def _context(frame: reads.Frame, tab: str) -> dict[str, Any]:
    return {
        "title": frame.who.name,
        "crumbs": [("Customers", "web:customers"), (frame.who.name, "")],
        "tabs": reads.tabs(frame),
        "tab": tab,
        **vars(frame),
    }


@page("accounts.view_customer_360")
@admitted
def tab(request: HttpRequest, customer_id: UUID, tab: str) -> HttpResponseBase:
    if tab not in _TABS:
        raise Http404("No such part")
    reader = reader_of(request)
    load, header, row = _TABS[tab]
    part = load(request, customer_id, reader)
    if wants_csv(request):
        may_export(request)
        note("customer.export", reader, [customer_id], parts=[tab])
        return as_csv(f"customer-{tab}", header, map(row, part["rows"]))
    note("customer.read", reader, [customer_id], parts=[tab])
    if request.htmx:  # type: ignore[attr-defined]
        return render(request, "web/customers/_timeline.html", part)
    context = _context(reads.frame(customer_id, reader), tab)
    return render(request, f"web/customers/{tab}.html", context | part)


def _timeline(request: HttpRequest, customer_id: UUID, reader: Reader) -> dict[str, Any]:
    kind = request.GET.get("kind", "")
    kinds = [int(kind)] if kind.isdigit() and int(kind) in EventKind.values else []
    shown = timelines.timeline(
        customer_id,
        reader.purpose,
        kinds=kinds,
        before=request.GET.get("before", ""),
        limit=ONE_MORE if wants_csv(request) else timelines.PAGE,
    )
    return {
        "page": shown,
        "rows": shown.happenings,
        "kinds": EventKind.choices,
        "kind": kinds[0] if kinds else "",
        "time_zone": settings.AIRLINE_TIME_ZONE,
    }


def _identities(request: HttpRequest, customer_id: UUID, reader: Reader) -> dict[str, Any]:
    asked = links.ids([request.GET.get("record", "")])
    shown, evidence = links.links(customer_id, reader.purpose, asked[0] if asked else None)
    near = links.near(customer_id, reader.purpose)
    return {"rows": shown, "evidence": evidence, "near": near, "acts": links.acts(customer_id)}


def _traits(request: HttpRequest, customer_id: UUID, reader: Reader) -> dict[str, Any]:
    """The golden values of now, or as they were known at the end of a day (`?as_of=2026-03-03`)."""
    asked = request.GET.get("as_of", "")
    try:
        known_at = clock.parse_as_of(asked) if asked else None
    except ValueError:
        known_at, asked = None, ""
    if known_at:
        golden = knowledge.profile_as_of(customer_id, known_at, purpose=reader.purpose, reveal=reader.reveal)
    else:
        golden = reads.profile(customer_id, reader)
    said = knowledge.candidates_of(customer_id, purpose=reader.purpose, at=known_at, reveal=reader.reveal)
    shown = lists.traits(golden) if golden else []
    return {
        "rows": shown,
        "traits": shown,
        "made_of": golden.records if golden else 0,
        "candidates": lists.candidates(said),
        "known_at": known_at,
        "as_of": asked,
    }


def _segments(request: HttpRequest, customer_id: UUID, reader: Reader) -> dict[str, Any]:
    found = reads.people.segments(customer_id, reader.purpose)
    return {"rows": found, "segments": found}


def _scores(request: HttpRequest, customer_id: UUID, reader: Reader) -> dict[str, Any]:
    found = reads.people.scores(customer_id, reader.purpose)
    return {"rows": found, "scores": found}


def _recommendations(request: HttpRequest, customer_id: UUID, reader: Reader) -> dict[str, Any]:
    offers = reads.offers(customer_id, reader)
    return {"rows": offers["shown_offers"], **offers}


def _consent(request: HttpRequest, customer_id: UUID, reader: Reader) -> dict[str, Any]:
    said = consent.history(customer_id)
    return {"rows": said, "history": said}


def _audit(request: HttpRequest, customer_id: UUID, reader: Reader) -> dict[str, Any]:
    lines = audit.for_customer(customer_id, limit=ONE_MORE if wants_csv(request) else 50)
    return {"rows": lines, "lines": lines}


_TABS: dict[str, tuple[Callable[..., dict[str, Any]], list[str], Callable[[Any], list[Any]]]] = {
    "timeline": (
        _timeline,
        ["at", "event", "channel", "kind"],
        lambda h: [h.at, h.text, h.channel, EventKind(h.kind).name.lower()],
    ),
    "identities": (
        _identities,
        ["source", "record", "matched_on", "weight", "received_at", "linked_at", "ended_at"],
        lambda r: [r.source, str(r.record_id), r.why, r.weight, r.received_at, r.linked_at, r.ended_at],
    ),
    "traits": (
        _traits,
        ["field", "value", "source", "file", "confidence", "received_at"],
        lambda t: [t.name, t.value, t.source, t.file, t.confidence, t.received_at],
    ),
    "segments": (_segments, ["segment", "rule", "since"], lambda s: [s.slug, s.why, s.since]),
    "scores": (
        _scores,
        ["score", "value", "low", "high", "model", "as_of", "reasons"],
        lambda s: [s.name, s.value, s.low, s.high, s.version, s.as_of, "; ".join(r.text for r in s.reasons)],
    ),
    "recommendations": (
        _recommendations,
        ["rank", "item", "kind", "score", "reason", "source", "propensity"],
        lambda o: [o.rank, o.item, o.kind, o.score, o.reason, o.source, o.propensity],
    ),
    "consent": (
        _consent,
        ["at", "purpose", "channel", "state", "method", "policy_version", "language", "source"],
        lambda c: [c.occurred_at, c.purpose, c.channel, c.state, c.method, c.policy_version, c.language, c.source],
    ),
    "audit": (
        _audit,
        ["at", "who", "action", "purpose", "route", "reason"],
        lambda a: [a.occurred_at, a.who, a.action, a.purpose, a.route, a.reason],
    ),
}


@require_http_methods(["GET", "POST"])
@page("accounts.view_customer_360")
@admitted
def identity(request: HttpRequest, customer_id: UUID) -> HttpResponseBase:
    """The head of the page: masked on GET; on POST names and contacts, for those who may and a purpose that needs
    them. Each reveal is written in the audit trail."""
    asked = request.method == "POST"
    refused = _reveal_refusal(request) if asked else ""
    reader = reader_of(request, reveal=asked and not refused)
    if not request.htmx:  # type: ignore[attr-defined]
        if reader.reveal:
            note("customer.reveal", reader, [customer_id])
        return _overview(request, customer_id, reader, reveal_refused=refused)
    who = lists.who_is(reads.profile(customer_id, reader))
    note("customer.reveal" if reader.reveal else "customer.read", reader, [customer_id], parts=["identity"])
    context = {"who": who, "customer_id": customer_id, "reveal_refused": refused}
    return render(request, "web/customers/_identity.html", context)


def _reveal_refusal(request: HttpRequest) -> str:
    if not request.user.has_perm("accounts.view_pii"):  # type: ignore[union-attr]
        return "Your role sees people only under their masks."
    if purpose_of(request) not in REVEAL_FOR:
        allowed = " or ".join(words(purpose.label).lower() for purpose in REVEAL_FOR)
        return f"Names are not shown for {purpose_of(request).label.lower()}. Choose {allowed}."
    return ""
