"""Another configuration for a state that lives: what the numbers are held against, never how they are computed."""

from config.schema import Config
from risk.state import RiskState


def take_config(state: RiskState, config: Config) -> bool:
    """Go on with another configuration; return whether a number may be another than it was.

    Only what counts a scenario's loss as a failure enters a number; the caller has refused what else would. Every scope
    is dirty then.
    """
    before, state.config = state.config, config
    most = config.enforcement.max_stress_loss
    if before.enforcement.max_stress_loss == most:
        return False
    for k, scenario in enumerate(state.scenarios):
        if scenario.limit is None:
            state.arrays.scenario_limit[k] = most
    state.rebuild_all()
    return True
