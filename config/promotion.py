"""What a limit must show before it acts: the section `promotion`, of all limits and of one."""

from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from config.durations import DurationNs
from config.frozen import Frozen

Readiness = Literal["eprocess", "poisson_ucb", "naive"]


class PromotionConfig(Frozen):
    """How a limit climbs in gradual mode (models.md 22.5); `false_positive_threshold_per_week` is the rate to be under.

    readiness     : eprocess holds at every look; poisson_ucb and naive do not, and are there for comparison
    automatic     : false shows readiness and never promotes; demotion is always automatic
    weeks_min     : live weeks in the stage; uptime_min: share of time with a number
    resolved_min  : share of the stage's episodes that a person has labelled true or false
    family        : units judged together; the false promotions of all of them stay at 5 % (10 asks for E >= 200)
    overdispersion: false episodes that come in heaps count for more (weekly variance over mean above 1.5, 8 weeks)
    resolve_within: an episode that nobody labels for so long after it began counts as false in the CUSUM too
    """

    readiness: Readiness = "eprocess"
    automatic: bool = True
    weeks_min: float = Field(default=4.0, ge=0)
    uptime_min: float = Field(default=0.99, ge=0, le=1)
    resolved_min: float = Field(default=0.90, ge=0, le=1)
    family: int = Field(default=1, ge=1, le=1_000_000)
    overdispersion: bool = False
    resolve_within: DurationNs = 35 * 86_400 * 10**9


class LimitPromotion(Frozen):
    """What one limit says otherwise; None is as `enforcement.promotion` has it."""

    readiness: Readiness | None = None
    automatic: bool | None = None
    weeks_min: float | None = Field(default=None, ge=0)
    uptime_min: float | None = Field(default=None, ge=0, le=1)
    resolved_min: float | None = Field(default=None, ge=0, le=1)
    family: int | None = Field(default=None, ge=1, le=1_000_000)
    overdispersion: bool | None = None
    resolve_within: DurationNs | None = None

    def over(self, general: PromotionConfig) -> PromotionConfig:
        """Return the general settings with what is said here."""
        return general.model_copy(update=self.model_dump(exclude_none=True))


class SensorTrial(Frozen):
    """What a sensor showed in trials: years of crises in which it tripped, and whether it met every injected fault."""

    crises: tuple[int, ...] = ()
    faults: bool = False


def _sorted_trials(values: dict[str, SensorTrial]) -> dict[str, SensorTrial]:
    return dict(sorted(values.items()))


class Sensitivity(Frozen):
    """That the sensors see what they are for: what `riskd sensitivity` printed. A sensor that is not named, or that
    was tried under another version of the model, is never promoted: it has no false positives, but may be blind.
    """

    model_version: str = ""
    sensors: Annotated[dict[str, SensorTrial], AfterValidator(_sorted_trials)] = Field(default_factory=dict)

    def shows(self, sensor: str, claims: tuple[int, ...], model_version: str) -> bool:
        """Say whether the sensor met every fault, and tripped in every crisis that it claims."""
        trial = self.sensors.get(sensor)
        return (
            trial is not None
            and self.model_version == model_version
            and trial.faults
            and set(claims) <= set(trial.crises)
        )
