"""By which column names of the airline's own a feed is read: written down, tried on a file, put in force."""

from __future__ import annotations

import tempfile
from pathlib import Path

from django.contrib import messages
from django.core.files.uploadedfile import UploadedFile
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from iaros.accounts.models import User
from iaros.lib.personal_data import Sensitivity
from iaros.web.access import page
from profiles import corrections
from profiles.ingest import mappings
from profiles.ingest.mappings import CannotMap
from profiles.masking import HIDDEN
from profiles.sources.catalogue import CONNECTORS
from profiles.sources.contract import Connector, WrongFile
from profiles.sources.preview import Preview

MOST_BYTES = 4 << 20  # of a file that is only tried, so much is looked at


@page("profiles.mend_rows")
def mapping(request: HttpRequest, name: str) -> HttpResponse:
    """Their names beside ours; a file shows what comes of it before it is saved."""
    connector = CONNECTORS.get(name)
    if connector is None or connector.mapped is None:
        raise Http404("No such mapping")
    stored = mappings.current(name)
    columns = dict(stored.columns) if stored else {}
    tried, problem = None, ""
    if request.method == "POST":
        columns = _told(request, connector)
        file = request.FILES.get("file")
        try:
            if request.POST.get("act") == "save":
                corrections.save_mapping(source=name, columns=columns, by=_person(request))
                messages.success(request, "Saved. It holds from the next run on; rows that waited are taken in again.")
                return redirect("web:source-mapping", name)
            tried, problem = (_tried(name, columns, file), "") if file else (None, "Choose a file to try it on.")
        except (CannotMap, WrongFile) as error:
            problem = str(error)
    theirs = {ours: their for their, ours in columns.items()}
    context = {
        "title": f"Columns of {connector.title}",
        "crumbs": [("Data", ""), ("Sources and quality", "web:sources"), (connector.title, ""), ("Columns", "")],
        "name": name,
        "connector": connector,
        "fields": [(field, theirs.get(field.name, "")) for field in connector.fields],
        "version": stored.version if stored else 0,
        "tried": tried,
        "shown": _shown(connector, tried, sees=_person(request).has_perm("profiles.view_raw")) if tried else None,
        "problem": problem,
    }
    return render(request, "web/sources/mapping.html", context, status=422 if problem else 200)


def _person(request: HttpRequest) -> User:
    assert isinstance(request.user, User)
    return request.user


def _told(request: HttpRequest, connector: Connector) -> dict[str, str]:
    """Their name -> ours, as the form says it."""
    named = ((request.POST.get(f"column:{field.name}", "").strip(), field.name) for field in connector.fields)
    return {theirs: ours for theirs, ours in named if theirs}


def _tried(name: str, columns: dict[str, str], file: UploadedFile) -> Preview:
    with tempfile.TemporaryDirectory(prefix="mapping-") as folder:
        path = Path(folder) / "sample"
        path.write_bytes(file.read(MOST_BYTES))
        return corrections.preview_mapping(source=name, columns=columns, path=path)


def _shown(connector: Connector, tried: Preview, *, sees: bool) -> tuple[list[str], list[list[str]]]:
    """The names and the rows of the preview; what is delicate is hidden from those who may not see what was sent."""
    delicate = {field.name for field in connector.fields if field.sensitivity is not Sensitivity.NORMAL}
    names = [field.name for field in connector.fields if field.name in tried.taken]
    rows = [
        [HIDDEN * 3 if row.get(n) and n in delicate and not sees else row.get(n) or "" for n in names]
        for row in tried.rows
    ]
    return names, rows
