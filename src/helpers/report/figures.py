"""Saving and showing a figure, once, with its source beneath."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from helpers.report.source import flags_of, show_source, source_line
from helpers.report.store import is_generated, metrics_only, output_path

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure


def figure(
    fig: "Figure",
    name: str,
    *,
    tables: Sequence[str] = (),
    vintages: Mapping[str, str] | None = None,
    n: int | str | None = None,
    note: str | None = None,
    data: "pd.DataFrame | None" = None,
) -> None:
    """Save a figure as SVG and PNG, and its data as CSV; show it once with a source line beneath.

    Caption and alternative text are cell options (`#| fig-cap:`, `#| fig-alt:`).

    Parameters
    ----------
    fig : matplotlib.figure.Figure
        The finished figure; it is closed.
    name : str
        File name without suffix: ``results/figures/<name>.svg`` and ``.png``, ``results/tables/<name>.csv``.
    tables : sequence of str
        Catalogue names of the tables whose values are drawn.
    vintages : mapping, optional
        Table to vintage used.
    n : int or str, optional
        Number of observations drawn, alone or with a word ("35 economies").
    note : str, optional
        A sentence added to the source line.
    data : pandas.DataFrame, optional
        What is drawn; its `flag` column, when it has one, is spelt out in the source line.
    """
    from matplotlib import pyplot

    if not metrics_only():
        _save(fig, name)
        if data is not None:
            write_csv(data, name)
        _show(name)
        show_source(source_line(tables, vintages=vintages, n=n, note=note, flags=flags_of(data)), name)
    pyplot.close(fig)


def _save(fig: "Figure", name: str) -> None:
    if is_generated():
        watermark(fig)
    # Dates and versions would make two runs of the same differ.
    fig.savefig(output_path("figures", name, ".svg"), metadata={"Date": None, "Creator": None})
    # The layout has been found; finding it again for the second file would take as long as drawing that.
    fig.set_layout_engine("none")
    fig.savefig(output_path("figures", name, ".png"), metadata={"Software": None})


def _show(name: str) -> None:
    from IPython.display import SVG, display

    display(SVG(data=output_path("figures", name, ".svg").read_text(encoding="utf-8")))


def watermark(fig: "Figure") -> None:
    """Write across a figure that it shows generated data, so that it keeps saying so away from its page."""
    look: dict[str, Any] = {"fontsize": 34, "color": "#B00020", "alpha": 0.28, "rotation": 30, "weight": "bold"}
    fig.text(0.5, 0.5, "GENERATED DATA", ha="center", va="center", zorder=1000, **look)


def write_csv(frame: "pd.DataFrame", name: str) -> None:
    """Write a frame in full precision to ``results/tables/<name>.csv``; a default index is left out."""
    path = output_path("tables", name, ".csv")
    frame.to_csv(path, index=has_index(frame), lineterminator="\n", encoding="utf-8")


def has_index(frame: "pd.DataFrame") -> bool:
    """Tell whether the index carries information, as opposed to counting rows."""
    import pandas as pd

    return not (isinstance(frame.index, pd.RangeIndex) and frame.index.name is None)
