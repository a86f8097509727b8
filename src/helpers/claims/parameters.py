"""What a reader may change in the section on claims."""

from pydantic import Field

from helpers.parameter_models import SectionParameters


class ClaimsParameters(SectionParameters):
    """Parameters of the section `claims`; the rules themselves stand in data/claims.yml."""

    robust_from: float = Field(
        0.8, ge=0.5, le=1.0, description="share of alternatives from which a verdict is called robust (0.5-1)"
    )
