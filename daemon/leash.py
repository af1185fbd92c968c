"""Runs a command that must not outlive its owner: `python -m daemon.leash COMMAND...` ends it when our input closes.

The owner holds the other end of our standard input. However the owner ends, also by SIGKILL, that end closes, and the
command gets SIGTERM, then SIGKILL. The exit code is the command's.
"""

import select
import signal
import subprocess
import sys
from types import FrameType

LOOK_EVERY_S = 0.1
END_TIMEOUT_S = 15.0  # a stop waits for the broker's acknowledgements


def run(command: list[str], *, end_timeout_s: float = END_TIMEOUT_S) -> int:
    """Run the command until it ends by itself or standard input closes; return its exit code, 128 + n for signal n."""
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL)
    wants_end = False

    def ask(_number: int, _frame: FrameType | None) -> None:
        nonlocal wants_end
        wants_end = True

    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, ask)
    while process.poll() is None and not wants_end:
        readable, _, _ = select.select([sys.stdin], [], [], LOOK_EVERY_S)
        wants_end = wants_end or bool(readable)
    if process.returncode is None:
        process.terminate()
        try:
            process.wait(end_timeout_s)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
    return process.returncode if process.returncode >= 0 else 128 - process.returncode


if __name__ == "__main__":
    sys.exit(run(sys.argv[1:]))
