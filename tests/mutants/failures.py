"""The failures at the end of enforcement.md, by name, with the test that shows each of them from the events on."""

BAD_PRICE = "one bad price or a synthetic equity peak halted everything"
MISSING_IS_ZERO = "missing data read as 0 and auto-cleared an alert"
HALT_BLOCKS = "a halt blocked the order that would have reduced risk"
FLIP = "REDUCING tested only order side, so a sell larger than the long flipped the book"
KILL_SWITCH = "a kill switch raised an exception and the bot traded on"
VANISHED = "a halt vanished on restart, or nobody noticed it for hours"
SHADOW = "shadow mode produced no telemetry, or acted"
EXCEPTION = "an exception honoured by one evaluator and ignored by another"
STUCK_GATE = "a gate stuck closed because its threshold decayed slower than the exposure"
WRONG_BASIS = '"drawdown" measured on the wrong basis'
WRONG_SCOPE = "limits on the firm compared with the exposure of one book"
NO_EVIDENCE = '"0 false-positive reports" taken as evidence, and a third of what was promoted was wrong'

_HERE = "tests/daemon/test_failures_end_to_end.py::test_"
FAILURES: dict[str, tuple[str, ...]] = {
    BAD_PRICE: (f"{_HERE}one_bad_price_halts_nothing", f"{_HERE}a_synthetic_peak_of_the_equity_halts_nothing"),
    MISSING_IS_ZERO: (f"{_HERE}missing_data_is_never_zero_and_clears_no_alert",),
    HALT_BLOCKS: (f"{_HERE}a_halt_lets_the_order_through_that_reduces",),
    FLIP: (f"{_HERE}a_sale_larger_than_the_position_never_flips_the_book",),
    KILL_SWITCH: (
        f"{_HERE}a_kill_switch_that_cannot_be_read_stops_the_opening_of_positions_and_raises_nothing",
    ),
    VANISHED: (
        f"{_HERE}a_halt_survives_a_restart_of_riskd_and_of_the_trading_system",
        f"{_HERE}a_halt_calls_itself_to_mind_in_every_session",
    ),
    SHADOW: (f"{_HERE}shadow_tells_everything_and_does_nothing",),
    STUCK_GATE: (f"{_HERE}a_gate_opens_for_a_limit_that_is_good_enough_and_does_not_stay_stuck",),
    WRONG_BASIS: (f"{_HERE}money_that_leaves_is_no_drawdown_and_money_that_comes_hides_none",),
    WRONG_SCOPE: (f"{_HERE}a_limit_on_the_firm_is_held_against_the_firm_and_not_against_one_book",),
    NO_EVIDENCE: (f"{_HERE}no_reports_of_false_positives_promote_nothing",),
}  # fmt: skip
