"""Figures of the section on intermediate trade."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def window_map(
    windows: pd.DataFrame, value: str, label: str, centre: float, marked: Sequence[tuple[int, int]]
) -> "Figure":
    """Draw one value for every window of years: first year across, last year up.

    Parameters
    ----------
    windows : DataFrame
        `first, last` and the value, as `growth.all_windows` returns them.
    value, label : str
        Column drawn, and what to call it (with unit).
    centre : float
        Value drawn in the palest shade.
    marked : sequence of (first, last)
        Windows framed in black.
    """
    from matplotlib import patheffects, pyplot
    from matplotlib.patches import Rectangle

    wide = windows.pivot(index="last", columns="first", values=value)
    reach = float(np.nanquantile(np.abs(wide.to_numpy() - centre), 0.98)) or 1.0
    fig, ax = pyplot.subplots(figsize=(6.4, 5.2))
    # Orange to purple: distinct for colour-blind readers, pale in the middle.
    mesh = ax.pcolormesh(
        wide.columns, wide.index, wide, cmap="PuOr", vmin=centre - reach, vmax=centre + reach, shading="nearest"
    )
    for first, last in marked:
        if first in wide.columns and last in wide.index:
            ax.add_patch(Rectangle((first - 0.5, last - 0.5), 1, 1, fill=False, edgecolor="#101010", linewidth=2.2))
            halo = [patheffects.withStroke(linewidth=3, foreground="#FDFDFD")]
            ax.annotate(
                f"{first}-{last}", (first + 0.8, last), va="center", fontsize=11, color="#101010", path_effects=halo
            )
    ax.set(xlabel="first growth rate of the window", ylabel="last growth rate")
    ax.grid(visible=False)
    fig.colorbar(mesh, ax=ax, label=label, extend="both")
    return fig
