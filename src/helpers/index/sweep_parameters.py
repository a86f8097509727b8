"""What a reader may change on the page about a sweep."""

from pydantic import BaseModel, ConfigDict, Field


class SweepParameters(BaseModel):
    """Parameters of the section `sweep`."""

    model_config = ConfigDict(extra="forbid")

    sweep: str = Field("claims", description="sweep shown: a file of sweeps/ that the notebook's front matter names")
    metric: str | None = Field(None, description="number shown; None: the metric of the sweep's file")
