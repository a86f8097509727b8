"""What the parameter models of the sections share: the base class, and refusals that read alike."""

from collections.abc import Mapping, Sequence
from typing import Self

from pydantic import BaseModel, ConfigDict

from helpers.errors import not_allowed


class SectionParameters(BaseModel):
    """Base of the parameter models: a name that is not known is refused."""

    model_config = ConfigDict(extra="forbid")

    @classmethod
    def of(cls, namespace: Mapping[str, object]) -> Self:
        """Return the parameters whose names occur in a namespace, such as a notebook's ``globals()``."""
        return cls.model_validate({name: namespace[name] for name in cls.model_fields if name in namespace})


def refuse_unknown(field: str, values: Sequence[str], what: str, known: Sequence[str]) -> None:
    """Raise `ValueError` for the first value that is not known; the message names the field and lists all."""
    for value in values:
        if value not in known:
            raise ValueError(f"{field}: {not_allowed(what, value, known, shown=len(known))}")


def refuse_repeats(field: str, codes: Sequence[str], focus: str) -> None:
    """Raise `ValueError` when a list of other economies holds the focus economy, or one of them twice."""
    if focus in codes or len(set(codes)) != len(codes):
        raise ValueError(
            f"{field} ({', '.join(codes)}) names {focus} itself or one of its economies twice. "
            "Name each other economy once."
        )
