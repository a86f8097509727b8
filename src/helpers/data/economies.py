"""Economies: ISO 3166 codes, names and the groups the study compares."""

import csv
from functools import lru_cache
from pathlib import Path

from helpers.data.catalogue import stamp
from helpers.errors import InputError, WorkError, not_allowed
from helpers.paths import project_root

FILE = Path("data") / "concordances" / "economies.csv"
#: Those that the OECD's inter-country tables name, each with its place on a map of squares.
TILES = FILE.with_name("economy_tiles.csv")
PLUS = ("CHN", "TWN", "SGP", "HKG", "IND", "BRA", "VNM", "THA", "MYS", "IDN", "PHL")
GROUPS = ("all", "oecd", "oecd-plus", "g20")
#: Beginnings of names that English gives an article within a sentence.
WITH_ARTICLE = ("United States", "United Kingdom", "Netherlands", "Philippines", "Czech Republic", "Bahamas")


@lru_cache(maxsize=4)
def _read(key: tuple[str, int, int]) -> dict[str, dict[str, str]]:
    with open(key[0], encoding="utf-8", newline="") as file:
        return {row["iso3"]: row for row in csv.DictReader(file)}


def rows(file: Path = FILE) -> dict[str, dict[str, str]]:
    """Return what a table says of each economy or area, by its code."""
    path = project_root() / file
    if not path.is_file():
        raise WorkError(f"{file} is missing: economies and groups cannot be told. Restore it (git checkout -- {file}).")
    return _read(stamp(path))


def known() -> list[str]:
    """Return the alpha-3 codes of all economies, sorted; areas and former economies are left out."""
    return sorted(code for code, row in rows().items() if row["kind"] == "economy")


def with_tables() -> list[str]:
    """Return the codes of the economies that the OECD's inter-country tables name."""
    return list(rows(TILES))


def name(iso3: str) -> str:
    """Return the English short name of an economy or area.

    Raises
    ------
    InputError
        Unknown code.
    """
    row = rows().get(iso3)
    if row is None:
        raise InputError(not_allowed("economy", iso3, known()))
    return row["name"]


def names() -> dict[str, str]:
    """Return the name of each economy and area by its code; none where the project keeps no list of them."""
    return {code: row["name"] for code, row in rows().items()} if (project_root() / FILE).is_file() else {}


def in_sentence(name: str) -> str:
    """Return the name of an economy as it stands inside a sentence: "the United States", "Japan"."""
    return f"the {name}" if name.startswith(WITH_ARTICLE) else name


def group(members: str | list[str] | tuple[str, ...]) -> list[str]:
    """Return the economies of a group as sorted alpha-3 codes.

    Parameters
    ----------
    members : str or list of str
        ``all`` (every economy), ``oecd`` (38 members), ``oecd-plus`` (OECD and eleven large traders
        that are not members), ``g20`` (19 countries), one alpha-3 code, or a list of codes.

    Raises
    ------
    InputError
        A name that is neither a group nor an economy, or an empty list.
    """
    if members != "" and not members:
        raise InputError(
            "An empty list of economies was given. Name at least one alpha-3 code, or a group: " + ", ".join(GROUPS)
        )
    listed, all_of_them = rows(), known()
    if members == "all":
        return all_of_them
    if members == "g20":
        return [code for code in all_of_them if listed[code]["g20"] == "true"]
    if members in ("oecd", "oecd-plus"):
        further = PLUS if members == "oecd-plus" else ()
        return sorted([*(code for code in all_of_them if listed[code]["oecd"]), *further])
    options = [*GROUPS, *all_of_them] if isinstance(members, str) else all_of_them
    codes = [members] if isinstance(members, str) else members
    for code in codes:
        if code not in all_of_them:
            raise InputError(not_allowed("group or economy" if isinstance(members, str) else "economy", code, options))
    return sorted(set(codes))
