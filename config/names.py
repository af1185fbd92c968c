"""Names that a configuration gives, within bounds, and globs over paths of portfolios."""

from typing import Annotated

from pydantic import AfterValidator

NAME_CHARACTERS_MAX = 256  # of inputs too: a command brings limits, and names stand in every record


def _check_name(value: str) -> str:
    if 0 < len(value) <= NAME_CHARACTERS_MAX and value.isprintable():
        return value
    bound = f"1 to {NAME_CHARACTERS_MAX} printable characters"
    raise ValueError(f"a name must have {bound}, got {len(value)}: {value[:80]!r}")


def _check_scope(value: str) -> str:
    if not all(value.split("/")) or value.strip() != value:
        raise ValueError(f"scope must be a path or a glob such as firm/*, without empty parts, got {value!r}")
    return value


Name = Annotated[str, AfterValidator(_check_name)]
Scope = Annotated[Name, AfterValidator(_check_scope)]
