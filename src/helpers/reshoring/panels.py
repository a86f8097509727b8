"""Ingested input-output tables as a release of their own: which there are and what they hold, read from manifests.

Nothing is loaded here, so that a choice can be refused before any kernel starts.
"""

from collections.abc import Collection, Sequence

from helpers import ingested
from helpers.errors import not_allowed
from helpers.reshoring.releases import RELEASES, Release
from helpers.reshoring.technology import TAXONOMY, class_of_division, division

KIND = "input_output"
#: Values of the parameter that name no set: an ingested one where there is one that serves, or the embedded table.
AUTO, SNAPSHOT = "auto", "snapshot"
#: The release that an ingested panel stands in for by itself; 2013 has other industries.
REPLACED = "2016"
WIOD_2016 = "wiod2016"


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
        classes={code: class_of_division(number) for code, number in divisions.items() if number is not None},
        taxonomy=TAXONOMY[REPLACED],
        names=RELEASES[REPLACED].key if manifest["format"] == WIOD_2016 else "",
        title=manifest.get("title", name),
    )
