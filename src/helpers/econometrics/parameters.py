"""What a reader may change in the sections on drivers and policy, with the values that are allowed."""

from typing import Annotated, Literal, Self

from pydantic import Field, ValidationInfo, field_validator, model_validator

from helpers.data import catalogue
from helpers.econometrics.variables import CONTROL_SETS, CONTROLS, INNOVATION, INPUTS, PATENTS, PRICE_SENSITIVE
from helpers.errors import not_allowed
from helpers.parameter_models import SectionParameters, one_of, refuse_unknown

Outcome = Literal["foreign_share", "ratio", "log_ratio", "intensity", "intensity_strict"]
#: Models of the section on drivers whose estimate the section on policy can use.
Estimate = Literal["two-way", "industry-year", "country"]
LONGEST_LAG = 5

_WIOD_2016 = (
    "AUS AUT BEL BGR BRA CAN CHE CHN CYP CZE DEU DNK ESP EST FIN FRA GBR GRC HRV HUN IDN IND IRL ITA JPN KOR LTU "
    "LUX LVA MEX MLT NLD NOR POL PRT ROU RUS SVK SVN SWE TUR TWN USA"
)
#: The 43 economies of WIOD release 2016.
WIOD_ECONOMIES = tuple(_WIOD_2016.split())


class DriversParameters(SectionParameters):
    """Parameters of the section `drivers`; the defaults are those of the published page."""

    outcome: Outcome = Field("foreign_share", description="what is explained, by country, industry and year")
    scope: Literal["manufactured", "all", "own_sector"] = Field(
        "manufactured", description="inputs that count: manufactured (broad), all, or own_sector (narrow)"
    )
    innovation: Annotated[str, one_of("measure of innovation", lambda: INNOVATION)] = Field(
        "rd_gdp", description="measure of a country's innovation in the main model"
    )
    lag: int = Field(1, ge=0, le=LONGEST_LAG, description="years between innovation and outcome (years)")
    controls: list[str] = Field(
        list(CONTROL_SETS["full"]), description="control variables of the main model, lagged alike"
    )
    effects: Literal["two-way", "industry-year", "saturated"] = Field(
        "industry-year", description="fixed effects of the main model beside those of country-industries"
    )
    technology_class: Literal["high", "medium-high"] = Field(
        "medium-high", description="industries called high-tech in the saturated model: this class and those above"
    )
    cluster: Literal["country", "country-and-year", "country-and-industry"] = Field(
        "country", description="clusters of the standard errors in the main model"
    )
    first_year: int = Field(2000, description="first year of the outcome (calendar year)")
    last_year: int = Field(2014, description="last year of the outcome (calendar year)")
    exclude_economies: list[str] = Field([], description="economies left out (alpha-3)")
    exclude_industries: list[str] = Field([], description="industries left out (codes of WIOD release 2016)")
    exclude_price_sensitive: bool = Field(
        False, description="leave out refining and basic metals, whose input values follow oil and ore prices"
    )
    minimum_patents: int = Field(
        100, ge=1, le=10_000, description="smallest number of patents a year for a high-tech share to count (grants)"
    )
    rd_gdp_vintage: str = Field("wdi-2026-07-13", description="vintage of R&D spending, or 'latest'")
    hightech_exports_share_vintage: str = Field("wdi-2022-12-22", description="vintage of high-tech exports")
    bandwidth: int = Field(3, ge=0, le=8, description="lags of the Driscoll-Kraay covariance (years)")
    run_curve: bool = Field(True, description="run the specification curve as well (under a minute)")
    permutations: int = Field(
        500,
        ge=99,
        le=10_000,
        description="draws that deal innovation out anew among economies, for the curve as a whole",
    )
    level: float = Field(0.95, ge=0.5, le=0.99, description="coverage of intervals (0.5-0.99)")
    draws: int = Field(9999, ge=199, le=1_000_000, description="draws of the wild cluster bootstrap")
    seed: int = Field(2021, ge=0, le=2**32 - 1, description="seed of the random numbers")

    @property
    def excluded_industries(self) -> list[str]:
        """All industries left out."""
        return sorted({*self.exclude_industries, *(PRICE_SENSITIVE if self.exclude_price_sensitive else ())})

    @field_validator("controls")
    @classmethod
    def _known_controls(cls, value: list[str]) -> list[str]:
        for name in value:
            if name not in CONTROLS:
                raise ValueError(not_allowed("control variable", name, CONTROLS))
        if len(set(value)) != len(value):
            raise ValueError("A control variable is named twice. Name each once.")
        return value

    @field_validator("rd_gdp_vintage", "hightech_exports_share_vintage")
    @classmethod
    def _known_vintage(cls, value: str, info: ValidationInfo) -> str:
        table = str(info.field_name).removesuffix("_vintage")
        allowed = [*catalogue.vintages(table), catalogue.LATEST]
        if value not in allowed:
            raise ValueError(not_allowed(f"vintage of {table}", value, allowed))
        return value

    @model_validator(mode="after")
    def _choices_fit_together(self) -> Self:
        self._check_years()
        self._check_sample()
        return self

    def _check_years(self) -> None:
        years = catalogue.years(INPUTS)
        for name, year in (("first_year", self.first_year), ("last_year", self.last_year)):
            if year not in years:
                raise ValueError(f"The {name} {year} is not in WIOD release 2016. It has {years[0]}-{years[-1]}.")
        if self.last_year - self.first_year < 4:
            raise ValueError(
                f"{self.first_year}-{self.last_year} is too short for effects of country-industries and years: "
                f"last_year must be at least four years after first_year. There are {years[0]}-{years[-1]}."
            )
        known = catalogue.years("hightech_exports_share", self.vintages()["hightech_exports_share"])
        if self.innovation == "hightech_exports_share" and self.last_year - self.lag < known[0] + 3:
            raise ValueError(
                f"High-tech exports start in {known[0]}: with a lag of {self.lag} the outcome must reach "
                f"{known[0] + self.lag + 3} at least. Choose a later last_year or another measure."
            )

    def _check_sample(self) -> None:
        industries = industry_codes()
        refuse_unknown("exclude_industries", self.exclude_industries, "industry of WIOD release 2016", industries)
        if len(industries) - len(self.excluded_industries) < 2:
            raise ValueError("Fewer than two industries are left. Exclude fewer.")
        economies = WIOD_ECONOMIES
        refuse_unknown("exclude_economies", self.exclude_economies, "economy of WIOD release 2016", economies)
        if len(economies) - len(set(self.exclude_economies)) < 10:
            raise ValueError("Fewer than ten economies are left, too few clusters for this design. Exclude fewer.")

    def vintages(self) -> dict[str, str]:
        """Return the vintage of each table that has several and is used here."""
        named = {
            "rd_gdp": self.rd_gdp_vintage,
            "hightech_exports_share": self.hightech_exports_share_vintage,
            PATENTS: catalogue.LATEST,
        }
        return {table: catalogue.vintage(table, name).name for table, name in named.items()}


def industry_codes() -> list[str]:
    """Return the industries of WIOD release 2016."""
    column = next(column for column in catalogue.metadata(INPUTS).columns if column.name == "sector")
    return list(column.allowed or [])


class SpecificationsParameters(SectionParameters):
    """Parameters of the section `specifications`, which shows a sweep over the section `drivers`."""

    alpha: float = Field(
        0.05, ge=0.001, le=0.2, description="two-sided level at which an estimate counts as different from zero"
    )


class DesignsParameters(SectionParameters):
    """Parameters of the section `designs`."""

    focus: str = Field("KOR", description="economy of the synthetic controls (alpha-3)")
    lag: int = Field(1, ge=0, le=LONGEST_LAG, description="years between innovation and outcome (years)")
    first_year: int = Field(
        2007,
        ge=2007,
        le=2010,
        description="first year of the outcome, some years before the law of 2013 (calendar year)",
    )
    instrument_lags: int = Field(3, ge=1, le=6, description="lags that instrument the dynamic panel (years)")
    minimum_exports: float = Field(
        20.0,
        ge=0,
        le=200,
        description="manufactured exports in the first year for an economy to be a control (billion US$)",
    )
    level: float = Field(0.95, ge=0.5, le=0.95, description="coverage of intervals (0.5-0.95)")


class PolicyParameters(SectionParameters):
    """Parameters of the section `policy`: a what-if, not a forecast."""

    focus: Annotated[str, one_of("economy of WIOD release 2016", lambda: WIOD_ECONOMIES, len(WIOD_ECONOMIES))] = Field(
        "KOR", description="economy the what-if is about (alpha-3, one of WIOD release 2016)"
    )
    rd_change: float = Field(1.0, ge=-5, le=5, description="change of R&D spending (percentage points of GDP)")
    tax_change: float = Field(-5.0, ge=-30, le=30, description="change of the corporate tax rate (percentage points)")
    subsidy: float = Field(100.0, ge=0, le=10_000, description="support for returning firms (billion won)")
    horizon: int = Field(1, ge=1, le=LONGEST_LAG, description="years after the change (years)")
    estimate: Estimate = Field("industry-year", description="which model of the section on drivers is used")
    level: float = Field(0.95, ge=0.5, le=0.99, description="coverage of intervals (0.5-0.99)")
    draws: int = Field(20_000, ge=1000, le=1_000_000, description="draws of the simulated intervals")
    seed: int = Field(2021, ge=0, le=2**32 - 1, description="seed of the random numbers")
