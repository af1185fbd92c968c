"""Holds every record of an action that should be somewhere against the one that the inputs give."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from daemon.explain_claims import Claim, Source, record_of
from daemon.explain_compare import Comparison, compare_audit, compare_decision, compare_value, missing, unexplained
from daemon.explain_pass import TOPICS, Recomputed, Topic
from daemon.explain_sources import Places, TopicTold
from daemon.explain_story import Story


@dataclass(frozen=True, slots=True)
class Evidence:
    """All records of one action, and where more of them should be.

    story : of the audit log of its shard, None where none is there; told: by topic, empty where none was asked
    """

    places: Places
    claims: Sequence[Claim]
    story: Story | None
    told: Mapping[Topic, TopicTold]

    def of(self, source: Source, topic: Topic) -> list[Claim]:
        """Return the records from one kind of source, of one topic."""
        return [claim for claim in self.claims if (claim.source, claim.topic) == (source, topic)]


def comparisons(found: Sequence[Recomputed], evidence: Evidence) -> Iterator[Comparison]:
    """Yield the comparison of every record that is there or should be: the decision's, then topic by topic."""
    if found and evidence.story is not None:
        yield from _decision(found[0], evidence.story, evidence.places)
    for each in found:
        yield from _audited(each, evidence)
        yield from _filed(each, evidence)
        yield from _published(each, evidence)
    given = {each.topic for each in found}
    for claim in evidence.claims:
        if claim.topic not in given:
            yield unexplained(claim)


def troubles(claims: Sequence[Claim], story: Story | None) -> Iterator[str]:
    """Yield what is wrong although every record may be as it should: a changed log, a record that is there twice."""
    if story is not None and story.bad is not None:
        yield f"the audit log is not as it was written: {story.bad}"
    for source in ("audit", "file", "topic"):
        for topic in TOPICS:
            places = [claim.place for claim in claims if (claim.source, claim.topic) == (source, topic)]
            if len(places) > 1:
                yield f"{topic} has the action {len(places)} times: {', '.join(places[:4])}"


def _decision(recomputed: Recomputed, story: Story, places: Places) -> Iterator[Comparison]:
    for place, line in story.decisions:
        yield compare_decision(place, line, recomputed, is_raw=places.is_raw)
    if not story.decisions:
        yield missing("audit", recomputed.topic, str(places.audits[recomputed.action.shard]), what="decision")


def _audited(recomputed: Recomputed, evidence: Evidence) -> Iterator[Comparison]:
    if evidence.story is None:
        return
    claims = evidence.of("audit", recomputed.topic)
    for claim in claims:
        yield compare_audit(claim, recomputed, is_raw=evidence.places.is_raw)
    if not claims:
        yield missing("audit", recomputed.topic, str(evidence.places.audits[recomputed.action.shard]))


def _filed(recomputed: Recomputed, evidence: Evidence) -> Iterator[Comparison]:
    given = evidence.places.asked.actions
    if given is None:
        return
    claims = evidence.of("file", recomputed.topic)
    for claim in claims:
        yield compare_value(claim, recomputed, is_raw=evidence.places.is_raw)
    if not claims:
        yield missing("file", recomputed.topic, str(given))


def _published(recomputed: Recomputed, evidence: Evidence) -> Iterator[Comparison]:
    told, kafka = evidence.told.get(recomputed.topic), evidence.places.kafka
    if told is None or kafka is None:
        return
    claims = evidence.of("topic", recomputed.topic)
    for claim in claims:
        yield compare_value(claim, recomputed, is_raw=evidence.places.is_raw)
    if not claims:  # compaction keeps the newest record of a scope alone
        newest = record_of(told.newest.get(recomputed.action.scope.encode(), b"")).get("seq")
        is_superseded = isinstance(newest, int) and newest > recomputed.action.seq
        name = kafka.topics.actions if recomputed.topic == TOPICS[0] else kafka.topics.shadow
        yield missing("topic", recomputed.topic, name, verdict="superseded" if is_superseded else "missing")
