"""What a reader may change in the sections on reshoring, with the values that are allowed."""

from math import ceil
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from helpers.data import catalogue
from helpers.parameter_models import SectionParameters, refuse_repeats, refuse_unknown
from helpers.reshoring import releases
from helpers.reshoring.releases import RELEASES, SAID_TO_RETURN, Release

#: Release that is tested for a turn of value chains: the only one with years after 2011.
TESTED = RELEASES["2016"]


class _InputsParameters(SectionParameters):
    """What the sections that measure inputs have in common: economies, inputs that count, industries left out."""

    focus: str = Field("KOR", description="economy the page is about (ISO 3166 alpha-3)")
    compared: list[str] = Field(
        ["USA", "JPN", "DEU", "CHN", "TWN"], min_length=1, description="economies shown beside it (alpha-3)"
    )
    scope: Literal["manufactured", "all", "own_sector"] = Field(
        "manufactured", description="inputs that count: manufactured (broad), all, or own_sector (narrow)"
    )
    exclude_industries: list[str] = Field([], description="industries left out (codes of the release)")
    exclude_price_sensitive: bool = Field(
        False, description="leave out refining and basic metals, whose input values follow oil and ore prices"
    )

    @property
    def source(self) -> Release:
        """The tables that are read."""
        return TESTED

    @property
    def excluded(self) -> list[str]:
        """All industries left out."""
        dropped = self.source.price_sensitive if self.exclude_price_sensitive else ()
        return sorted({*self.exclude_industries, *dropped})

    def _check_sample(self) -> None:
        source = self.source
        refuse_unknown("focus", [self.focus], f"economy of {source.label}", source.economies)
        refuse_unknown("compared", self.compared, f"economy of {source.label}", source.economies)
        refuse_repeats("compared", self.compared, self.focus)
        refuse_unknown("exclude_industries", self.exclude_industries, f"industry of {source.label}", source.industries)
        if len(source.industries) - len(self.excluded) < 2:
            raise ValueError(
                f"exclude_industries: {len(self.excluded)} of {len(source.industries)} industries are excluded. Keep "
                "at least two, so that there is a mix of industries to compare."
            )


class ReshoringParameters(_InputsParameters):
    """Parameters of the section `reshoring`; the defaults are those of the published page."""

    release: Literal["2016", "2013"] = Field(
        "2016", description="release of the World Input-Output Database (2016: 2000-2014; 2013: 1995-2011)"
    )
    panel: str = Field(
        releases.AUTO,
        description="input-output tables read: `snapshot`: the embedded release; the name of an ingested set, such as "
        "`icio`; `auto`: the newest ingested set that has the chosen economies and years, else the embedded release",
    )
    base_year: int = Field(2000, description="first year of a change (calendar year of the release)")
    last_year: int | None = Field(None, description="last year of a change; null = the release's newest year")
    low_cost: list[str] = Field(
        ["CHN", "IDN", "IND", "TWN"],
        min_length=1,
        description="low-cost economies of the manufacturing import ratio (alpha-3, in WIOD release 2013)",
    )
    since: int = Field(2011, ge=1995, le=2018, description="year from which every source is followed (calendar year)")
    ends: list[int] = Field(
        [2014, 2019, 2022], min_length=1, description="years up to which every source is followed, ascending"
    )
    material: float = Field(1.0, gt=0, le=20, description="smallest change that counts as a fall or a rise (points)")
    draws: int = Field(2000, ge=200, le=100_000, description="draws of the bootstrap")
    level: float = Field(0.95, ge=0.5, le=0.99, description="coverage of intervals (0.5-0.99)")
    seed: int = Field(2021, ge=0, le=2**32 - 1, description="seed of the random numbers")

    @property
    def source(self) -> Release:
        """The release chosen, or the ingested set that is read in its place."""
        economies = {self.focus, *self.compared, *SAID_TO_RETURN}
        years = [self.base_year, *([] if self.last_year is None else [self.last_year])]
        return releases.choose(self.panel, self.release, economies, years, self.exclude_industries)

    def ingested_sets(self) -> list[str]:
        """Return the ingested data sets that a run with these values reads, as `kind/name`."""
        return [self.source.table] if self.source.ingested else []

    def years(self) -> list[int]:
        """Return the years of the release, ascending."""
        return list(self.source.years) or catalogue.years(self.source.table)

    def window(self) -> tuple[int, int]:
        """Return base year and last year, the latter resolved."""
        return self.base_year, self.years()[-1] if self.last_year is None else self.last_year

    @model_validator(mode="after")
    def _choices_fit_together(self) -> Self:
        self._check_sample()
        label, known = self.source.label, self.source.economies
        refuse_unknown("panel", list(SAID_TO_RETURN), f"economy of {label}, which the page needs", known)
        refuse_unknown("low_cost", self.low_cost, "source economy of WIOD release 2013", RELEASES["2013"].economies)
        self._check_years()
        if self.ends != sorted({*self.ends}) or self.ends[0] <= self.since:
            raise ValueError(f"ends: the years must ascend and come after since ({self.since}), not {self.ends}.")
        return self

    def _check_years(self) -> None:
        years = self.years()
        base, last = self.window()
        for name, year in (("base_year", base), ("last_year", last)):
            if year not in years:
                raise ValueError(f"The {name} {year} is not in {self.source.label}. It has {years[0]}-{years[-1]}.")
        if base >= last:
            raise ValueError(
                f"A change from {base} to {last} cannot be measured: last_year must come after base_year. "
                f"{self.source.label} has {years[0]}-{years[-1]}."
            )


class CountsParameters(SectionParameters):
    """Parameters of the section `returning-firms`; the defaults are those of the published page."""

    split_year: int = Field(
        2019, ge=2015, le=2024, description="last year of the earlier period in Korea's counts (calendar year)"
    )
    level: float = Field(0.95, ge=0.5, le=0.99, description="coverage of intervals (0.5-0.99)")


class ValueChainsParameters(_InputsParameters):
    """Parameters of the section `value-chains`; the defaults are those of the published page."""

    break_year: int = Field(2011, description="first year of the later regime in tests of a known date")
    crisis_years: list[int] = Field(
        [2009, 2010], description="years given a dummy of their own in break tests (collapse and rebound)"
    )
    trimming: float = Field(
        0.15, ge=0.1, le=0.35, description="share of years at each end where no break is looked for (0.1-0.35)"
    )
    draws: int = Field(2000, ge=200, le=100_000, description="draws of simulated p-values and of date intervals")
    level: float = Field(0.95, ge=0.5, le=0.99, description="coverage of intervals (0.5-0.99)")
    seed: int = Field(2021, ge=0, le=2**32 - 1, description="seed of the random numbers")

    @model_validator(mode="after")
    def _choices_fit_together(self) -> Self:
        self._check_sample()
        self._check_years()
        return self

    def _check_years(self) -> None:
        tested = catalogue.years(TESTED.table)
        if self.break_year not in tested[4:-2]:
            raise ValueError(
                f"break_year: a break in {self.break_year} cannot be tested, it needs years before and after it. "
                f"Choose {tested[4]} to {tested[-3]} (breaks are tested on release 2016, {tested[0]}-{tested[-1]})."
            )
        self._check_crisis_years(tested[1:])

    def _check_crisis_years(self, changes: list[int]) -> None:
        """Refuse crisis years that leave too few yearly changes of S for a break to be looked for."""
        left = [year for year in changes if year not in self.crisis_years]
        before = sum(year < self.break_year for year in left)
        margin = max(2, ceil(self.trimming * len(left)))
        if min(before, len(left) - before) < 2 or len(left) - 2 * margin < 1:
            raise ValueError(
                f"crisis_years: without these years {len(left)} yearly changes are left, {before} of them before "
                f"{self.break_year}, too few to test a break (two on each side at least, {margin} kept at each end). "
                f"Name fewer years or a smaller trimming. Changes there are: {changes[0]}-{changes[-1]}."
            )


class LiteratureParameters(SectionParameters):
    """Parameters of the section `literature`; the defaults are those of the published page."""

    material: float = Field(1.0, gt=0, le=20, description="smallest fall that counts as reshoring (points)")
    trims: list[Annotated[float, Field(ge=0, lt=0.5)]] = Field(
        [0.0, 0.01, 0.05, 0.1], min_length=1, description="shares of the largest intensities that are dropped"
    )
    alpha: float = Field(0.05, ge=0.001, le=0.2, description="two-sided level at which a trend counts as clear")
