"""`riskd explain`: finds an action, recomputes it in one pass over its inputs, and compares every record of it."""

from collections.abc import Callable
from dataclasses import dataclass

from daemon.explain_checks import Evidence, comparisons, troubles
from daemon.explain_claims import ID_DIGITS, Claim, only_id
from daemon.explain_compare import Comparison, is_of_origin_alone
from daemon.explain_error import ExplainError
from daemon.explain_pass import TOPICS, Recomputed, Topic, recompute
from daemon.explain_sources import Asked, Places, TopicTold, local_claims, places_of, topic_told
from daemon.explain_story import Story, story_of
from daemon.replay_source import ReplaySource

Opened = Callable[[ReplaySource], Callable[[int], None]]


@dataclass(frozen=True, slots=True)
class Explanation:
    """All that was found of one action.

    claims      : records of it that are somewhere
    found       : as the inputs give it, one for each topic that it is on; empty where they do not give it
    comparisons : every record of it that is there or should be
    story       : None where no audit log of its shard is there
    troubles    : why the answer is no match, beyond the comparisons
    """

    action_id: str
    places: Places
    claims: tuple[Claim, ...]
    found: tuple[Recomputed, ...]
    comparisons: tuple[Comparison, ...]
    story: Story | None
    troubles: tuple[str, ...]

    @property
    def is_match(self) -> bool:
        """Say whether every record that is there or should be has the very bytes that the inputs give, one at least."""
        has_one = any(each.verdict == "match" and each.what == "action" for each in self.comparisons)
        return has_one and not self.troubles and all(each.is_good for each in self.comparisons)

    @property
    def differs_by_origin_alone(self) -> bool:
        """Say whether all that differs is what a raw recording cannot tell."""
        bad = [each for each in self.comparisons if not each.is_good]
        return not self.troubles and all(each.verdict == "differs" for each in bad) and is_of_origin_alone(bad)


def explain(asked: Asked, opened: Opened = lambda _: lambda _: None) -> Explanation:
    """Explain the action that was asked for.

    opened : told the inputs before they are read; what it returns is told the core time as they are

    Raises ExplainError where no such action is anywhere, the beginning of an id is of several, or the inputs cannot
    tell; ConfigError, AuditError, JournalError, RecordingError and KafkaError as the places do.
    """
    places = places_of(asked)
    claims = local_claims(places, asked.action_id)
    told: dict[Topic, TopicTold] = {}
    if places.kafka is not None:
        told = {topic: topic_told(places.kafka, topic, asked.action_id) for topic in TOPICS}
        claims += [claim for each in told.values() for claim in each.claims]
    whole = only_id(claims, asked.action_id)
    shards = {claim.shard for claim in claims}
    found = _recomputed(places, whole or asked.action_id, shards, opened)
    if not found and whole is None:
        raise ExplainError(f"no action {asked.action_id}: {_looked_in(places, shards)}")
    action_id = whole or found[0].action.action_id
    folder = places.audits.get(found[0].action.shard) if found else None
    story = None if folder is None else story_of(folder, action_id, found[0].scene.decision)
    wrong = list(troubles(claims, story))
    if not found:
        wrong.append(f"its inputs give no such action: {_looked_in(places, shards)}")
    return Explanation(
        action_id=action_id,
        places=places,
        claims=tuple(claims),
        found=tuple(found),
        comparisons=tuple(comparisons(found, Evidence(places, claims, story, told))),
        story=story,
        troubles=tuple(wrong),
    )


def _recomputed(places: Places, action_id: str, shards: set[int], opened: Opened) -> list[Recomputed]:
    """Return the action as the inputs give it; a beginning that no record knows is looked for to their end."""
    found: list[Recomputed] = []
    for shard in places.shards(shards):
        source = places.source(shard)
        for of_one_input in recompute(source, lambda each: each.startswith(action_id), opened(source)):
            found += of_one_input
            if len(action_id) == ID_DIGITS:  # on whatever topics it is, it came to them with one input
                return found
    ids = sorted({each.action.action_id for each in found})
    if len(ids) > 1:
        raise ExplainError(f"{action_id} is the beginning of {len(ids)} action ids: {', '.join(ids[:8])}")
    return found


def _looked_in(places: Places, shards: set[int]) -> str:
    inputs = [str(places.input_place(shard)) for shard in places.shards(shards)]
    audits = [str(folder) for folder in places.audits.values()]
    looked = [*(inputs or [f"no journal of shard {', '.join(map(str, sorted(shards)))} is here"]), *audits]
    return f"looked in {', '.join(looked)}"
