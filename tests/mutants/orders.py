"""Guards of what a trading system may do with an order, and of what it does with what it cannot read."""

from tests.mutants.failures import FLIP, HALT_BLOCKS, KILL_SWITCH, VANISHED
from tests.mutants.mutant import Mutant

_VERDICT = "tests/feeds/test_order_verdict.py"
_STATE = "tests/feeds/test_action_state.py"
_E2E = "tests/daemon/test_failures_end_to_end.py::test_"

ORDERS: tuple[Mutant, ...] = (
    Mutant(
        "a halt allows nothing",
        HALT_BLOCKS,
        "enforcement/merge.py",
        '        return ("cancel", "reduce", "increase")\n    return ("cancel", "reduce")',
        '        return ("cancel", "reduce", "increase")\n'
        '    return ("cancel", "reduce") if state is TradingState.REDUCING else ()',
        (
            "tests/enforcement/test_merge.py",
            "tests/enforcement/test_failures_seen.py",
        ),
    ),
    Mutant(
        "a halt stops every order",
        HALT_BLOCKS,
        "feeds/order_verdict.py",
        "            allowed = reducing\n            reason",
        "            allowed = 0.0 if standing.state is TradingState.HALTED else reducing\n            reason",
        (
            f"{_E2E}a_halt_lets_the_order_through_that_reduces",
            f"{_VERDICT}::test_no_state_stops_an_order_that_reduces",
        ),
    ),
    Mutant(
        "a throttle stops reductions",
        HALT_BLOCKS,
        "feeds/order_verdict.py",
        "            allowed = max(allowed, reducing)\n",
        "",
        (
            f"{_VERDICT}::test_a_throttle_counts_the_orders_of_its_interval_and_never_stops_a_reduction",
            f"{_VERDICT}::test_no_state_stops_an_order_that_reduces",
        ),
    ),
    Mutant(
        "a halt takes reducing orders back",
        HALT_BLOCKS,
        "feeds/order_verdict.py",
        "if is_closing and total <= decimal_of(abs(position)):",
        "if False:",
        (
            f"{_VERDICT}::test_what_a_halt_leaves_working_can_neither_grow_nor_flip_the_position",
            f"{_VERDICT}",
        ),
    ),
    Mutant(
        "a check of an order stops a reduction",
        HALT_BLOCKS,
        "daemon/order_check.py",
        "least = free_to_reduce(held, buys, sells, question.side) if held else 0.0",
        "least = 0.0",
        ("tests/daemon/test_order_check.py",),
    ),
    Mutant(
        "REDUCING tests the side alone",
        FLIP,
        "feeds/order_verdict.py",
        "reducing = min(order.quantity, reducible(holding, order.side))",
        "reducing = order.quantity if reducible(holding, order.side) else 0.0",
        (
            f"{_E2E}a_sale_larger_than_the_position_never_flips_the_book",
            f"{_VERDICT}::test_no_order_that_reducing_lets_through_can_flip_or_grow_a_position_whatever_fills",
        ),
    ),
    Mutant(
        "pending reductions are forgotten",
        FLIP,
        "feeds/order_verdict.py",
        'pending = pending_sell if side == "sell" else pending_buy',
        "pending = 0.0",
        (f"{_E2E}a_sale_larger_than_the_position_never_flips_the_book",),
    ),
    Mutant(
        "orders of the other side make room",
        FLIP,
        "feeds/order_verdict.py",
        "left = EXACT.subtract(decimal_of(abs(position)), decimal_of(pending))",
        'left = EXACT.subtract(decimal_of(abs(position) + pending_buy * (side == "sell")), decimal_of(pending))',
        (f"{_VERDICT}::test_no_order_that_reducing_lets_through_can_flip_or_grow_a_position_whatever_fills",),
    ),
    Mutant(
        "a sale of a short is a reduction",
        FLIP,
        "feeds/order_verdict.py",
        'is_closing = position > 0 if side == "sell" else position < 0\n    if not',
        "is_closing = position != 0\n    if not",
        (f"{_VERDICT}::test_reducing_is_exact",),
    ),
    Mutant(
        "a halt keeps orders that flip",
        FLIP,
        "feeds/order_verdict.py",
        "            kept = total\n",
        "            kept = Decimal(0)\n",
        (f"{_VERDICT}::test_what_a_halt_leaves_working_can_neither_grow_nor_flip_the_position",),
    ),
    Mutant(
        "a target is held on the side that was",
        FLIP,
        "enforcement/retarget.py",
        "if after.state is not LifeState.FIRING:\n        return _turned(after, sight)",
        "if after.state is not LifeState.FIRING:\n        return after, False",
        (
            "tests/enforcement/test_failures_seen.py::test_a_target_that_is_held_names_the_other_side_after_the_position_has_turned",
        ),
    ),
    Mutant(
        "a record that cannot be read is left out",
        KILL_SWITCH,
        "feeds/action_partition.py",
        "            return Seen(None, (*alarms, self._hold_unknown(record, key, epoch, seq)))",
        "            return Seen(None, alarms)",
        (f"{_E2E}a_kill_switch_that_cannot_be_read_stops_the_opening_of_positions_and_raises_nothing",),
    ),
    Mutant(
        "a broken record raises",
        KILL_SWITCH,
        "feeds/action_records.py",
        "    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:\n"
        "        return _unknown(value, str(error))",
        "    except ZeroDivisionError as error:\n        return _unknown(value, str(error))",
        (f"{_E2E}a_kill_switch_that_cannot_be_read_stops_the_opening_of_positions_and_raises_nothing",),
    ),
    Mutant(
        "an unknown record that says halted is milder",
        KILL_SWITCH,
        "feeds/action_state.py",
        "state = max(TradingState.REDUCING, held.record.trading_state or TradingState.ACTIVE, key=_severity)",
        "state = TradingState.REDUCING",
        (f"{_STATE}::test_an_unknown_record_that_says_halted_is_taken_at_its_word",),
    ),
    Mutant(
        "a record that contradicts itself is taken at its best",
        KILL_SWITCH,
        "feeds/action_records.py",
        "trading_state=max(wire.trading_state, of_type,",
        "trading_state=min(wire.trading_state, of_type,",
        (f"{_STATE}::test_a_record_that_contradicts_itself_is_taken_at_its_worst",),
    ),
    Mutant(
        "a gap is passed over",
        KILL_SWITCH,
        "feeds/action_partition.py",
        "            self.phase = Phase.IN_DOUBT\n            if seq <= self.last_seq:",
        "            if seq <= self.last_seq:",
        (
            "tests/feeds/test_action_histories.py",
            f"{_STATE}",
        ),
    ),
    Mutant(
        "a lease that ran out holds on",
        KILL_SWITCH,
        "feeds/action_state.py",
        "        if self._is_leased:\n            yield from self._lapsed(paths, now_ns)",
        "        if not self._is_leased:\n            yield from self._lapsed(paths, now_ns)",
        ("tests/feeds/test_action_leases.py",),
    ),
    Mutant(
        "trading opens before the state was read",
        VANISHED,
        "feeds/action_state.py",
        "            if not self._is_followed(partition):\n                if",
        "            if False:\n                if",
        (f"{_E2E}a_halt_survives_a_restart_of_riskd_and_of_the_trading_system",),
    ),
    Mutant(
        "nobody is reminded of a halt",
        VANISHED,
        "enforcement/judgement.py",
        "if kind is None and is_halting and moment.session > before.reminded_session:",
        "if kind is None and is_halting and moment.session > 10**9:",
        (f"{_E2E}a_halt_calls_itself_to_mind_in_every_session",),
    ),
    Mutant(
        "a latched halt ends by itself",
        VANISHED,
        "enforcement/life.py",
        "state = LifeState.LATCHED if rule.latch else LifeState.OK",
        "state = LifeState.OK",
        (
            "tests/enforcement/test_life.py::test_a_latched_level_acts_until_it_is_reinstated_and_fires_again_over_its_level",
        ),
    ),
    Mutant(
        "an early halt is forgotten",
        VANISHED,
        "daemon/early_halts.py",
        "            self._waiting[event.scope] = event",
        "            self._waiting.setdefault(event.scope, event)\n            self._waiting.clear()",
        ("tests/daemon/test_early_halts.py",),
    ),
    Mutant(
        "a catch-up forgets what still fires",
        VANISHED,
        "enforcement/holding.py",
        "changed = [held for held in self._held.values() if held.merged != held.before]",
        "changed = [held for held in self._held.values() if held.merged == held.before]",
        ("tests/enforcement/test_holding.py",),
    ),
    Mutant(
        "the worst of two limits is not merged",
        VANISHED,
        "enforcement/merge.py",
        'action: ActionType = max((demand.type for demand in demands), key=severity, default="none")',
        'action: ActionType = demands[-1].type if demands else "none"',
        ("tests/enforcement/test_merge.py",),
    ),
)
