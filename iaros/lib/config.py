"""The airline's own settings: the `intelligence:` YAML, found by `IAROS_CONFIG`, checked key by key.

Every key has an effect or is refused; each error names the line and the key and says what was expected.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml
from django.core.exceptions import ImproperlyConfigured

ALGORITHMS = ("collaborative", "content_based", "hybrid", "deep_learning")


@dataclass(frozen=True)
class ProfileSettings:
    data_sources: int = 1  # fewer connected sources than this is a warning of `doctor` and of the home page
    enrichment_accuracy_threshold: float = 0.995  # the home page warns when published values agree less than this
    processing_timeout: float = 1.0  # seconds; statement timeout of a profile read
    points_valid_months: int = 36  # after so many months points that were not spent expire (tier clock)


@dataclass(frozen=True)
class SegmentationSettings:
    max_segments: int = 2_000  # publishing one more is refused
    ml_models: int = 50  # registering one more in the catalogue is refused
    confidence_threshold: float = 0.95  # a champion must be calibrated this well: 1 - ECE
    most_messages: int = 4  # from so many messages of a channel on nobody is sent another,
    message_days: int = 30  # counted over so many days
    adult_years: int = 18  # nobody younger is exported


@dataclass(frozen=True)
class RecommendationSettings:
    algorithms: tuple[str, ...] = ("collaborative", "content_based", "hybrid")
    real_time_timeout: float = 0.5  # seconds; statement timeout of a recommendation read
    cache_ttl: float = 3600.0  # seconds a stored answer is served before it is ranked again


@dataclass(frozen=True)
class PrivacySettings:
    gdpr_compliance: bool = True
    consent_required: bool = True
    data_retention_days: int = 2555  # ceiling over every declared retention


@dataclass(frozen=True)
class Intelligence:
    profile: ProfileSettings = field(default_factory=ProfileSettings)
    segmentation: SegmentationSettings = field(default_factory=SegmentationSettings)
    recommendations: RecommendationSettings = field(default_factory=RecommendationSettings)
    privacy: PrivacySettings = field(default_factory=PrivacySettings)


SECTIONS: dict[str, type] = {
    "profile": ProfileSettings,
    "segmentation": SegmentationSettings,
    "recommendations": RecommendationSettings,
    "privacy": PrivacySettings,
}


def _whole(low: int, high: int) -> Callable[[Any], int]:
    def read(value: Any) -> int:
        if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
            raise ValueError(f"a whole number from {low} to {high}")
        return value

    return read


def _share(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 1:
        raise ValueError("a share from 0 to 1")
    return float(value)


def _duration(value: Any) -> float:
    units = {"ms": 0.001, "s": 1, "m": 60, "h": 3600, "d": 86400}
    match = re.fullmatch(r"(\d+(?:\.\d+)?)(ms|s|m|h|d)", str(value))
    if not match or float(match[1]) == 0:
        raise ValueError('a duration above zero such as "500ms", "1s" or "1h"')
    return float(match[1]) * units[match[2]]


def _only_true(why: str) -> Callable[[Any], bool]:
    def read(value: Any) -> bool:
        if value is not True:
            raise ValueError(f"true: {why}")
        return True

    return read


def _algorithms(value: Any) -> tuple[str, ...]:
    if not isinstance(value, list) or not value or any(v not in ALGORITHMS for v in value):
        raise ValueError(f"a list of {', '.join(ALGORITHMS)}")
    return tuple(dict.fromkeys(value))


READERS: dict[tuple[str, str], Callable[[Any], Any]] = {
    ("profile", "data_sources"): _whole(1, 10_000),
    ("profile", "enrichment_accuracy_threshold"): _share,
    ("profile", "processing_timeout"): _duration,
    ("profile", "points_valid_months"): _whole(1, 1200),
    ("segmentation", "max_segments"): _whole(1, 100_000),
    ("segmentation", "ml_models"): _whole(1, 10_000),
    ("segmentation", "confidence_threshold"): _share,
    ("segmentation", "most_messages"): _whole(1, 1_000),
    ("segmentation", "message_days"): _whole(1, 365),
    ("segmentation", "adult_years"): _whole(0, 30),
    ("recommendations", "algorithms"): _algorithms,
    ("recommendations", "real_time_timeout"): _duration,
    ("recommendations", "cache_ttl"): _duration,
    ("privacy", "gdpr_compliance"): _only_true("the gate cannot be switched off"),
    ("privacy", "consent_required"): _only_true("unknown consent is no, always"),
    ("privacy", "data_retention_days"): _whole(1, 36_500),
}


def load_intelligence(path: str | None) -> Intelligence:
    """Read and check the YAML at `path`; without a path, the defaults.

    Raises ImproperlyConfigured listing every error as `file:line: section.key: what was expected`.
    """
    if path is None:
        return Intelligence()
    file = Path(path)
    try:
        text = file.read_text(encoding="utf-8")
        tree = yaml.compose(text, Loader=yaml.SafeLoader)
    except OSError as error:
        raise ImproperlyConfigured(f"IAROS_CONFIG={path}: cannot be read: {error.strerror}") from None
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise ImproperlyConfigured(f"IAROS_CONFIG={path}: is not YAML: {error}") from None
    errors: list[str] = []
    chosen = _sections(tree, file, errors)
    if errors:
        raise ImproperlyConfigured("\n".join(errors))
    return Intelligence(**{name: SECTIONS[name](**values) for name, values in chosen.items()})


def _sections(tree: yaml.Node | None, file: Path, errors: list[str]) -> dict[str, dict[str, Any]]:
    chosen: dict[str, dict[str, Any]] = {}
    for key, node in _mapping(tree, file, "the file", errors):
        if key.value != "intelligence":
            errors.append(_error(file, key, key.value, "unknown; expected intelligence"))
            continue
        for section, body in _mapping(node, file, "intelligence", errors):
            if section.value not in SECTIONS:
                expected = f"unknown; expected one of {', '.join(SECTIONS)}"
                errors.append(_error(file, section, f"intelligence.{section.value}", expected))
                continue
            chosen[section.value] = _values(section.value, body, file, errors)
    return chosen


def _values(section: str, body: yaml.Node, file: Path, errors: list[str]) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for key, node in _mapping(body, file, f"intelligence.{section}", errors):
        name = f"intelligence.{section}.{key.value}"
        reader = READERS.get((section, key.value))
        if reader is None:
            known = ", ".join(k for s, k in READERS if s == section)
            errors.append(_error(file, key, name, f"unknown; expected one of {known}"))
        elif key.value in values:
            errors.append(_error(file, key, name, "stands twice"))
        else:
            raw = _plain(node)
            try:
                values[key.value] = reader(raw)
            except ValueError as error:
                errors.append(_error(file, key, name, f"is {raw!r}; expected {error}"))
    return values


def _mapping(
    node: yaml.Node | None, file: Path, name: str, errors: list[str]
) -> list[tuple[yaml.ScalarNode, yaml.Node]]:
    if not isinstance(node, yaml.MappingNode):
        line = node.start_mark.line + 1 if node else 1
        errors.append(f"{file}:{line}: {name}: expected keys with values")
        return []
    return list(node.value)


def _plain(node: yaml.Node) -> Any:
    return yaml.safe_load(yaml.serialize(node))


def _error(file: Path, node: yaml.Node, name: str, message: str) -> str:
    return f"{file}:{node.start_mark.line + 1}: {name}: {message}"
