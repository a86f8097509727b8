"""Figures of estimates: timing, specification curves, scatters. Frame in, figure out."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

MAIN, ACCENT = "C0", "C1"


def _canvas(height: float) -> tuple["Figure", "Axes"]:
    from matplotlib import pyplot

    return pyplot.subplots(figsize=(6.4, height), layout="constrained")


def _two_panels(heights: list[float]) -> tuple["Figure", "Axes", "Axes"]:
    """Two panels one above the other with a common horizontal axis."""
    from matplotlib import pyplot

    size, ratios = (6.4, sum(heights) + 0.4), {"height_ratios": heights}
    figure, (above, below) = pyplot.subplots(2, 1, sharex=True, figsize=size, layout="constrained", gridspec_kw=ratios)
    return figure, above, below


def timing_plot(data: pd.DataFrame, label: str) -> "Figure":
    """Draw estimates by the years between innovation and outcome; negative years are the future (placebo).

    Parameters
    ----------
    data : DataFrame
        years, estimate, low, high.
    label : str
        Of the vertical axis, with the unit.
    """
    figure, axes = _canvas(3.6)
    future = data["years"] < 0
    for part, colour, name in ((data[~future], MAIN, "past innovation"), (data[future], ACCENT, "future (placebo)")):
        reach = [part["estimate"] - part["low"], part["high"] - part["estimate"]]
        axes.errorbar(part["years"], part["estimate"], yerr=reach, fmt="o", color=colour, label=name, capsize=3)
    axes.axhline(0, color="black", linewidth=1)
    axes.set_xlabel("Years between innovation and outcome")
    axes.set_ylabel(label)
    axes.legend(loc="best")
    return figure


def _sorted_estimates(axes: "Axes", curve: pd.DataFrame, label: str, alpha: float, many: bool) -> pd.DataFrame:
    """Draw standardised estimates in order with intervals, those with a p below alpha in colour; return them sorted."""
    done = curve[curve["problem"] == ""].sort_values("standardised", ignore_index=True)
    significant = done["p"] < alpha
    ends = done["standardised_low"], done["standardised_high"]
    axes.vlines(done.index, *ends, color="0.85" if many else "0.8", linewidth=0.5 if many else 1, rasterized=many)
    for part, colour, size, name in ((~significant, MAIN, 3, "p ≥"), (significant, ACCENT, 6 if many else 3, "p <")):
        chosen, text = done.loc[part, "standardised"], f"{name} {alpha:g} ({part.sum():,d})"
        axes.plot(chosen.index, chosen, "o", color=colour, markersize=size, label=text, rasterized=many)
    axes.axhline(0, color="black", linewidth=1)
    axes.set_ylabel(label)
    return done


def specification_curve_plot(curve: pd.DataFrame, label: str, alpha: float) -> "Figure":
    """Draw all standardised estimates in order, with intervals.

    Parameters
    ----------
    curve : DataFrame
        From `specification_curve.run_specifications`.
    label : str
        Of the vertical axis, with the unit.
    alpha : float
        Estimates with a smaller p are drawn in the accent colour.
    """
    figure, axes = _canvas(3.8)
    done = _sorted_estimates(axes, curve, label, alpha, many=True)
    axes.set_ylim(*np.quantile(done[["standardised_low", "standardised_high"]], [0.01, 0.99]))
    axes.set_xlabel("Specifications, sorted by estimate")
    axes.legend(loc="upper left")
    return figure


def curve_and_choices_plot(curve: pd.DataFrame, options: pd.DataFrame, label: str, alpha: float) -> "Figure":
    """Draw standardised estimates in order and beneath them which option of each choice each one uses.

    The form of Simonsohn, Simmons and Nelson (2020), for some hundred specifications.

    Parameters
    ----------
    curve : DataFrame
        From `run_specifications`, with a column for each choice.
    options : DataFrame
        choice, option, label: the rows beneath the curve, from `drivers_curve.labelled_options`.
    label : str
        Of the vertical axis, with the unit.
    alpha : float
        Estimates with a smaller p are drawn in the accent colour.
    """
    figure, above, below = _two_panels([3.2, 0.27 * len(options) + 0.3])
    done = _sorted_estimates(above, curve, label, alpha, many=False)
    for place, row in enumerate(options.to_dict("records")):
        used = done.index[done[row["choice"]] == row["option"]]
        below.plot(used, np.full(len(used), place), "|", color="0.3", markersize=6, markeredgewidth=0.8)
    below.set_yticks(range(len(options)), options["label"])
    below.set_ylim(len(options) - 0.4, -0.6)
    below.grid(visible=False)
    below.set_xlabel("Specifications, sorted by estimate")
    return figure


def scatter_plot(data: pd.DataFrame, x: str, y: str, labels: tuple[str, str], names: Mapping[str, str]) -> "Figure":
    """Draw one point an economy with the least-squares line.

    Parameters
    ----------
    data : DataFrame
        One row an economy (`iso3`).
    x, y : str
        Columns drawn across and up.
    labels : (str, str)
        Of the two axes, with their units.
    names : mapping
        Economy -> name, for those that are written out; the first is drawn in colour.
    """
    figure, axes = _canvas(4.4)
    axes.plot(data[x], data[y], "o", color=MAIN, markersize=5, alpha=0.7)
    slope, level = np.polyfit(data[x], data[y], 1)
    ends = np.array([data[x].min(), data[x].max()])
    axes.plot(ends, level + slope * ends, color="black", linewidth=1)
    for place, row in enumerate(data.set_index("iso3").reindex(list(names)).itertuples()):
        point = (getattr(row, x), getattr(row, y))
        if np.isfinite(point).all():
            axes.plot(*point, "o", color=ACCENT if place == 0 else MAIN, markersize=8)
            axes.annotate(names[row.Index], point, xytext=(6, 4), textcoords="offset points", fontsize=11)
    axes.set_xlabel(labels[0])
    axes.set_ylabel(labels[1])
    return figure


def synthetic_plot(paths: Mapping[str, pd.DataFrame], laws: Mapping[str, float], label: str) -> "Figure":
    """Draw an economy beside its synthetic control, one panel a law.

    Parameters
    ----------
    paths : mapping
        Title -> treated and synthetic by year, from `designs.fit_synthetic`.
    laws : mapping
        Title -> last year before the law.
    label : str
        Of the vertical axis, with the unit.
    """
    figure, *panels = _two_panels([2.6] * len(paths))
    for axes, (title, path) in zip(panels, paths.items(), strict=True):
        axes.plot(path.index, path["treated"], color=ACCENT, linewidth=2, label="as it was")
        axes.plot(path.index, path["synthetic"], color=MAIN, linewidth=2, linestyle="--", label="synthetic control")
        axes.axvline(laws[title] + 0.5, color="black", linewidth=1)
        axes.set_title(title, loc="left", fontsize=12)
        axes.set_ylabel(label)
    panels[0].legend(loc="upper left")
    panels[-1].locator_params(axis="x", integer=True)
    return figure


def timeline_plot(instruments: pd.DataFrame) -> "Figure":
    """Draw dated instruments as numbered points, one line an economy; numbers as in the table of instruments.

    Parameters
    ----------
    instruments : DataFrame
        From `policy_record.instruments`; rows without a date are left out.
    """
    dated = instruments.dropna(subset=["when"])
    countries = list(dict.fromkeys(dated["country"]))
    figure, axes = _canvas(1.2 + 0.75 * len(countries))
    for place, country in enumerate(countries):
        axes.axhline(place, color="0.85", linewidth=1, zorder=0)
        rows = dated[dated["country"] == country]
        for offset, row in zip(_spread(rows["when"].to_numpy()), rows.itertuples(), strict=True):
            axes.plot(row.when, place + offset, "o", color=MAIN, markersize=15)
            axes.text(row.when, place + offset, str(row.number), color="white", ha="center", va="center", fontsize=10)
    axes.set_yticks(range(len(countries)), countries)
    axes.set_ylim(len(countries) - 0.4, -0.6)
    axes.locator_params(axis="x", integer=True)
    return figure


def _spread(when: np.ndarray, near: float = 0.8, step: float = 0.3) -> list[float]:
    """Vertical offsets so that points close in time do not cover each other."""
    offsets: list[float] = []
    for place, moment in enumerate(when):
        earlier = zip(when, offsets, strict=False)
        taken = {round(offset / step) for other, offset in earlier if abs(other - moment) < near}
        free = next(level for level in (0, -1, 1, -2, 2, *range(3, place + 4)) if level not in taken)
        offsets.append(free * step)
    return offsets
