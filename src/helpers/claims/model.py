"""The form of data/claims.yml: claims, and rules as data that can be read but never run as code."""

import hashlib
import json
from collections.abc import Mapping
from datetime import date
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from helpers.errors import not_allowed, require_known

Verdict = Literal["supported", "partly", "contradicted", "inconclusive", "not testable"]
NAME = r"^[a-z0-9][a-z0-9-]*$"
METRIC = r"^[a-z0-9][a-z0-9-]*\.[a-z0-9_]+$"
Section = Annotated[str, Field(pattern=NAME)]


class Strict(BaseModel):
    """No field that is not known: a misspelt key is refused."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Kind(Strict):
    """What claims of a kind ask of a number, and the smallest effect that matters, in its own unit.

    A `difference` is compared with `reference`, `times` with one on a log scale; `figure` asks how near a number comes
    to a printed one: closer than `smallest`, or than `near`.
    """

    title: str
    asks: Literal["difference", "times", "figure"]
    smallest: float = Field(gt=0)
    near: float | None = None
    reference: float = 0
    unit: str = ""
    digits: int = Field(1, ge=0, le=6)
    reason: str = ""

    @model_validator(mode="after")
    def _complete(self) -> Self:
        if not self.unit or not self.reason:
            raise ValueError(f"The smallest effect of kind {self.title!r} needs a unit and a reason.")
        if (self.near is None) == (self.asks == "figure"):
            raise ValueError(f"Kind {self.title!r}: 'near' belongs to figures, and each of them needs it.")
        if self.near is not None and self.near < self.smallest:
            raise ValueError(f"Kind {self.title!r}: near ({self.near}) is less than smallest ({self.smallest}).")
        if self.asks == "times" and (self.smallest <= 1 or self.reference):
            raise ValueError(f"Kind {self.title!r}: a factor above one is needed, compared with one.")
        return self


class Number(Strict):
    """A number that a rule looks at: a metric, its interval where it is an estimate, and what the claim says of it.

    `than` is subtracted (for `times`: divided by). Numbers of one `group` answer as one, by majority.
    """

    label: str
    metric: str = Field(pattern=METRIC)
    low: str | None = Field(None, pattern=METRIC)
    high: str | None = Field(None, pattern=METRIC)
    freedom: str | None = Field(None, pattern=METRIC, description="degrees of freedom; without them the normal law")
    than: str | None = Field(None, pattern=METRIC)
    wanted: Literal["more", "less", "same"] = "more"
    printed: float | None = None
    group: str = ""

    @model_validator(mode="after")
    def _interval_has_two_ends(self) -> Self:
        if (self.low is None) != (self.high is None):
            raise ValueError(f"{self.label!r}: low and high belong together.")
        if self.than and self.low:
            raise ValueError(f"{self.label!r}: a difference of two metrics has no interval here; leave the interval.")
        return self

    def metrics(self) -> list[str]:
        """All metrics that this number is made of."""
        return [name for name in (self.metric, self.low, self.high, self.freedom, self.than) if name]


class Rule(Strict):
    """The numbers that answer a claim, and the best and worst verdict that they can give."""

    numbers: list[Number] = Field(min_length=1)
    at_most: Literal["supported", "partly"] = "supported"
    at_worst: Literal["contradicted", "inconclusive"] = "contradicted"

    def metrics(self) -> set[str]:
        """All metrics that the rule reads."""
        return {name for number in self.numbers for name in number.metrics()}


class Alternatives(Strict):
    """Other defensible specifications, to each of which the whole rule is applied.

    Rows of a table of a section, or points of a sweep: `columns` says which column stands for which metric of the rule,
    and every metric needs one, but for degrees of freedom; `equal` chooses rows by the text of a column;
    `weight` is a column that says how many specifications a row stands for. Without a source: the smallest effect
    halved and doubled, and each number left out in turn.
    """

    section: Section | None = None
    table: str | None = Field(None, pattern=NAME)
    sweep: str | None = Field(None, pattern=NAME)
    columns: dict[str, str] = {}
    equal: dict[str, str] = {}
    weight: str | None = None
    what: str

    @model_validator(mode="after")
    def _one_source(self) -> Self:
        if (self.table is None) != (self.section is None) or (self.sweep and self.table):
            raise ValueError("Alternatives are a sweep, or a table with its section, or neither.")
        if bool(self.source) != bool(self.columns):
            raise ValueError("Alternatives from a table or a sweep need columns, and others have none.")
        return self

    @property
    def source(self) -> str:
        """Name under which the table is handed over: `section/table` or `sweep:name`; empty without one."""
        return f"sweep:{self.sweep}" if self.sweep else f"{self.section}/{self.table}" if self.table else ""


class Link(Strict):
    """A figure or table of another section's page, by its label."""

    section: Section
    label: str = Field(pattern=r"^(fig|tbl)-[a-z0-9-]+$")


class Revision(Strict):
    """One entry of a rule's history: when it was written or changed, from what, and why."""

    date: date
    reason: str
    was: str = Field("", description="the rule before, in words; empty for the first")
    gave: str = Field("", description="the verdict that it gave")
    asked: str = Field("", description="what a review asked for, where that was the occasion")
    digest: str = Field("", description="of the rule from then on")


class Claim(Strict):
    """A sentence of the study in our words, where it stands, and how it is judged."""

    id: str = Field(pattern=NAME)
    title: str
    question: Section = Field(description="the section whose page answers it")
    paraphrase: str
    place: str
    kind: Kind | None = None
    evidence: Literal["direct", "proxy"] = "proxy"
    replication: Literal["reproduction", "robustness", "extension"] = "extension"
    rule: Rule | None = None
    history: list[Revision] = Field(min_length=1)
    would_test: str = Field("", description="for a claim without rule: the data that would test it")
    caveat: str = ""
    see: list[Link] = []
    alternatives: list[Alternatives] = Field([], description="the first of these that is there is used")
    no_alternatives: str = Field("", description="for a claim without alternatives: why there can be none")

    @model_validator(mode="after")
    def _testable_or_not(self) -> Self:
        if self.rule is None and not self.would_test:
            raise ValueError(f"Claim {self.id!r} has no rule; say in would_test what data would test it.")
        if (self.rule is None) != (self.kind is None):
            raise ValueError(f"Claim {self.id!r}: a rule and a kind, with its smallest effect, belong together.")
        if self.rule is None and self.alternatives:
            raise ValueError(f"Claim {self.id!r} has alternatives but no rule to apply to them.")
        if not self.alternatives and not self.no_alternatives:
            raise ValueError(f"Claim {self.id!r} lists no alternatives; say in no_alternatives why there can be none.")
        return self

    @model_validator(mode="after")
    def _numbers_fit_the_kind(self) -> Self:
        for number in self.rule.numbers if self.rule else []:
            if self.kind and (number.printed is None) == (self.kind.asks == "figure"):
                raise ValueError(f"{number.label!r}: a printed figure belongs to a kind that asks for figures only.")
        return self

    @model_validator(mode="after")
    def _alternatives_hold_nothing_fixed(self) -> Self:
        needed = self.rule.metrics() if self.rule else set()
        for listed in (listed for listed in self.alternatives if listed.source):
            for name in listed.columns:
                if name not in needed:
                    raise ValueError(f"Claim {self.id!r}: {not_allowed('number of its rule', name, sorted(needed))}")
            freedom = {number.freedom for number in self.rule.numbers} if self.rule else set()
            if fixed := sorted(needed - {*listed.columns} - freedom):
                raise ValueError(f"Claim {self.id!r}: its alternatives hold {', '.join(fixed)} fixed; name a column.")
        return self

    @model_validator(mode="after")
    def _history_in_order(self) -> Self:
        dates = [entry.date for entry in self.history]
        if dates != sorted(dates):
            raise ValueError(f"Claim {self.id!r}: its history is out of order; write the oldest entry first.")
        return self

    def digest(self) -> str:
        """Hash of all that decides the verdict: the rule, and what its kind asks."""
        kind = self.kind.model_dump(exclude={"title", "reason", "digits"}) if self.kind else None
        rule = self.rule.model_dump() if self.rule else None
        return hashlib.sha256(json.dumps([kind, rule], sort_keys=True).encode()).hexdigest()[:12]

    @property
    def frozen(self) -> bool:
        """Whether the rule is still the one of the last entry of its history."""
        return self.history[-1].digest == self.digest()


class Claims(Strict):
    """All claims; `kinds` is where the file writes kinds down once, for claims to repeat by YAML's anchors."""

    kinds: list[Kind] = []
    claims: list[Claim] = Field(min_length=1)

    @model_validator(mode="after")
    def _named_once(self) -> Self:
        names = [claim.id for claim in self.claims]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise ValueError(f"Claim {twice[0]!r} is there twice.")
        return self

    def refuse_unknown(self, known: Mapping[str, str]) -> None:
        """Raise InputError for a metric that no section says it leaves, or a section that leaves none.

        Parameters
        ----------
        known : mapping
            Metrics that sections declare, as `section.name`.
        """
        sections = sorted({name.partition(".")[0] for name in known})
        for claim in self.claims:
            linked, compared = ([one.section for one in part] for part in (claim.see, claim.alternatives))
            for name in filter(None, (claim.question, *linked, *compared)):
                require_known("section", name, sections, f"claims.yml: claim {claim.id!r}")
            for name in sorted(claim.rule.metrics()) if claim.rule else []:
                require_known("metric", name, sorted(known), f"claims.yml: claim {claim.id!r}")
