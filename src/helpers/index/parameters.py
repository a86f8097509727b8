"""What a reader may change in the sections on the index and its economies, choices and sweeps, and what is allowed."""

from typing import Annotated, Literal, Self

from pydantic import Field, ValidationInfo, field_validator, model_validator

from helpers.data import catalogue, economies
from helpers.errors import InputError, not_allowed
from helpers.index.definitions import (
    HIGH_TECH_FIELDS,
    PATENT_SHARE,
    PATENTS,
    STUDY_RANKS,
    Indicator,
    indicator,
    is_possible,
    patent_fields,
)
from helpers.parameter_models import SectionParameters, one_of

Economy = Annotated[str, one_of("economy", economies.known)]
Normalisation = Literal[
    "minmax", "z-score", "rank", "borda", "percentile-rank", "distance-to-maximum", "fraction-of-maximum"
]
Aggregation = Literal["arithmetic", "geometric", "harmonic", "power", "copeland", "mazziotta-pareto", "minimum"]
Imputation = Literal[
    "none", "mean", "median", "group-mean", "group-median", "own-mean", "regression", "chained-equations"
]
Outliers = Literal["none", "winsorise-then-log", "winsorise", "log", "box-cox"]
WEIGHTINGS = (
    "equal",
    "pca",
    "pca-loadings",
    "entropy",
    "critic",
    "benefit-of-the-doubt",
    "equal-importance",
    "most-informative",
)
LATEST = catalogue.LATEST
#: Parameters that choose the vintage of a table; of other tables the newest one is used.
VINTAGE_FIELDS = {
    "rd_gdp": "rd_gdp_vintage",
    "hightech_exports_share": "hightech_exports_share_vintage",
    PATENTS: "patents_vintage",
    "ict_development_index": "ict_edition",
}

#: Scale used when `scale` is not set: an interval, or the mean and standard deviation of z-scores.
DEFAULT_SCALES = {"minmax": (0.0, 100.0), "z-score": (0.0, 1.0), "percentile-rank": (0.0, 1.0)}
#: Normalisations whose scale is an interval.
INTERVALS = ("minmax", "percentile-rank")
#: Aggregations that need values above zero.
NEED_POSITIVE = ("geometric", "harmonic", "power")
#: Normalisations whose lowest value is zero.
ZERO_BASED = ("borda", "distance-to-maximum")


class InnovationIndexParameters(SectionParameters):
    """Parameters of the section `innovation-index`; the defaults are what the study's authors could see in 2021."""

    focus: Economy = Field("KOR", description="economy the page is about (ISO 3166 alpha-3); it must be in the group")
    group: str | list[str] = Field(
        "oecd-plus", description="economies compared: all, oecd, oecd-plus, g20, or a list of alpha-3 codes"
    )
    indicators: list[str] = Field(
        list(STUDY_RANKS),
        min_length=2,
        description=f"what the index is made of: {PATENT_SHARE}, and tables of one value an economy and year",
    )
    year: int | Literal["latest"] = Field(
        2018, description="year of the ranking, or 'latest': each indicator's newest year within the maximum age"
    )
    maximum_age: int = Field(
        0, ge=0, le=10, description="how many years older than the year a value may be (years); the newest one is taken"
    )
    minimum_population: int = Field(
        0, ge=0, le=100_000_000, description="economies with fewer people are left out (persons, in the year)"
    )
    minimum_patents: int = Field(
        100, ge=0, le=100_000, description="smallest number of patents a year for a high-tech share to count (grants)"
    )
    minimum_coverage: float = Field(
        0.75, gt=0, le=1, description="share of the indicators an economy needs for a composite score (0-1)"
    )
    minimum_indicator_coverage: float = Field(
        0.25, ge=0, le=1, description="share of the ranked economies an indicator needs a value for (0-1)"
    )
    high_tech_fields: str | list[str] = Field(
        "eleven", description="what counts as a high-tech patent: a named list, or WIPO technology fields"
    )
    rd_gdp_vintage: str = Field("wdi-2021-09-15", description="vintage of R&D spending to GDP, or 'latest'")
    hightech_exports_share_vintage: str = Field(
        "wdi-2021-09-15", description="vintage of the high-tech share of manufactured exports, or 'latest'"
    )
    patents_vintage: str = Field(LATEST, description="vintage of the patent counts, or 'latest'")
    ict_edition: str = Field(
        "itu-2017", description="edition of the ICT Development Index, or 'latest'; its newest year is used as it is"
    )
    weights: str | dict[str, float] = Field(
        "equal",
        description=f"weights of the indicators: {', '.join(WEIGHTINGS)}, or a number for each indicator (any sum)",
    )
    normalisation: Normalisation = Field("minmax", description="how indicators are brought to one scale")
    scale: list[float] | None = Field(
        None,
        min_length=2,
        max_length=2,
        description="interval of minmax and percentile-rank, or mean and standard deviation of z-scores; null = usual",
    )
    aggregation: Aggregation = Field("arithmetic", description="how normalised values become one score")
    power: float = Field(0.5, ge=-10, le=10, description="exponent of the power mean; used by 'power' only")
    imputation: Imputation = Field(
        "none", description="how a missing value is filled; 'none' re-scales the weights over what is present"
    )
    outliers: Outliers = Field("none", description="treatment of indicators with outliers")
    draws: int = Field(10_000, ge=100, le=1_000_000, description="Monte Carlo draws of the uncertainty analysis")
    seed: int = Field(2021, ge=0, le=2**32 - 1, description="seed of the random numbers")
    weight_spread: float = Field(
        0.25, ge=0, le=1, description="uncertainty of a weight: half-width or standard deviation as a share of it (0-1)"
    )
    weight_error: Literal["uniform", "dirichlet"] = Field(
        "uniform", description="form of the weights' error: uniform, or Dirichlet weights with that relative spread"
    )
    measurement_noise: float = Field(
        0.02, ge=0, le=0.5, description="relative standard error of an indicator's value (share of the value)"
    )
    first_year: int = Field(2010, ge=2007, le=2017, description="first year of the index over time")

    @field_validator("group")
    @classmethod
    def _known_group(cls, value: str | list[str]) -> str | list[str]:
        try:
            members = economies.group(value)
        except InputError as error:
            raise ValueError(str(error)) from error
        if len(members) < 3:
            raise ValueError(f"A ranking needs at least three economies; {value!r} has {len(members)}. Name more.")
        return value

    @field_validator("indicators")
    @classmethod
    def _known_indicators(cls, value: list[str]) -> list[str]:
        if len(set(value)) != len(value):
            raise ValueError("The list of indicators names one twice. Name each once.")
        for name in value:
            if not is_possible(name):
                possible = [PATENT_SHARE, *filter(is_possible, catalogue.tables())]
                raise ValueError(not_allowed("indicator", name, possible))
        return value

    @field_validator("high_tech_fields")
    @classmethod
    def _known_fields(cls, value: str | list[str]) -> str | list[str]:
        if isinstance(value, str):
            if value not in HIGH_TECH_FIELDS:
                raise ValueError(not_allowed("list of high-tech patent fields", value, HIGH_TECH_FIELDS))
            return value
        if not value or len(set(value)) != len(value):
            raise ValueError("The list of high-tech patent fields is empty or names a field twice. Name each once.")
        for field in value:
            if field not in patent_fields():
                raise ValueError(not_allowed("patent field", field, patent_fields(), shown=35))
        return value

    @field_validator("weights")
    @classmethod
    def _known_weights(cls, value: str | dict[str, float], info: ValidationInfo) -> str | dict[str, float]:
        names = info.data.get("indicators", list(STUDY_RANKS))
        if isinstance(value, str):
            if value not in WEIGHTINGS:
                raise ValueError(not_allowed("weighting", value, WEIGHTINGS))
            return value
        for name, weight in value.items():
            if name not in names:
                raise ValueError(not_allowed("indicator", name, names))
            if not 0 <= weight < float("inf"):
                raise ValueError(f"The weight of {name} is {weight}: a weight is a number, zero or larger.")
        if missing := [name for name in names if name not in value]:
            raise ValueError(
                f"No weight is given for {', '.join(missing)}. Give every indicator one (0 leaves it out)."
            )
        if not sum(value.values()) > 0:
            raise ValueError("All weights are zero. Give at least one indicator a weight above zero.")
        return value

    @field_validator(*VINTAGE_FIELDS.values())
    @classmethod
    def _known_vintage(cls, value: str, info: ValidationInfo) -> str:
        table = next(table for table, field in VINTAGE_FIELDS.items() if field == info.field_name)
        allowed = [*catalogue.vintages(table), LATEST]
        if value not in allowed:
            raise ValueError(not_allowed(f"vintage of {table}", value, allowed))
        return value

    @model_validator(mode="after")
    def _choices_fit_together(self) -> Self:
        members = economies.group(self.group)
        if self.focus not in members:
            raise ValueError(
                f"The focus economy {self.focus!r} is not in the group {self.group!r}. "
                f"Choose one of its economies: {', '.join(members)}."
            )
        self._check_years()
        self._check_scale()
        return self

    def _check_years(self) -> None:
        year = self.reference_year()
        within = f" or up to {self.maximum_age} years before it" if self.maximum_age else ""
        for one in self.definitions():
            vintage = self.vintage(one.table)
            years = catalogue.years(one.table, vintage)
            if not one.edition and not any(year - self.maximum_age <= found <= year for found in years):
                raise ValueError(
                    f"Table {one.table}, vintage {vintage}, has no data for {year}{within}. It has "
                    f"{years[0]}-{years[-1]}. Choose one of these years, another vintage, or a larger maximum_age."
                )

    def _check_scale(self) -> None:
        if self.scale and self.normalisation not in DEFAULT_SCALES:
            raise ValueError(
                f"A scale has no meaning for the normalisation {self.normalisation!r}. Leave it null, or use "
                "minmax or percentile-rank (lowest, highest) or z-score (mean, standard deviation)."
            )
        low, high = self.resolved_scale()
        if self.normalisation in INTERVALS and not low < high:
            raise ValueError(
                f"The interval of {self.normalisation} runs from {low} to {high}: the second number must be larger."
            )
        if self.normalisation == "z-score" and not high > 0:
            raise ValueError(f"The standard deviation of z-scores is {high}: it must be larger than zero.")
        if message := zero_refusal(self.aggregation, self.normalisation, (low, high), self.power):
            raise ValueError(message)
        if self.weights != "benefit-of-the-doubt":
            return
        if self.aggregation != "arithmetic":
            raise ValueError(
                "Benefit of the doubt is a weighted sum by construction: it has no meaning with the aggregation "
                f"{self.aggregation!r}. Use 'arithmetic', or other weights."
            )
        if _gives_zeros(self.normalisation, (low, 0.0), negatives_only=True):
            raise ValueError(
                "Benefit of the doubt has no meaning for negative values, which the normalisation "
                f"{self.normalisation!r} gives. Use minmax with its usual scale, rank or fraction-of-maximum."
            )

    def members(self) -> list[str]:
        """Return the economies of the group, by their names."""
        return sorted(economies.group(self.group), key=economies.name)

    def profiled(self) -> list[str]:
        """Return the economies that have pages: the members, and those that only input-output tables know."""
        return sorted({*self.members(), *economies.with_tables()}, key=economies.name)

    def definitions(self) -> list[Indicator]:
        """Return what is known about each indicator."""
        return [indicator(name) for name in self.indicators]

    def reference_year(self) -> int:
        """Return the year the values are taken from; for ``latest`` the newest one of the yearly indicators."""
        if self.year != LATEST:
            return int(self.year)
        known = self.definitions()
        tables = [one.table for one in known if not one.edition] or [one.table for one in known]
        return max(catalogue.years(table, self.vintage(table))[-1] for table in tables)

    def vintage(self, table: str) -> str:
        """Return the vintage used of a table, ``latest`` resolved to its name."""
        named = getattr(self, VINTAGE_FIELDS[table]) if table in VINTAGE_FIELDS else LATEST
        return catalogue.vintage(table, named).name

    def vintages(self) -> dict[str, str]:
        """Return the vintage used of the table of each indicator."""
        return {one.table: self.vintage(one.table) for one in self.definitions()}

    def tables(self) -> list[str]:
        """Return the tables an index reads: those of the indicators, and those that take their place over time."""
        known = self.definitions()
        return list(dict.fromkeys([*(one.table for one in known), *(one.over_time for one in known)]))

    def resolved_scale(self) -> tuple[float, float]:
        """Return the scale of the normalisation: the one given, else the usual one."""
        low, high = self.scale or DEFAULT_SCALES.get(self.normalisation, (0.0, 1.0))
        return float(low), float(high)


def zero_refusal(aggregation: str, normalisation: str, scale: tuple[float, float], power: float = 0.5) -> str | None:
    """Say why an aggregation has no meaning after a normalisation that gives zeros or negatives, else None.

    Parameters
    ----------
    aggregation, normalisation : str
        Named methods.
    scale : (float, float)
        Interval of the normalisation, or mean and standard deviation.
    power : float
        Exponent of the power mean.
    """
    if aggregation == "power" and power == 0:
        return "A power mean with exponent 0 is the geometric mean: choose the aggregation 'geometric'."
    if aggregation == "mazziotta-pareto" and _gives_zeros(normalisation, scale, negatives_only=True):
        return (
            f"The Mazziotta-Pareto index divides by an economy's mean, which may be zero or negative after the "
            f"normalisation {normalisation!r}. Use z-score with scale [100, 10], which is usual for it, or minmax with "
            "scale [1, 100]."
        )
    roots_only = aggregation == "power" and power > 0
    if aggregation not in NEED_POSITIVE or not _gives_zeros(normalisation, scale, negatives_only=roots_only):
        return None
    return (
        f"The {aggregation} mean needs values above zero, but the normalisation {normalisation!r} gives zeros or "
        "negatives. Use minmax with scale [1, 100], rank or fraction-of-maximum, or aggregate by the arithmetic mean."
    )


def _gives_zeros(normalisation: str, scale: tuple[float, float], *, negatives_only: bool) -> bool:
    if normalisation == "z-score":
        return scale[0] <= 0
    if normalisation in INTERVALS:
        return scale[0] < 0 if negatives_only else scale[0] <= 0
    return normalisation in ZERO_BASED and not negatives_only


class EconomyParameters(SectionParameters):
    """Parameters of the section `economy`; everything else follows from the innovation index of the same scenario."""

    focus: Economy = Field("KOR", description="economy the page is about (ISO 3166 alpha-3)")


class ChoicesParameters(SectionParameters):
    """Parameters of the section `choices`."""

    metric: Literal[
        "korea_rank_composite",
        "korea_rank_rd_gdp",
        "korea_rank_hightech_exports_share",
        "korea_rank_hightech_patent_share",
        "korea_rank_ict_development_index",
    ] = Field("korea_rank_composite", description="rank whose distribution over the sweep is shown")


class SweepParameters(SectionParameters):
    """Parameters of the section `sweep`."""

    sweep: str = Field("claims", description="sweep shown: a file of sweeps/ that the notebook's front matter names")
    metric: str | None = Field(None, description="number shown; None: the metric of the sweep's file")
