"""What is wrong with a configuration: faults with their paths and lines, all at once."""

from dataclasses import dataclass

Path = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault of a YAML file.

    path    : such as enforcement.limits[2].levels[0].at; empty for the file as a whole
    line    : from 1; 0 where the fault has no place in the file
    column  : from 1; 0 likewise
    message : names the thing, the value and the bound
    file    : the file's name as the user gave it
    """

    path: str
    line: int
    column: int
    message: str
    file: str = ""

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}:{self.column}" if self.line else self.file
        return ": ".join(part for part in (place, self.path, self.message) if part)


class ConfigError(ValueError):
    """A configuration that riskd refuses, with all of its faults in the order of their lines."""

    def __init__(self, faults: tuple[Fault, ...]) -> None:
        self.faults = tuple(sorted(faults, key=lambda fault: (fault.file, fault.line, fault.column, fault.path)))
        super().__init__("\n".join(str(fault) for fault in self.faults))


def path_text(path: Path) -> str:
    """Return a path as people write it: names joined by dots, positions in brackets.

    >>> path_text(("enforcement", "limits", 2, "at"))
    'enforcement.limits[2].at'
    """
    text = ""
    for part in path:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else part
    return text
