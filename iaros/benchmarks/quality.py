"""How many of the faults that were put into the demo airline's files the rules find, and how many they find wrongly."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any
from uuid import UUID

import profiles.pipeline
from iaros.benchmarks import scratch
from iaros.demo import faults, world, write
from iaros.demo.faults import Fault
from profiles.models import IdentifierKind, QuarantinedRow
from profiles.quality import rules
from profiles.selectors import customer_by_key

Say = Callable[[str], None]
SPOILT = faults.SOURCES


def measure(customers: int, seed: int, share: float, say: Say) -> dict[str, Any]:
    """Take the airline in as it is, then the same files spoilt; what is held then and was not before was found.

    `recall` is the share of spoilt rows that are held or named by a rule, `precision` the share of those held or named
    that were spoilt.
    """
    with scratch.scratch() as folder:
        say(f"drawing an airline of {customers:,} customers")
        files = write.write(world.build(customers, seed), folder / "clean")
        sources = [source for source in SPOILT if source in files]
        ordered = sorted(sources, key=lambda name: (name != "exchange_rates", name != "loyalty_members"))
        say("taking it in as it is")
        held_before = {source: _held(_ingest(source, files[source])) for source in ordered}
        named_before = _named()
        say("taking it in spoilt")
        (folder / "spoilt").mkdir()
        truth: list[Fault] = []
        held: dict[str, set[int]] = {}
        for source in ordered:
            spoilt = folder / "spoilt" / files[source].name
            truth += faults.inject(source, files[source], spoilt, share=share, seed=seed)
            held[source] = _held(_ingest(source, spoilt)) - held_before[source]
        report = _judged(truth, held, held_before, _named() - named_before)
        return {"customers": customers, "seed": seed, "share": share, **report, **scratch.conditions()}


def _ingest(source: str, path: Path) -> str:
    return profiles.pipeline.ingest(source, path).run_id


def _held(run_id: str) -> set[int]:
    return set(QuarantinedRow.objects.filter(last_seen_run_id=run_id).values_list("row", flat=True))


def _named() -> set[UUID]:
    return {UUID(str(found["customer_id"])) for found in rules.breaches("known members")}


def _judged(
    truth: Sequence[Fault], held: dict[str, set[int]], before: dict[str, set[int]], named: set[UUID]
) -> dict[str, Any]:
    counts: dict[str, dict[str, int]] = defaultdict(lambda: {"injected": 0, "found": 0})
    missed: list[str] = []
    nobodys: set[UUID] = set()
    for fault in truth:
        # A row that could not be read before either says nothing about the rules.
        if fault.row in before[fault.source]:
            continue
        found = fault.row in held[fault.source]
        if fault.number and not found:
            customer = customer_by_key(IdentifierKind.LOYALTY_NUMBER, fault.number)
            found = customer in named
            nobodys |= {customer} if customer else set()
        counts[fault.kind]["injected"] += 1
        counts[fault.kind]["found"] += int(found)
        if not found:
            missed.append(f"{fault.source} row {fault.row}: {fault.kind}, {fault.how}")
    spoilt = {(fault.source, fault.row) for fault in truth}
    wrongly = sum((source, row) not in spoilt for source, rows in held.items() for row in rows) + len(named - nobodys)
    injected, found_all = (sum(each[name] for each in counts.values()) for name in ("injected", "found"))
    return {
        "injected": injected,
        "found": found_all,
        "found_wrongly": wrongly,
        "recall": round(found_all / injected, 6) if injected else None,
        "precision": round(found_all / (found_all + wrongly), 6) if found_all + wrongly else None,
        "by_kind": {
            kind: {**each, "recall": round(each["found"] / each["injected"], 6)}
            for kind, each in sorted(counts.items())
        },
        "missed": missed[:20],
    }
