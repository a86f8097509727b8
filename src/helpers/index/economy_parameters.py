"""What a reader may change in the profile of an economy."""

from pydantic import Field, field_validator

from helpers.data import economies
from helpers.errors import not_allowed
from helpers.parameter_models import SectionParameters


class EconomyParameters(SectionParameters):
    """Parameters of the section `economy`; everything else follows from the innovation index of the same scenario."""

    focus: str = Field("KOR", description="economy the page is about (ISO 3166 alpha-3), one of the index's group")

    @field_validator("focus")
    @classmethod
    def _known_economy(cls, value: str) -> str:
        if value not in economies.known():
            raise ValueError(not_allowed("economy", value, economies.known()))
        return value
