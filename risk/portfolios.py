"""The tree of portfolio paths: how a scope comes into being, and what is known of it."""

from collections.abc import Sequence

from risk.state import SELF, RiskState
from risk.working import move_orders

_LINEAR = (
    "quantity", "exposure", "sigma_x", "slow_x", "loss", "stress", "stress_suspect", "covered_gross", "candidates",
    "liquid", "liquid_part",
)  # fmt: skip


def root_of(path: str) -> str:
    """Return the first element of a path."""
    return path.split("/", 1)[0]


def ensure_scope(state: RiskState, path: str) -> list[int]:
    """Create the path and its ancestors where they are new; return the new scopes, parents first."""
    new: list[int] = []
    parent = -1
    parts = path.split("/")
    for depth in range(len(parts)):
        prefix = "/".join(parts[: depth + 1])
        p = state.scope_index.get(prefix)
        if p is None:
            if parent >= 0 and state.arrays.leaf[parent] == 1:
                new += _turn_into_parent(state, parent)
            p = state.add_scope(prefix, parent)
            state.arrays.known[p] = int(root_of(path) in state.snapshots)
            new.append(p)
        parent = p
    return new


def leaf_for(state: RiskState, path: str) -> tuple[int, list[int]]:
    """Return the leaf that holds what is booked on `path`, and the scopes that came into being for it."""
    new = ensure_scope(state, path)
    p = state.scope_index[path]
    if state.arrays.leaf[p] == 1:
        return p, new
    new += ensure_scope(state, f"{path}/{SELF}")
    return state.scope_index[f"{path}/{SELF}"], new


def subtree(state: RiskState, path: str) -> list[int]:
    """Return the scopes at and under `path`, in order."""
    prefix = path + "/"
    return [p for p, name in enumerate(state.scopes) if name == path or name.startswith(prefix)]


def leaves_under(state: RiskState, p: int) -> list[int]:
    """Return the leaves at and under scope p, in the order of the tree."""
    children = state.children[p]
    return [leaf for child in children for leaf in leaves_under(state, child)] if children else [p]


def make_known(state: RiskState, root: str) -> None:
    """A snapshot of the root was seen: its whole tree is known."""
    state.snapshots.add(root)
    for p in subtree(state, root):
        state.arrays.known[p] = 1
        state.dirty.add(p)


def refresh_nav_known(state: RiskState, p: int) -> None:
    """Bring `has_nav` up the path: a sum knows its V when every child that has held anything does."""
    arrays = state.arrays
    for above in state.path_of(p):
        if arrays.own_nav[above] == 1 or arrays.leaf[above] == 1:
            continue
        asked = [child for child in state.children[above] if not _only_has_orders(state, child)]
        arrays.has_nav[above] = int(bool(asked) and all(arrays.has_nav[child] == 1 for child in asked))
        state.dirty.add(above)


def nav_known_after_fill(state: RiskState, path: Sequence[int], *, holds_now: bool) -> tuple[int, ...]:
    """Return whether each scope of a path would know its V once the first of them holds something; changes nothing.

    holds_now : False where a fill gives the path its first holding, whose V nobody asked for before
    """
    arrays = state.arrays
    known = [int(arrays.has_nav[p]) for p in path]
    if not holds_now:
        is_told = bool(arrays.leaf[path[0]] == 1 and known[0])
        for place, p in enumerate(path):
            if arrays.leaf[p] == 1 or arrays.own_nav[p] == 1:
                is_told = bool(known[place])
            elif not is_told:
                known[place] = 0
            else:
                others = [child for child in state.children[p] if child not in path]
                asked = [child for child in others if not _only_has_orders(state, child)]
                known[place] = int(all(arrays.has_nav[child] == 1 for child in asked))
                is_told = bool(known[place])
    return tuple(known)


def _only_has_orders(state: RiskState, p: int) -> bool:
    """Say whether nothing at or under scope p has held anything: it has no V that somebody could be without."""
    if not state.only_ordered or state.arrays.has_nav[p] == 1:
        return False
    children = state.children[p]
    return all(_only_has_orders(state, child) for child in children) if children else p in state.only_ordered


def _turn_into_parent(state: RiskState, p: int) -> list[int]:
    """A leaf gets its first child: what it holds moves to its implicit leaf; a nav of its own stays its own."""
    state.arrays.leaf[p] = 0
    only_ordered = p in state.only_ordered
    state.only_ordered.discard(p)
    held = [key for key in state.holdings if key[0] == p]
    if not held and all(leaf != p for leaf, _ in state.orders_at):
        return []
    child = state.add_scope(f"{state.scopes[p]}/{SELF}", p)
    arrays = state.arrays  # new ones where the scope did not fit into the old
    arrays.known[child] = arrays.known[p]
    for key in held:
        state.holdings[(child, key[1])] = state.holdings.pop(key)
        if (coins := state.coins.pop(key, None)) is not None:
            state.coins[(child, key[1])] = coins
    for name in _LINEAR:
        getattr(arrays, name)[child] = getattr(arrays, name)[p]
    for name in ("candidate_bound", "missing", "updates", "sigma_peak"):
        getattr(arrays, name)[child] = getattr(arrays, name)[p]
    for remembered in state.fills.get(root_of(state.scopes[p]), {}).values():
        if remembered.leaf == p:
            remembered.leaf = child
    state.turnover.move_leaf(p, child)
    arrays.traded[child] = arrays.traded[p]
    move_orders(state, p, child)
    if only_ordered:
        state.only_ordered.add(child)
    state.dirty.add(child)
    return [child]
