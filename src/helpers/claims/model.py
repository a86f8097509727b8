"""The form of data/claims.yml: claims, and rules as data that can be read but never run as code."""

from typing import Literal, Self, get_args

from pydantic import BaseModel, ConfigDict, Field, model_validator

from helpers.errors import not_allowed
from helpers.parameter_models import SectionParameters

Section = Literal[
    "innovation-index", "reshoring", "returning-firms", "value-chains", "intermediate-trade", "drivers", "policy"
]
SECTIONS: tuple[str, ...] = get_args(Section)
Operator = Literal["<", "<=", ">", ">=", "==", "!=", "between"]
Kind = Literal["rank", "input-output measure", "published counts", "trade statistics", "regression", "none"]
METRIC = rf"^({'|'.join(SECTIONS)})\.[a-z0-9_]+$"
NAME = r"^[a-z0-9][a-z0-9-]*$"


class ClaimsParameters(SectionParameters):
    """Parameters of the section `claims`; the rules themselves stand in data/claims.yml."""

    robust_from: float = Field(
        0.8, ge=0.5, le=1.0, description="share of alternatives from which a verdict is called robust (0.5-1)"
    )


class Strict(BaseModel):
    """No field that is not known: a misspelt key is refused."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Test(Strict):
    """An operator and what to compare with: a number, or for `between` a lower and an upper end (both count)."""

    __test__ = False  # not a test case for pytest

    operator: Operator
    value: float | tuple[float, float]

    @model_validator(mode="after")
    def _ends_fit(self) -> Self:
        pair = isinstance(self.value, tuple)
        if pair != (self.operator == "between"):
            raise ValueError("Only 'between' compares with two numbers: value: [low, high].")
        if isinstance(self.value, tuple) and self.value[0] > self.value[1]:
            raise ValueError(f"The ends of 'between' are turned round: {self.value[0]} is above {self.value[1]}.")
        return self


class FieldTest(Test):
    """A test of one field of a record of evidence, or of one column of a table."""

    field: str


class Records(Strict):
    """Some of the evidence of a section: the records of one claim, narrowed by equal fields."""

    section: Section
    claim: str = Field(pattern=NAME)
    where: dict[str, str] = {}


class Evidence(Records):
    """One number of the one record that fits."""

    field: str = "value"


class Share(Records):
    """The share of the records that fit of which all tests hold."""

    that: list[FieldTest] = Field(min_length=1)


class Condition(Strict):
    """A quantity, an operator, and a number or another metric.

    Exactly one of `metric` (`section.name` in its metrics.json), `evidence` and `share` names the quantity. `label` is
    the quantity in words, `name` what alternatives call it where it is not a metric.
    """

    label: str
    name: str | None = Field(None, pattern=NAME)
    unit: str = ""
    digits: int = Field(2, ge=0, le=6)
    metric: str | None = Field(None, pattern=METRIC)
    evidence: Evidence | None = None
    share: Share | None = None
    operator: Operator
    value: float | tuple[float, float] | None = None
    than: str | None = Field(None, pattern=METRIC, description="another metric to compare with, in place of a value")
    than_label: str = Field("", description="that metric in words")

    @model_validator(mode="after")
    def _complete(self) -> Self:
        if sum(source is not None for source in (self.metric, self.evidence, self.share)) != 1:
            raise ValueError(f"{self.label!r} needs exactly one of metric, evidence and share.")
        if (self.value is None) == (self.than is None):
            raise ValueError(f"{self.label!r} needs exactly one of value and than.")
        if bool(self.than) != bool(self.than_label):
            raise ValueError(f"{self.label!r}: than and than_label belong together.")
        if self.value is not None:
            Test(operator=self.operator, value=self.value)
        elif self.operator == "between":
            raise ValueError(f"{self.label!r}: 'between' needs two numbers, not a metric.")
        return self


class Group(Strict):
    """Conditions of which all, or at least one, must hold."""

    all: list["Condition | Group"] = []
    any: list["Condition | Group"] = []

    @model_validator(mode="after")
    def _one_kind(self) -> Self:
        if bool(self.all) == bool(self.any):
            raise ValueError("A group of conditions has either 'all' or 'any', and is not empty.")
        return self

    def conditions(self) -> "list[Condition]":
        """All conditions of this group and of the groups in it."""
        nested = [member.conditions() if isinstance(member, Group) else [member] for member in self.all or self.any]
        return [condition for inner in nested for condition in inner]


class Rule(Strict):
    """When a claim counts as supported, and when as partly supported; otherwise it is not supported."""

    supported: Group | None = None
    partly: Group | None = None

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if self.supported is None and self.partly is None:
            raise ValueError("A rule needs 'supported', 'partly' or both.")
        return self

    def quantities(self) -> set[str]:
        """Metrics and names of the numbers that the rule looks at."""
        groups = [group for group in (self.supported, self.partly) if group]
        found = [condition for group in groups for condition in group.conditions()]
        return {name for item in found for name in (item.metric, item.than, item.name) if name}


class Alternatives(Strict):
    """Other defensible specifications: rows of a table of a section, or points of a sweep.

    `columns` says which column stands for which metric, or named number, in the rule; what is not named keeps its
    value.
    `where` and `equal` choose rows by number and by text; `weight` is a column that says how many specifications a row
    stands for.
    """

    section: Section | None = None
    table: str | None = Field(None, pattern=NAME)
    sweep: str | None = Field(None, pattern=NAME)
    columns: dict[str, str] = Field(min_length=1)
    where: list[FieldTest] = []
    equal: dict[str, str] = {}
    weight: str | None = None
    what: str

    @model_validator(mode="after")
    def _one_source(self) -> Self:
        if (self.sweep is None) == (self.table is None) or (self.table is None) != (self.section is None):
            raise ValueError("Alternatives are either a sweep, or a table with its section.")
        return self

    @property
    def source(self) -> str:
        """Name under which the table is handed over: `section/table` or `sweep:name`."""
        return f"sweep:{self.sweep}" if self.sweep else f"{self.section}/{self.table}"


class Link(Strict):
    """A figure or table of another section's page, by its label."""

    section: Section
    label: str = Field(pattern=r"^(fig|tbl)-[a-z0-9-]+$")


class Claim(Strict):
    """A sentence of the study in our words, where it stands, and how it is judged."""

    id: str = Field(pattern=NAME)
    title: str
    paraphrase: str
    place: str
    kind: Kind
    rule: Rule | None = None
    would_test: str = Field("", description="for a claim without rule: the data that would test it")
    caveat: str = ""
    see: list[Link] = []
    alternatives: list[Alternatives] = Field([], description="the first of these that is there is used")
    no_alternatives: str = Field("", description="for a claim without alternatives: why there can be none")

    @model_validator(mode="after")
    def _testable_or_not(self) -> Self:
        if self.rule is None and not self.would_test:
            raise ValueError(f"Claim {self.id!r} has no rule; say in would_test what data would test it.")
        if self.rule is None and self.alternatives:
            raise ValueError(f"Claim {self.id!r} has alternatives but no rule to apply to them.")
        if not self.alternatives and not self.no_alternatives:
            raise ValueError(f"Claim {self.id!r} lists no alternatives; say in no_alternatives why there can be none.")
        return self

    @model_validator(mode="after")
    def _alternatives_vary_the_rule(self) -> Self:
        known = self.rule.quantities() if self.rule else set()
        for name in (name for listed in self.alternatives for name in listed.columns):
            if name not in known:
                raise ValueError(f"Claim {self.id!r}: {not_allowed('number of its rule', name, sorted(known))}")
        return self


class Claims(Strict):
    """All claims."""

    claims: list[Claim] = Field(min_length=1)

    @model_validator(mode="after")
    def _named_once(self) -> Self:
        names = [claim.id for claim in self.claims]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise ValueError(f"Claim {twice[0]!r} is there twice.")
        return self
