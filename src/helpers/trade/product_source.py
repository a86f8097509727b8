"""Which product-level trade a page reads, and what it must hold: from manifests alone, before any kernel starts."""

from collections.abc import Mapping, Sequence

from helpers import ingested
from helpers.errors import not_allowed

KIND = "trade"
#: The value that means: the embedded tables only.
SNAPSHOT = "wits"
HOW = (
    "Product-level trade may not be embedded. Download a release of CEPII BACI whose HS edition reaches back far "
    "enough (HS07 for years from 2007) from https://www.cepii.fr/CEPII/en/bdd_modele/bdd_modele_item.asp?id=37, unpack "
    "it into a folder, and read it: reshoring trade ingest FOLDER --format baci"
)


def years(name: str) -> list[int]:
    """Return the years that an ingested set of product-level trade holds, ascending."""
    files = ingested.manifest(KIND, name)["files"].values()
    return sorted({part["year"] for entry in files for part in entry["parts"]})


def check(name: str, first: int, asked: Mapping[str, Sequence[str]]) -> None:
    """Refuse a set that is not there, or lacks the first year, a later one, or an economy asked for.

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
    held = years(name)
    if first not in held or held[-1] <= first:
        told = f"{held[0]}-{held[-1]}" if held else "no year"
        raise ValueError(f"{name!r} holds {told}, but {first} (late) and a later year are needed. {HOW}")
    economies = sorted(set(ingested.manifest(KIND, name)["economies"].values()))
    for field, codes in asked.items():
        for code in codes:
            if code not in economies:
                raise ValueError(f"{field}: {not_allowed(f'economy of the ingested {name}', code, economies)}")
