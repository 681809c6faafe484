"""Each model says which of its fields are personal and why they are held, or why it has none."""

from __future__ import annotations

from iaros.lib.personal_data import CEILING_DAYS, Erase, Personal
from privacy import data_holders
from tests.guards.house import models, told

# A column of one of these names is about a person, whatever the table is called.
TELLING = {
    "customer",
    "customer_id",
    "given_name",
    "surname",
    "email",
    "phone",
    "birth_date",
    "loyalty_number",
    "passport_number",
    "ip_address",
}


def test_models__declare_personal_data_or_say_why_not() -> None:
    faults = [
        model._meta.label
        for model in models()
        if bool(getattr(model, "personal_data", None)) == bool(getattr(model, "no_personal_data", None))
    ]

    assert not faults, told(
        faults, "Give the model `personal_data` (iaros.lib.personal_data.Personal per field) or `no_personal_data`:"
    )


def test_models__with_a_person_in_them__declare_it() -> None:
    faults = [
        f"{model._meta.label}.{name}"
        for model in models()
        for name in sorted(_columns(model) & TELLING)
        if name not in _declared(model) and f"{name}_id" not in _declared(model) and not _of_staff(model)
    ]

    assert not faults, told(faults, "The column is about a person; name it in `personal_data`:")


def test_declarations__name_fields_that_exist() -> None:
    faults = [
        f"{model._meta.label}.{name}" for model in models() for name in _declared(model) if name not in _columns(model)
    ]

    assert not faults, told(faults, "`personal_data` names a field that the model does not have:")


def test_declarations__keep_no_longer_than_allowed() -> None:
    faults = [
        f"{model._meta.label}.{name}: {one.retention_days} days"
        for model in models()
        for name, one in _declared(model).items()
        if one.retention_days > CEILING_DAYS and one.erase is not Erase.KEEP_BY_LAW
    ]

    assert not faults, told(faults, f"Beyond {CEILING_DAYS} days only what a law keeps (Erase.KEEP_BY_LAW) may stay:")


def test_erasure__reaches_every_model_with_personal_fields() -> None:
    missing = data_holders.missing()

    assert missing == [], told(missing, "Add the model to its app's data holder; erasure refuses to run without it:")


def _columns(model: type) -> set[str]:
    fields = model._meta.get_fields()  # type: ignore[attr-defined]
    return {name for one in fields for name in (one.name, getattr(one, "attname", one.name))}


def _declared(model: type) -> dict[str, Personal]:
    return getattr(model, "personal_data", None) or {}


def _of_staff(model: type) -> bool:
    return model._meta.app_label == "accounts"  # type: ignore[attr-defined]
