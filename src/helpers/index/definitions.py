"""The four indicators of the study, the data behind them, and what may count as a high-tech patent.

There is no agreed list of high-tech patent fields and the study does not print its own, so the list is a choice
like any other: each named list below is a set of the 35 technology fields of WIPO (Schmoch, 2008).
"""

from dataclasses import dataclass

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


@dataclass(frozen=True)
class Indicator:
    """One indicator: its name in results, the table behind it, its label and unit, and its direction.

    `direction` is 1 when more is better and -1 when less is; `yearly` is False for editions that are chosen as such.
    """

    name: str
    table: str
    label: str
    short: str
    unit: str
    direction: int = 1
    yearly: bool = True


INDICATORS = (
    Indicator("rd_gdp", "rd_gdp", "R&D spending to GDP", "R&D / GDP", "% of GDP"),
    Indicator(
        "hightech_exports_share",
        "hightech_exports_share",
        "High-tech share of manufactured exports",
        "High-tech exports",
        "% of manufactured exports",
    ),
    Indicator(
        "hightech_patent_share",
        "uspto_grants_by_wipo_field",
        "High-tech share of patents",
        "High-tech patents",
        "% of USPTO grants",
    ),
    Indicator(
        "ict_development_index",
        "ict_development_index",
        "ICT Development Index",
        "ICT index",
        "index points",
        yearly=False,
    ),
)
NAMES = tuple(indicator.name for indicator in INDICATORS)
LABELS = {indicator.name: indicator.label for indicator in INDICATORS}
SHORT_LABELS = {indicator.name: indicator.short for indicator in INDICATORS}
PATENTS = "uspto_grants_by_wipo_field"
ICT = "ict_development_index"
#: ICT series with several years, used over time in place of the ICT Development Index.
ICT_OVER_TIME = "telecom_infrastructure_index"

#: Korea's ranks as the study prints them (KITA, summary of 30 March 2021, third paragraph). A claim, not a result.
STUDY_RANKS = {
    "rd_gdp": 2,
    "hightech_exports_share": 6,
    "hightech_patent_share": 3,
    "ict_development_index": 2,
}
STUDY_ECONOMY = "KOR"


def high_tech_fields(choice: str | list[str] | tuple[str, ...]) -> list[str]:
    """Return the patent fields that count as high-tech: those of a named list, or the fields given.

    Raises
    ------
    KeyError
        A name that is no list of `HIGH_TECH_FIELDS` (the parameter model refuses it earlier, in words).
    """
    return list(HIGH_TECH_FIELDS[choice]) if isinstance(choice, str) else list(choice)
