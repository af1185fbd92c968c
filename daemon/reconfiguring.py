"""Goes on with another configuration, or another model, in a core that lives: what changed restarts, all else stays."""

from collections.abc import Mapping

from config.schema import Config, EnforcementConfig
from config.setup import Setup, setup_digest, setup_to_json
from daemon.commands import Commands
from daemon.looking import Looking
from daemon.plan_settings import SettingChange
from daemon.setup_changes import setup_changes
from daemon.takeover import Takeover, takeover_of
from enforcement.enforcer import Enforcer
from feeds.configured import Configured
from risk.reconfiguring import take_config
from risk.state import RiskState
from sensors.catalogue import Catalogue

Line = dict[str, object]


class Reconfiguring:
    """Carries out journaled configurations, in the order in which things may depend on each other.

    setup : that the core goes on with; the first of a journal is the one that it was built from
    """

    def __init__(
        self,
        setup: Setup,
        state: RiskState,
        looking: Looking,
        enforcer: Enforcer,
        commands: Commands,
        catalogue: Catalogue,
    ) -> None:
        self.setup = setup
        self._state, self._looking, self._enforcer = state, looking, enforcer
        self._commands, self._catalogue = commands, catalogue

    def take(self, event: Configured, n: int) -> None:
        """Go on with a configuration from here on; the one that is in force already changes nothing.

        Lives, latches, halts, high-water marks and episodes stay; evidence begins anew for the limits that changed.
        """
        if event.model_version not in ("", self._enforcer.model_version):
            self._change_model(event.model_version)
        if setup_to_json(event.setup) != setup_to_json(self.setup):
            self._change_setup(event.setup, n)

    def _change_model(self, version: str) -> None:
        before, now_ns = self._enforcer.model_version, self._state.now_ns
        reason = f"model {version} in the place of {before}"
        self._looking.write({
            "ts": now_ns, "kind": "config", "change": "model", "old_model_version": before, "model_version": version,
            "reason": reason,
        })  # fmt: skip
        self._enforcer.model_version = version
        self._enforcer.ladders.change_model(version, now_ns, reason)
        self._looking.tell_ladders()

    def _change_setup(self, setup: Setup, n: int) -> None:
        before, after = self.setup.config, setup.config
        changes = setup_changes(self.setup, setup)
        assert not changes.refused, f"no core can take over {[each.path for each in changes.refused]}"
        taken = takeover_of(self._enforcer, before, after, self._catalogue)
        digests = (setup_digest(self.setup), setup_digest(setup))
        reason = f"configuration {digests[1][:8]} in the place of {digests[0][:8]}"
        stood = self._enforcer.limits
        old_hash = self._enforcer.config_hash
        self.setup = setup
        is_measured_anew = take_config(self._state, after)
        config_hash = self._commands.limits.configure(after, taken.limits)
        self._looking.write(
            configured_audit(
                self._state.now_ns, changes.taken, taken, reason=reason,
                digests=digests, hashes=(old_hash, config_hash),
            )
        )  # fmt: skip
        self._follow(before, after, n, reason)
        touched = self._commands.limits.follow(stood, taken, n, reason)
        if touched or taken.added:
            self._commands.overtake(touched, f"it was overtaken by {reason}", "riskd")
        if is_measured_anew and self._state.now_ns > 0:
            self._looking.look(n=n, cause="other", ts_event=self._state.now_ns)

    def _follow(self, before: Config, after: Config, n: int, reason: str) -> None:
        """Go on with all but the limits."""
        one, other = before.enforcement, after.enforcement
        if _evidence_rules(one) != _evidence_rules(other):
            self._enforcer.ladders.configure(other)
            self._looking.tell_ladders()
        if one.acks != other.acks:
            self._looking.acks.configure(other.acks)
        modes = {limit.id: limit.mode for limit in one.limits}
        own = {limit.id for limit in other.limits if limit.id in modes and modes[limit.id] != limit.mode}
        self._commands.modes.follow(other.mode, own, n, reason)
        keys = _changed_keys(before.control.keys, after.control.keys)
        self._commands.disown(keys, f"the key of its actor was changed by {reason}")


def configured_audit(
    ts: int, changes: tuple[SettingChange, ...], taken: Takeover, *, reason: str, digests: tuple[str, str],
    hashes: tuple[str, str],
) -> Line:  # fmt: skip
    """Return the record of a configuration that was taken over: every value that changed, and what it did to limits."""
    return {
        "ts": ts, "kind": "config", "change": "file", "old_setup_digest": digests[0], "setup_digest": digests[1],
        "old_config_hash": hashes[0], "config_hash": hashes[1], "reason": reason,
        "values": [{"path": each.path, "old": each.old, "new": each.new} for each in changes],
        "added": list(taken.added), "removed": list(taken.removed), "changed": list(taken.changed),
        "restarts": list(taken.restarts), "loosened": list(taken.loosened), "commanded": list(taken.commanded),
        "limits": [limit.model_dump(mode="json", by_alias=True) for limit in taken.limits],
    }  # fmt: skip


def _evidence_rules(config: EnforcementConfig) -> tuple[object, ...]:
    return config.promotion, config.sensitivity, config.false_positive_threshold_per_week


def _changed_keys(before: Mapping[str, str], after: Mapping[str, str]) -> set[str]:
    """Return the actors who cannot sign any more as they did."""
    return {actor for actor, key in before.items() if after.get(actor, "").lower() != key.lower()}
