"""The one error of the audit log that a person is meant to read."""


class AuditError(Exception):
    """The audit log cannot be read or gone on with; the message names the file and what is wrong."""
