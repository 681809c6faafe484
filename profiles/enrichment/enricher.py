"""What an enricher is: a declaration of what it reads, for which purpose, what it says and how sure it is of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from iaros.lib.purposes import Purpose
from profiles.enrichment.history import History

# Nobody infers these here, whatever the data would allow (Article 9 GDPR).
REFUSED: Mapping[str, str] = {
    "religion": "not from meals, names, travel at feasts or places of pilgrimage",
    "health": "not from assistance, medical clearance or diet",
    "ethnicity": "not from names, nationality or language",
    "sexual orientation": "not from companions or destinations",
    "political opinion": "not from organisations or events travelled to",
}
# Tables that hold the special categories; no enricher may read them.
CLOSED = frozenset({"profiles_servicerequest"})


class RefusedInference(ValueError):
    """An enricher reads what is closed, or says what nobody infers here."""


@dataclass(frozen=True)
class Enricher:
    """One thing that is derived about customers. `enrich` gets the history and returns columns by field name, one value
    a customer of the history; `confidence` says how sure it is and what that rests on."""

    name: str
    title: str
    inputs: tuple[str, ...]
    says: tuple[str, ...]
    confidence: str
    enrich: Callable[[History], dict[str, Any]]
    purpose: Purpose = Purpose.ANALYTICS

    def __post_init__(self) -> None:
        closed = CLOSED & set(self.inputs)
        if closed:
            raise RefusedInference(f"{self.name} reads {', '.join(sorted(closed))}: nothing is derived from it")
        told = {word for name in (self.name, *self.says) for word in name.lower().split("_")}
        for topic, why in REFUSED.items():
            if told & set(topic.split()):
                raise RefusedInference(f"{self.name} says something of {topic}: {why}")
