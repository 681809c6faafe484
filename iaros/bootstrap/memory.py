"""How much of the machine Postgres may take."""

import os
import shutil
from pathlib import Path

_MB = 1024**2


def total_memory() -> int:
    """Bytes this process may use: the machine's, or the container's limit where that is lower."""
    total = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    for limit in ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"):
        try:
            text = Path(limit).read_text().strip()
        except OSError:
            continue
        if text.isdigit():
            total = min(total, int(text))
    return total


def postgres_sizes(memory: int, free_disk: int) -> dict[str, str]:
    """Settings that depend on the machine; web, workers and training need the larger part of the memory."""
    return {
        "shared_buffers": _megabytes(memory // 8, 64, 8192),
        "effective_cache_size": _megabytes(memory // 2, 256, 65536),
        "work_mem": _megabytes(memory // 512, 8, 128),
        "maintenance_work_mem": _megabytes(memory // 32, 64, 1024),
        "max_wal_size": _megabytes(min(memory // 4, free_disk // 10), 256, 8192),
    }


def free_disk(directory: Path) -> int:
    return shutil.disk_usage(directory).free


def small_shared_memory() -> bool:
    """Whether /dev/shm is too small for parallel queries, as containers have it by default."""
    try:
        return shutil.disk_usage("/dev/shm").total < 256 * _MB
    except OSError:
        return True


def _megabytes(value: int, least: int, most: int) -> str:
    return f"{min(max(value // _MB, least), most)}MB"
