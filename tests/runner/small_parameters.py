"""Parameter models of the small notebooks."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from helpers.errors import not_allowed

WORDS = ("one", "two", "three")


class SmallParameters(BaseModel):
    """Three parameters, of which one is a mapping."""

    model_config = ConfigDict(extra="forbid")

    scale: int = Field(2, ge=0, le=1000, description="what the number is multiplied by (no unit)")
    word: str = Field("one", description="any text")
    weights: dict[str, float] = Field({}, description="weight of each item (no unit)")


class StrictParameters(BaseModel):
    """Parameters with refusals of every kind."""

    model_config = ConfigDict(extra="forbid")

    scale: int = Field(2, ge=0, le=10, description="what the number is multiplied by (no unit)")
    word: str = Field("one", description="one of three words")
    weights: dict[str, float] = Field({}, description="weight of each item (no unit)")
    year: int | Literal["latest"] = Field(2018, description="year of the data")

    @field_validator("word")
    @classmethod
    def _known_word(cls, value: str) -> str:
        if value not in WORDS:
            raise ValueError(not_allowed("word", value, WORDS))
        return value

    @model_validator(mode="after")
    def _fits(self) -> "StrictParameters":
        if self.word == "three" and self.scale > 3:
            raise ValueError(f"The word 'three' goes with a scale of at most 3, not {self.scale}.")
        return self


class TableParameters(SmallParameters):
    """Parameters of which one names the table that is read."""

    word: str = Field("robot_density", description="table whose rows are counted")

    def tables(self) -> list[str]:
        """Return the tables that the values name."""
        return [self.word]


class GroupParameters(SmallParameters):
    """Parameters that tell other sections for which words there are to be variants."""

    def words(self) -> list[str]:
        """Return as many words as the scale says."""
        return list(WORDS[: self.scale])
