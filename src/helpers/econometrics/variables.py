"""What is measured in the study of drivers: outcomes, innovation, controls, effects, and the tables behind them.

No pandas here: the command line reads this to check parameters.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Variable:
    """A variable: its label and unit, and the catalogue tables it is made from.

    `home` is the sign of a change that means more sourcing at home (outcomes only).
    """

    label: str
    unit: str
    tables: tuple[str, ...] = ()
    home: int = 1


OUTCOMES = {
    "foreign_share": Variable("Foreign input share S", "percent of inputs", home=-1),
    "ratio": Variable("Domestic-foreign ratio R", "ratio"),
    "log_ratio": Variable("log of R", "natural log"),
    "intensity": Variable("Reshoring intensity max(0, ΔR)", "ratio"),
    "intensity_strict": Variable("Reshoring intensity, domestic inputs rising", "ratio"),
}

PATENTS = "uspto_grants_by_wipo_field"

INNOVATION = {
    "rd_gdp": Variable("R&D spending", "percent of GDP", ("rd_gdp",)),
    "hightech_patent_share": Variable("High-tech share of patents", "percent of USPTO grants", (PATENTS,)),
    "hightech_exports_share": Variable(
        "High-tech share of exports", "percent of manufactured exports", ("hightech_exports_share",)
    ),
    "researchers": Variable("Researchers", "thousand per million people", ("researchers_per_million",)),
    "patents_per_million": Variable(
        "log of resident patents", "natural log of applications per million people", ("resident_patents", "population")
    ),
}

CONTROLS = {
    "log_gdp_per_capita": Variable(
        "log of GDP per capita", "natural log, constant 2021 international $", ("gdp_per_capita_ppp",)
    ),
    "labour_share": Variable("Labour share", "percent of GDP", ("labour_share",)),
    "human_capital": Variable("Human capital", "index of the Penn World Table", ("human_capital_index",)),
    "corporate_tax_rate": Variable("Corporate tax rate", "statutory, percent", ("corporate_tax_rate",)),
    "trade_gdp": Variable("Trade", "percent of GDP", ("trade_gdp",)),
}

CONTROL_SETS = {
    "none": (),
    "core": ("log_gdp_per_capita", "labour_share", "human_capital"),
    "full": tuple(CONTROLS),
}

#: Fixed effects by name: what they take out. `unit` is a country's industry.
EFFECTS: dict[str, tuple[str | tuple[str, ...], ...]] = {
    "two-way": ("unit", "year"),
    "industry-year": ("unit", ("sector", "year")),
    "saturated": (("iso3", "year"), ("sector", "year"), ("iso3", "sector")),
}

CLUSTERS = {"country": ("iso3",), "country-and-year": ("iso3", "year"), "country-and-industry": ("iso3", "sector")}

SCOPES = ("manufactured", "all", "own_sector")
INPUTS = "wiod2016_manufacturing_inputs"

#: Industries whose input values follow oil and ore prices more than sourcing.
PRICE_SENSITIVE = ("C19", "C24")

#: Industries of high or medium-high R&D intensity (OECD taxonomy, Galindo-Rueda and Verger 2016) are compared with the
#: rest in the saturated model; "high" keeps the narrow class only.
TECHNOLOGY_CLASSES = {"high": ("high",), "medium-high": ("high", "medium-high")}


def variable(name: str) -> Variable:
    """Return an outcome, innovation measure or control by name."""
    return (OUTCOMES | INNOVATION | CONTROLS)[name]
