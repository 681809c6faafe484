"""Who is who, by hand: merge, split and take back, each after a look at what it would change.

Looking needs the permission to see customers; deciding needs that of stewards. Every act is in the audit trail with its
reason.
"""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import urlencode

from iaros.accounts.models import User
from iaros.intelligence import ConsentRequired, UnknownCustomer, admit, note
from iaros.web.access import page
from iaros.web.purposes import purpose_of
from iaros.web.reads import customers as lists
from iaros.web.reads import identities as reads
from iaros.web.views.customers import admitted, reader_of
from privacy import audit
from profiles import identity_acts
from profiles.blast_radius import BlastRadius
from profiles.identity_acts import CannotMerge, CannotSplit, CannotUndo
from profiles.models import IdentityAct
from profiles.selectors import survivor_of

CUSTOMERS = ("Customers", "web:customers")
LONGEST_REASON = 500


def _person(request: HttpRequest) -> User:
    assert isinstance(request.user, User)
    return request.user


def _to_identities(request: HttpRequest, customer_id: UUID) -> HttpResponse:
    address = reverse("web:customer-tab", args=[customer_id, "identities"])
    purpose = request.GET.get("purpose") or request.POST.get("purpose")
    return redirect(f"{address}?{urlencode({'purpose': purpose})}" if purpose else address)


@page("profiles.merge_people")
@admitted
def merge(request: HttpRequest, customer_id: UUID) -> HttpResponseBase:
    """Find the other one; look at what merging the two would change; merge."""
    named = reads.ids([request.GET.get("other", "") or request.POST.get("other", "")])
    other = survivor_of(named[0]) if named else None
    if named and (other is None or not _may_read(request, other)):
        messages.error(request, "Nobody of that id whom this purpose lets you see.")
        return _to_identities(request, customer_id)
    if other is None:
        return _find_other(request, customer_id)
    try:
        if request.method == "POST" and _reason(request):
            act = identity_acts.merge_customers(
                one=customer_id, other=other, by=_person(request), reason=_reason(request)
            )
            messages.success(request, "Merged. It can be taken back below.")
            return _to_identities(request, act.customer_id)
        radius = identity_acts.preview_merge(one=customer_id, other=other, by=_person(request))
    except CannotMerge as error:
        messages.error(request, str(error))
        return _to_identities(request, customer_id)
    return _preview(request, customer_id, radius, title="Merge two customers", verb="Merge", hidden=[("other", other)])


@page("profiles.merge_people")
@admitted
def split(request: HttpRequest, customer_id: UUID) -> HttpResponseBase:
    """Look at what taking records off would change; split."""
    given = request.POST if request.method == "POST" else request.GET
    records = reads.ids(given.getlist("record"))
    into = reads.ids([given.get("into", "")])
    try:
        if request.method == "POST" and _reason(request):
            identity_acts.split_customer(
                customer_id=customer_id,
                records=records,
                into=into[0] if into else None,
                by=_person(request),
                reason=_reason(request),
            )
            messages.success(request, "Split. It can be taken back below.")
            return _to_identities(request, customer_id)
        radius = identity_acts.preview_split(
            customer_id=customer_id, records=records, into=into[0] if into else None, by=_person(request)
        )
    except CannotSplit as error:
        messages.error(request, str(error))
        return _to_identities(request, customer_id)
    hidden = [("record", record) for record in records] + [("into", each) for each in into]
    return _preview(request, customer_id, radius, title="Split a customer", verb="Split", hidden=hidden)


@page("profiles.merge_people")
def undo(request: HttpRequest, act_id: UUID) -> HttpResponseBase:
    """Look at what taking an act back would change; take it back."""
    act = IdentityAct.objects.filter(id=act_id).first()
    living = survivor_of(act.customer_id) if act else None
    if act is None or living is None or not _may_read(request, living):
        raise Http404("No such act")
    try:
        if request.method == "POST" and _reason(request):
            identity_acts.undo_act(act_id=act_id, by=_person(request), reason=_reason(request))
            messages.success(request, "Taken back. Everything is as it was before.")
            return _to_identities(request, act.customer_id)
        radius = identity_acts.preview_undo(act_id=act_id, by=_person(request))
    except CannotUndo as error:
        messages.error(request, str(error))
        return _to_identities(request, living)
    title = f"Take a {act.kind} back"
    return _preview(request, act.customer_id, radius, title=title, verb="Take back", hidden=[])


def _find_other(request: HttpRequest, customer_id: UUID) -> HttpResponse:
    purpose, query = purpose_of(request), request.GET.get("q", "").strip()
    hits = [hit for hit in lists.find(query, purpose) if hit.id != customer_id] if query else []
    audit.record(
        action="find customers",
        actor=_person(request),
        purpose=purpose,
        ids=[customer_id, *(hit.id for hit in hits)],
        route="customers/merge/",
    )
    context = {
        "title": "Merge with whom?",
        "crumbs": [CUSTOMERS, ("Merge", "")],
        "customer_id": customer_id,
        "query": query,
        "hits": hits,
    }
    return render(request, "web/identity/find.html", context)


def _preview(
    request: HttpRequest,
    customer_id: UUID,
    radius: BlastRadius,
    *,
    title: str,
    verb: str,
    hidden: list[tuple[str, Any]],
) -> HttpResponse:
    note("previewed a change of identity", reader_of(request), list(radius.customers))
    context = {
        "title": title,
        "crumbs": [CUSTOMERS, (title, "")],
        "customer_id": customer_id,
        "radius": radius,
        "groups": reads.by_kind(radius),
        "sentence": reads.in_words(radius),
        "verb": verb,
        "hidden": hidden,
        "longest": LONGEST_REASON,
        "problem": "Say why: the reason is kept in the audit log." if request.method == "POST" else "",
    }
    return render(request, "web/identity/preview.html", context, status=422 if context["problem"] else 200)


def _reason(request: HttpRequest) -> str:
    return request.POST.get("reason", "").strip()[:LONGEST_REASON]


def _may_read(request: HttpRequest, customer_id: UUID) -> bool:
    try:
        admit(customer_id, reader_of(request))
    except (UnknownCustomer, ConsentRequired):
        return False
    return True
