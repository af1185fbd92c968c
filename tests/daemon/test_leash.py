"""A command on the leash ends with its owner, however that ends, and tells its exit code."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[2]
LEASHED = [sys.executable, "-m", "daemon.leash", sys.executable, "-c"]
SLEEPER = "import os, sys, time; print(os.getpid(), flush=True); time.sleep(60)"
STUBBORN = "import signal, time; signal.signal(signal.SIGTERM, lambda *_: print('asked', flush=True)); " + SLEEPER
END_TIMEOUT_S = 30.0


def start(program: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen([*LEASHED, program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=REPOSITORY)


def first_line(process: subprocess.Popen[bytes]) -> bytes:
    assert process.stdout is not None
    return process.stdout.readline()


@pytest.mark.parametrize("code", [0, 3])
def test_the_exit_code_is_the_command_s(code: int) -> None:
    with start(f"raise SystemExit({code})") as process:
        assert process.wait(END_TIMEOUT_S) == code


def test_the_command_gets_sigterm_when_our_input_closes() -> None:
    with start(SLEEPER) as process:
        pid = int(first_line(process))
        assert process.stdin is not None
        process.stdin.close()
        assert process.wait(END_TIMEOUT_S) == 128 + signal.SIGTERM
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_a_signal_is_passed_on_as_a_request_to_end(number: signal.Signals) -> None:
    with start(SLEEPER) as process:
        first_line(process)
        process.send_signal(number)
        assert process.wait(END_TIMEOUT_S) == 128 + signal.SIGTERM


def test_who_does_not_listen_is_killed() -> None:
    program = f"import daemon.leash; raise SystemExit(daemon.leash.run([{sys.executable!r}, '-c', {STUBBORN!r}], "
    program += "end_timeout_s=0.2))"
    with subprocess.Popen(
        [sys.executable, "-c", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=REPOSITORY
    ) as process:
        first_line(process)
        assert process.stdin is not None
        process.stdin.close()
        assert first_line(process) == b"asked\n"
        assert process.wait(END_TIMEOUT_S) == 128 + signal.SIGKILL


def test_the_command_ends_when_its_owner_is_killed() -> None:
    """The owner has no chance to say anything: the kernel closes its end of the pipe."""
    owner_program = (
        "import subprocess, sys, time; "
        f"p = subprocess.Popen({[*LEASHED, SLEEPER]!r}, stdin=subprocess.PIPE); time.sleep(60)"
    )
    with subprocess.Popen([sys.executable, "-c", owner_program], stdout=subprocess.PIPE, cwd=REPOSITORY) as owner:
        first_line(owner)
        owner.kill()
        assert owner.stdout is not None
        assert owner.stdout.read() == b""  # returns only when the last one who could write has ended
