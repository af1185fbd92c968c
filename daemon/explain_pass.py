"""One pass over a journal or a recording: every action that is wanted, recomputed, with the scene of its decision."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from audit.line import canonical_json
from daemon.audit_records import decision_audit
from daemon.core import Core
from daemon.explain_scene import Scene, SceneWitness
from daemon.outputs import Outputs
from daemon.replay_source import ReplaySource
from enforcement.records import Action, encode
from feeds.record import Input

Topic = Literal["actions", "shadow"]
TOPICS: tuple[Topic, Topic] = ("actions", "shadow")


@dataclass(frozen=True, slots=True)
class Recomputed:
    """One action as the inputs give it.

    audit, decision_audit : the audit records of the action and of its decision, canonical, without `n` and `h`
    woke    : the input that brought the decision about
    let_out : the input with which the action left; another one where a catch-up kept it back
    """

    topic: Topic
    action: Action
    audit: bytes
    decision_audit: bytes
    scene: Scene
    woke: Input
    let_out: Input

    @property
    def value(self) -> bytes:
        """The action's canonical bytes: the record on the topic, the line of a replay's file."""
        return encode(self.action)

    @property
    def was_kept_back(self) -> bool:
        """Say whether it left later than it was decided."""
        return self.woke is not self.let_out


def recompute(
    source: ReplaySource, wanted: Callable[[str], bool], progress: Callable[[int], None] = lambda _: None
) -> Iterator[list[Recomputed]]:
    """Yield the wanted actions in the order in which they left, those of one input together.

    wanted   : says of an action id whether it is
    progress : told the core time, ns, now and then
    raises   : JournalError, RecordingError where the inputs are damaged
    """
    core = Core(
        source.setup,
        shard=source.shard,
        compute_slow_work=source.computes_slow_work,
        model_version=source.model_version,
    )
    witness = SceneWitness(core.enforcer, wanted)
    core.looking.witness = witness
    woken: dict[str, Input] = {}
    for inputs in source.inputs():
        for piece in _pieces(inputs):
            outputs = core.step(piece)
            for action_id in witness.scenes.keys() - woken.keys():
                woken[action_id] = _cause(piece, int(str(witness.scenes[action_id].state["n"])))
            found = _found(outputs, witness, woken, piece)
            if found:
                yield found
        progress(core.now_ns)


def _pieces(inputs: Sequence[Input]) -> Iterator[Sequence[Input]]:
    """Cut around what riskd made itself: such an input has no n by which a decision could name it."""
    start = 0
    for index, item in enumerate(inputs):
        if not item.record.n:
            if start < index:
                yield inputs[start:index]
            yield inputs[index : index + 1]
            start = index + 1
    if start < len(inputs):
        yield inputs[start:]


def _cause(piece: Sequence[Input], n: int) -> Input:
    """Return the input of a step that a decision was made with."""
    if len(piece) == 1:
        return piece[0]
    return next(item for item in piece if item.record.n == n)


def _found(
    outputs: Outputs, witness: SceneWitness, woken: dict[str, Input], piece: Sequence[Input]
) -> list[Recomputed]:
    pairs: list[tuple[Topic, Action]] = [("actions", action) for action in outputs.actions]
    pairs += [("shadow", action) for action in outputs.shadow]
    found: list[Recomputed] = []
    for topic, action in pairs:
        scene = witness.scenes.get(action.action_id)
        if scene is None:
            continue
        woke = woken[action.action_id]
        is_of_this_step = any(woke is item for item in piece)
        found.append(
            Recomputed(
                topic=topic,
                action=action,
                audit=_audited(outputs, topic, action.action_id),
                decision_audit=canonical_json(decision_audit(scene.decision)),
                scene=scene,
                woke=woke,
                let_out=woke if is_of_this_step else piece[0],
            )
        )
    return found


def _audited(outputs: Outputs, topic: Topic, action_id: str) -> bytes:
    record = next(
        line
        for line in outputs.audit
        if line["kind"] == "action" and line["topic"] == topic and line["action_id"] == action_id
    )
    return canonical_json(record)
