"""Names that a configuration gives, and that commands bring: they stand in every record, and on people's terminals."""

from typing import Annotated

from pydantic import AfterValidator

NAME_CHARACTERS_MAX = 256  # as of names in inputs


def _check_name(value: str) -> str:
    if 0 < len(value) <= NAME_CHARACTERS_MAX and value.isprintable():
        return value
    bound = f"1 to {NAME_CHARACTERS_MAX} printable characters"
    raise ValueError(f"a name must have {bound}, got {len(value)}: {value[:80]!r}")


Name = Annotated[str, AfterValidator(_check_name)]
