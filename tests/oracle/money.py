"""NAV, P&L, flow-adjusted index and high-water mark of every path."""

import math
from dataclasses import dataclass, field

from feeds.events import Adjustment, Nav
from tests.oracle.books import Books, FillFact, lineage
from tests.oracle.facts import Mark
from tests.oracle.market import Market, coin_of


@dataclass(slots=True)
class Account:
    """A path with nav events of its own: the last nav plus the P&L of its whole subtree since.

    value : base currency
    coins : settlement coins won since the last nav or snapshot, by inverse contract
    """

    value: float
    nav_ts: int
    coins: dict[str, float] = field(default_factory=dict)


@dataclass(slots=True)
class Index:
    """index = `at_reference` · V / `v_reference`; both are set anew by every flow."""

    at_reference: float
    v_reference: float
    high: float
    is_valid: bool = True


@dataclass(slots=True)
class Money:
    """The accounts and indexes of all paths; marks move only through `move`."""

    market: Market
    books: Books
    accounts: dict[str, Account] = field(default_factory=dict)
    indexes: dict[str, Index] = field(default_factory=dict)
    touched: dict[str, None] = field(default_factory=dict)

    # --- values

    def coin_price(self, contract: str) -> float:
        """Return base currency for one settlement coin, as for any cash in it."""
        coin = coin_of(self.market.instruments[contract].ref)
        rate = None if coin is None else self.market.rate(coin, self.market.mark_of)
        return math.nan if rate is None else rate

    def value_of(self, account: Account) -> float:
        return account.value + sum(count * self.coin_price(name) for name, count in account.coins.items())

    def children(self, scope: str) -> list[str]:
        depth = scope.count("/") + 1
        return [path for path in self.books.paths if path.startswith(scope + "/") and path.count("/") == depth]

    def nav(self, scope: str) -> float | None:
        """Return V: the own account's, else the sum of the children's that have one; None without any."""
        account = self.accounts.get(scope)
        if account is not None:
            return self.value_of(account)
        values = [value for value in map(self.nav, self.children(scope)) if value is not None]
        return math.fsum(values) if values else None

    def is_complete(self, scope: str) -> bool:
        """Whether every position under the scope is covered by a nav."""
        if scope in self.accounts:
            return True
        if any(quantity != 0.0 for (path, _name), quantity in self.books.held.items() if path == scope):
            return False
        return all(self.is_complete(child) for child in self.children(scope))

    def coins(self, scope: str) -> dict[str, float]:
        """Return coins won since the last nav or snapshot, by contract."""
        account = self.accounts.get(scope)
        if account is not None:
            return dict(account.coins)
        totals: dict[str, float] = {}
        for child in self.children(scope):
            for name, count in self.coins(child).items():
                totals[name] = totals.get(name, 0.0) + count
        return totals

    def index(self, scope: str) -> float | None:
        index, value = self.indexes.get(scope), self.nav(scope)
        if index is None or value is None or not index.is_valid:
            return None
        return index.at_reference * value / index.v_reference

    # --- profit and loss

    def _book(self, path: str, amount: float, contract: str | None = None) -> None:
        """Add base currency, or coins of an inverse contract, to every account that covers the path."""
        for each in lineage(path):
            self.touched.setdefault(each)
            account = self.accounts.get(each)
            if account is None:
                continue
            if contract is None:
                account.value += amount
            else:
                account.coins[contract] = account.coins.get(contract, 0.0) + amount

    def move(self, new: dict[str, Mark]) -> None:
        """Move marks together and book their P&L; first prices and first rates bring none."""
        names = list(new)
        if any(name in self.market.carriers() for name in new):
            base = self.market.config.base_currency
            abroad = (name for name in self.books.holders if self.market.instruments[name].ref.currency != base)
            names = list(dict.fromkeys([*names, *abroad]))
            for path, account in self.accounts.items():
                if account.coins:
                    self._book(path, 0.0)
        held = [name for name in names if name in self.books.holders]
        before = {name: (self.market.mark_of(name), self.market.fx(name)) for name in held}
        for name, mark in new.items():
            self.market.instruments[name].mark = mark
        for name in held:
            self._book_move(name, *before[name])

    def _book_move(self, name: str, old_price: float | None, old_fx: float | None) -> None:
        facts = self.market.instruments[name]
        price, fx = facts.price, self.market.fx(name)
        if not facts.has_model or price is None or fx is None or old_price is None or old_fx is None:
            return
        multiplier = facts.ref.multiplier
        for path in self.books.holders[name]:
            quantity = self.books.held[(path, name)]
            if quantity == 0.0:
                continue
            if facts.is_inverse:
                self._book(path, quantity * multiplier * (1.0 / old_price - 1.0 / price), name)
            elif facts.is_margined:
                self._book(path, quantity * multiplier * (price - old_price) * fx)
            else:
                self._book(path, quantity * multiplier * (price * fx - old_price * old_fx))

    def trade(self, fill: FillFact, sign: float) -> None:
        """Book `q · (mark − price)` of a fill (sign 1) or take it back (sign −1), in today's units."""
        event = fill.event
        facts = self.market.instruments[event.instrument]
        mark, fx = facts.price, self.market.fx(event.instrument)
        self._book(event.portfolio, 0.0)
        if mark is None or fx is None or not facts.has_model:
            return
        factor = facts.factor(event.ts)
        amount = sign * fill.signed / factor * facts.ref.multiplier
        price = event.price * factor
        if facts.is_inverse:
            self._book(event.portfolio, amount * (1.0 / price - 1.0 / mark), event.instrument)
        else:
            self._book(event.portfolio, amount * (mark - price) * fx)

    def adjust(self, event: Adjustment) -> None:
        """Let an adjustment act: quantities and older marks change units, cash enters V.

        Late, with a mark already in new units, the worth of the regained units enters V, except where a nav
        after ex_ts has already said what the book is worth.
        """
        facts = self.market.instruments[event.instrument]
        keys = [(path, event.instrument) for path in self.books.holders.get(event.instrument, [])]
        entitled = {key: self.books.quantity_at(key, event.ex_ts) for key in keys}
        is_late_mark = facts.mark is not None and facts.mark.ts >= event.ex_ts
        facts.acted = sorted([*facts.acted, event], key=lambda one: one.ex_ts)
        if facts.mark is not None and not is_late_mark:
            facts.mark = Mark(facts.mark.price * event.price_factor, facts.mark.ts, facts.mark.source, facts.mark.date)
        facts.suspects = [
            one if one.ts >= event.ex_ts else Mark(one.price * event.price_factor, one.ts, one.source)
            for one in facts.suspects
        ]
        self.books.adjust_orders(event.instrument, event.ex_ts, event.price_factor)
        fx, mark, multiplier = self.market.fx(event.instrument), facts.price, facts.ref.multiplier
        for key in keys:
            old, new = self.books.refresh(key)
            if fx is None or mark is None:
                continue
            gain = entitled[key] * multiplier * (event.cash or 0.0) * fx
            if is_late_mark:
                gain += (new - old) * multiplier * mark * fx
            for each in lineage(key[0]):
                self.touched.setdefault(each)
                account = self.accounts.get(each)
                if account is not None and account.nav_ts < event.ex_ts:
                    account.value += gain

    # --- navs

    def take_nav(self, event: Nav, rate: float) -> None:
        """Rebase a path to a nav; the flow in it moves the index of no path, the rest moves it as P&L."""
        value, flow = event.nav * rate, (event.flow or 0.0) * rate
        self.books.see(event.portfolio)
        before = {path: (self.nav(path), self.index(path)) for path in lineage(event.portfolio)}
        is_first = before[event.portfolio][0] is None
        self.take_snapshot(event.portfolio)  # a parent's nav states what there is below it too
        self.accounts[event.portfolio] = Account(value, event.ts)
        for parent in lineage(event.portfolio)[1:]:
            if parent in self.accounts and not is_first:
                self.accounts[parent].value += flow
        for path, (old, index) in before.items():
            self._rebase(path, old, index, is_first, flow)
            self.touched.setdefault(path)

    def _rebase(self, path: str, old: float | None, old_index: float | None, is_first: bool, flow: float) -> None:
        new = self.nav(path)
        assert new is not None
        index = self.indexes.get(path)
        if index is None or old is None:
            self.indexes[path] = Index(1.0, new, 1.0, is_valid=new > 0.0)
        elif old <= 0.0 or old_index is None or new == 0.0:
            index.is_valid = False
        else:
            entering = new - old if is_first else flow  # a child's first nav enters its parents as a flow
            index.at_reference, index.v_reference = old_index * (new - entering) / old, new

    def take_snapshot(self, scope: str) -> None:
        """Turn coins won so far into base currency: the snapshot states the cash that there is."""
        for path, account in self.accounts.items():
            if path == scope or path.startswith(scope + "/"):
                account.value, account.coins = self.value_of(account), {}

    def reset_high(self, scope: str) -> None:
        value = self.nav(scope)
        if value is not None:
            self.indexes[scope] = Index(1.0, value, 1.0, is_valid=value > 0.0)

    def settle(self) -> None:
        """Raise high-water marks, once everything that an event moves has moved."""
        for scope in self.touched:
            level = self.index(scope)
            if level is not None:
                self.indexes[scope].high = max(self.indexes[scope].high, level)
        self.touched.clear()

    def drawdown(self, scope: str) -> float | None:
        level = self.index(scope)
        return None if level is None else 1.0 - level / self.indexes[scope].high
