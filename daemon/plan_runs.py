"""Two replays side by side, each in a process of its own, with how far each has come.

The processes inherit NUMBA_CACHE_DIR, so that they take kernels from the cache of the command that began them.
"""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from multiprocessing import get_context
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess

from daemon.plan_error import PlanError
from daemon.plan_evidence import FalseRate, false_rates
from daemon.plan_firing import Firing, FiringWitness
from daemon.replay import ReplayPlan, Seen, replay
from daemon.replay_files import AUDIT_FOLDER

_TELL_EVERY_S = 0.1
Side = str
Progress = Callable[[Side, int, int], None]


@dataclass(frozen=True, slots=True)
class Told:
    """How far a replay has come: bytes of the recording's files read, and core time, ns."""

    bytes_done: int
    now_ns: int


@dataclass(frozen=True, slots=True)
class Done:
    """What one replay gave beside its files; summary as in `summary.json`."""

    summary: dict[str, object]
    firings: list[Firing]
    rates: list[FalseRate]


@dataclass(frozen=True, slots=True)
class Failed:
    """Why a replay ended early."""

    why: str


@dataclass(slots=True)
class _Teller:
    """Tells the other process how far a replay has come, now and then."""

    pipe: Connection
    told_s: float = 0.0

    def step(self, seen: Seen) -> None:
        now_s = time.monotonic()
        if now_s - self.told_s >= _TELL_EVERY_S:
            self.told_s = now_s
            self.pipe.send(Told(seen.bytes_done, seen.core.now_ns))


def rehearse(plan: ReplayPlan, watcher: _Teller | None = None) -> Done:
    """Replay, and read from it what its files alone do not tell; raises as `replay` does."""
    witness = FiringWitness()
    summary = replay(plan, watcher, witness)
    end_ns = summary["last_ts"]
    assert isinstance(end_ns, int)
    return Done(summary, witness.firings(end_ns), false_rates(plan.out / AUDIT_FOLDER, end_ns))


def rehearse_beside(plans: Mapping[Side, ReplayPlan], progress: Progress = lambda *_: None) -> dict[Side, Done]:
    """Run every replay at the same time, each in a process; kernels are compiled once for all, in the shared cache.

    progress : told (side, bytes read, core time ns) now and then
    raises   : PlanError where one fails; the others are ended then
    """
    context = get_context("spawn")
    pipes: dict[Connection, Side] = {}
    processes: dict[Side, BaseProcess] = {}
    done: dict[Side, Done] = {}
    try:
        for side, plan in plans.items():
            here, there = context.Pipe(duplex=False)
            processes[side] = context.Process(target=_run, args=(plan, there), name=f"plan-{side}", daemon=True)
            processes[side].start()
            there.close()
            pipes[here] = side
        while pipes:
            for ready in wait(list(pipes)):
                assert isinstance(ready, Connection)
                _take(ready, pipes, processes, done, progress)
    finally:
        for process in processes.values():
            if process.is_alive() and len(done) < len(plans):
                process.terminate()
            process.join()
    return done


def _take(
    pipe: Connection,
    pipes: dict[Connection, Side],
    processes: Mapping[Side, BaseProcess],
    done: dict[Side, Done],
    progress: Progress,
) -> None:
    """Take in what one process says."""
    side = pipes[pipe]
    try:
        said = pipe.recv()
    except EOFError:
        processes[side].join()
        raise PlanError(f"the replay of {side} ended with code {processes[side].exitcode}") from None
    match said:
        case Told(bytes_done, now_ns):
            progress(side, bytes_done, now_ns)
        case Done():
            done[side] = said
            del pipes[pipe]
        case Failed(why):
            raise PlanError(f"the replay of {side} failed: {why}")
        case _:
            raise AssertionError(f"a replay says nothing else, got {said!r}")


def _run(plan: ReplayPlan, pipe: Connection) -> None:
    """What a process does: replay, and say what came of it."""
    from daemon.cli_errors import known_errors

    try:
        pipe.send(rehearse(plan, _Teller(pipe)))
    except known_errors() as error:
        pipe.send(Failed(str(error)))
    except KeyboardInterrupt:
        return
    finally:
        pipe.close()
