"""End-use classes of products: from six-digit HS codes through BEC Rev. 4."""

from functools import lru_cache

import pandas as pd

from helpers import data
from helpers.errors import require_known

CONCORDANCE = "hs6_bec4"
# Broad economic categories, Rev. 4, by class of the System of National Accounts (UNSD). Some fuels are only known as
# 32, which holds motor spirit (321, not classified) as well as other processed fuels (322).
CLASSES = {
    "intermediate": ("111", "121", "21", "22", "31", "322", "42", "53"),
    "capital": ("41", "521"),
    "consumption": ("112", "122", "522", "61", "62", "63"),
    "not classified": ("32", "321", "51", "7"),
}
CLASS_OF = {category: name for name, categories in CLASSES.items() for category in categories}
UNMATCHED = "unmatched"
# Numbers stand for the classes inside a query: grouping by a small number is cheaper than by text.
NAMES = [*CLASSES, UNMATCHED]


def class_of(bec4: str) -> str:
    """Return the end-use class of a BEC Rev. 4 category.

    Raises
    ------
    InputError
        No such category.
    """
    require_known("category of BEC Rev. 4", bec4, CLASS_OF, shown=30)
    return CLASS_OF[bec4]


def classes_of(edition: str) -> pd.DataFrame:
    """Return the class of every product of an HS edition.

    Parameters
    ----------
    edition : str
        `HS1996`, `HS2002`, ... `HS2022`.

    Returns
    -------
    DataFrame
        `product` (six digits as text), `use` (position in `NAMES`).

    Raises
    ------
    InputError
        An edition the concordance does not cover.
    """
    concordance = _concordance(data.sha256(CONCORDANCE))
    editions = sorted(concordance["hs_edition"].unique())
    require_known("HS edition with a concordance to BEC Rev. 4", edition, editions)
    chosen = concordance[concordance["hs_edition"] == edition]
    numbers = {category: NAMES.index(class_of(category)) for category in chosen["bec4"].unique()}
    return pd.DataFrame({"product": chosen["hs6"], "use": chosen["bec4"].map(numbers).astype("int8")})


@lru_cache(maxsize=2)
def _concordance(sha256: str) -> pd.DataFrame:
    """Load the concordance once for each content of its file."""
    return data.load(CONCORDANCE)
