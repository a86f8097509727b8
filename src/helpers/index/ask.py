"""What a page needs to rank the economies anew in the reader's browser: values, groups and the base choices.

`assets/ask.js` repeats screening, normalisation and the weighted mean; a test holds it to this package.
"""

from typing import Any

import pandas as pd

from helpers.data import economies
from helpers.index import select
from helpers.index.definitions import labels
from helpers.index.parameters import InnovationIndexParameters
from helpers.index.specification import Index

#: Years before the page's own that a reader may choose.
YEARS_BACK = 8
#: Normalisations that need no scale of their own; Borda counts and distances to the maximum are others in disguise.
NORMALISATIONS = ("minmax", "z-score", "rank", "percentile-rank", "fraction-of-maximum")


def choices(parameters: InnovationIndexParameters, year: int) -> InnovationIndexParameters | None:
    """Return the page's parameters for another year and all economies, None where a table has nothing for it."""
    try:
        return InnovationIndexParameters.model_validate(parameters.model_dump() | {"year": year, "group": "all"})
    except ValueError:
        return None


def table(
    parameters: InnovationIndexParameters, tables: select.Tables, population: pd.DataFrame, base: Index
) -> dict[str, Any]:
    """Return all that is needed to compute the index under other years, groups, normalisations and weights.

    Parameters
    ----------
    parameters : InnovationIndexParameters
        Of the page; what cannot be chosen in the browser stays as they say.
    tables : mapping
        The tables of the indicators by name, each in the vintage chosen.
    population : pandas.DataFrame
        Tidy population, for the smallest one that counts.
    base : Index
        The index of the page, whose weights are those to begin with.

    Returns
    -------
    dict
        Of plain values: ``values`` holds for each year the indicators of each economy, None = missing.
    """
    last = parameters.reference_year()
    years = {year: choices(parameters, year) for year in range(last - YEARS_BACK, last + 1)}
    values = {
        str(year): _rows(select.select(tables, chosen, chosen.members(), population).values)
        for year, chosen in years.items()
        if chosen is not None
    }
    known = sorted({code for rows in values.values() for code in rows})
    own = parameters.group if isinstance(parameters.group, str) else ",".join(parameters.group)
    groups = {name: parameters.group if name == own else name for name in (*economies.GROUPS, own)}
    return {
        "values": values,
        "names": {code: economies.name(code) for code in known},
        "groups": {name: sorted(set(economies.group(group)) & set(known)) for name, group in groups.items()},
        "indicators": labels(parameters.indicators),
        "directions": [one.direction for one in parameters.definitions()],
        "coverage": parameters.minimum_coverage,
        "indicator_coverage": parameters.minimum_indicator_coverage,
        "normalisations": list(NORMALISATIONS),
        "focus": parameters.focus,
        "base": {
            "year": str(last),
            "group": own,
            "normalisation": parameters.normalisation,
            "weights": [round(100 * float(weight), 6) for weight in base.weights],
        },
    }


def fits(parameters: InnovationIndexParameters) -> bool:
    """Tell whether the browser can compute the page's own index: it knows the weighted mean and no imputation."""
    plain = (parameters.aggregation, parameters.imputation, parameters.outliers) == ("arithmetic", "none", "none")
    return plain and parameters.normalisation in NORMALISATIONS and parameters.scale is None


def _rows(values: pd.DataFrame) -> dict[str, list[float | None]]:
    return {
        str(code): [None if pd.isna(value) else float(value) for value in row]
        for code, row in zip(values.index, values.to_numpy(), strict=True)
    }
