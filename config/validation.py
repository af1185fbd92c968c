"""A tree against a pydantic model: the model, or every fault with its line, in words that name value and bound."""

import difflib
import json
import re
from typing import TypeVar

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from config.faults import Fault, Path
from config.yaml_source import Document, Tree

Model = TypeVar("Model", bound=BaseModel)

# Names of the contract that this release does not evaluate: refused by name, since ignoring one would be silent.
_LATER = ("basis", "intraday", "overnight", "primary")

FROM_YAML = {"source": "yaml"}  # validation context: a person wrote this, so a bare 60 is no duration


def validate(
    model: type[Model], tree: Tree, document: Document, moved: tuple[tuple[Path, Path], ...] = ()
) -> tuple[Model | None, list[Fault]]:
    """Return the model, or None and the faults.

    moved : pairs (path in the tree, path in the file) of what was moved since it was read; the longest hit counts
    JSON mode is strict in the way a configuration needs: 3 is a float, but "3" and true are not.
    """
    try:
        return model.model_validate_json(json.dumps(tree), strict=True, context=FROM_YAML), []
    except ValidationError as error:
        faults: dict[str, Fault] = {}  # a union reports each of its members at the same place: the first will do
        for details in error.errors(include_url=False):
            if details["type"] == "too_short" and details["input"]:
                continue  # said of a list whose items failed, and wrong
            fault = _fault(details, tree, document, moved, model)
            faults.setdefault(fault.path, fault)
        return None, list(faults.values())


def _fault(
    details: ErrorDetails, tree: Tree, document: Document, moved: tuple[tuple[Path, Path], ...], model: type[BaseModel]
) -> Fault:
    kind = details["type"]
    path = _path_in(tree, details["loc"], keep_last=kind == "missing")
    name = str(path[-1]) if path else "the file"
    if kind == "missing":
        message = f"{name} is required"
    elif kind == "extra_forbidden":
        message = _unknown(name, path[:-1], model)
    else:
        text = details["msg"].removeprefix("Value error, ")
        text = re.sub(r"^(String|Tuple|List|Dictionary) should", f"{name} must", text)
        text = text.replace("Input should be", f"{name} must be").replace("an object", "a mapping")
        text = text.replace("a valid tuple", "a list").replace("a valid array", "a list")
        text = text.replace("a valid integer", "an integer").replace("a valid ", "a ")
        shown = repr(details["input"]) if details["input"] is not None else "null"
        message = text if ", got " in text else f"{text}, got {shown if len(shown) <= 80 else shown[:80] + '...'}"
    for inside, outside in sorted(moved, key=lambda pair: -len(pair[0])):
        if path[: len(inside)] == inside:
            path = (*outside, *path[len(inside) :])
            break
    return document.fault(path, message)


def _path_in(tree: Tree, location: tuple[str | int, ...], *, keep_last: bool) -> Path:
    """Return the part of pydantic's location that the tree has: beyond it come names of union members."""
    path: Path = ()
    for part in location:
        match tree, part:
            case dict(), str() if part in tree:
                tree = tree[part]
            case list(), int() if part < len(tree):
                tree = tree[part]
            case _:
                return (*path, part) if keep_last else path
        path = (*path, part)
    return path


def _unknown(name: str, parent: Path, model: type[BaseModel]) -> str:
    if name in _LATER:
        return f"key {name!r} is part of the contract, but this release does not evaluate it"
    near = difflib.get_close_matches(name, _keys_at(model, parent), n=1)
    return f"unknown key {name!r}" + (f"; did you mean {near[0]!r}?" if near else "")


def _keys_at(model: type[BaseModel], path: Path) -> list[str]:
    """Return the keys that the model reads at this path, as its JSON schema has them."""
    schema = model.model_json_schema()
    definitions, part = schema.get("$defs", {}), schema
    for step in path:
        part = part["items"] if isinstance(step, int) else part["properties"][step]
        if "$ref" in part:
            part = definitions[part["$ref"].rsplit("/", 1)[-1]]
    return sorted(part.get("properties", ()))
