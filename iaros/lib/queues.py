"""The queues of the platform. Each exists for a reason; a task names one of them or does not start."""

from enum import StrEnum


class Queue(StrEnum):
    """Why each exists: work of one kind must not wait behind work of another."""

    # A person is waiting: an event was accepted, a page asked for a fresh answer. Seconds, never minutes.
    REALTIME = "realtime"
    # Files, refreshes, exports, erasures: many small, restartable pieces, hours are fine.
    BATCH = "batch"
    # Training takes every core and a lot of memory: one at a time, on workers that do nothing else.
    TRAINING = "training"
