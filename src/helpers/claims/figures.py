"""The one figure of the ledger: verdicts by kind of evidence."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import pandas as pd

from helpers.claims.ledger import Entry
from helpers.claims.verdict import VERDICTS

if TYPE_CHECKING:
    from matplotlib.figure import Figure

#: Light to dark, so that the order is seen without colour as well; the last is hatched.
SHADES = {"supported": "C2", "partly": "C4", "not supported": "C1", "not testable": "0.8"}


def verdicts_by_kind(entries: Sequence[Entry]) -> pd.DataFrame:
    """Number of claims: one row a kind of evidence, one column a verdict."""
    pairs = pd.DataFrame([(entry.claim.kind, entry.verdict) for entry in entries], columns=["kind", "verdict"])
    table = pd.crosstab(pairs["kind"], pairs["verdict"]).reindex(columns=list(VERDICTS), fill_value=0)
    order = pairs["kind"].drop_duplicates()
    return table.loc[order].rename_axis(index="kind", columns=None)


def verdicts_plot(table: pd.DataFrame) -> "Figure":
    """Draw stacked bars with the number written in each part.

    Parameters
    ----------
    table : DataFrame
        From `verdicts_by_kind`.
    """
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(figsize=(6.4, 1.6 + 0.45 * len(table)), layout="constrained")
    left = pd.Series(0, index=table.index)
    for verdict, shade in SHADES.items():
        bars = axes.barh(table.index, table[verdict], left=left, color=shade, label=verdict, edgecolor="white")
        axes.bar_label(bars, labels=[str(n) if n else "" for n in table[verdict]], label_type="center", fontsize=11)
        left = left + table[verdict]
    axes.invert_yaxis()
    axes.set_xlabel("Claims")
    axes.locator_params(axis="x", integer=True)
    axes.grid(axis="y", visible=False)
    figure.legend(loc="outside upper center", ncols=2)
    return figure
