"""What a reader may change in the section on intermediate trade, with the values that are allowed."""

from typing import Literal, Self

from pydantic import Field, model_validator

from helpers.data import catalogue, economies
from helpers.errors import not_allowed
from helpers.parameter_models import SectionParameters, refuse_repeats, refuse_unknown
from helpers.trade import product_source
from helpers.trade.coverage import export_years
from helpers.trade.definitions import END_USE_TABLE, STAGE_TABLE

Stage = Literal[
    "intermediate", "raw+intermediate", "intermediate+capital", "raw+intermediate+capital", "capital", "all"
]
#: Exporters and importers of WIOD release 2013; RoW is the rest of the world, Vietnam among it.
_CODES = (
    "AUS AUT BEL BGR BRA CAN CHN CYP CZE DEU DNK ESP EST FIN FRA GBR GRC HUN IDN IND IRL ITA JPN KOR LTU LUX LVA MEX "
    "MLT NLD POL PRT ROU RUS SVK SVN SWE TUR TWN USA RoW"
)
WIOD_2013 = tuple(_CODES.split())


class IntermediateTradeParameters(SectionParameters):
    """Parameters of the section `intermediate-trade`; the defaults are those of the published page."""

    focus: str = Field("KOR", description="economy the page is about (ISO 3166 alpha-3)")
    compared: list[str] = Field(
        ["USA", "DEU", "JPN"], min_length=1, description="economies shown beside it (alpha-3), those of the study"
    )
    stage: Stage = Field("intermediate", description="goods counted, by UNCTAD stage of processing (not BEC)")
    early: list[int] = Field(
        [2001, 2010], min_length=2, max_length=2, description="first and last year of the earlier window"
    )
    late: list[int] = Field(
        [2011, 2019], min_length=2, max_length=2, description="first and last year of the later window"
    )
    window_years: Literal["growth", "levels"] = Field(
        "growth", description="whether a window names growth rates (2011 = 2010 to 2011) or levels (first rate 2012)"
    )
    mean: Literal["arithmetic", "compound"] = Field(
        "arithmetic", description="mean annual growth: arithmetic mean of yearly rates, or compound (CAGR)"
    )
    minimum_exports: float = Field(
        1000.0, ge=0, description="exports an economy needs in every year of both windows to be compared (million US$)"
    )
    destinations_shown: list[str] = Field(
        ["CHN", "USA", "JPN", "TWN", "RoW"],
        min_length=1,
        description="destinations drawn one by one (alpha-3 in WIOD release 2013; RoW = rest of the world)",
    )
    production_bases: list[str] = Field(
        ["CHN", "IDN", "IND", "MEX"],
        min_length=1,
        description="economies counted as production bases abroad (alpha-3 in WIOD release 2013; Vietnam is in RoW)",
    )
    market_share_years: list[int] = Field(
        [2000, 2011], min_length=2, max_length=2, description="years of the constant market share decomposition"
    )
    source: str = Field(
        product_source.SNAPSHOT,
        description="`wits`: embedded tables only; or an ingested set of product-level trade, such as `baci`",
    )
    product_destinations: list[str] = Field(
        ["CHN", "VNM", "USA", "JPN", "TWN", "HKG", "IND", "MEX"],
        min_length=1,
        description="destinations shown one by one from product-level trade (alpha-3)",
    )
    product_bases: list[str] = Field(
        ["CHN", "VNM", "IDN", "IND", "MEX"],
        min_length=1,
        description="economies counted as production bases abroad in product-level trade (alpha-3)",
    )

    @model_validator(mode="after")
    def _choices_fit_together(self) -> Self:
        self._check_windows()
        self._check_economies()
        self._check_destinations()
        self._check_products()
        return self

    def ingested_sets(self) -> list[str]:
        """Return the ingested data sets that a run with these values reads, as `kind/name`."""
        return [] if self.source == product_source.SNAPSHOT else [f"{product_source.KIND}/{self.source}"]

    def levels_needed(self) -> list[int]:
        """Return the years whose exports are needed for both windows."""
        first = 1 if self.window_years == "growth" else 0
        return sorted({year for start, end in (self.early, self.late) for year in range(start - first, end + 1)})

    def _check_windows(self) -> None:
        for name in ("early", "late", "market_share_years"):
            first, last = getattr(self, name)
            years = catalogue.years(END_USE_TABLE if name == "market_share_years" else STAGE_TABLE)
            if first >= last:
                raise ValueError(
                    f"The window {name} runs from {first} to {last}: a single year or a reversed window has no growth. "
                    f"Choose a first year before the last, within {years[0]}-{years[-1]}."
                )
            base = first - 1 if name != "market_share_years" and self.window_years == "growth" else first
            if base not in years or last not in years:
                raise ValueError(
                    f"The window {name} {first}-{last} needs data for {base}-{last}. There are {years[0]}-{years[-1]}."
                )

    def _check_economies(self) -> None:
        self._check_reported("focus", [self.focus])
        self._check_reported("compared", self.compared)
        refuse_repeats("compared", self.compared, self.focus)

    def _check_reported(self, field: str, codes: list[str]) -> None:
        reported, needed = export_years(self.stage), self.levels_needed()
        known = [code for code in economies.known() if code in reported]
        for code in codes:
            if code not in known:
                raise ValueError(f"{field}: {not_allowed('reporting economy', code, known)}")
            if missing := [year for year in needed if year not in reported[code]]:
                have = ", ".join(str(year) for year in sorted(reported[code]))
                raise ValueError(
                    f"{field}: {code} has no exports of this stage for {', '.join(map(str, missing))}, which the "
                    f"windows need. It has {have}."
                )

    def _check_destinations(self) -> None:
        refuse_unknown("focus", [self.focus], "exporter in WIOD release 2013", WIOD_2013)
        for field in ("destinations_shown", "production_bases"):
            codes = getattr(self, field)
            refuse_unknown(field, codes, "destination in WIOD release 2013", WIOD_2013)
            refuse_repeats(field, codes, self.focus)

    def _check_products(self) -> None:
        listed = {"product_destinations": self.product_destinations, "product_bases": self.product_bases}
        for field, codes in listed.items():
            refuse_repeats(field, codes, self.focus)
        asked = {"focus": [self.focus], "compared": self.compared, **listed}
        product_source.check(self.source, self.late[0], asked)
