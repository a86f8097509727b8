"""Tables, words and one figure as readers see them."""

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from helpers.data import economies
from helpers.trade.growth import Window
from helpers.trade.parameters import IntermediateTradeParameters

if TYPE_CHECKING:
    from matplotlib.figure import Figure

#: The goods of a stage definition in words.
GOODS = {
    "intermediate": "intermediate goods (by stage)",
    "raw+intermediate": "raw materials and intermediate goods (by stage)",
    "intermediate+capital": "intermediate and capital goods (by stage)",
    "raw+intermediate+capital": "raw materials, intermediate and capital goods (by stage)",
    "capital": "capital goods (by stage)",
    "all": "all goods",
}
WINDOW_WORDS = {"growth": "the growth rates named by the windows", "levels": "growth between the levels of the windows"}
#: Partners as Comtrade names them, drawn in the colour of their economy.
REST = "rest of the world"


def name(code: str) -> str:
    """Return the name of an economy as it stands in a sentence: "the United States", "the rest of the world"."""
    return f"the {REST}" if code.upper() == "ROW" else economies.in_sentence(economies.name(code))


def label(code: str) -> str:
    """Return the name of an economy as it stands at a line of a figure; what is no economy stays as it is."""
    if code.upper() == "ROW":
        return REST.capitalize()
    return economies.name(code) if code in economies.known() else code


def names(codes: Iterable[str]) -> list[str]:
    """Return names of economies as they stand in a sentence."""
    return [name(code) for code in codes]


def named(table: pd.DataFrame) -> pd.DataFrame:
    """Return a table with names in place of the codes of economies, in its index and in the columns that hold them."""
    known = {code: economies.name(code) for code in economies.known()} | dict.fromkeys(("RoW", "ROW"), REST)
    columns = [column for column in ("destination", "partner", "largest") if column in table]
    shown = table.rename(index=known) if table.index.name else table
    return shown.assign(**{column: shown[column].replace(known) for column in columns})


def window_words(window: Window) -> str:
    """Say in words which growth rates a window holds."""
    kind = "arithmetic mean" if window.mean == "arithmetic" else "compound (CAGR)"
    return f"{kind} of {len(window.rates)} yearly rates, {window.rates[0]} on {window.base} to {window.rates[-1]}"


def growth_table(table: pd.DataFrame, early: Window, late: Window) -> pd.DataFrame:
    """Return growth in two windows beside the study's figures, with plain headings."""
    heads = {
        "early": f"{early.first}-{early.last}",
        "late": f"{late.first}-{late.last}",
        "study_late": "study",
        "late_gap": "gap",
        "change": "change",
        "study_change": "study, change",
        "change_gap": "gap, change",
    }
    return table[list(heads)].rename(columns=heads).rename_axis(index="economy")


def conventions(table: pd.DataFrame) -> pd.DataFrame:
    """Return the conventions with plain headings and later growth by economy; the changes stay in the file."""
    kept = [column for column in table if column.startswith("late_")]
    names = {column: economies.name(column.removeprefix("late_")) for column in kept}
    shown = table[["stage", "mean", "years", *kept, "distance"]]
    return shown.rename(columns=names | {"stage": "goods", "years": "window holds"})


def same_convention(table: pd.DataFrame, chosen: IntermediateTradeParameters) -> pd.Series:
    """Return the row of the convention chosen."""
    rows = table[(table["stage"] == chosen.stage) & (table["mean"] == chosen.mean)]
    return rows[rows["years"] == chosen.window_years].iloc[0]


def reading_effect(table: pd.DataFrame, chosen: IntermediateTradeParameters, economies: Sequence[str]) -> float:
    """Return by how much the later growth moves on average when windows name levels instead of growth rates."""
    rows = table[(table["stage"] == chosen.stage) & (table["mean"] == chosen.mean)].set_index("years")
    columns = [f"late_{code}" for code in economies]
    return float((rows.loc["growth", columns] - rows.loc["levels", columns]).astype(float).abs().mean())


def sources(table: pd.DataFrame) -> pd.DataFrame:
    """Return growth by source with plain headings."""
    heads = {
        "early": "earlier window",
        "early_percentile": "percentile, earlier",
        "late": "later window",
        "late_percentile": "percentile, later",
    }
    return table.rename(columns=heads)


def periods(table: pd.DataFrame) -> pd.DataFrame:
    """Return destinations by period: levels in billions, growth, contribution."""
    spans = [f"{first}-{last}" for first, last in zip(table["first"], table["last"], strict=True)]
    shown = table[["destination"]].assign(period=spans)
    shown[["at the start", "at the end"]] = table[["start", "end"]] / 1000
    shown[["growth, % a year", "contribution"]] = table[["cagr", "contribution"]]
    return shown


def periods_beside(table: pd.DataFrame) -> pd.DataFrame:
    """Return one row a destination: levels in billions, growth in each period, contribution in the last period."""
    levels: dict[str, pd.Series] = {}
    growth: dict[str, pd.Series] = {}
    for (first, last), rows in table.groupby(["first", "last"], sort=False):
        found = rows.set_index("destination")
        levels |= {str(first): found["start"] / 1000, str(last): found["end"] / 1000}
        growth[f"growth {first}-{last}"] = found["cagr"]
    contribution = {"contribution": table.groupby("destination", sort=False)["contribution"].last()}
    return pd.DataFrame(dict(sorted(levels.items())) | growth | contribution)


def gross(table: pd.DataFrame, end_use: pd.DataFrame, exporter: str) -> pd.DataFrame:
    """Return gross exports by destination in billions, with the intermediate part of the last year."""
    own = end_use[(end_use["exporter"] == exporter) & (end_use["importer"] != exporter)].set_index("importer")
    parts = own[["final", "intermediate_implied"]]
    parts = pd.concat([parts, parts.sum().to_frame("all").T])
    share = 100 * parts["intermediate_implied"] / parts.sum(axis=1)
    shown = pd.DataFrame({f"{end}, billion US$": table[end] / 1000 for end in ("start", "end")})
    shown["growth, % a year"] = table["cagr"]
    for end in ("start", "end"):
        shown[f"value added, {end}, %"] = table[f"value_added_{end}"]
    shown["intermediate, end, %"] = share.reindex(table.index)
    return shown.rename_axis(index="destination")


def hosts(table: pd.DataFrame, shares: pd.DataFrame, codes: Sequence[str], years: Sequence[int]) -> pd.DataFrame:
    """Return imports from Korea of each host, of all and of the other reporters, with plain headings.

    Parameters
    ----------
    table : DataFrame
        From `abroad.by_reporter`; its last two rows are the groups.
    shares : DataFrame, shape (years, reporters)
        Korea's share of the reporter's imports, percent.
    codes : sequence of str
        The hosts.
    years : pair of int
        First and last year.
    """
    first, last = years
    listed = table.loc[[*codes, *table.index[-2:]]]
    parts = {f"Korea's share {year}, %": shares.loc[year].reindex(listed.index) for year in years}
    return pd.DataFrame(
        {
            str(first): listed["first"] / 1000,
            str(last): listed["last"] / 1000,
            "multiple": listed["last"] / listed["first"],
            f"growth {2 * first - last}-{first}": listed["growth_before"],
            f"growth {first}-{last}": listed["growth"],
            **parts,
        }
    )


def sent_to(by_table: pd.DataFrame, codes: Sequence[str]) -> pd.DataFrame:
    """Return exports for intermediate use by destination in billions, and each one's part in the newest table.

    Parameters
    ----------
    by_table : DataFrame, shape (destinations, years)
        From `abroad.by_destination`.
    codes : sequence of str
        Destinations shown, all of them together last.
    """
    listed = pd.concat([by_table.loc[list(dict.fromkeys(codes))], by_table.sum().to_frame("all").T]) / 1000
    newest = by_table.columns[-1]
    part = 100 * listed[newest] / listed.loc["all", newest]
    shown = listed.rename(columns={year: str(year) for year in listed})
    return shown.assign(**{f"share {newest}, %": part}).rename_axis(index="destination")


def mirror(table: pd.DataFrame) -> pd.DataFrame:
    """Return both reports of the same trade in billions."""
    amounts = {f"{side}_reported": f"{side} reports, billion US$" for side in ("exporter", "importer")}
    heads = {"iso3": "partner", **amounts, "gap": "gap, billion US$"}
    shown = table.assign(**{name: table[name] / 1000 for name in (*amounts, "gap")}).rename(columns=heads)
    return shown.sort_values(amounts["exporter_reported"], ascending=False, ignore_index=True)


def paces(hosts: pd.DataFrame) -> pd.DataFrame:
    """Return the growth of imports from Korea by window as one row a value: `series, kind, value`."""
    grown = hosts[[column for column in hosts if column.startswith("growth ")]]
    windows = grown.rename(columns=lambda name: name.removeprefix("growth "))
    long = named(windows.rename_axis("reporter")).rename_axis(index="series", columns="kind").stack()
    return long.rename("value").reset_index()


def concentration(table: pd.DataFrame) -> pd.DataFrame:
    """Return the concentration of destinations with plain headings, shares in percent."""
    heads = {"hhi": "Herfindahl index", "equivalent": "equally large destinations", "destination": "largest"}
    shown = table.assign(share=100 * table["largest"])[[*heads, "share"]]
    return shown.rename(columns=heads | {"share": "its share, %"})


def product_destinations(table: pd.DataFrame, first: int, last: int) -> pd.DataFrame:
    """Return destinations with plain headings, levels in billions."""
    heads = {"start": str(first), "end": str(last), "cagr": "growth, % a year"}
    heads |= {"share_start": f"share {first}, %", "share_end": f"share {last}, %"}
    return table.assign(start=table["start"] / 1000, end=table["end"] / 1000).rename(columns=heads)


def product_rivals(table: pd.DataFrame, first: int, last: int) -> pd.DataFrame:
    """Return exporters with plain headings, levels in billions; nothing before the first year where none is known."""
    heads = {
        "start": str(first),
        "end": str(last),
        "growth": "growth, % a year",
        "before": f"growth before {first}, % a year",
        "world": "growth to all, % a year",
        "share_start": f"share of bases {first}, %",
        "share_end": f"share of bases {last}, %",
    }
    levels = {"start": table["start"] / 1000, "end": table["end"] / 1000}
    return table.assign(**levels).dropna(axis=1, how="all").rename(columns=heads)


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
