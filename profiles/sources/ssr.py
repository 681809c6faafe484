"""Special service requests: which of them tell of health or religion, and are sealed."""

from __future__ import annotations

# Article 9 GDPR: codes of assistance and medical care tell of health, most meals of religion or health (SSR codes of
# the IATA Reservations Interline Message Procedures). Every other wheelchair and meal code counts as one, too.
_HEALTH = {"MEDA", "MAAS", "STCR", "OXYG", "BLND", "DEAF", "DPNA", "PPOC", "SVAN", "ESAN"}
_HEALTH |= {"LEGL", "LEGR", "LEGB"}


def is_special(code: str | None) -> bool:
    """Whether a request is of the special categories, and so is sealed and makes no feature."""
    return code is not None and (code in _HEALTH or code.startswith("WC") or code.endswith("ML"))
