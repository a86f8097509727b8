"""What a reader may change in the section on intermediate trade: the choices, their defaults, and what is refused.

Read without pandas: all of it is checked before any kernel starts.
"""

import csv
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from helpers import ingested
from helpers.data import catalogue, economies
from helpers.data.corrections import Correction, Range, corrections
from helpers.errors import not_allowed
from helpers.parameter_models import SectionParameters, refuse_repeats, refuse_unknown

#: Definition of the goods counted, and the WITS product groups (UNCTAD stages of processing) it adds up.
STAGES = {
    "intermediate": ("Intermediate goods",),
    "raw+intermediate": ("Raw materials", "Intermediate goods"),
    "intermediate+capital": ("Intermediate goods", "Capital goods"),
    "raw+intermediate+capital": ("Raw materials", "Intermediate goods", "Capital goods"),
    "capital": ("Capital goods",),
    "all": ("All Products",),
}
STAGE_TABLE = "wits_trade_by_stage_of_processing"
END_USE_TABLE = "wiod2013_bilateral_by_end_use"
HOST_TABLE = "wits_imports_from_korea"
MEANS = ("arithmetic", "compound")
WINDOW_YEARS = ("growth", "levels")
Stage = Literal[
    "intermediate", "raw+intermediate", "intermediate+capital", "raw+intermediate+capital", "capital", "all"
]
#: Exporters and importers of WIOD release 2013; RoW is the rest of the world, Vietnam among it.
_CODES = (
    "AUS AUT BEL BGR BRA CAN CHN CYP CZE DEU DNK ESP EST FIN FRA GBR GRC HUN IDN IND IRL ITA JPN KOR LTU LUX LVA MEX "
    "MLT NLD POL PRT ROU RUS SVK SVN SWE TUR TWN USA RoW"
)
WIOD_2013 = tuple(_CODES.split())
#: Kind of ingested data, and the source that means: none of them, the embedded tables only.
KIND, SNAPSHOT = "trade", "wits"
HOW = (
    "Product-level trade may not be embedded. Download a release of CEPII BACI whose HS edition reaches back far "
    "enough (HS07 for years from 2007) from https://www.cepii.fr/CEPII/en/bdd_modele/bdd_modele_item.asp?id=37, unpack "
    "it into a folder, and read it: reshoring trade ingest FOLDER --format baci"
)


#: First and last year of something, and codes of economies.
Years = Annotated[list[int], Field(min_length=2, max_length=2)]
Codes = Annotated[list[str], Field(min_length=1)]


class IntermediateTradeParameters(SectionParameters):
    """Parameters of the section `intermediate-trade`; the defaults are those of the published page."""

    focus: str = Field("KOR", description="economy the page is about (ISO 3166 alpha-3)")
    compared: Codes = Field(
        ["USA", "DEU", "JPN"], description="economies shown beside it (alpha-3), those of the study"
    )
    stage: Stage = Field("intermediate", description="goods counted, by UNCTAD stage of processing (not BEC)")
    early: Years = Field([2001, 2010], description="first and last year of the earlier window")
    late: Years = Field([2011, 2019], description="first and last year of the later window")
    window_years: Literal["growth", "levels"] = Field(
        "growth", description="whether a window names growth rates (2011 = 2010 to 2011) or levels (first rate 2012)"
    )
    mean: Literal["arithmetic", "compound"] = Field(
        "arithmetic", description="mean annual growth: arithmetic mean of yearly rates, or compound (CAGR)"
    )
    minimum_exports: float = Field(
        1000.0, ge=0, description="exports an economy needs in every year of both windows to be compared (million US$)"
    )
    destinations_shown: Codes = Field(
        ["CHN", "USA", "JPN", "TWN", "RoW"],
        description="destinations drawn one by one (alpha-3 in WIOD release 2013; RoW = rest of the world)",
    )
    production_bases: Codes = Field(
        ["CHN", "IDN", "IND", "MEX"],
        description="economies counted as production bases abroad (alpha-3 in WIOD release 2013; Vietnam is in RoW)",
    )
    market_share_years: Years = Field([2000, 2011], description="years of the constant market share decomposition")
    hosts: list[str] = Field(
        ["CHN", "VNM", "IDN", "IND", "MEX"],
        min_length=2,
        description="production bases abroad where a table names Vietnam: what they import from Korea (alpha-3)",
    )
    host_years: Years = Field([2011, 2017], description="first and last year of imports as hosts report them")
    source: str = Field(
        SNAPSHOT, description="`wits`: embedded tables only; or an ingested set of product-level trade, such as `baci`"
    )
    product_destinations: Codes = Field(
        ["CHN", "VNM", "USA", "JPN", "TWN", "HKG", "IND", "MEX"],
        description="destinations shown one by one from product-level trade (alpha-3)",
    )
    product_bases: Codes = Field(
        ["CHN", "VNM", "IDN", "IND", "MEX"],
        description="economies counted as production bases abroad in product-level trade (alpha-3)",
    )

    @model_validator(mode="after")
    def _choices_fit_together(self) -> Self:
        self._check_windows()
        self._check_hosts()
        self._check_reported("focus", [self.focus])
        self._check_reported("compared", self.compared)
        refuse_unknown("focus", [self.focus], "exporter in WIOD release 2013", WIOD_2013)
        for field in ("destinations_shown", "production_bases"):
            refuse_unknown(field, getattr(self, field), "destination in WIOD release 2013", WIOD_2013)
        listed = {name: getattr(self, name) for name in ("compared", "product_destinations", "product_bases")}
        for field in ("destinations_shown", "production_bases", *listed):
            refuse_repeats(field, getattr(self, field), self.focus)
        check_product_source(self.source, self.late[0], {"focus": [self.focus], **listed})
        return self

    def ingested_sets(self) -> list[str]:
        """Return the ingested data sets that a run with these values reads, as `kind/name`."""
        return [] if self.source == SNAPSHOT else [f"{KIND}/{self.source}"]

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

    def _check_reported(self, field: str, codes: list[str]) -> None:
        reported, needed = export_years(self.stage, catalogue.sha256(STAGE_TABLE)), self.levels_needed()
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

    def _check_hosts(self) -> None:
        first, last = self.host_years
        if first >= last:
            raise ValueError(f"host_years runs from {first} to {last}: give a first year before the last.")
        refuse_repeats("hosts", self.hosts, "KOR")
        known = sorted(host_reporters(first, last))
        refuse_unknown("hosts", self.hosts, f"reporter of imports from Korea in {first} and {last}", known)


@lru_cache(maxsize=16)
def export_years(stage: str, sha256: str) -> dict[str, frozenset[int]]:
    """Return the years in which each reporter's exports of all goods of a stage definition are known.

    The table is read once for each content of its file, told by `sha256`.
    """
    groups: dict[tuple[str, int], set[str]] = {}
    wanted = set(STAGES[stage])
    for code, year, row in _reports(STAGE_TABLE, lambda row: row["flow"] == "Export" and row["product"] in wanted):
        groups.setdefault((code, year), set()).add(row["product"])
    found: dict[str, set[int]] = {}
    for (code, year), products in groups.items():
        if products == wanted:
            found.setdefault(code, set()).add(year)
    return {code: frozenset(years) for code, years in found.items()}


def _reports(table: str, keep: Callable[[dict[str, str]], object]) -> Iterator[tuple[str, int, dict[str, str]]]:
    """Yield the rows that are kept with the present code of the reporter and the year."""
    recoded = [item for item in corrections(table) if item.kind == "recode" and item.column == "iso3"]
    with open(catalogue.path(table), encoding="utf-8", newline="") as file:
        for row in filter(keep, csv.DictReader(file)):
            year = int(row["year"])
            yield _present_code(row["iso3"], year, recoded), year, row


def _present_code(code: str, year: int, recoded: list[Correction]) -> str:
    """Return the present code of a reporter; some are declared to change from a year on."""
    for item in recoded:
        years = item.where.get("year")
        first, last = (years.first, years.last) if isinstance(years, Range) else (None, None)
        within = (first is None or year >= first) and (last is None or year <= last)
        if item.where.get("iso3") == code and within:
            return str(item.becomes)
    return code


def host_reporters(*years: int) -> set[str]:
    """Return the economies that report imports from Korea in each of the years."""
    reported = {(code, year) for code, year, _ in _reports(HOST_TABLE, lambda row: row["iso3"])}
    return set.intersection(*({code for code, found in reported if found == year} for year in years))


def check_product_source(name: str, first: int, asked: Mapping[str, Sequence[str]]) -> None:
    """Refuse a set of product-level trade that is not there, or lacks a year or an economy, by its manifest.

    Parameters
    ----------
    name : str
        Ingested set, or `SNAPSHOT`.
    first : int
        First year of the later window.
    asked : mapping
        Parameter to the alpha-3 codes it names.

    Raises
    ------
    ValueError
        Says what is missing, and which download and which command bring it.
    """
    if name == SNAPSHOT:
        return
    known = ingested.names(KIND)
    if name not in known:
        others = f" {not_allowed('source', name, [SNAPSHOT, *known])}" if known else ""
        raise ValueError(f"no product-level trade called {name!r} has been ingested.{others} {HOW}")
    manifest = ingested.manifest(KIND, name)
    held = sorted({part["year"] for entry in manifest["files"].values() for part in entry["parts"]})
    if first not in held or held[-1] <= first:
        span = f"{held[0]}-{held[-1]}" if held else "no year"
        raise ValueError(f"{name!r} holds {span}, but {first} (late) and a later year are needed. {HOW}")
    known = sorted(set(manifest["economies"].values()))
    for field, codes in asked.items():
        for code in codes:
            if code not in known:
                raise ValueError(f"{field}: {not_allowed(f'economy of the ingested {name}', code, known)}")
