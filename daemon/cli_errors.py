"""Errors that a command answers with one clear line instead of a traceback, and their exit codes."""

EXIT_FAILED = 1
EXIT_USAGE = 2
EXIT_CONFIG = 78


def known_errors() -> tuple[type[Exception], ...]:
    """Return the errors whose message is meant for the person at the terminal; anything else is a bug and shows itself.

    The imports wait until something went wrong, because `riskd --help` should not pay for them.
    """
    from audit.errors import AuditError
    from config.faults import ConfigError
    from daemon.demo_daemon import DemoError
    from daemon.explain_error import ExplainError
    from daemon.http_server import HttpError
    from daemon.plan_error import PlanError
    from daemon.report_html.run_files import ReportError
    from feeds.broker.jars import BrokerUnavailableError
    from feeds.journal_frames import JournalError
    from feeds.kafka_properties import KafkaError
    from feeds.recording_blocks import RecordingError

    return (
        AuditError,
        BrokerUnavailableError,
        ConfigError,
        DemoError,
        ExplainError,
        HttpError,
        JournalError,
        KafkaError,
        PlanError,
        RecordingError,
        ReportError,
        OSError,  # a full disk, or a folder that is another's: its message names the file
    )


def exit_code(error: Exception) -> int:
    """Return the exit code of a known error."""
    from config.faults import ConfigError

    return EXIT_CONFIG if isinstance(error, ConfigError) else EXIT_FAILED
