"""What a reader may change in the section `claims`; the rules themselves stand in data/claims.yml."""

from typing import Self

from pydantic import Field, model_validator

from helpers.claims import reading
from helpers.errors import InputError
from helpers.parameter_models import SectionParameters


class ClaimsParameters(SectionParameters):
    """Parameters of the section `claims`; rules that cannot be applied are refused with them, before any run."""

    robust_from: float = Field(
        0.8, ge=0.5, le=1.0, description="share of alternatives from which a verdict is called robust (0.5-1)"
    )

    @model_validator(mode="after")
    def _rules_can_be_applied(self) -> Self:
        try:
            reading.read_claims()
        except InputError as error:
            raise ValueError(str(error)) from error
        return self
