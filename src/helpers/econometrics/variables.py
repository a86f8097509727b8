"""What is measured in the study of drivers: outcomes, innovation, controls, effects, and the tables behind them.

No pandas here: the command line reads this to check parameters.
"""

import re
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

    @property
    def inside(self) -> str:
        """The label as it stands inside a sentence: "foreign input share S", but "R&D spending"."""
        label = self.label
        return label if label[1:2].isupper() or not label[1:2].isalpha() else label[:1].lower() + label[1:]


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
    "trade_gdp": Variable("Trade (contains the outcome)", "percent of GDP", ("trade_gdp",)),
}

EVERY = OUTCOMES | INNOVATION | CONTROLS
LABELS = {name: variable.label for name, variable in EVERY.items()}

#: Tables of country variables that hold one value an economy and year.
COUNTRY_TABLES = tuple(
    dict.fromkeys(table for made in (INNOVATION | CONTROLS).values() for table in made.tables if table != PATENTS)
)

#: Trade over GDP counts the inputs bought abroad, which the outcome is made of: held fixed, it takes away a part of
#: what is to be explained. It is in no control set and stays an alternative that is asked for by name.
CONTAINS_OUTCOME = "trade_gdp"
CONTROL_SETS = {
    "none": (),
    "core": ("log_gdp_per_capita", "labour_share", "human_capital"),
    "full": tuple(name for name in CONTROLS if name != CONTAINS_OUTCOME),
}

#: Fixed effects by name: what they take out. `unit` is a country's industry.
EFFECTS: dict[str, tuple[str | tuple[str, ...], ...]] = {
    "two-way": ("unit", "year"),
    "industry-year": ("unit", ("sector", "year")),
    "saturated": (("iso3", "year"), ("sector", "year"), ("iso3", "sector")),
}

CLUSTERS = {"country": ("iso3",), "country-and-year": ("iso3", "year"), "country-and-industry": ("iso3", "sector")}

#: The dummy of high-tech industries in a panel.
HIGH_TECH = "high_tech"

SCOPES = ("manufactured", "all", "own_sector")
INPUTS = "wiod2016_manufacturing_inputs"

#: Industries whose input values follow oil and ore prices more than sourcing.
PRICE_SENSITIVE = ("C19", "C24")

#: Industries of high or medium-high R&D intensity (OECD taxonomy, Galindo-Rueda and Verger 2016) are compared with the
#: rest in the saturated model; "high" keeps the narrow class only.
TECHNOLOGY_CLASSES = {"high": ("high",), "medium-high": ("high", "medium-high")}

#: Columns of the panel as readers know them.
WORDS = {"source_iso3": "source economy", "iso3": "country", "sector": "industry", "unit": "country-industry"} | {
    name: variable.label for name, variable in OUTCOMES.items()
}


def readable(text: str) -> str:
    """Replace the names of columns in a description of a model by words."""
    for name, word in WORDS.items():
        text = re.sub(rf"\b{name}\b", word, text)
    return text
