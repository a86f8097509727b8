"""What a reader may change in the section on the choices behind the index."""

from typing import Literal

from pydantic import Field

from helpers.parameter_models import SectionParameters

Metric = Literal[
    "korea_rank_composite",
    "korea_rank_rd_gdp",
    "korea_rank_hightech_exports_share",
    "korea_rank_hightech_patent_share",
    "korea_rank_ict_development_index",
]


class ChoicesParameters(SectionParameters):
    """Parameters of the section `choices`."""

    metric: Metric = Field("korea_rank_composite", description="rank whose distribution over the sweep is shown")
