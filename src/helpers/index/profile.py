"""One economy: where it is strong and weak, how far from the frontier and the median, who is like it."""

import numpy as np
import pandas as pd

from helpers.data import economies
from helpers.index.definitions import LABELS, SHORT_LABELS
from helpers.index.select import Selection
from helpers.index.specification import Index
from helpers.index.standings import rank_frame

#: An indicator is a strength in the best quarter of the economies and a weakness below their middle.
STRONG, MIDDLE = 0.25, 0.5


def profile(selection: Selection, index: Index, focus: str) -> pd.DataFrame:
    """Return an economy's standing on each indicator.

    Parameters
    ----------
    selection : Selection
        Values, years and flags of the group.
    index : Index
        The composite index of the economies ranked.
    focus : str
        An economy of the selection; one without a score has no score on the common scale.

    Returns
    -------
    pandas.DataFrame
        By indicator: label, value, year, rank, of, frontier (value and economy), median, the gaps to both in units of
        the indicator (positive = ahead), score on the common scale, verdict (strength, middle, weakness, no value),
        flag.
    """
    values = selection.values
    positions = rank_frame(values).loc[focus]
    counts = values.count()
    best = values.idxmax()
    table = pd.DataFrame(
        {
            "label": pd.Series(LABELS),
            "value": values.loc[focus],
            "year": selection.years.loc[focus].astype("Int64"),
            "rank": positions.astype("Int64"),
            "of": counts,
            "frontier": values.max(),
            "frontier_economy": best.map(economies.name),
            "median": values.median(),
            "score": index.normalised.reindex([focus]).iloc[0],
            "flag": selection.flags.loc[focus],
        }
    ).reindex(values.columns)
    table["gap_to_frontier"] = table["value"] - table["frontier"]
    table["gap_to_median"] = table["value"] - table["median"]
    table["verdict"] = [_verdict(rank, of) for rank, of in zip(positions, counts, strict=True)]
    return table


def _verdict(rank: float, of: int) -> str:
    if np.isnan(rank):
        return "no value"
    share = rank / of
    return "strength" if share <= STRONG else "middle" if share <= MIDDLE else "weakness"


def peers(index: Index, focus: str, count: int = 5) -> pd.DataFrame:
    """Return the economies most like `focus` in an index; see `nearest`."""
    return nearest(index.normalised, index.ranks, focus, count)


def nearest(normalised: pd.DataFrame, ranks: pd.Series, focus: str, count: int = 5) -> pd.DataFrame:
    """Return the economies most like `focus`: smallest root mean squared difference over the indicators both have.

    Differences are in standard deviations of the normalised indicators; economies with fewer than two indicators in
    common are left out.
    """
    scaled = normalised / normalised.std()
    differences = scaled.drop(index=focus) - scaled.loc[focus]
    common = differences.notna().sum(axis=1)
    distance = np.sqrt((differences**2).mean(axis=1))[common >= 2]
    found = distance.sort_values(kind="stable").head(count)
    return pd.DataFrame(
        {
            "economy": [economies.name(str(code)) for code in found.index],
            "distance": found,
            "indicators": common[found.index],
            "rank": ranks[found.index].astype(int),
        }
    )


def profiles(selection: Selection, index: Index) -> pd.DataFrame:
    """Return the profiles of all economies with a value below each other, index (iso3, indicator)."""
    return pd.concat({str(one): profile(selection, index, str(one)) for one in selection.values.index}, names=["iso3"])


def readable(table: pd.DataFrame) -> pd.DataFrame:
    """Return a profile for readers; flags have a column only where there are some."""
    ranks = [
        f"{rank:.0f} of {of}" if pd.notna(rank) else None for rank, of in zip(table["rank"], table["of"], strict=True)
    ]
    columns = {
        "label": "indicator",
        "value": "value",
        "year": "year",
        "rank": "rank",
        "gap_to_median": "to median",
        "gap_to_frontier": "to frontier",
        "frontier_economy": "frontier",
        "verdict": "verdict",
        "flag": "flag",
    }
    shown = table.assign(
        rank=ranks, year=table["year"].astype("Int64"), label=[SHORT_LABELS[str(n)] for n in table.index]
    )
    shown = shown[list(columns)].rename(columns=columns).reset_index(drop=True)
    return shown if (shown["flag"].fillna("") != "").any() else shown.drop(columns="flag")
