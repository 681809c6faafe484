"""Identity review: pairs that a person has to look at, one at a time and by keys, and how good identity is.

Looking needs the permission to see customers; deciding that of reviewers. Who looked at whom is in the audit trail.
"""

from __future__ import annotations

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import urlencode

from iaros.accounts.models import User
from iaros.web.access import page
from iaros.web.purposes import purpose_of
from iaros.web.reads import reviews as reads
from iaros.web.tables import as_csv, wants_csv
from privacy import audit
from profiles import reviewing
from profiles.identity.review import NoSuchPair
from profiles.identity_acts import CannotMerge
from profiles.models import PairReason, Verdict

REVIEW = ("Identity review", "web:reviews")
SAID = {
    Verdict.ACCEPTED: "Joined. It can be taken back from the person's identities.",
    Verdict.REJECTED: "Kept apart: no sum of weights joins these two again.",
    Verdict.UNSURE: "Left to others.",
}


def _person(request: HttpRequest) -> User:
    assert isinstance(request.user, User)
    return request.user


def _address(request: HttpRequest, name: str, *args: int) -> str:
    purpose = request.GET.get("purpose")
    return reverse(name, args=args) + (f"?{urlencode({'purpose': purpose})}" if purpose else "")


@page("accounts.view_customer_360")
def queue(request: HttpRequest) -> HttpResponse:
    purpose, reason = purpose_of(request), request.GET.get("reason", "")
    pairs, after, waiting = reads.queue(purpose, request.GET.get("after", ""), reason)
    audit.record(
        action="list pairs to review",
        actor=_person(request),
        purpose=purpose,
        route="identity/",
        details={"rows": len(pairs)},
    )
    context = {
        "title": "Identity review",
        "crumbs": [("Customers", ""), ("Identity review", "")],
        "pairs": pairs,
        "opinions": reads.second_opinions(_person(request), purpose),
        "next_after": after,
        "waiting": waiting,
        "reasons": PairReason.choices,
        "reason": reason,
    }
    return render(request, "web/identity/queue.html", context)


@page("accounts.view_customer_360")
def pair(request: HttpRequest, pair_id: int) -> HttpResponse:
    """Two people side by side; on POST what the reviewer says of them, and on to the next."""
    purpose, reviewer = purpose_of(request), _person(request)
    try:
        shown = reads.side_by_side(pair_id, purpose)
    except NoSuchPair:
        shown = None
    if shown is None:
        raise Http404("No such pair")
    both = [shown.pair.one, shown.pair.other]
    if request.method == "POST":
        return _say(request, pair_id)
    audit.reads("pair to review", ids=both, purpose=purpose, actor=reviewer, route=request.path)
    context = {
        "title": "Are these two one person?",
        "crumbs": [("Customers", ""), REVIEW, (f"Pair {pair_id}", "")],
        "shown": shown,
        "following": reads.next_pair(pair_id),
    }
    return render(request, "web/identity/pair.html", context)


def _say(request: HttpRequest, pair_id: int) -> HttpResponse:
    if not request.user.has_perm("profiles.review_pairs"):
        raise PermissionDenied("profiles.review_pairs")
    said = request.POST.get("verdict", "")
    if said not in Verdict.values:
        messages.error(request, "Say whether they are the same person, two people, or that you are not sure.")
        return redirect(_address(request, "web:review-pair", pair_id))
    try:
        decided = reviewing.decide(pair_id, Verdict(said), _person(request))
    except (CannotMerge, NoSuchPair) as error:
        messages.error(request, str(error))
        return redirect(_address(request, "web:review-pair", pair_id))
    messages.success(
        request, SAID[Verdict(said)] if decided.decides or said == Verdict.UNSURE else "Noted: a second opinion."
    )
    audit.record(
        action="reviewed a pair",
        actor=_person(request),
        purpose=purpose_of(request),
        ids=[decided.pair.one, decided.pair.other],
        route=request.path,
        details={"pair": pair_id, "verdict": said},
    )
    following = reads.next_pair(pair_id)
    return redirect(_address(request, "web:review-pair", following) if following else _address(request, "web:reviews"))


@page("accounts.view_customer_360")
def quality(request: HttpRequest) -> HttpResponseBase:
    found = reads.identity_quality()
    if wants_csv(request, "sizes"):
        return as_csv("identity-sizes", ["records", "people"], ([s.label, s.people] for s in found.sizes))
    context = {
        "title": "Identity quality",
        "crumbs": [("Customers", ""), REVIEW, ("Quality", "")],
        **vars(found),
        "records_a_person": found.records_a_person,
    }
    return render(request, "web/identity/quality.html", context)
