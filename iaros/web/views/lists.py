"""Lists of customers for rules to name: bring a file, see what became of it, forget one."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST

from iaros.accounts.models import User
from iaros.web.access import page
from iaros.web.reads import lists as reads
from privacy import audit
from segmentation.models import CustomerList
from segmentation.segments import lists
from segmentation.segments.lists import ListKey

MOST_BYTES = 20 * 2**20


@page("segmentation.view_segment")
def list_page(request: HttpRequest) -> HttpResponse:
    return _shown(request)


@require_POST
@page("segmentation.add_segment")
def bring(request: HttpRequest) -> HttpResponse:
    """The file makes a list, or replaces who stood on the one of that name."""
    by: User = request.user  # type: ignore[assignment]
    try:
        key = ListKey(request.POST.get("key", ""))
        brought = lists.bring(name=request.POST.get("name", ""), key=key, text=_text(request), by=by)
    except (ValueError, lists.CannotBring) as problem:
        said = problem if isinstance(problem, lists.CannotBring) else "say by what the rows name customers"
        return _shown(request, problem=f"Nothing was brought: {said}.", status=422)
    slug = str(brought.customer_list.slug)
    details = {"list": slug, "rows": brought.rows, "people": brought.people}
    audit.record(action="bring list", actor=by, route="segments/lists/", details=details)
    unknown = brought.rows - brought.unreadable - brought.people
    told = f"{brought.people:,} of {brought.rows:,} rows are customers of ours"
    told += f", {unknown:,} name nobody for certain or somebody twice" if unknown else ""
    told += f", {brought.unreadable:,} could not be read" if brought.unreadable else ""
    messages.success(request, f"{brought.customer_list.name}: {told}.")
    return redirect("web:segment-lists")


@require_POST
@page("segmentation.change_segment")
def drop(request: HttpRequest, slug: str) -> HttpResponse:
    """Forget a list that no segment names."""
    found = get_object_or_404(CustomerList, slug=slug)
    try:
        lists.drop(found)
    except lists.ListUsed as problem:
        messages.error(request, f"Nothing was forgotten: {problem}.")
        return redirect("web:segment-lists")
    by: User = request.user  # type: ignore[assignment]
    audit.record(action="forget list", actor=by, route="segments/lists/", details={"list": slug})
    messages.success(request, f"{found.name} is forgotten.")
    return redirect("web:segment-lists")


def _text(request: HttpRequest) -> str:
    file = request.FILES.get("file")
    if file is None:
        raise lists.CannotBring("choose a file")
    if (file.size or 0) > MOST_BYTES:
        raise lists.CannotBring("the file is larger than 20 MB")
    try:
        return file.read().decode("utf-8-sig")
    except UnicodeDecodeError:
        raise lists.CannotBring("the file is no text in UTF-8") from None


def _shown(request: HttpRequest, *, problem: str = "", status: int = 200) -> HttpResponse:
    user: User = request.user  # type: ignore[assignment]
    context = {
        "title": "Lists",
        "crumbs": [("Segments", "web:segments"), ("Lists", "")],
        "tab": "lists",
        "lists": reads.lines(),
        "keys": ListKey.choices,
        "problem": problem,
        "name": request.POST.get("name", ""),
        "chosen": request.POST.get("key", ""),
        "may_bring": user.has_perm("segmentation.add_segment"),
        "may_drop": user.has_perm("segmentation.change_segment"),
    }
    return render(request, "web/segments/lists.html", context, status=status)
