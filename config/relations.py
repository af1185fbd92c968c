"""The rules between top-level fields of the configuration."""

from collections.abc import Iterator
from pathlib import PurePath

from config.faults import Path
from config.schema import Config, SecurityConfig

Finding = tuple[Path, str]


def check_relations(config: Config) -> Iterator[Finding]:
    """Yield what is wrong between fields that are valid each by itself, as pairs (path, message)."""
    calendar, covariance, data = config.calendar, config.covariance, config.data
    if calendar.start >= calendar.end:
        yield ("calendar", "end"), f"end must be after start, {calendar.start}, got {calendar.end}"
    if calendar.base not in _calendar_names():
        yield ("calendar", "base"), f"base must be a calendar such as XNYS or 24/7, got {calendar.base!r}"
    if covariance.slow_decay <= covariance.decay:
        message = f"slow_decay must be greater than decay, {covariance.decay:g}, got {covariance.slow_decay:g}"
        yield ("covariance", "slow_decay"), message
    if data.fresh_age_quiet < data.fresh_age:
        message = f"fresh_age_quiet must be at least fresh_age, {data.fresh_age} ns, got {data.fresh_age_quiet} ns"
        yield ("data", "fresh_age_quiet"), message
    for source, max_silence in data.sources.items():
        if max_silence == 0:
            yield ("data", "sources", source), "max_silence must be above 0, got 0"
    if config.audit.enabled and PurePath(config.journal.directory) == PurePath(config.audit.log_directory):
        message = f"log_directory must not be journal.directory, got {config.audit.log_directory!r} for both"
        yield ("audit", "log_directory"), message
    topics = list(config.kafka.topics.model_dump().items())
    for index, (name, topic) in enumerate(topics):
        twins = [other for other, value in topics[:index] if value == topic]
        if twins:
            yield ("kafka", "topics", name), f"topics must differ, got {topic!r} for {twins[0]} and {name}"
    for key, message in _check_security(config.kafka.security):
        yield ("kafka", "security", key), message
    actors: dict[str, str] = {}
    for actor, key in config.control.keys.items():
        other = actors.setdefault(key.lower(), actor)
        if other != actor:
            message = f"keys must differ, since nobody approves their own command, got one key for {other} and {actor}"
            yield ("control", "keys", actor), message
    for index, root in enumerate(config.portfolios):
        if root in config.portfolios[:index]:
            yield ("portfolios", index), f"portfolios must be unique, got {root!r} twice"


def _check_security(security: SecurityConfig) -> Iterator[tuple[str, str]]:
    """Yield (key, message): a protocol without what it needs, or a file that it would never read."""
    protocol = security.protocol
    has_tls, has_sasl = protocol.endswith("ssl"), protocol.startswith("sasl")
    for key in ("ca_file", "certificate_file", "key_file", "key_password_file"):
        if not has_tls and getattr(security, key) is not None:
            yield key, f"{key} needs protocol ssl or sasl_ssl, got {protocol}"
    for key in ("username_file", "password_file"):
        if has_sasl and getattr(security, key) is None:
            yield key, f"{key} is required with protocol {protocol}"
        if not has_sasl and getattr(security, key) is not None:
            yield key, f"{key} needs protocol sasl_ssl or sasl_plaintext, got {protocol}"
    for key, other in (("key_file", "certificate_file"), ("certificate_file", "key_file")):
        if getattr(security, key) is None and getattr(security, other) is not None:
            yield key, f"{key} is required with {other}"
    if security.key_password_file is not None and security.key_file is None:
        yield "key_password_file", "key_password_file needs key_file"


def _calendar_names() -> list[str]:
    import exchange_calendars  # it brings pandas, half a second

    names: list[str] = exchange_calendars.get_calendar_names()
    return names
