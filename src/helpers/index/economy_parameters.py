"""What a reader may change in the profile of an economy."""

from collections.abc import Mapping
from typing import Self

from pydantic import BaseModel, ConfigDict, Field, field_validator

from helpers.data import economies
from helpers.errors import not_allowed


class EconomyParameters(BaseModel):
    """Parameters of the section `economy`; everything else follows from the innovation index of the same scenario."""

    model_config = ConfigDict(extra="forbid")

    focus: str = Field("KOR", description="economy the page is about (ISO 3166 alpha-3), one of the index's group")

    @classmethod
    def of(cls, namespace: Mapping[str, object]) -> Self:
        """Return the parameters whose names occur in a namespace, such as a notebook's ``globals()``."""
        return cls.model_validate({name: namespace[name] for name in cls.model_fields if name in namespace})

    @field_validator("focus")
    @classmethod
    def _known_economy(cls, value: str) -> str:
        if value not in economies.known():
            raise ValueError(not_allowed("economy", value, economies.known()))
        return value
