"""The secrets and addresses of one installation: `var/env`, `var/keys.json`, and what Django is told of them.

Both files are readable by their owner only. The keys file opens every encrypted field: it is written once and
never again, not even by a purge, since a backup of the database is worth nothing without it.
"""

import base64
import json
import os
import secrets
from collections.abc import Mapping
from pathlib import Path

from iaros.bootstrap.checkout import Checkout, write_private

_SECRETS = ("SECRET_KEY", "IAROS_POSTGRES_PASSWORD", "IAROS_POSTGRES_ADMIN_PASSWORD", "IAROS_VALKEY_PASSWORD")


def read(checkout: Checkout) -> dict[str, str]:
    """What `var/env` says; a line that is not `NAME=value` is passed over."""
    path = checkout.var / "env"
    lines = path.read_text().splitlines() if path.exists() else []
    return dict(line.split("=", 1) for line in lines if "=" in line and not line.startswith("#"))


def update(checkout: Checkout, **values: str) -> dict[str, str]:
    """Add or change values of `var/env`, leaving the others as they are."""
    known = read(checkout)
    if any(known.get(name) != value for name, value in values.items()):
        known.update(values)
        heading = "# Secrets and addresses of this installation, written by manage.py. Keep it private.\n"
        write_private(checkout.var / "env", heading + "".join(f"{k}={v}\n" for k, v in sorted(known.items())))
    return known


_ADDRESSES = ("DATABASE_URL", "REDIS_URL")  # set but empty means not set


def prepare(checkout: Checkout) -> dict[str, str]:
    """`var/env` with every secret in it and a keys file beside it, made where they are missing."""
    checkout.make_directories()
    if "IAROS_KEYS_FILE" not in os.environ:
        create_keys(checkout.var / "keys.json")
    known = read(checkout)
    return update(checkout, **{name: secrets.token_urlsafe(32) for name in _SECRETS if not known.get(name)})


def create_keys(path: Path) -> None:
    """Draw the keys that personal data is sealed and looked up with, unless there are keys already."""
    if path.exists():
        return
    draft = path.with_name(f".{path.name}.{os.getpid()}.draft")
    keys = {"kek": {"1": _key()}, "current_kek": 1, "index_key": _key()}
    write_private(draft, json.dumps(keys, indent=2) + "\n")
    try:
        # A link, unlike a rename, cannot replace keys that another command has just written.
        os.link(draft, path)
    except FileExistsError:
        pass
    finally:
        draft.unlink()


def exported(checkout: Checkout) -> dict[str, str]:
    """The environment a Django process runs in; what the person has set wins over what we know."""
    known = read(checkout)
    environment = {
        "SECRET_KEY": known.get("SECRET_KEY", ""),
        "DATABASE_URL": database_url(known),
        "REDIS_URL": redis_url(known),
        "IAROS_KEYS_FILE": str(checkout.var / "keys.json"),
        "PYTHONUNBUFFERED": "1",
        # Served on loopback, without the TLS proxy of a real installation.
        "HTTPS_ONLY": "false",
        **{name: value for name, value in os.environ.items() if value or name not in _ADDRESSES},
        "IAROS_VAR_DIR": str(checkout.var),
        "DJANGO_SETTINGS_MODULE": "iaros.settings",
    }
    # A virtual environment of somebody else's must not leak into ours.
    environment.pop("PYTHONHOME", None)
    return environment


def database_url(known: Mapping[str, str]) -> str:
    password, port = known.get("IAROS_POSTGRES_PASSWORD", ""), known.get("IAROS_POSTGRES_PORT", "0")
    return f"postgres://iaros:{password}@127.0.0.1:{port}/iaros"


def redis_url(known: Mapping[str, str]) -> str:
    return f"redis://:{known.get('IAROS_VALKEY_PASSWORD', '')}@127.0.0.1:{known.get('IAROS_VALKEY_PORT', '0')}/0"


def _key() -> str:
    return base64.b64encode(secrets.token_bytes(32)).decode()
