"""May this order go, on the books of a recording or a journal as they stood at one moment?"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from daemon.core import Core
from daemon.order_answer import OrderAnswer, OrderQuestion
from daemon.order_check import OrderChecker
from daemon.replay_source import ReplaySource, open_source
from daemon.stress_moment import Moment

AT_THE_END = Moment()


@dataclass(frozen=True, slots=True)
class CheckPlan:
    """What to play, up to where, and what to ask there; config: None takes the recording's own."""

    recording: Path
    question: OrderQuestion
    config: Path | None = None
    moment: Moment = AT_THE_END


class CheckRun:
    """Plays to the moment with all decisions, because they are the trading state, and asks."""

    def __init__(self, plan: CheckPlan) -> None:
        self._plan = plan
        self.source: ReplaySource = open_source(plan.recording, plan.config)
        self._core = Core(
            self.source.setup,
            shard=self.source.shard,
            compute_slow_work=self.source.computes_slow_work,
            model_version=self.source.model_version,
        )

    def steps(self) -> Iterator[None]:
        """Play on, a few thousand inputs at a time, to the moment."""
        for inputs in self.source.inputs():
            after = next((at for at, item in enumerate(inputs) if self._plan.moment.is_after(item)), len(inputs))
            self._core.step(inputs[:after])
            if after < len(inputs):
                return
            yield

    def answer(self) -> OrderAnswer:
        """Return the answer at the moment; raises OrderRefusedError."""
        return OrderChecker(self._core).check(self._plan.question)
