"""Verification of an audit folder: is every line the one that was written, and where is the first that is not?"""

from dataclasses import dataclass
from pathlib import Path

from audit.scan import BadRecord, walk


@dataclass(frozen=True, slots=True)
class Verdict:
    """What verification found.

    lines     : good lines before the first bad one, or all
    first_bad : None where every line is as it was written
    warning   : what is no fault by itself, such as a log that ends without a stop; None where there is nothing
    """

    ok: bool
    lines: int
    first_bad: BadRecord | None
    warning: str | None
    chain: str  # h of the last good line, in hex: compare it with a copy kept elsewhere


def verify(directory: Path) -> Verdict:
    """Check canonical form, gap-free n, order in time and the whole chain of the audit files in `directory`.

    A log that ends without a stop record is a warning: the daemon lives, or was killed, or the end was cut off. Without
    signatures nobody can tell these apart from the file alone. Raises AuditError where there is no audit file.
    """
    position, first_bad = walk(directory)
    warning = None
    if first_bad is None and position.kind != "stop":
        warning = f"ends without a stop after n {position.lines}: the daemon lives, was killed, or the end was cut off"
    return Verdict(
        ok=first_bad is None,
        lines=position.lines,
        first_bad=first_bad,
        warning=warning,
        chain=position.chain.hex(),
    )
