"""What a reader may change in the section on claims."""

from collections.abc import Mapping
from typing import Self

from pydantic import BaseModel, ConfigDict, Field


class ClaimsParameters(BaseModel):
    """Parameters of the section `claims`; the rules themselves stand in data/claims.yml."""

    model_config = ConfigDict(extra="forbid")

    robust_from: float = Field(
        0.8, ge=0.5, le=1.0, description="share of alternatives from which a verdict is called robust (0.5-1)"
    )

    @classmethod
    def of(cls, namespace: Mapping[str, object]) -> Self:
        """Return the parameters whose names occur in a namespace, such as a notebook's ``globals()``."""
        return cls.model_validate({name: namespace[name] for name in cls.model_fields if name in namespace})
