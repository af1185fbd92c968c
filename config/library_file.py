"""The bytes of a library: the shipped one of the package, or one of the operator's own."""

from importlib.resources import files
from pathlib import Path

from config.faults import ConfigError, Fault
from config.yaml_source import SIZE_BYTES_MAX


def read_library(library: Path | None, shipped: str) -> tuple[bytes, str]:
    """Return the library's bytes and the name that its faults call it by; None is the shipped one.

    At most one byte over SIZE_BYTES_MAX is read, so that the parser refuses what is too large. Raises ConfigError.
    """
    if library is None:
        return (files("config") / shipped).read_bytes(), shipped
    try:
        with library.open("rb") as file:
            return file.read(SIZE_BYTES_MAX + 1), str(library)
    except OSError as error:
        raise ConfigError((Fault("", 0, 0, f"cannot be read: {error.strerror}", str(library)),)) from error
