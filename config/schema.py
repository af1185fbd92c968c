"""The full configuration as frozen pydantic models; unknown keys are errors."""

import datetime
import re
from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from config.acks import AcksConfig
from config.control import ControlConfig
from config.durations import DurationNs
from config.frozen import Frozen
from config.liquidity import LiquidityConfig
from config.names import Name, Scope
from config.promotion import LimitPromotion, PromotionConfig, Sensitivity
from config.reserved import is_selftest
from config.stress import StressConfig

Mode = Literal["monitoring", "gradual", "full"]
ActionType = Literal["none", "warn", "throttle", "reduce_position", "halt"]
NoDataPolicy = Literal["hold", "warn", "reduce", "halt"]
Parameter = float | int | str | bool


def _check_date(value: str) -> str:
    if re.fullmatch(r"\d{4}-\d{2}-\d{2}", value, re.ASCII) is None:
        raise ValueError(f"date must look like 1985-01-31, got {value!r}")
    datetime.date.fromisoformat(value)
    return value


def _check_root(value: str) -> str:
    if not value or "/" in value or value.strip() != value or value == "_self":
        raise ValueError(f"portfolio must be a root, the first element of a path such as firm, got {value!r}")
    if is_selftest(value):
        raise ValueError(f"portfolio must not be a root of riskd's self-tests, got {value!r}")
    return value


def _sorted_parameters(values: dict[str, Parameter]) -> dict[str, Parameter]:
    return dict(sorted(values.items()))


def _sorted_sources(values: dict[str, int]) -> dict[str, int]:
    return dict(sorted(values.items()))


IsoDate = Annotated[str, AfterValidator(_check_date)]
Currency = Annotated[str, Field(pattern=r"^[A-Z][A-Z0-9]{2,9}$")]  # USD, and coins such as USDT
Root = Annotated[str, AfterValidator(_check_root)]
MetricPrefix = Annotated[str, Field(pattern=r"^([a-zA-Z_][a-zA-Z0-9_]*)?$")]
# Sorted, because the journal's canonical JSON sorts too: live and replay must iterate alike.
Parameters = Annotated[dict[str, Parameter], AfterValidator(_sorted_parameters)]
Homes = Annotated[dict[Root, Annotated[int, Field(ge=0)]], AfterValidator(_sorted_sources)]
Sources = Annotated[dict[str, DurationNs], AfterValidator(_sorted_sources)]


class CalendarConfig(Frozen):
    """`base` names the sessions that are rows; `start` and `end` bound every calendar that is built (ISO dates)."""

    base: str = Field(default="XNYS", min_length=1)
    start: IsoDate = "1985-01-01"
    end: IsoDate = "2035-12-31"


class Topics(Frozen):
    market_data: str = "market-data"
    positions: str = "positions"
    reference: str = "reference"
    control: str = "control"
    acks: str = "acks"
    actions: str = "risk.actions"
    shadow: str = "risk.actions.shadow"
    state: str = "risk.state"
    leases: str = "risk.leases"
    deadletter: str = "risk.deadletter"
    checkpoints: str = "risk.audit.checkpoints"


class SecurityConfig(Frozen):
    """How to reach the brokers. Secrets and keys are paths of files, never values.

    certificate_file, key_file : PEM; both for mTLS. key_password_file, username_file, password_file : one line each.
    """

    protocol: Literal["plaintext", "ssl", "sasl_plaintext", "sasl_ssl"] = "plaintext"
    ca_file: str | None = None  # None: the machine's own authorities
    certificate_file: str | None = None
    key_file: str | None = None
    key_password_file: str | None = None
    sasl_mechanism: Literal["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"] = "SCRAM-SHA-512"
    username_file: str | None = None
    password_file: str | None = None


class KafkaConfig(Frozen):
    """`positions_partitions`: those that this process serves; None is all of them.

    homes : positions partition by root, for listed roots whose first positions have not come yet; 0 where not named
    """

    bootstrap: str = "localhost:9092"
    group: str = "riskd"
    start: Literal["earliest", "latest"] = "earliest"
    publish: Literal["transactional", "idempotent"] = "transactional"
    positions_partitions: Annotated[tuple[Annotated[int, Field(ge=0)], ...], Field(min_length=1)] | None = None
    homes: Homes = Field(default_factory=dict)
    topics: Topics = Topics()
    security: SecurityConfig = SecurityConfig()
    properties_file: str | None = None  # further librdkafka properties


class JournalConfig(Frozen):
    directory: str = "out/journal"
    segment_bytes: int = Field(default=256 * 1024 * 1024, ge=1024 * 1024)


class WindowConfig(Frozen):
    rows: int = Field(default=756, ge=20, le=756)
    close_cutoff: DurationNs = 2 * 3600 * 10**9


class CovarianceConfig(Frozen):
    decay: float = Field(default=0.94, gt=0, lt=1)
    slow_decay: float = Field(default=0.99, gt=0, lt=1)
    overnight_weight: float = Field(default=0.2, ge=0, lt=1)


class DataConfig(Frozen):
    """Ages and bands of semantics.md, Marks and data trust."""

    fresh_age: DurationNs = 60 * 10**9
    fresh_age_quiet: DurationNs = 15 * 60 * 10**9
    close_sessions: int = Field(default=3, ge=1)
    band_sigmas: float = Field(default=10.0, gt=0)
    band_min: float = Field(default=0.20, gt=0)
    confirm_band: float = Field(default=0.01, gt=0)
    stale_gross_max: float = Field(default=0.01, ge=0, lt=1)
    fill_memory: DurationNs = 7 * 86400 * 10**9
    max_ahead: DurationNs = 60 * 10**9
    sources: Sources = Field(default_factory=dict)


class Level(Frozen):
    """One step of a limit; after loading, `clear_at` and `params` are filled."""

    name: Name = "hard"
    at: float = Field(gt=0)
    action: ActionType
    clear_at: float | None = Field(default=None, ge=0)  # None: the sensor's own share of `at`
    params: Parameters = Field(default_factory=dict)


class Limit(Frozen):
    """One limit: sensor + scope + levels + mode (enforcement.md)."""

    id: Name
    scope: Scope = "*"  # a path, or a glob over paths; "*" is each root
    sensor: Name
    metric: Name
    levels: tuple[Level, ...] = Field(min_length=1)
    clear_at: float | None = Field(default=None, ge=0)  # of a limit with one level; loading moves it there
    for_: DurationNs = Field(default=0, alias="for")
    confirm: int | None = Field(default=None, ge=1)  # None: the metric's own; loading fills it
    keep_firing_for: DurationNs = 60 * 10**9
    keep_firing_rows: int = Field(default=5, ge=1)
    latch: bool = False
    hard: bool = False
    on_no_data: NoDataPolicy | None = None  # None: INSUFFICIENT warns, INVALID reduces
    no_data_after: DurationNs = 15 * 60 * 10**9
    mode: Mode | None = None  # None: enforcement.mode; "shadow" pins are `pinned_shadow`
    pinned_shadow: bool = False  # monitoring_mode: true or enforcement_enabled: false of the short form
    small_book_at: float = Field(default=0.5, gt=0)  # concentration only: max|x|/NAV of books with fewer than 8 names
    promotion: LimitPromotion = LimitPromotion()
    rule_name: Name | None = None


class EnforcementConfig(Frozen):
    mode: Mode = "monitoring"
    false_positive_threshold_per_week: float = Field(default=1.0, gt=0)
    max_stress_loss: float = Field(default=1_000_000.0, gt=0)
    promotion: PromotionConfig = PromotionConfig()
    sensitivity: Sensitivity = Sensitivity()
    acks: AcksConfig = AcksConfig()
    limits: tuple[Limit, ...] = ()


class AuditConfig(Frozen):
    enabled: bool = True
    log_directory: str = "logs/risk_audit"
    async_logging: bool = True  # false: no batch is taken before the audit of the last one is on disk
    segment_bytes: int = Field(default=64 * 1024 * 1024, ge=64 * 1024)  # then, and every day (UTC), a new file
    signing_key_file: str | None = None  # Ed25519, PEM; `riskd audit keygen` makes one. None: checkpoints are unsigned


class MetricsConfig(Frozen):
    """`portfolios`: which scopes have risk numbers of their own; beyond `portfolios_max` the worst goes to `other`."""

    enabled: bool = True
    portfolios: Literal["none", "roots", "all"] = "roots"
    portfolios_max: int = Field(default=50, ge=1, le=1_000)
    namespace: MetricPrefix = "riskd"
    subsystem: MetricPrefix = ""


class HttpConfig(Frozen):
    host: str = "127.0.0.1"
    port: int = Field(default=9464, ge=0, le=65535)


class PretradeConfig(Frozen):
    """Checks of orders before they are sent.

    stops_from : the mildest published action whose level stops an order; warnings are told only, unless it is `warn`
    on_kafka   : also answer requests from the topic `requests` on the topic `answers`
    """

    stops_from: Literal["warn", "throttle", "reduce_position", "halt"] = "throttle"
    on_kafka: bool = False
    requests: str = Field(default="order-checks", min_length=1)
    answers: str = Field(default="risk.order.answers", min_length=1)


class Config(Frozen):
    """The whole file."""

    base_currency: Currency = "USD"
    clock: Literal["wall", "event"] = "event"
    calendar: CalendarConfig = CalendarConfig()
    kafka: KafkaConfig = KafkaConfig()
    journal: JournalConfig = JournalConfig()
    window: WindowConfig = WindowConfig()
    covariance: CovarianceConfig = CovarianceConfig()
    liquidity: LiquidityConfig = LiquidityConfig()
    bar: Annotated[DurationNs, Field(gt=0)] = 5 * 60 * 10**9
    refit: int = Field(default=5, ge=1)  # completed rows between POT fits
    student_t_nu: float = Field(default=5.0, gt=2.05)
    scenarios: str = "builtin"  # or the path of a library
    portfolios: tuple[Root, ...] = ()
    fx_via: tuple[Currency, ...] = ("USD", "EUR")
    data: DataConfig = DataConfig()
    stress: StressConfig = StressConfig()
    enforcement: EnforcementConfig = EnforcementConfig()
    audit: AuditConfig = AuditConfig()
    metrics: MetricsConfig = MetricsConfig()
    control: ControlConfig = ControlConfig()
    http: HttpConfig = HttpConfig()
    pretrade: PretradeConfig = PretradeConfig()
