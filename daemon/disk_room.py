"""Looks whether the volumes of journal and audit log still have room."""

import shutil
from pathlib import Path

from config.schema import Config

SEGMENTS_FREE_MIN = 2  # of each log: one is being written, and the next begins before that one is packed


def low_disks(config: Config) -> dict[str, str]:
    """Return what is wrong by directory: a volume with less room than two more segments of its log."""
    wanted = {config.journal.directory: config.journal.segment_bytes}
    if config.audit.enabled:
        wanted[config.audit.log_directory] = config.audit.segment_bytes
    low: dict[str, str] = {}
    for directory, segment_bytes in wanted.items():
        free_bytes, bound_bytes = shutil.disk_usage(Path(directory)).free, SEGMENTS_FREE_MIN * segment_bytes
        if free_bytes < bound_bytes:
            low[directory] = f"{directory} must have {bound_bytes:,} bytes free, got {free_bytes:,}"
    return low
