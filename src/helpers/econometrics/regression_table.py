"""Regression results as readers of economics expect them, and the data of a coefficient plot."""

from collections.abc import Mapping, Sequence

import pandas as pd

from helpers.econometrics.estimates import PanelEstimate
from helpers.econometrics.wording import p_cell
from helpers.errors import InputError

DASH = ""


def regression_table(
    models: Mapping[str, PanelEstimate],
    *,
    terms: Mapping[str, str] | None = None,
    extra: Mapping[str, Mapping[str, str]] | None = None,
    digits: int = 3,
) -> pd.DataFrame:
    """One column a model; under each coefficient its standard error in parentheses and p in brackets. No stars.

    Parameters
    ----------
    models : mapping
        Column heading -> estimate.
    terms : mapping, optional
        Term -> label, in the order of the rows; default: all terms in order of appearance.
    extra : mapping, optional
        Row label -> {column heading: text}, e.g. a bootstrap p, put under the coefficients.
    digits : int
        Significant decimals of coefficients and standard errors.

    Returns
    -------
    DataFrame of str, indexed by row label

    Raises
    ------
    InputError
        When no model is given.
    """
    if not models:
        raise InputError("A regression table needs at least one model.")
    labels = dict(terms) if terms else {t: t for model in models.values() for t in model.coefficients.index}
    rows: list[tuple[str, dict[str, str]]] = []
    for term, label in labels.items():
        rows += _coefficient_rows(models, term, label, digits)
    rows += [(name, {column: cells.get(column, DASH) for column in models}) for name, cells in (extra or {}).items()]
    rows += _footer(models)
    return pd.DataFrame([cells for _, cells in rows], index=pd.Index([name for name, _ in rows], name="term"))


def _coefficient_rows(
    models: Mapping[str, PanelEstimate], term: str, label: str, digits: int
) -> list[tuple[str, dict[str, str]]]:
    estimates, spreads = {}, {}
    for column, model in models.items():
        present = term in model.coefficients.index
        estimates[column] = f"{model.coefficients[term]:.{digits}f}".replace("-", "−") if present else DASH
        spreads[column] = f"({model.std_errors[term]:.{digits}f}) [{p_cell(model.p_values[term])}]" if present else DASH
    return [(label, estimates), ("(s.e.) [p]", spreads)]


def _footer(models: Mapping[str, PanelEstimate]) -> list[tuple[str, dict[str, str]]]:
    clusters = {
        column: " and ".join(f"{name} ({count})" for name, count in model.clusters.items()) or "none"
        for column, model in models.items()
    }
    return [
        ("Outcome", {column: model.outcome for column, model in models.items()}),
        ("Effects", {column: ", ".join(model.effects) or "none" for column, model in models.items()}),
        ("Clusters", clusters),
        ("Degrees of freedom of t", {column: f"{model.degrees_of_freedom:g}" for column, model in models.items()}),
        ("Within R²", {column: f"{model.r2_within:.3f}" for column, model in models.items()}),
        ("Observations", {column: f"{model.n:,d}" for column, model in models.items()}),
    ]


def coefficient_data(models: Mapping[str, PanelEstimate], terms: Sequence[str], level: float = 0.95) -> pd.DataFrame:
    """Estimates with intervals, one row a model and term that the model has: what a coefficient plot draws."""
    tables = [model.table(level).assign(model=name, n=model.n) for name, model in models.items()]
    data = pd.concat(tables).reset_index()
    found = data[data["term"].isin(terms)]
    return found[["model", "term", "estimate", "low", "high", "std_error", "p", "n"]].reset_index(drop=True)
