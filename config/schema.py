"""The full configuration as frozen pydantic models; unknown keys are errors."""

import re
from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

Mode = Literal["monitoring", "gradual", "full"]
ActionType = Literal["none", "warn", "throttle", "reduce_position", "halt"]
NoDataPolicy = Literal["hold", "warn", "reduce", "halt"]

_UNITS_NS = {"ns": 1, "us": 1_000, "ms": 10**6, "s": 10**9, "m": 60 * 10**9, "h": 3600 * 10**9, "d": 86400 * 10**9}


def parse_duration_ns(value: object) -> object:
    """Turn `2h`, `15m`, `60s`, `100ms` into nanoseconds; an integer is taken as nanoseconds already."""
    if isinstance(value, str):
        match = re.fullmatch(r"(\d+(?:\.\d+)?)\s*(ns|us|ms|s|m|h|d)", value.strip())
        if match is None:
            raise ValueError(f"duration must look like 60s, 15m, 2h or 100ms, got {value!r}")
        return round(float(match[1]) * _UNITS_NS[match[2]])
    return value


DurationNs = Annotated[int, BeforeValidator(parse_duration_ns), Field(ge=0)]


class Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)


class CalendarConfig(Frozen):
    """`base` names the sessions that are rows; `start` and `end` bound every calendar that is built (ISO dates)."""

    base: str = "XNYS"
    start: str = "1985-01-01"
    end: str = "2035-12-31"


class Topics(Frozen):
    market_data: str = "market-data"
    positions: str = "positions"
    reference: str = "reference"
    control: str = "control"
    acks: str = "acks"
    actions: str = "risk.actions"
    shadow: str = "risk.actions.shadow"
    state: str = "risk.state"
    deadletter: str = "risk.deadletter"


class KafkaConfig(Frozen):
    bootstrap: str = "localhost:9092"
    group: str = "riskd"
    start: Literal["earliest", "latest"] = "earliest"
    topics: Topics = Topics()
    properties_file: str | None = None  # further librdkafka properties, also secrets: never in the YAML


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
    sources: dict[str, DurationNs] = Field(default_factory=dict)


class Level(Frozen):
    name: str = "hard"
    at: float
    action: ActionType
    clear_at: float | None = None  # None: the sensor's own share of `at`
    params: dict[str, float | int | str | bool] = Field(default_factory=dict)


class Limit(Frozen):
    """One limit: sensor + scope + levels + mode (enforcement.md)."""

    id: str
    scope: str = "*"  # a path, or a glob over paths; "*" is each root
    sensor: str
    metric: str
    levels: tuple[Level, ...] = Field(min_length=1)
    for_: DurationNs = Field(default=0, alias="for")
    confirm: int = Field(default=2, ge=1)
    keep_firing_for: DurationNs = 60 * 10**9
    keep_firing_rows: int = Field(default=5, ge=1)
    latch: bool = False
    hard: bool = False
    on_no_data: NoDataPolicy | None = None  # None: INSUFFICIENT warns, INVALID reduces
    no_data_after: DurationNs = 15 * 60 * 10**9
    mode: Mode | None = None  # None: enforcement.mode; "shadow" pins are `pinned_shadow`
    pinned_shadow: bool = False  # monitoring_mode: true or enforcement_enabled: false of the short form
    small_book_at: float = 0.5  # concentration only: max|x|/NAV of books with fewer than 8 names
    rule_name: str | None = None


class EnforcementConfig(Frozen):
    mode: Mode = "monitoring"
    false_positive_threshold_per_week: float = Field(default=1.0, gt=0)
    max_stress_loss: float = Field(default=1_000_000.0, gt=0)
    limits: tuple[Limit, ...] = ()


class AuditConfig(Frozen):
    enabled: bool = True
    log_directory: str = "logs/risk_audit"
    async_logging: bool = True


class MetricsConfig(Frozen):
    enabled: bool = True
    namespace: str = "riskd"
    subsystem: str = ""


class HttpConfig(Frozen):
    host: str = "127.0.0.1"
    port: int = Field(default=9464, ge=0, le=65535)


class Config(Frozen):
    base_currency: str = Field(default="USD", min_length=3)
    clock: Literal["wall", "event"] = "event"
    calendar: CalendarConfig = CalendarConfig()
    kafka: KafkaConfig = KafkaConfig()
    journal: JournalConfig = JournalConfig()
    window: WindowConfig = WindowConfig()
    covariance: CovarianceConfig = CovarianceConfig()
    bar: DurationNs = 5 * 60 * 10**9
    refit: int = Field(default=5, ge=1)  # completed rows between POT fits
    student_t_nu: float = Field(default=5.0, gt=2.05)
    scenarios: str = "builtin"  # or the path of a library
    portfolios: tuple[str, ...] = ()
    fx_via: tuple[str, ...] = ("USD", "EUR")
    data: DataConfig = DataConfig()
    enforcement: EnforcementConfig = EnforcementConfig()
    audit: AuditConfig = AuditConfig()
    metrics: MetricsConfig = MetricsConfig()
    http: HttpConfig = HttpConfig()
