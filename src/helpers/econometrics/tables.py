"""Estimates as tables: for readers of economics, and as the data of a coefficient plot."""

from collections.abc import Mapping, Sequence

import pandas as pd

from helpers.econometrics.estimates import PanelEstimate
from helpers.econometrics.variables import readable

#: Rows of a regression table beneath its coefficients.
ABOUT = ("Outcome", "Effects", "Clusters", "Degrees of freedom of t", "Within R²", "Observations")
#: Names of what an interval can belong to.
CENTRES = ("estimate", "toward_home", "median", "value", "gap")
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
    """Return a table as readers expect it: columns by their headings, an estimate and its interval in one cell.

    Parameters
    ----------
    frame : DataFrame
        Values by the names that code uses; `low` and `high` are the ends of what comes first of `CENTRES`.
    level : float
        Coverage of the interval, for its heading.
    digits : int
        Decimals of the estimate and of the ends.
    """
    if "low" not in frame:
        return frame.rename(columns=HEADINGS)
    centre = next(name for name in CENTRES if name in frame)
    rows = frame[[centre, "low", "high"]].itertuples(index=False)
    texts = [_with_ends(*(f"{one:,.{digits}f}".replace("-", "−") for one in row)) for row in rows]
    shown = frame.assign(**{centre: texts}).drop(columns=["low", "high"])
    return shown.rename(columns=HEADINGS | {centre: f"{HEADINGS.get(centre, centre)} ({level:.0%} interval)"})


def _with_ends(value: str, low: str, high: str) -> str:
    return "" if value == "nan" else value if low == "nan" else f"{value} ({low} to {high})"


def regression_table(
    models: Mapping[str, PanelEstimate],
    terms: Mapping[str, str],
    extra: Mapping[str, Mapping[str, str]],
) -> pd.DataFrame:
    """One column a model; under each coefficient, in the same cell, its standard error in parentheses. No stars.

    Parameters
    ----------
    models : mapping
        Column heading -> estimate.
    terms : mapping
        Term -> label, in the order of the rows.
    extra : mapping
        Row label -> {column heading: text}, e.g. a bootstrap p, put under the coefficients.

    Returns
    -------
    DataFrame of str, indexed by row label
    """
    columns = {}
    for heading, model in models.items():
        found, cells = model.table(), []
        for term in terms:
            row = found.loc[term] if term in found.index else None
            both = "" if row is None else f"{row['estimate']:.3f}\n({row['std_error']:.3f})"
            cells.append(both.replace("-", "−"))
        cells += [texts.get(heading, "") for texts in extra.values()]
        clusters = " and ".join(f"{name} ({count})" for name, count in model.clusters.items())
        cells += [model.outcome, ", ".join(model.effects) or "none", clusters or "none"]
        cells += [f"{model.degrees_of_freedom:g}", f"{model.r2_within:.3f}", f"{model.n:,d}"]
        columns[heading] = [readable(text) for text in cells]
    return pd.DataFrame(columns, index=pd.Index([*terms.values(), *extra, *ABOUT], name="term"))


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
