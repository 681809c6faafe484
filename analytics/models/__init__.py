from analytics.models.snapshots import KpiDay, Snapshot

__all__ = ["KpiDay", "Snapshot"]
