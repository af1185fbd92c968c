"""The wall clock that ticks are made of: a step is believed when it has stood for a minute."""

from daemon.wall_clock import ADOPT_AFTER_NS, STEP_MAX_NS, WallClock

SECOND = 10**9
HOUR = 3600 * SECOND


class Machine:
    """Two clocks that a test turns."""

    def __init__(self) -> None:
        self.wall_ns, self.steady_ns = 1_000 * HOUR, 5 * HOUR
        self.clock = WallClock(lambda: self.wall_ns, lambda: self.steady_ns)

    def pass_time(self, passed_ns: int, *, step_ns: int = 0) -> int:
        self.steady_ns += passed_ns
        self.wall_ns += passed_ns + step_ns
        return self.clock.now_ns()


def test_a_clock_that_is_slewed_is_followed() -> None:
    machine = Machine()
    for _ in range(100):
        assert machine.pass_time(SECOND, step_ns=STEP_MAX_NS // 2) == machine.wall_ns
    assert machine.clock.trouble is None


def test_an_hour_that_comes_and_goes_is_never_told() -> None:
    machine = Machine()
    before = machine.clock.now_ns()
    assert machine.pass_time(SECOND, step_ns=HOUR) == before + SECOND
    assert machine.clock.trouble is not None
    assert "+3600.0 s" in machine.clock.trouble
    assert machine.pass_time(3 * SECOND, step_ns=-HOUR) == before + 4 * SECOND == machine.wall_ns
    assert machine.clock.trouble is None


def test_a_step_that_stays_is_adopted_after_a_minute_in_either_direction() -> None:
    for step_ns in (HOUR, -HOUR):
        machine = Machine()
        machine.pass_time(SECOND, step_ns=step_ns)
        assert machine.pass_time(ADOPT_AFTER_NS - 1) == machine.wall_ns - step_ns
        assert machine.pass_time(1) == machine.wall_ns
        assert machine.clock.trouble is None
