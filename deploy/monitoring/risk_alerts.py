"""Alerts on what riskd says: limits, trading states, the data and models behind them."""

from deploy.monitoring.alert import Alert

_ON_LEVEL = "on (job, instance, portfolio, limit, level)"
_ON_LIMIT = "on (job, instance, portfolio, limit)"
_ON_PORTFOLIO = "on (job, instance, portfolio)"
# What is built in has alerts of its own: RiskdTradingHalted, RiskdPortfolioUnknown, RiskdSourceSilent.
_WITH_A_NUMBER = 'limit!~"operator_halt|operator_pin|model_available|data_fresh"'
_FIRING = f"riskd_limit_utilisation_ratio and {_ON_LEVEL} riskd_limit_life{{{_WITH_A_NUMBER}}} == 5"
_ENFORCED = f"{_ON_LIMIT} riskd_limit_stage >= 1"
_RESTRICTED = f'{_ON_PORTFOLIO} riskd_trading_state{{topic="actions"}} >= 2'

_REFUSED = "sum by (job, instance, reason) (rate(riskd_rejections_total[5m]))"
_READ = "sum by (job, instance) (rate(riskd_events_total[5m]))"

_THRESHOLD = (
    '{{ with printf "riskd_limit_threshold{job=%q,instance=%q,portfolio=%q,limit=%q,level=%q}"'
    " $labels.job $labels.instance $labels.portfolio $labels.limit $labels.level | query }}"
    "{{ . | first | value | humanize }}{{ end }}"
)
_LIMIT_SUMMARY = "{{ $labels.portfolio }}: limit {{ $labels.limit }} ({{ $labels.level }}) fires"
_LIMIT_DESCRIPTION = f"It stands at {{{{ $value | humanizePercentage }}}} of its bound, {_THRESHOLD}."
_LIMIT_TO_DO = (
    "Limits dashboard: which limit, since when, how far over. Tell the desk; reducing is always allowed, and the "
    "action record names the smallest reduction that clears it. Note whether it was right."
)

RISK_ALERTS: tuple[Alert, ...] = (
    Alert(
        name="RiskdLimitFiring",
        severity="critical",
        expression=f"{_FIRING} and {_ENFORCED} and {_RESTRICTED}",
        lasts="0s",
        summary=f"{_LIMIT_SUMMARY} and trading is restricted",
        description=f"{_LIMIT_DESCRIPTION} The portfolio is REDUCING or HALTED: orders that open are refused.",
        what_to_do=_LIMIT_TO_DO,
    ),
    Alert(
        name="RiskdLimitFiring",
        severity="warning",
        expression=f"{_FIRING} and {_ENFORCED} unless {_RESTRICTED}",
        lasts="0s",
        summary=_LIMIT_SUMMARY,
        description=f"{_LIMIT_DESCRIPTION} It is enforced, with a warning or a throttle.",
        what_to_do=_LIMIT_TO_DO,
    ),
    Alert(
        name="RiskdLimitFiring",
        severity="info",
        expression=f"{_FIRING} unless {_ENFORCED}",
        lasts="0s",
        summary=f"{_LIMIT_SUMMARY} in shadow",
        description=f"{_LIMIT_DESCRIPTION} Nothing is enforced: the shadow topic says what would have been done.",
        what_to_do=_LIMIT_TO_DO,
    ),
    Alert(
        name="RiskdLimitLatched",
        severity="warning",
        expression="riskd_limit_life == 6",
        lasts="0s",
        summary="{{ $labels.portfolio }}: limit {{ $labels.limit }} ({{ $labels.level }}) is latched",
        description="The number is back under its bound, and the limit holds until a person ends it (life {{ $value "
        "}}, bound 6).",
        what_to_do="When the cause is understood: a reinstate command with actor and reason on the control topic. A "
        "restart clears nothing.",
    ),
    Alert(
        name="RiskdNoData",
        severity="warning",
        expression="count by (job, instance, portfolio) (riskd_limit_life >= 3 < 5)",
        lasts="5m",
        summary="{{ $labels.portfolio }}: limits without a number",
        description="{{ $value }} of its levels have been no_data or error for 5 min (bound 5 min). Their last state "
        "is held; after 15 min of open time it tightens by on_no_data, to REDUCING where numbers are INVALID.",
        what_to_do="Limits dashboard, status of the numbers: INSUFFICIENT is too little history, INVALID is stale or "
        "missing data. Error is a fault of riskd: report it.",
    ),
    Alert(
        name="RiskdTradingHalted",
        severity="critical",
        expression='riskd_trading_state{topic="actions"} == 3',
        lasts="0s",
        summary="{{ $labels.portfolio }} is HALTED",
        description="Trading state {{ $value }} on the actions topic (bound under 3). Only cancels and reducing "
        "orders pass.",
        what_to_do="Overview: which limit fires there, or did an operator halt it? It ends when the limit clears, or "
        "by a reinstate command where it is latched or an operator's.",
    ),
    Alert(
        name="RiskdTradingRestricted",
        severity="warning",
        expression='(riskd_trading_state{topic="actions"} == 1) or (riskd_trading_state{topic="actions"} == 2)',
        lasts="0s",
        summary="{{ $labels.portfolio }} is {{ if eq $value 2.0 }}REDUCING{{ else }}THROTTLED{{ end }}",
        description="Trading state {{ $value }} on the actions topic (1 THROTTLED, 2 REDUCING; bound 0).",
        what_to_do="Overview: which limit fires there. None does? Then one has no number, a source is silent, the "
        "root is unknown, or a parent portfolio is restricted: each has its own alert.",
    ),
    Alert(
        name="RiskdAckMissing",
        severity="critical",
        expression="riskd_ack_missing == 1",
        lasts="0s",
        summary="{{ $labels.portfolio }}: nobody acknowledges what riskd asks for",
        description="An enforced action was not acknowledged in time, was refused, or stayed partial ({{ $value }}, "
        "bound 0). Whoever trades there may not have heard of it.",
        what_to_do="riskd status: which action, who owes it, since when. Ask whoever trades there; halt it by hand "
        "where nobody knows. riskd selftest tries the way.",
    ),
    Alert(
        name="RiskdEnforcementIneffective",
        severity="critical",
        expression="riskd_enforcement_ineffective == 1",
        lasts="0s",
        summary="{{ $labels.portfolio }}: positions contradict what was said to be applied",
        description="A consumer acknowledged an action as applied, and positions, orders or targets say otherwise ({{ "
        "$value }}, bound 0). The portfolio is halted by it.",
        what_to_do="riskd status names the book, the instrument and the quantities. Stop whatever sends those orders "
        "at the venue. It ends when the positions conform, or by a reinstate command.",
    ),
    Alert(
        name="RiskdPortfolioUnknown",
        severity="critical",
        expression="riskd_known == 0",
        lasts="2m",
        summary="The positions of {{ $labels.portfolio }} are unknown",
        description="No positions_snapshot of {{ $labels.portfolio }} has come (known is {{ $value }}, bound 1, for 2 "
        "min). It is restricted to reducing where any of its limits is enforced.",
        what_to_do="Have the owner of the positions feed send a positions_snapshot of the root. Nothing else makes it "
        "known.",
    ),
    Alert(
        name="RiskdSourceSilent",
        severity="critical",
        expression="riskd_source_silence_seconds and on (job, instance, source) riskd_source_silent == 1",
        lasts="0s",
        summary="Source {{ $labels.source }} is silent",
        description="Nothing and no heartbeat for {{ $value | humanizeDuration }}, over its max_silence. Until it "
        "speaks again every portfolio with an enforced limit may only reduce (data_fresh); the numbers speak of the "
        "past.",
        what_to_do="Ask the owner of the feed. A dead positions feed looks like a quiet desk: check the books against "
        "the trading system before you trust any number.",
    ),
    Alert(
        name="RiskdInstrumentsStale",
        severity="warning",
        expression='sum without (trust) (riskd_instruments{trust!="fresh"}) > 0',
        lasts="2m",
        summary="Instruments without a fresh price in riskd {{ $labels.instance }}",
        description="{{ $value }} instruments have been stale, suspect or missing for 2 min (bound 0). Up to 1 % of a "
        "book's gross the numbers are DEGRADED, above that INVALID.",
        what_to_do="riskd status names them. Ask the owner of the market data; for an instrument that no longer "
        "trades send its status expired.",
    ),
    Alert(
        name="RiskdDataUntrusted",
        severity="critical",
        expression="riskd_data_trust >= 2",
        lasts="1m",
        summary="{{ $labels.portfolio }} holds something without a trusted price",
        description="Data trust has been {{ $value }} for 1 min (2 suspect, 3 missing; bound 1). Suspect: a price far "
        "off is in quarantine, and stress is computed at it too. Missing: the numbers are INVALID.",
        what_to_do="riskd status names the instrument. Suspect and real: the next prices confirm it. Suspect and "
        "wrong: tell the feed's owner. Missing: send a price or a reference record.",
    ),
    Alert(
        name="RiskdRejections",
        severity="warning",
        expression=f"({_REFUSED} > 0) / on (job, instance) group_left () {_READ}"
        " and on (job, instance) instance:riskd_rejections:ratio_5m > 0.01",
        lasts="1m",
        summary="riskd {{ $labels.instance }} refuses its inputs: {{ $labels.reason }}",
        description="{{ $value | humanizePercentage }} of the inputs of 5 min were refused as {{ $labels.reason }} "
        "(bound 1 % for all reasons together). What they said is in no number.",
        what_to_do="The records are on the dead-letter topic with their reason: which producer? Tell its owner. "
        "TOO_FAR_AHEAD from many producers: the clock of riskd's machine is behind.",
    ),
    Alert(
        name="RiskdDeadLetters",
        severity="info",
        expression="sum by (job, instance, reason) (increase(riskd_rejections_total[10m])) > 0",
        lasts="0s",
        summary="riskd {{ $labels.instance }} refused records: {{ $labels.reason }}",
        description="{{ $value | printf `%.0f` }} in 10 min (bound 0). Each is on the dead-letter topic with topic, "
        "partition, offset and payload. A bad price lowers the trust of its instrument.",
        what_to_do="Read the dead-letter topic and tell the producer's owner; nothing has to be done to riskd.",
    ),
    Alert(
        name="RiskdBacktestExceptions",
        severity="warning",
        expression="portfolio:riskd_backtest_exceptions:sigmas > 3.72"
        " and on (job, instance, portfolio, confidence) riskd_backtest_observations_total >= 250",
        lasts="0s",
        summary="{{ $labels.portfolio }}: VaR {{ $labels.confidence }} is passed too often",
        description="Exceptions are {{ $value | humanize }} standard deviations over what the confidence allows "
        "(bound 3.72, the red zone of Basel 1996: probability 0.9999).",
        what_to_do="The model understates the risk of this book: treat its VaR as a lower bound, tell the risk "
        "engineer, lean on stress and the loss of the day meanwhile.",
    ),
    Alert(
        name="RiskdFalsePositives",
        severity="warning",
        expression="riskd_false_positive_rate_per_week > {threshold}"
        " and on (job, instance, limit) riskd_live_exposure_weeks >= 1",
        lasts="0s",
        summary="Limit {{ $labels.limit }} cries wolf",
        description="{{ $value | humanize }} episodes a week are false or not labelled yet (bound {threshold}). It "
        "cannot be promoted, and in gradual mode it may be demoted.",
        what_to_do="Read its episodes in the audit log: were they right? If not, move the limit or mend the data in "
        "daylight, and rehearse it with riskd replay. Episodes without a label count as false.",
    ),
)
