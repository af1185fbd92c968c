"""The type of a path or a glob over paths, as limits and consumers name the scopes that they are for."""

from typing import Annotated

from pydantic import AfterValidator

from config.names import Name


def _check_scope(value: str) -> str:
    if not all(value.split("/")) or value.strip() != value:
        raise ValueError(f"scope must be a path or a glob such as firm/*, without empty parts, got {value!r}")
    return value


Scope = Annotated[Name, AfterValidator(_check_scope)]
