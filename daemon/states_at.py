"""The list of inputs after which a replay writes the state of every scope."""

import json
from pathlib import Path


def read_states_at(path: Path) -> tuple[int, ...]:
    """Return the list of n in a file, one a line or one JSON list, ascending and each once.

    Raises ValueError where an entry is no integer of at least 1.
    """
    text = path.read_text(encoding="utf-8").strip()
    entries: list[object]
    try:
        entries = json.loads(text) if text.startswith("[") else [int(line) for line in text.split()]
    except ValueError as error:
        raise ValueError(f"{path} must hold one n a line or a JSON list of them: {error}") from error
    numbers = [n for n in entries if type(n) is int and n >= 1]
    if len(numbers) < len(entries):
        wrong = next(n for n in entries if type(n) is not int or n < 1)
        raise ValueError(f"{path}: n must be an integer of at least 1, got {wrong!r}")
    return tuple(sorted(set(numbers)))
