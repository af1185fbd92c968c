"""An explanation for people: the sentence why, whether the bytes match, then what it was decided on."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Literal, cast

from rich import box
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from daemon.explain_command import Explanation
from daemon.explain_compare import Comparison
from daemon.explain_pass import Recomputed
from daemon.explain_scene import Scene
from daemon.explain_words import headlines, input_words, is_timer, params_words, printable, verdict_line
from daemon.screen_text import STATE_STYLES
from daemon.status_tables import age_text, styled_life
from daemon.summary import iso_time
from enforcement.builtin import BUILTIN_IDS
from enforcement.records import Kind, Number, number

_NUMBERS_SHOWN = (
    "gross",
    "net",
    "var_95",
    "var_99",
    "var_999",
    "es_99",
    "worst_loss",
    "drawdown",
    "gross_leverage",
)
_STYLES = {"match": "green", "superseded": "yellow"}
_VERDICTS = {
    "match": "the same bytes",
    "differs": "DIFFERS",
    "missing": "IS NOT THERE",
    "superseded": "compacted away: the topic keeps a scope's newest record",
    "unexplained": "THE INPUTS GIVE NO SUCH RECORD",
}
_DIFFERENCES_SHOWN_MAX = 12


def explanation_view(explanation: Explanation) -> RenderableType:
    """Return the whole explanation; the first line says why."""
    parts: list[RenderableType] = []
    if explanation.found:
        parts += [Text(line, style="bold") for line in headlines(explanation.found)]
    else:
        parts.append(Text(f"Action {explanation.action_id} cannot be recomputed", style="bold"))
    parts.append(Text(verdict_line(explanation), style="green" if explanation.is_match else "bold red"))
    parts += [Text(f"  {each}", style="bold red") for each in explanation.troubles]
    parts += [Text(f"  {each}", style="yellow") for each in explanation.notes]
    if not explanation.is_match:
        parts += _records(explanation)
    if explanation.found:
        first = explanation.found[0]
        parts += [
            *_asked(explanation), *_limit(first.scene), *_reduction(first.scene), *_components(first.scene),
            *_numbers(first.scene), *_inputs(first), *_episode(first.scene), *_aftermath(explanation),
        ]  # fmt: skip
    if explanation.is_match:
        parts += _records(explanation)
    return Group(*parts)


def _records(explanation: Explanation) -> Iterator[RenderableType]:
    yield _heading("Records of it")
    table = _table("record", "bytes", "where")
    for each in explanation.comparisons:
        name = f"{each.what} on {each.topic}" if each.what == "action" else "decision"
        words = Text(_VERDICTS[each.verdict], style=_STYLES.get(each.verdict, "bold red"))
        table.add_row(f"{each.source}: {name}", words, each.place)
    if explanation.comparisons:
        yield table
    else:
        yield Text("  none was given")
    for each in explanation.comparisons:
        yield from _differences(each)


def _differences(comparison: Comparison) -> Iterator[RenderableType]:
    for each in comparison.differences[:_DIFFERENCES_SHOWN_MAX]:
        why = f"   ({each.why})" if each.why else ""
        yield Text(
            f"  {comparison.source} {comparison.what} {each.field}: recorded {each.recorded!r}, "
            f"the inputs give {each.recomputed!r}{why}",
            style="red",
        )
    if len(comparison.differences) > _DIFFERENCES_SHOWN_MAX:
        yield Text(f"  and {len(comparison.differences) - _DIFFERENCES_SHOWN_MAX} more fields", style="red")


def _asked(explanation: Explanation) -> Iterator[RenderableType]:
    yield _heading("What it said")
    for each in explanation.found:
        action = each.action
        words = params_words(action)
        yield Text.assemble(
            f"  risk.{'actions' if each.topic == 'actions' else 'actions.shadow'}: {action.type}, book ",
            (action.trading_state.value, STATE_STYLES[action.trading_state.value]),
            f", allowed: {', '.join(action.allowed)}" + (f"; {words}" if words else ""),
        )
        yield Text(
            f"    {action.effect.value} in mode {action.mode}; d {action.d}, epoch {action.epoch}, seq {action.seq}"
            + (f"; to be acknowledged by {iso_time(action.ack_by)}" if action.ack_by is not None else "")
        )
        for active in action.active:
            since = f"since {iso_time(active.since)}" if active.since else ""
            yield Text(f"    acts: {active.limit} {active.level} ({active.type}) {since}")
    clears_if = explanation.found[0].scene.decision.evidence.clears_if
    if clears_if:
        yield Text(f"  it clears if {clears_if}")


def _limit(scene: Scene) -> Iterator[RenderableType]:
    decision, limit = scene.decision, scene.limit
    yield _heading("The limit")
    built_in = ", built in" if limit.id in BUILTIN_IDS else ""
    yield Text(
        f"  {limit.id} level {decision.level}{built_in}: {decision.sensor} {decision.metric} of {decision.scope}"
    )
    if limit.id not in BUILTIN_IDS:
        used = "" if not isinstance(decision.utilisation, float) else f" = {decision.utilisation:.1%} of its level"
        yield Text(
            f"  statistic {shown(decision.statistic)} {decision.unit} ({decision.status}){used}; "
            f"fires over {shown(decision.effective_at)}, clears at {shown(decision.clear_at)}"
        )
        if decision.effective_at != decision.at:
            by = f" by override {decision.override_id}" if decision.override_id else ""
            yield Text(f"  configured {shown(decision.at)}, held against {shown(decision.effective_at)}{by}", "yellow")
        yield Text(
            f"  confirmed by {limit.confirm}, for {age_text(limit.for_)}, kept firing for "
            f"{age_text(limit.keep_firing_for)}{', latched' if limit.latch else ''}{', hard' if limit.hard else ''}"
        )
    yield Text(f"  mode {scene.mode}, stage {scene.stage}: {scene.effect}; overrides in force: {len(scene.overrides)}")
    for each in scene.overrides:
        asked = f"{each.limit or each.scope} at {shown(each.value)}" if each.value is not None else each.limit or "all"
        what = f"{each.kind} {asked}" if each.state is None else f"{each.kind} {each.state.value}"
        by = each.actor if each.approved_by is None else f"{each.actor} and {each.approved_by}"
        until, why = iso_time(each.expires_ns), printable(each.reason)
        yield Text(f"    {each.id}: {what} in {each.scope} by {printable(by)}, until {until}: {why}")
    if scene.figures is not None:
        figures = scene.figures
        yield Text(
            f"  evidence in the stage: k {figures.false}, T {figures.weeks:.2f} weeks, E {figures.e_value:.3g}, "
            f"D {figures.cusum:.2f}, {figures.resolved} of {figures.episodes} episodes labelled"
        )


def _numbers(scene: Scene) -> Iterator[RenderableType]:
    metrics = cast("Mapping[str, Mapping[str, object]]", scene.state["metrics"])
    yield _heading(f"Numbers of {scene.decision.scope} at that moment")
    table = _table("number", "value", "status", right=("value",))
    own = (scene.decision.metric,) if scene.decision.metric in metrics else ()
    for name in dict.fromkeys((*own, *_NUMBERS_SHOWN)):
        value, status = metrics[name]["value"], str(metrics[name]["status"])
        table.add_row(name, shown(cast(Number, value)), Text(status, style="" if status == "OK" else "yellow"))
    yield table
    nav = shown(cast(Number, scene.state["nav"]))
    yield Text(f"  NAV {nav}; data {scene.state['trust']}, {scene.state['status']}; {scene.state['rows']} rows")


def _components(scene: Scene) -> Iterator[RenderableType]:
    parts = scene.decision.evidence.components
    if not parts:
        return
    yield _heading(f"Where the {scene.decision.metric} comes from")
    table = _table("instrument", f"part, {scene.decision.unit}", right=(f"part, {scene.decision.unit}",))
    for part in parts:
        value = part.component_var if isinstance(part.component_var, float | str) else part.contribution
        table.add_row(part.instrument, shown(value if isinstance(value, float | str) else None))
    yield table


def _reduction(scene: Scene) -> Iterator[RenderableType]:
    check = scene.reduction
    if check is None:
        return
    yield _heading("Targets of this limit")
    table = _table("instrument", "held", "at most", "by", right=("held", "at most"))
    for each in check.targets:
        table.add_row(each.instrument, f"{each.quantity:,.10g}", f"{each.max_abs_qty:,.10g}", each.allowed_side)
    yield table
    gone = "" if check.cancels == "none" else f", after cancelling {check.cancels} working orders"
    verdict = "which clears it" if check.does_clear else "which does NOT clear it"
    yield Text(
        f"  met exactly on the book of that moment{gone}: {check.metric} {shown(number(check.before))} becomes "
        f"{shown(number(check.after))}, at most {shown(number(check.clear_at))}: {verdict}",
        style="" if check.does_clear else "bold red",
    )


def _inputs(recomputed: Recomputed) -> Iterator[RenderableType]:
    decision, action = recomputed.scene.decision, recomputed.action
    yield _heading("Its inputs")
    yield Text(f"  shard {action.shard}, input n {decision.inputs.n:,}, core time {iso_time(decision.ts_decided)}")
    if is_timer(recomputed):
        yield Text(f"  a timer fell due at {iso_time(decision.ts_decided)}; the input that brought the time:")
    yield Text(f"  {input_words(recomputed.woke)}")
    if recomputed.was_kept_back:
        yield Text(f"  kept back until the catch-up ended: {input_words(recomputed.let_out)}", style="yellow")
    offsets = ", ".join(f"{place} {offset:,}" for place, offset in decision.inputs.offsets.items()) or "none"
    yield Text(f"  data {decision.inputs.trust}; read up to: {offsets}")
    yield Text(
        f"  model {decision.model_version}, configuration {decision.config_hash}, numbers {decision.input_digest}"
    )


def _episode(scene: Scene) -> Iterator[RenderableType]:
    yield _heading(f"Episode {scene.decision.episode_id} so far")
    table = _table("decided", "level", "became", "asks for", "why")
    for each in scene.episode:
        what = styled_life(each.life.value) if each.kind is Kind.TRANSITION else Text(each.kind.value)
        style = "bold" if each.d == scene.decision.d else None
        table.add_row(
            iso_time(each.ts_decided), each.level, what, each.decided_type, printable(each.reason), style=style
        )
    yield table


def _aftermath(explanation: Explanation) -> Iterator[RenderableType]:
    yield _heading("Labels and acknowledgements")
    story = explanation.story
    if story is None:
        yield Text("  not known: no audit log was given", style="yellow")
        return
    lines = [*story.overrides, *story.acks, *story.episode]
    for line in lines:
        rest = {k: v for k, v in line.items() if k not in _LEFT_OUT and v is not None}
        words = printable(", ".join(f"{name} {value}" for name, value in rest.items()))
        yield Text(f"  {iso_time(cast(int, line['ts']))} {line['kind']}: {words}")
    if not lines:
        yield Text("  none in the audit log")


def _heading(text: str) -> Text:
    return Text(f"\n{text}", style="bold")


def _table(*columns: str, right: Sequence[str] = ()) -> Table:
    """Return an empty table; the last column alone may wrap, and a path in it is never cut off."""
    table = Table(box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0), pad_edge=False, show_edge=False)
    for name in columns:
        justify: Literal["left", "right"] = "right" if name in right else "left"
        table.add_column(name, justify=justify, no_wrap=name != columns[-1], overflow="fold")
    return table


_LEFT_OUT = ("n", "ts", "kind", "h", "action_id", "episode_id", "limit", "scope")


def shown(value: Number) -> str:
    """Return a number of a record in words: with its thousands, ∞ or - where it is none.

    >>> shown(1234567.0), shown(0.0312), shown("Infinity"), shown(None)
    ('1,234,567', '0.0312', '∞', '-')
    """
    if value is None:
        return "-"
    if isinstance(value, str):
        return "∞" if value == "Infinity" else "-∞"
    return f"{value:,.0f}" if abs(value) >= 1_000 else f"{value:.4g}"
