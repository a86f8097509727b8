"""The indicators of the innovation index, the study's ranks on its four, and what may count as a high-tech patent.

An indicator is a table of the catalogue, and the `index` entry of its record says how it is called and taken; so any
table with a value by economy and year can be one. Only the share of high-tech patents is computed from a table with
another name.

There is no agreed list of high-tech patent fields and the study does not print its own, so the list is a choice
like any other: each named list below is a set of the 35 technology fields of WIPO (Schmoch, 2008).
"""

from collections.abc import Iterable
from dataclasses import dataclass

from helpers.data import catalogue

DIGITAL = (
    "audio-visual technology",
    "telecommunications",
    "digital communication",
    "basic communication processes",
    "computer technology",
    "IT methods for management",
    "semiconductors",
)
LIFE = ("biotechnology", "pharmaceuticals")
ELEVEN = (*DIGITAL, "optics", *LIFE, "microstructural and nanotechnology")

#: Named lists of high-tech patent fields. `electrical-engineering` is the first of the five sectors of WIPO.
HIGH_TECH_FIELDS: dict[str, tuple[str, ...]] = {
    "eleven": ELEVEN,
    "seven": DIGITAL,
    "electrical-engineering": ("electrical machinery, apparatus, energy", *DIGITAL),
    "digital-and-optics": (*DIGITAL, "optics"),
    "digital-and-life-sciences": (*DIGITAL, *LIFE),
    "eleven-and-medical": (*ELEVEN, "medical technology"),
}
PATENT_SHARE, PATENTS = "hightech_patent_share", "uspto_grants_by_wipo_field"

#: Korea's ranks as the study prints them (KITA, summary of 30 March 2021, third paragraph). A claim, not a result.
STUDY_RANKS = {"rd_gdp": 2, "hightech_exports_share": 6, PATENT_SHARE: 3, "ict_development_index": 2}
STUDY_ECONOMY = "KOR"


@dataclass(frozen=True)
class Indicator:
    """One indicator of an index.

    Attributes
    ----------
    name : str
        In results; but for the share of patents also that of the table.
    table : str
        Its table.
    label, short : str
        What readers call it, and the same for the head of a column.
    direction : int
        1 when more is better, -1 when less is.
    edition : bool
        Whether a vintage is an edition, of which the newest year is used whatever the year asked for.
    over_time : str
        Table with comparable values for several years.
    """

    name: str
    table: str
    label: str
    short: str
    direction: int
    edition: bool
    over_time: str


def indicator(name: str) -> Indicator:
    """Return an indicator by name.

    Raises
    ------
    InputError
        No table of that name.
    """
    table = PATENTS if name == PATENT_SHARE else name
    record = catalogue.metadata(table)
    entry = record.index
    label = entry.label or record.title
    return Indicator(name, table, label, entry.short or label, entry.direction, entry.edition, entry.over_time or table)


def is_possible(name: str) -> bool:
    """Tell whether an indicator has that name: the share of patents, or a table of one value an economy and year."""
    if name == PATENT_SHARE:
        return True
    return name in catalogue.tables() and catalogue.metadata(name).is_indicator


def labels(names: Iterable[str]) -> dict[str, str]:
    """Return what readers call indicators, by name."""
    return {name: indicator(name).label for name in names}


def short_labels(names: Iterable[str]) -> dict[str, str]:
    """Return what the heads of columns call indicators, by name."""
    return {name: indicator(name).short for name in names}


def patent_fields() -> list[str]:
    """Return the 35 WIPO technology fields of the patent table, without its rows for sums."""
    column = next(one for one in catalogue.metadata(PATENTS).columns if one.name == "field")
    return [field for field in column.allowed or [] if field not in ("total", "unclassified")]


def high_tech_fields(choice: str | list[str] | tuple[str, ...]) -> list[str]:
    """Return the patent fields that count as high-tech: those of a named list, or the fields given.

    Raises
    ------
    KeyError
        A name that is no list of `HIGH_TECH_FIELDS` (the parameter model refuses it earlier, in words).
    """
    return list(HIGH_TECH_FIELDS[choice]) if isinstance(choice, str) else list(choice)
