"""YAML text to a plain tree that remembers where each value stood; bounded, without tags, duplicate keys or guesses."""

import re
from dataclasses import dataclass, field
from typing import TypeAlias

import yaml

from config.faults import ConfigError, Fault, Path, path_text

Tree: TypeAlias = "bool | int | float | str | list[Tree] | dict[str, Tree] | None"

SIZE_BYTES_MAX = 512 * 1024
DEPTH_MAX = 20
VALUES_MAX = 50_000  # after aliases are expanded, which is where small files turn into huge trees

# YAML 1.2, core schema: `no`, `12:30` and 2024-08-09 are text, 010 is ten, and 1e6 is a number.
_NULL = re.compile(r"~|null|Null|NULL|")
_BOOLEAN = re.compile(r"true|True|TRUE|false|False|FALSE")
_INTEGER = re.compile(r"[-+]?[0-9]{1,30}(_[0-9]{1,30}){0,5}")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]{1,5})?|[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)")


@dataclass(slots=True)
class Document:
    """A parsed file: its tree, and the line and column (from 1) of every key and item by path."""

    file: str
    tree: Tree = None
    places: dict[Path, tuple[int, int]] = field(default_factory=dict)
    faults: list[Fault] = field(default_factory=list)

    def line(self, path: Path) -> int:
        """Return the line of the path, or of the nearest thing above it that the file holds; 0 for none."""
        return self._place(path)[0]

    def has(self, path: Path) -> bool:
        """Say whether the file has this key or item."""
        return path in self.places

    def fault(self, path: Path, message: str) -> Fault:
        """Return a fault at the path."""
        line, column = self._place(path)
        return Fault(path_text(path), line, column, message, self.file)

    def _place(self, path: Path) -> tuple[int, int]:
        for length in range(len(path), 0, -1):
            if path[:length] in self.places:
                return self.places[path[:length]]
        return 0, 0


def parse_yaml(data: bytes, file: str) -> Document:
    """Return the document; duplicate keys and tags are among its faults, and the rest of it is still read.

    Raises ConfigError where there is no tree at all: not UTF-8, no YAML, too large, too deep, several documents.
    """
    document = Document(file)
    if len(data) > SIZE_BYTES_MAX:
        raise _whole(file, f"the file must not be larger than {SIZE_BYTES_MAX} bytes, got {len(data)}")
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise _whole(file, f"the file must be UTF-8, got byte 0x{data[error.start]:02x} at {error.start}") from error
    try:
        _check_depth(text, file)
        root = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        message = ", ".join(part for part in (error.context, error.problem) if part)
        line, column = (mark.line + 1, mark.column + 1) if mark else (0, 0)
        raise ConfigError((Fault("", line, column, f"not YAML: {message}", file),)) from error
    except yaml.YAMLError as error:
        raise _whole(file, f"not YAML: {error}") from error
    if root is not None:
        document.tree = _Builder(document).build(root, ())
    return document


def _whole(file: str, message: str) -> ConfigError:
    return ConfigError((Fault("", 0, 0, message, file),))


def _check_depth(text: str, file: str) -> None:
    """Refuse deep nesting from the flat stream of events, before anything recursive sees the text."""
    depth = 0
    for event in yaml.parse(text, Loader=yaml.SafeLoader):
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        if depth > DEPTH_MAX:
            mark = event.start_mark
            line, column = (mark.line + 1, mark.column + 1) if mark else (0, 0)
            raise ConfigError((Fault("", line, column, f"nesting must not be deeper than {DEPTH_MAX}", file),))


class _Builder:
    """Turns nodes into the tree; aliases are expanded, and counted while they are."""

    def __init__(self, document: Document) -> None:
        self._document = document
        self._values = 0

    def build(self, node: yaml.Node, path: Path) -> Tree:
        self._values += 1
        if self._values > VALUES_MAX:
            raise _whole(self._document.file, f"the file must not hold more than {VALUES_MAX} values with its aliases")
        if len(path) > DEPTH_MAX:
            raise _whole(self._document.file, f"nesting must not be deeper than {DEPTH_MAX}: {path_text(path[:3])}")
        if not node.tag.startswith("tag:yaml.org,2002:") or node.tag.startswith("tag:yaml.org,2002:python"):
            self._document.faults.append(self._document.fault(path, f"tags are not accepted, got {node.tag}"))
            return None
        if isinstance(node, yaml.MappingNode):
            return self._mapping(node, path)
        if isinstance(node, yaml.SequenceNode):
            return self._sequence(node, path)
        assert isinstance(node, yaml.ScalarNode), f"a node is a mapping, a list or a scalar, got {node!r}"
        return _scalar(node.value, plain=node.style is None)

    def _mapping(self, node: yaml.MappingNode, path: Path) -> Tree:
        tree: dict[str, Tree] = {}
        for key_node, value_node in node.value:
            if not isinstance(key_node, yaml.ScalarNode):
                self._document.faults.append(self._document.fault(path, "a key must be text, got a list or a mapping"))
                continue
            key = str(key_node.value)
            place = (key_node.start_mark.line + 1, key_node.start_mark.column + 1)
            if key in tree:
                first = self._document.line((*path, key))
                message = f"duplicate key {key!r}: lines {first} and {place[0]}"
                self._document.faults.append(Fault(path_text((*path, key)), *place, message, self._document.file))
                continue
            self._document.places[(*path, key)] = place
            tree[key] = self.build(value_node, (*path, key))
        return tree

    def _sequence(self, node: yaml.SequenceNode, path: Path) -> Tree:
        items: list[Tree] = []
        for index, item in enumerate(node.value):
            mark = item.start_mark
            self._document.places[(*path, index)] = (mark.line + 1, mark.column + 1)
            items.append(self.build(item, (*path, index)))
        return items


def _scalar(text: str, *, plain: bool) -> Tree:
    if not plain:
        return text
    if _NULL.fullmatch(text):
        return None
    if _BOOLEAN.fullmatch(text):
        return text.lower() == "true"
    if _INTEGER.fullmatch(text):
        return int(text)
    if _FLOAT.fullmatch(text):
        return float(text.replace(".inf", "inf").replace(".nan", "nan") if "." in text and text[-1] in "fFnN" else text)
    return text
