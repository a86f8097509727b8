"""What a reader may change on the page about a sweep."""

from pydantic import Field

from helpers.parameter_models import SectionParameters


class SweepParameters(SectionParameters):
    """Parameters of the section `sweep`."""

    sweep: str = Field("claims", description="sweep shown: a file of sweeps/ that the notebook's front matter names")
    metric: str | None = Field(None, description="number shown; None: the metric of the sweep's file")
