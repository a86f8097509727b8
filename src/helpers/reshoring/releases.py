"""Input-output tables that a page can read: the two releases of the WIOD, which are never chained, and ingested sets.

Of ingested sets only manifests are read, so that a choice can be refused before anything is loaded.

Technology classes sort industries by R&D intensity. Release 2016 (ISIC Rev.4): OECD taxonomy of economic activities
(Galindo-Rueda and Verger, OECD STI Working Paper 2016/04). Release 2013 (ISIC Rev.3): OECD classification of 2011. The
class names of the two differ, as do the industries they sort; they are not to be compared.
"""

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

from helpers import ingested
from helpers.errors import not_allowed

KIND = "input_output"
#: Values of the parameter that name no set: an ingested one where there is one that serves, or the embedded table.
AUTO, SNAPSHOT = "auto", "snapshot"
#: The release that an ingested panel stands in for by itself; 2013 has other industries.
REPLACED = "2016"
WIOD_2016 = "wiod2016"

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

#: Technology classes, highest first.
ORDER = ("high", "medium-high", "medium", "medium-low", "low")
TAXONOMY = {"2016": "ISIC Rev.4 (2016 taxonomy)", "2013": "ISIC Rev.3 (2011 classification)"}
#: Class of each division of ISIC Rev.4. An industry that joins several goes where its first one goes, which is where
#: most of its activities belong: C30 holds aircraft (high), railway (medium-high) and ships (medium); C31_C32 furniture
#: (medium-low) and other manufacturing (medium); C25 weapons (medium-high) besides other metal products.
CLASS_OF_DIVISION = {
    **dict.fromkeys((21, 26), "high"),
    **dict.fromkeys((20, 27, 28, 29, 30), "medium-high"),
    **dict.fromkeys((22, 23, 24, 33), "medium"),
    **dict.fromkeys((*range(10, 20), 25, 31, 32), "medium-low"),
}
# c14 joins computers and communication equipment (high) with electrical machinery (medium-high); c9 chemicals with
# pharmaceuticals (high); c15 motor vehicles with aircraft (high) and ships (medium-low).
_CLASSES_2013 = {
    "c14": "high",
    **dict.fromkeys(("c9", "c13", "c15"), "medium-high"),
    **dict.fromkeys(("c8", "c10", "c11", "c12"), "medium-low"),
    **dict.fromkeys(("c3", "c4", "c5", "c6", "c7", "c16"), "low"),
}


def division(industry: str) -> int | None:
    """Return the first division of ISIC Rev.4 that a code such as C10T12 or C17_18 names, None when it names none."""
    found = re.match(r"C?(\d{2})", industry)
    return int(found[1]) if found and int(found[1]) in CLASS_OF_DIVISION else None


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
        classes={code: CLASS_OF_DIVISION[division(code) or 0] for code in _INDUSTRIES_2016.split()},
        taxonomy=TAXONOMY["2016"],
        title="World Input-Output Database, release 2016",
    ),
    "2013": Release(
        name="2013",
        table="wiod2013_manufacturing_inputs",
        economies=_ECONOMIES_2013,
        industries=tuple(f"c{number}" for number in range(3, 17)),
        price_sensitive=("c8", "c12"),
        classes=_CLASSES_2013,
        taxonomy=TAXONOMY["2013"],
        title="World Input-Output Database, release 2013",
    ),
}


def choose(
    panel: str, release: str, economies: Collection[str], years: Sequence[int], industries: Collection[str]
) -> Release:
    """Return the release that a page reads.

    Parameters
    ----------
    panel : str
        `auto`, `snapshot`, or the name of an ingested set.
    release : str
        The embedded release that is meant where no ingested set is read.
    economies, years, industries : collections
        What `auto` asks of a set; a set that lacks some is passed over.

    Raises
    ------
    ValueError
        No set of that name has been ingested, or its manifest was written by an older version.
    """
    if panel == SNAPSHOT:
        return RELEASES[release]
    if panel == AUTO:
        found = _serving(economies, years, industries) if release == REPLACED else []
        return max(found, key=lambda item: (item.years[-1], item.name)) if found else RELEASES[release]
    known = ingested.names(KIND)
    if panel not in known:
        raise ValueError(
            f"panel: {not_allowed('panel', panel, [AUTO, SNAPSHOT, *known])} Read published tables, such as the OECD's "
            "from https://www.oecd.org/en/data/datasets/inter-country-input-output-tables.html: "
            "reshoring io ingest FOLDER --format icio"
        )
    chosen = of_set(panel)
    if chosen is None:
        raise ValueError(
            f"panel: {panel!r} was ingested by an older version, or has industries of no known class. "
            "Ingest it again: reshoring io ingest FOLDER --format icio"
        )
    return chosen


def _serving(economies: Collection[str], years: Sequence[int], industries: Collection[str]) -> list[Release]:
    """Return the ingested sets, none of them generated, that hold all that is asked for, and a later year."""
    found = [of_set(name) for name in ingested.names(KIND) if not ingested.describe(f"{KIND}/{name}")["generated"]]
    return [
        item
        for item in found
        if item is not None
        and set(economies) <= set(item.economies)
        and set(years) <= set(item.years)
        and item.years[-1] > years[0]
        and set(industries) <= set(item.industries)
    ]


def of_set(name: str) -> Release | None:
    """Return an ingested set as a release, with what every year has; None when its manifest does not say."""
    manifest = ingested.manifest(KIND, name)
    entries = {int(year): entry for year, entry in manifest.get("years", {}).items()}
    if not entries or any("economies" not in entry for entry in entries.values()):
        return None
    economies, industries = (
        set.intersection(*(set(entry[what]) for entry in entries.values())) for what in ("economies", "industries")
    )
    divisions = {code: division(code) for code in sorted(industries)}
    if not divisions or None in divisions.values():
        return None
    return Release(
        name=name,
        table=f"{KIND}/{name}",
        economies=tuple(sorted(economies)),
        industries=tuple(divisions),
        price_sensitive=tuple(code for code, number in divisions.items() if number in (19, 24)),
        years=tuple(sorted(entries)),
        classes={code: CLASS_OF_DIVISION[number] for code, number in divisions.items() if number is not None},
        taxonomy=TAXONOMY[REPLACED],
        names=RELEASES[REPLACED].key if manifest["format"] == WIOD_2016 else "",
        title=manifest.get("title", name),
    )
