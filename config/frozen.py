"""What every part of the configuration is made of."""

from pydantic import BaseModel, ConfigDict


class Frozen(BaseModel):
    """What every part is: immutable, closed to unknown keys and to NaN and infinity."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True, allow_inf_nan=False)
