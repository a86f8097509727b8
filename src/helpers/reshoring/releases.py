"""The two releases of the World Input-Output Database: what each covers. They are never chained.

Ingested tables are a `Release` too (`helpers.reshoring.panels`).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from helpers.reshoring.technology import CLASSES, TAXONOMY

#: Economies that the study says bring production home.
SAID_TO_RETURN = ("USA", "JPN", "DEU")
SCOPES = ("manufactured", "all", "own_sector")
SCOPE_NAMES = {
    "manufactured": "manufactured products (broad)",
    "all": "all products",
    "own_sector": "products of the same industry (narrow)",
}

SCOPE_INPUTS = {
    "manufactured": "manufactured inputs",
    "all": "inputs",
    "own_sector": "inputs from their own industry",
}

_ECONOMIES_2016 = (
    "AUS AUT BEL BGR BRA CAN CHE CHN CYP CZE DEU DNK ESP EST FIN FRA GBR GRC HRV HUN IDN IND IRL ITA JPN KOR LTU "
    "LUX LVA MEX MLT NLD NOR POL PRT ROU RUS SVK SVN SWE TUR TWN USA"
)
_INDUSTRIES_2016 = "C10-C12 C13-C15 C16 C17 C18 C19 C20 C21 C22 C23 C24 C25 C26 C27 C28 C29 C30 C31_C32 C33"
# Release 2013 covers the same economies but Switzerland, Croatia and Norway.
_ECONOMIES_2013 = tuple(code for code in _ECONOMIES_2016.split() if code not in {"CHE", "HRV", "NOR"})


@dataclass(frozen=True)
class Release:
    """One release: its table, economies, industries and their technology classes.

    `table` is a name of the catalogue, or `kind/name` of an ingested set, which also has `years` and `names`, the
    release whose names of industries it shares (empty: codes only).

    `price_sensitive` are refining and basic metals, whose input values move with the prices of crude oil and ores
    more than with sourcing. Release 2013 reports basic and fabricated metals as one industry.
    """

    name: str
    table: str
    economies: tuple[str, ...]
    industries: tuple[str, ...]
    price_sensitive: tuple[str, ...]
    classes: Mapping[str, str] = field(repr=False)
    taxonomy: str
    title: str
    years: tuple[int, ...] = ()
    names: str = ""

    @property
    def ingested(self) -> bool:
        """Whether it was ingested, not embedded."""
        return "/" in self.table

    @property
    def key(self) -> str:
        """The release as the table of industry names writes it."""
        return self.names if self.ingested else f"wiod-{self.name}"

    @property
    def label(self) -> str:
        """How it is called in messages."""
        return f"the ingested tables {self.name}" if self.ingested else f"WIOD release {self.name}"


RELEASES = {
    "2016": Release(
        name="2016",
        table="wiod2016_manufacturing_inputs",
        economies=tuple(_ECONOMIES_2016.split()),
        industries=tuple(_INDUSTRIES_2016.split()),
        price_sensitive=("C19", "C24"),
        classes=CLASSES["2016"],
        taxonomy=TAXONOMY["2016"],
        title="World Input-Output Database, release 2016",
    ),
    "2013": Release(
        name="2013",
        table="wiod2013_manufacturing_inputs",
        economies=_ECONOMIES_2013,
        industries=tuple(f"c{number}" for number in range(3, 17)),
        price_sensitive=("c8", "c12"),
        classes=CLASSES["2013"],
        taxonomy=TAXONOMY["2013"],
        title="World Input-Output Database, release 2013",
    ),
}
