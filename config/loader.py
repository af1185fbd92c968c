"""One YAML file to one `Config`: short form expanded, every fault found at once, every limit resolved."""

from collections.abc import Iterator
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path as FilePath

from config.faults import ConfigError, Fault, Path
from config.limit_rules import check_limit, resolve_limit
from config.relations import check_relations
from config.schema import Config, Limit
from config.sensor_facts import KnownSensors
from config.short_form import SHORT_KEYS, Expanded, ShortForm, conflicts, expand
from config.validation import validate
from config.yaml_source import SIZE_BYTES_MAX, Document, Tree, parse_yaml

SHIPPED_LIMITS = "risk_limits_v2.yaml"

# What the short form keeps under `enforcement` and the full form at the top.
_TOP_KEYS = ("audit", "metrics")


def load_config(path: FilePath, known: KnownSensors) -> Config:
    """Return the configuration in the file; raises ConfigError with all of its faults.

    known : the sensors that its limits may name (`sensors.catalogue.SHIPPED.known`)
    An empty file is the defaults. Where `enforcement` names no limits in either form, the limits are the short
    form's defaults (models.md §21): only `limits: []` watches nothing.
    """
    try:
        with path.open("rb") as file:
            data = file.read(SIZE_BYTES_MAX + 1)
    except OSError as error:
        raise ConfigError((Fault("", 0, 0, f"cannot be read: {error.strerror}", str(path)),)) from error
    return parse_config(data, str(path), known)


def load_shipped_config(known: KnownSensors) -> Config:
    """Return the shipped default, `config/risk_limits_v2.yaml`."""
    return parse_config((files("config") / SHIPPED_LIMITS).read_bytes(), SHIPPED_LIMITS, known)


def parse_config(data: bytes, file: str, known: KnownSensors) -> Config:
    """Return the configuration in these bytes; `file` names them in faults. Raises ConfigError as `load_config`."""
    document = parse_yaml(data, file)
    tree = {} if document.tree is None else document.tree
    if not isinstance(tree, dict):
        raise ConfigError((*document.faults, document.fault((), "the file must be a mapping of keys")))
    faults = list(document.faults)
    parts = _split(tree, document)
    config, found = validate(Config, parts.full, document, parts.moved)
    short, found_short = validate(ShortForm, parts.short, document, (((), ("enforcement",)),))
    faults += [*parts.faults, *found, *found_short]

    listed = _listed(parts.full, document)
    expanded: tuple[Expanded, ...] = ()
    if short is not None and (parts.short or listed is None):
        faults += _conflict_faults(short, known, document)
        expanded = expand(short, known)
    placed = [(("enforcement", *item.origin), item.limit) for item in expanded] + (listed or [])
    faults += _limit_faults(placed, len(expanded), known, document)
    if config is not None:
        faults += [document.fault(path, message) for path, message in check_relations(config)]
        if expanded:
            faults += _stress_loss_faults(config, expanded, document)
    if faults or config is None:
        raise ConfigError(tuple(faults))
    return _resolve(config, tuple(resolve_limit(limit, known) for _, limit in placed), expanded)


@dataclass(frozen=True, slots=True)
class _Parts:
    """A file in the two forms: `moved` pairs a path in `full` with the place where the file has it."""

    full: dict[str, Tree]
    short: dict[str, Tree]
    moved: tuple[tuple[Path, Path], ...]
    faults: tuple[Fault, ...]


def _split(tree: dict[str, Tree], document: Document) -> _Parts:
    """Take the short form's keys out of `enforcement`, and its audit and metrics to the top."""
    enforcement = tree.get("enforcement")
    if not isinstance(enforcement, dict):
        return _Parts(tree, {}, (), ())
    short = {key: enforcement[key] for key in SHORT_KEYS if key in enforcement}
    kept = {key: value for key, value in enforcement.items() if key not in (*SHORT_KEYS, *_TOP_KEYS)}
    full: dict[str, Tree] = {**tree, "enforcement": kept}
    moved: list[tuple[Path, Path]] = []
    faults: list[Fault] = []
    for key in _TOP_KEYS:
        if key in enforcement and key in tree:
            lines = sorted((document.line((key,)), document.line(("enforcement", key))))
            message = f"{key} is given at the top and under enforcement: lines {lines[0]} and {lines[1]}"
            faults.append(document.fault(("enforcement", key), message))
        elif key in enforcement:
            full[key] = enforcement[key]
            moved.append(((key,), ("enforcement", key)))
    return _Parts(full, short, tuple(moved), tuple(faults))


def _listed(full: dict[str, Tree], document: Document) -> list[tuple[Path, Limit]] | None:
    """Return the limits of the full form that are valid by themselves, or None where the file has no list.

    Each alone, so that a fault in one does not hide the faults between the fields of the others.
    """
    enforcement = full.get("enforcement")
    if not isinstance(enforcement, dict) or "limits" not in enforcement:
        return None
    items = enforcement["limits"]
    placed: list[tuple[Path, Limit]] = []
    for index, item in enumerate(items if isinstance(items, list) else []):
        limit, _ = validate(Limit, item, document)  # its faults were found with the whole file's
        if limit is not None:
            placed.append((("enforcement", "limits", index), limit))
    return placed


def _conflict_faults(short: ShortForm, known: KnownSensors, document: Document) -> Iterator[Fault]:
    for conflict in conflicts(short, known):
        path = ("enforcement", *conflict.path)
        lines = sorted((document.line(path), document.line(("enforcement", *conflict.other))))
        suffix = f": lines {lines[0]} and {lines[1]}" if conflict.other else ""
        yield document.fault(path, conflict.message + suffix)


def _limit_faults(
    placed: list[tuple[Path, Limit]], from_short: int, known: KnownSensors, document: Document
) -> Iterator[Fault]:
    first: dict[str, Path] = {}
    for index, (path, limit) in enumerate(placed):
        is_short = index < from_short
        for below, message in check_limit(limit, known):
            yield document.fault(path if is_short else (*path, *below), message)
        if limit.id in first:
            earlier = document.line(first[limit.id])
            where = f"lines {earlier} and {document.line(path)}" if earlier else "the short form expands to it too"
            yield document.fault((*path, "id"), f"duplicate limit id {limit.id!r}: {where}")
        first.setdefault(limit.id, path)


def _stress_loss_faults(config: Config, expanded: tuple[Expanded, ...], document: Document) -> Iterator[Fault]:
    """A scenario's own limit and the limit of the worst loss are one number in the short form."""
    path: Path = ("enforcement", "max_stress_loss")
    if not document.has(path):
        return
    given, at = config.enforcement.max_stress_loss, _stress_loss(expanded)
    if given != at:
        message = f"max_stress_loss must equal the limit stress_loss, {at:.15g}, got {given:.15g}: use stress_limits"
        yield document.fault(path, message)


def _stress_loss(expanded: tuple[Expanded, ...]) -> float:
    return next(item.limit.levels[0].at for item in expanded if item.limit.metric == "worst_loss")


def _resolve(config: Config, limits: tuple[Limit, ...], expanded: tuple[Expanded, ...]) -> Config:
    loss = _stress_loss(expanded) if expanded else config.enforcement.max_stress_loss
    enforcement = config.enforcement.model_copy(update={"limits": limits, "max_stress_loss": loss})
    return config.model_copy(update={"enforcement": enforcement})
