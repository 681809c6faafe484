"""Which version of a model speaks. A version gets there only through its gate; going back is one row."""

from functools import lru_cache
from uuid import UUID

from django.db import connection, transaction

from segmentation.ml import prediction
from segmentation.models import Alias, ModelAlias, ModelVersion, VersionStatus


class ShortOfItsGate(Exception):
    """The version did not pass its gate, so it may not become champion; the message names the checks."""


class NothingToRollBackTo(Exception):
    """There was no champion before this one."""


def champion(name: str) -> ModelVersion | None:
    """The version that speaks for `name`; None shows as "no champion"."""
    return _holder(name, Alias.CHAMPION)


def champions() -> dict[str, ModelVersion]:
    """The versions that speak, by the name of the model, in one query: what a version learnt never changes, so that
    this process reads its bytes once and not for every event."""
    standing = ModelAlias.objects.filter(alias=Alias.CHAMPION).order_by("name", "-since", "-id").distinct("name")
    return {name: _version(version) for name, version in standing.values_list("name", "version_id")}


@lru_cache(maxsize=64)
def _version(version_id: UUID) -> ModelVersion:
    return ModelVersion.objects.get(id=version_id)


def challenger(name: str) -> ModelVersion | None:
    return _holder(name, Alias.CHALLENGER)


@transaction.atomic
def promote(version: ModelVersion, by: str) -> ModelAlias:
    """Make `version` champion. Refused for a version short of its gate, or whose bytes are not those sealed."""
    _require_gate(version)
    prediction.fitted(version)
    return _set(version, Alias.CHAMPION, by)


@transaction.atomic
def rollback(name: str, by: str = "") -> ModelAlias:
    """Make the champion before the present one champion again; one row, nothing is trained or deleted."""
    _one_at_a_time(name)
    standing = _standing(name, Alias.CHAMPION)
    if standing is None or standing.previous is None:
        raise NothingToRollBackTo(f"{name} has had no other champion")
    earlier = (
        ModelAlias.objects.filter(name=name, alias=Alias.CHAMPION, version=standing.previous, since__lt=standing.since)
        .order_by("-since")
        .first()
    )
    return ModelAlias.objects.create(
        name=name,
        alias=Alias.CHAMPION,
        version=standing.previous,
        previous=earlier.previous if earlier else None,
        set_by=by,
    )


@transaction.atomic
def settle(version: ModelVersion, by: str) -> ModelVersion:
    """Give a new version its place: champion where there is none, else challenger; none if short of its gate."""
    if version.status == VersionStatus.PASSED:
        if champion(version.name) is None:
            promote(version, by)
        else:
            _set(version, Alias.CHALLENGER, by)
    return version


def history(name: str, limit: int = 50) -> list[ModelAlias]:
    """Who spoke when, the newest first."""
    rows = ModelAlias.objects.filter(name=name).select_related("version", "previous")
    return list(rows.defer("version__artifact", "previous__artifact").order_by("-since", "-id")[:limit])


def versions(name: str, limit: int = 50) -> list[ModelVersion]:
    """Trainings of `name` without their bytes, the newest first."""
    return list(ModelVersion.objects.filter(name=name).defer("artifact").order_by("-number")[:limit])


def _require_gate(version: ModelVersion) -> None:
    failed = [check for check in version.gate.get("checks", []) if not check["passed"]]
    if version.status != VersionStatus.PASSED or failed or not version.gate.get("checks"):
        said = "; ".join(f"{c['name']} {c['value']:.4g}, must be {c['rule']} {c['limit']:g}" for c in failed)
        raise ShortOfItsGate(f"{version} is short of its gate: {said or 'it was not judged'}")


def _set(version: ModelVersion, alias: Alias, by: str) -> ModelAlias:
    _one_at_a_time(version.name)
    standing = _standing(version.name, alias)
    if standing is not None and standing.version_id == version.id:
        return standing
    return ModelAlias.objects.create(
        name=version.name, alias=alias, version=version, previous=standing.version if standing else None, set_by=by
    )


def _holder(name: str, alias: Alias) -> ModelVersion | None:
    standing = _standing(name, alias)
    return standing.version if standing else None


def _standing(name: str, alias: Alias) -> ModelAlias | None:
    rows = ModelAlias.objects.filter(name=name, alias=alias).select_related("version", "previous")
    return rows.order_by("-since", "-id").first()


def _one_at_a_time(name: str) -> None:
    """Two promotions of one model wait for each other until the transaction ends."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext('model alias'), hashtext(%s))", [name])
