"""Estimates as tables: for readers of economics, and as the data of a coefficient plot."""

from collections.abc import Callable, Mapping, Sequence

import pandas as pd

from helpers.econometrics.estimates import PanelEstimate
from helpers.econometrics.variables import readable

#: Rows of a regression table beneath its coefficients.
ABOUT = ("Outcome", "Effects", "Clusters", "Degrees of freedom of t", "Within R²", "Observations")
HEADINGS = {
    "horizon": "years after",
    "rd_gdp": "R&D spending",
    "rd_gdp_std_error": "s.e., R&D",
    "corporate_tax_rate": "corporate tax rate",
    "corporate_tax_rate_std_error": "s.e., tax",
    "std_error": "s.e.",
    "degrees_of_freedom": "d.f.",
    "p_holm": "p, Holm",
    "sd": "s.d.",
    "sd_within": "s.d. within",
    "toward_home": "toward home",
    "without": "without China and transition economies",
    "share_significant": "differ from zero",
    "df": "d.f.",
    "mde": "detectable",
    "error_before": "error before",
}


def headed(frame: pd.DataFrame, level: float = 0.95, digits: int = 2) -> pd.DataFrame:
    """Return a table as readers expect it: columns by their headings, the two ends of an interval in one cell.

    Parameters
    ----------
    frame : DataFrame
        Values by the names that code uses; `low` and `high` are the ends.
    level : float
        Coverage of the interval, for its heading.
    digits : int
        Decimals of the ends.
    """
    shown = frame.copy()
    if "low" in shown:
        ends = zip(frame["low"], frame["high"], strict=True)
        text = [f"{low:.{digits}f} to {high:.{digits}f}".replace("-", "−") if low == low else "" for low, high in ends]
        shown.insert(shown.columns.get_loc("low"), f"{level:.0%} interval", text)
        shown = shown.drop(columns=["low", "high"])
    return shown.rename(columns=HEADINGS)


def regression_table(
    models: Mapping[str, PanelEstimate],
    terms: Mapping[str, str],
    extra: Mapping[str, Mapping[str, str]],
    write_p: Callable[[float], str],
) -> pd.DataFrame:
    """One column a model; under each coefficient its standard error in parentheses and p in brackets. No stars.

    Parameters
    ----------
    models : mapping
        Column heading -> estimate.
    terms : mapping
        Term -> label, in the order of the rows.
    extra : mapping
        Row label -> {column heading: text}, e.g. a bootstrap p, put under the coefficients.
    write_p : callable
        Writes a p value.

    Returns
    -------
    DataFrame of str, indexed by row label
    """
    columns = {}
    for heading, model in models.items():
        found, cells = model.table(), []
        for term in terms:
            row = found.loc[term] if term in found.index else None
            cells.append("" if row is None else f"{row['estimate']:.3f}".replace("-", "−"))
            cells.append("" if row is None else f"({row['std_error']:.3f}) [{write_p(row['p'])}]")
        cells += [texts.get(heading, "") for texts in extra.values()]
        clusters = " and ".join(f"{name} ({count})" for name, count in model.clusters.items())
        cells += [model.outcome, ", ".join(model.effects) or "none", clusters or "none"]
        cells += [f"{model.degrees_of_freedom:g}", f"{model.r2_within:.3f}", f"{model.n:,d}"]
        columns[heading] = [readable(text) for text in cells]
    names = [name for label in terms.values() for name in (label, "(s.e.) [p]")]
    return pd.DataFrame(columns, index=pd.Index([*names, *extra, *ABOUT], name="term"))


def coefficient_data(models: Mapping[str, PanelEstimate], terms: Sequence[str], level: float = 0.95) -> pd.DataFrame:
    """Estimates with intervals, one row a model and term that the model has.

    Parameters
    ----------
    models : mapping
        Name -> estimate.
    terms : sequence of str
    level : float
        Of the intervals.

    Returns
    -------
    DataFrame
        model, term, estimate, low, high, std_error, p, n.
    """
    found = {name: model.table(level).assign(n=model.n) for name, model in models.items()}
    data = pd.concat(found, names=["model"]).reset_index()
    columns = ["model", "term", "estimate", "low", "high", "std_error", "p", "n"]
    return data.loc[data["term"].isin(terms), columns].reset_index(drop=True)
