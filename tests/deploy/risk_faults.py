"""What goes wrong in books, limits, data and models, and the alert that each must raise."""

from tests.deploy.health import (
    BOOK,
    BOOK_LABELS,
    LEVEL,
    LEVEL_LABELS,
    LIMIT,
    SELF,
    SELF_LABELS,
    Fault,
    always,
    growing,
    then,
)

_FIRING = {f"riskd_limit_life{{{LEVEL}}}": then(0, 5), f"riskd_limit_utilisation_ratio{{{LEVEL}}}": then(0.5, 1.25)}
_STANDS = "It stands at 125% of its bound, 200k."
_FIRES = "firm: limit var_99_limit (hard) fires"


def _stage(value: float) -> dict[str, str]:
    return {f"riskd_limit_stage{{{LIMIT}}}": always(value)}


def _trading(value: float) -> dict[str, str]:
    return {f'riskd_trading_state{{{BOOK},topic="actions"}}': then(0, value)}


RISK_FAULTS: tuple[Fault, ...] = (
    Fault(
        name="an enforced limit restricts a book",
        series=_FIRING | _stage(2) | _trading(2),
        firing={("RiskdLimitFiring", "critical"): 1, ("RiskdTradingRestricted", "warning"): 1},
        labels=LEVEL_LABELS,
        summary=f"{_FIRES} and trading is restricted",
        says=f"{_STANDS} The portfolio is REDUCING or HALTED: orders that open are refused.",
    ),
    Fault(
        name="an enforced limit warns",
        series=_FIRING | _stage(1),
        firing={("RiskdLimitFiring", "warning"): 1},
        labels=LEVEL_LABELS,
        summary=_FIRES,
        says=f"{_STANDS} It is enforced, with a warning or a throttle.",
    ),
    Fault(
        name="a limit fires in shadow",
        series=_FIRING,
        firing={("RiskdLimitFiring", "info"): 1},
        labels=LEVEL_LABELS,
        summary=f"{_FIRES} in shadow",
        says=f"{_STANDS} Nothing is enforced: the shadow topic says what would have been done.",
    ),
    Fault(
        name="a latched limit waits for a person",
        series={f"riskd_limit_life{{{LEVEL}}}": then(0, 6)},
        firing={("RiskdLimitLatched", "warning"): 1},
        labels=LEVEL_LABELS,
        summary="firm: limit var_99_limit (hard) is latched",
        says="The number is back under its bound, and the limit holds until a person ends it (life 6, bound 6).",
    ),
    Fault(
        name="a number is lost",
        series={
            f"riskd_limit_life{{{LEVEL}}}": then(0, 3),
            f"riskd_limit_utilisation_ratio{{{LEVEL}}}": then(0.5, float("nan")),
        },
        firing={("RiskdNoData", "warning"): 1},
        labels=BOOK_LABELS,
        summary="firm: limits without a number",
        says="1 of its levels have been no_data or error for 5 min (bound 5 min). Their last state is held; after 15 "
        "min of open time it tightens by on_no_data, to REDUCING where numbers are INVALID.",
    ),
    Fault(
        name="an operator halts a book",  # whose limit has no number, and is told by the trading state
        series=_trading(3)
        | {
            f'riskd_limit_life{{{BOOK},limit="operator_halt",level="hard"}}': then(0, 5),
            f'riskd_limit_utilisation_ratio{{{BOOK},limit="operator_halt",level="hard"}}': always(float("nan")),
            f'riskd_limit_stage{{{BOOK},limit="operator_halt"}}': always(2),
        },
        firing={("RiskdTradingHalted", "critical"): 1},
        labels={**BOOK_LABELS, "topic": "actions"},
        summary="firm is HALTED",
        says="Trading state 3 on the actions topic (bound under 3). Only cancels and reducing orders pass.",
    ),
    Fault(
        name="a book is throttled",
        series=_trading(1),
        firing={("RiskdTradingRestricted", "warning"): 1},
        labels={**BOOK_LABELS, "topic": "actions"},
        summary="firm is THROTTLED",
        says="Trading state 1 on the actions topic (1 THROTTLED, 2 REDUCING; bound 0).",
    ),
    Fault(
        name="nobody acknowledges an action",
        series={f"riskd_ack_missing{{{BOOK}}}": then(0, 1)},
        firing={("RiskdAckMissing", "critical"): 1},
        labels=BOOK_LABELS,
        summary="firm: nobody acknowledges what riskd asks for",
        says="An enforced action was not acknowledged in time, was refused, or stayed partial (1, bound 0). Whoever "
        "trades there may not have heard of it.",
    ),
    Fault(
        name="positions contradict what was applied",
        series={f"riskd_enforcement_ineffective{{{BOOK}}}": then(0, 1)},
        firing={("RiskdEnforcementIneffective", "critical"): 1},
        labels=BOOK_LABELS,
        summary="firm: positions contradict what was said to be applied",
        says="A consumer acknowledged an action as applied, and positions, orders or targets say otherwise (1, bound "
        "0). The portfolio is halted by it.",
    ),
    Fault(
        name="no snapshot of the positions comes",
        series={f"riskd_known{{{BOOK}}}": then(1, 0)},
        firing={("RiskdPortfolioUnknown", "critical"): 1},
        labels=BOOK_LABELS,
        summary="The positions of firm are unknown",
        says="No positions_snapshot of firm has come (known is 0, bound 1, for 2 min). It is restricted to reducing "
        "where any of its limits is enforced.",
    ),
    Fault(
        name="a feed is silent",
        series={
            f'riskd_source_silence_seconds{{{SELF},source="market"}}': then(1, 400),
            f'riskd_source_silent{{{SELF},source="market"}}': then(0, 1),
        },
        firing={("RiskdSourceSilent", "critical"): 1},
        labels={**SELF_LABELS, "source": "market"},
        summary="Source market is silent",
        says="Nothing and no heartbeat for 6m 40s, over its max_silence. Until it speaks again every portfolio with "
        "an enforced limit may only reduce (data_fresh); the numbers speak of the past.",
    ),
    Fault(
        name="one instrument is stale",
        series={f'riskd_instruments{{{SELF},trust="stale"}}': then(0, 1)},
        firing={("RiskdInstrumentsStale", "warning"): 1},
        labels=SELF_LABELS,
        summary="Instruments without a fresh price in riskd r:1",
        says="1 instruments have been stale, suspect or missing for 2 min (bound 0). Up to 1 % of a book's gross the "
        "numbers are DEGRADED, above that INVALID.",
    ),
    Fault(
        name="a held price is missing",
        series={f"riskd_data_trust{{{BOOK}}}": then(0, 3)},
        firing={("RiskdDataUntrusted", "critical"): 1},
        labels=BOOK_LABELS,
        summary="firm holds something without a trusted price",
        says="Data trust has been 3 for 1 min (2 suspect, 3 missing; bound 1). Suspect: a price far off is in "
        "quarantine, and stress is computed at it too. Missing: the numbers are INVALID.",
    ),
    Fault(
        name="a producer sends rubbish",
        series={f'riskd_rejections_total{{{SELF},reason="NOT_JSON"}}': growing(0, 0, 30)},
        firing={("RiskdRejections", "warning"): 1, ("RiskdDeadLetters", "info"): 1},
        labels={**SELF_LABELS, "reason": "NOT_JSON"},
        summary="riskd r:1 refuses its inputs: NOT_JSON",
        says="10% of the inputs of 5 min were refused as NOT_JSON (bound 1 % for all reasons together). What they said "
        "is in no number.",
    ),
    Fault(
        name="one poison record comes",
        series={f'riskd_rejections_total{{{SELF},reason="NOT_JSON"}}': then(0, 1)},
        firing={("RiskdDeadLetters", "info"): 1},
        labels={**SELF_LABELS, "reason": "NOT_JSON"},
        summary="riskd r:1 refused records: NOT_JSON",
        says="1 in 10 min (bound 0). Each is on the dead-letter topic with topic, partition, offset and payload. A "
        "bad price lowers the trust of its instrument.",
        at=35,
    ),
    Fault(
        name="the VaR is passed too often",
        series={f'riskd_backtest_exceptions_total{{{BOOK},confidence="99"}}': then(6, 20)},
        firing={("RiskdBacktestExceptions", "warning"): 1},
        labels={**BOOK_LABELS, "confidence": "99"},
        summary="firm: VaR 99 is passed too often",
        says="Exceptions are 6.742 standard deviations over what the confidence allows (bound 3.72, the red zone of "
        "Basel 1996: probability 0.9999).",
    ),
    Fault(
        name="a limit cries wolf",
        series={f'riskd_false_positive_rate_per_week{{{SELF},limit="var_99_limit"}}': then(0.2, 2.5)},
        firing={("RiskdFalsePositives", "warning"): 1},
        labels={**SELF_LABELS, "limit": "var_99_limit"},
        summary="Limit var_99_limit cries wolf",
        says="2.5 episodes a week are false or not labelled yet (bound 1). It cannot be promoted, and in gradual mode "
        "it may be demoted.",
    ),
)
