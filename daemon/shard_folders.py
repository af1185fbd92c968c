"""Where each shard of a process keeps its files."""

from pathlib import Path


def shard_directory(base: str, shard: int) -> Path:
    """Return the folder of a shard's journal or audit log: partition 0 has the configured one itself."""
    return Path(base) if shard == 0 else Path(base) / f"partition-{shard}"
