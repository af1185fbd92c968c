"""What a step lets out, in order; the edges publish, audit and count it."""

from dataclasses import dataclass, field

from daemon.series_lines import SeriesLine
from enforcement.follow_ups import AckTaken
from enforcement.follow_words import FollowUp
from enforcement.records import Action, Decision
from feeds.record import Record, Rejection
from risk.slow_work import SlowRequest


@dataclass(slots=True)
class Outputs:
    """Everything that one or more inputs brought about.

    actions    : for risk.actions (enforced limits); shadow : for risk.actions.shadow (every limit)
    rejections : inputs that were refused, by the decoder or by the core
    audit      : audit records in order, without the writer's own `n`
    acks       : acknowledgements that came; follow_ups: what was told of actions because of them, or for want of them
    requests   : slow work to be computed outside; empty where the core computes it in place
    dirty      : scopes that were measured
    series     : lines for a report, where the core was asked to keep them; they leave with a replay's files alone
    """

    decisions: list[Decision] = field(default_factory=list)
    actions: list[Action] = field(default_factory=list)
    shadow: list[Action] = field(default_factory=list)
    rejections: list[tuple[Record, Rejection]] = field(default_factory=list)
    audit: list[dict[str, object]] = field(default_factory=list)
    acks: list[AckTaken] = field(default_factory=list)
    follow_ups: list[FollowUp] = field(default_factory=list)
    requests: list[SlowRequest] = field(default_factory=list)
    dirty: set[str] = field(default_factory=set)
    series: list[SeriesLine] = field(default_factory=list)

    @property
    def lets_out(self) -> bool:
        """Say whether anything leaves the process, so that the journal must be on disk first."""
        return bool(self.actions or self.shadow or self.rejections or self.audit)
