"""What a reader may change in the section on counts of returning firms, with the values that are allowed."""

from pydantic import Field

from helpers.parameter_models import SectionParameters


class CountsParameters(SectionParameters):
    """Parameters of the section `returning-firms`; the defaults are those of the published page."""

    split_year: int = Field(
        2019, ge=2015, le=2024, description="last year of the earlier period in Korea's counts (calendar year)"
    )
    level: float = Field(0.95, ge=0.5, le=0.99, description="coverage of intervals (0.5-0.99)")
