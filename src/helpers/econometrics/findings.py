"""What the sections on drivers and policy show in tables and leave for other programs: metrics, evidence for claims."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import pandas as pd
from scipy import stats

from helpers.econometrics.designs import DynamicEstimate
from helpers.econometrics.drivers_models import DriversModel, Prediction
from helpers.econometrics.estimates import PanelEstimate, minimum_detectable_effect
from helpers.econometrics.parameters import PolicyParameters
from helpers.econometrics.policy import Interval, combine, combined_error
from helpers.econometrics.variables import OUTCOMES, readable

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


def toward_home(row: Mapping[str, Any], factor: float, name: str = "estimate") -> Interval:
    """Turn a difference in the outcome into one of sourcing at home.

    Parameters
    ----------
    row : mapping
        Has the difference under `name`, and `low` and `high`.
    factor : float
        Sign of a change of the outcome that means more sourcing at home, times any scale.
    name : str
    """
    return Interval(row[name], row["low"], row["high"]).times(factor)


def association(found: Interval) -> str:
    """Say which side of zero the interval of an association with sourcing at home lies on."""
    if not found.clear:
        return "is not distinguishable from zero"
    return f"goes with more sourcing {'at home' if found.low > 0 else 'abroad'}"


def interval_metrics(**intervals: Interval) -> dict[str, float]:
    """Return each number under its name and the ends of its interval under `<name>_low` and `<name>_high`."""
    found: dict[str, float] = {}
    for name, interval in intervals.items():
        found |= {name: interval.value, f"{name}_low": interval.low, f"{name}_high": interval.high}
    return found


def effect_metrics(
    name: str, estimate: float, std_error: float, df: float, level: float, factor: float = 1.0
) -> dict[str, float]:
    """Return an effect with all that a test of it needs, and the smallest effect that its design would have found.

    Parameters
    ----------
    name : str
        The effect stands under it, the rest under `<name>_low`, `_high`, `_std_error`, `_df`, `_p` and `_mde` (80
        percent power, two-sided 5 percent level).
    estimate, std_error, df : float
    level : float
        Of the interval.
    factor : float
        As `toward_home` takes it.
    """
    reach = stats.t.ppf(0.5 + level / 2, df) * std_error
    found = Interval(estimate, estimate - reach, estimate + reach).times(factor)
    error = abs(factor) * std_error
    more = {"std_error": error, "df": df, "p": 2 * stats.t.sf(abs(estimate) / std_error, df)}
    more["mde"] = minimum_detectable_effect(error, df)
    return interval_metrics(**{name: found}) | {f"{name}_{key}": float(value) for key, value in more.items()}


def term_metrics(
    name: str, estimate: PanelEstimate | DynamicEstimate, term: str, level: float, factor: float = 1.0
) -> dict[str, float]:
    """Return `effect_metrics` of one term of a model."""
    found = (estimate.coefficients[term], estimate.std_errors[term], estimate.degrees_of_freedom)
    return effect_metrics(name, *found, level, factor)


def what_if_metrics(name: str, row: pd.Series, changes: Mapping[str, float], level: float) -> dict[str, float]:
    """Return `effect_metrics` of a what-if.

    Parameters
    ----------
    name : str
    row : Series
        The estimate used: a row of `drivers_models.policy_estimates`.
    changes : mapping
        Variable -> change.
    level : float
        Of the interval.
    """
    error = combined_error(row, changes)
    return effect_metrics(name, combine(row, changes, level).value, error, row["degrees_of_freedom"], level)


def main_metrics(estimate: PanelEstimate, model: DriversModel, level: float) -> dict[str, Any]:
    """Return the main coefficient in the unit of the outcome, towards home, and in standard deviations.

    Parameters
    ----------
    estimate : PanelEstimate
    model : DriversModel
        The one estimated.
    level : float
        Of the intervals.
    """
    row, home, scale = estimate.row(model.term, level), model.home, estimate.scale(model.term)
    turned, standard = toward_home(row, home), toward_home(row, home * scale)
    detectable = minimum_detectable_effect(row["std_error"], estimate.degrees_of_freedom)
    return {
        "coefficient": row["estimate"],
        "std_error": row["std_error"],
        "p_value": row["p"],
        "low": row["low"],
        "high": row["high"],
        "n": estimate.n,
        "n_clusters": estimate.clusters["iso3"],
        "degrees_of_freedom": estimate.degrees_of_freedom,
        "minimum_detectable_effect": detectable,
        "coefficient_toward_home": turned.value,
        "t_toward_home": home * row["t"],
        "low_toward_home": turned.low,
        "high_toward_home": turned.high,
        "standardised_toward_home": standard.value,
        "standardised_std_error": row["std_error"] * scale,
        "standardised_minimum_detectable_effect": detectable * scale,
        "standardised_low_toward_home": standard.low,
        "standardised_high_toward_home": standard.high,
    }


def curve_verdict(summary: Mapping[str, float], alpha: float = 0.05) -> str:
    """Say what the joint tests of a specification curve add up to."""
    if not summary:
        return ""
    rejected = sum(summary[f"p_{name}"] < alpha for name in ("median", "share", "stouffer"))
    if not rejected:
        return "As a whole the curve looks like one that chance makes."
    how_many = "all three statistics" if rejected == 3 else f"{rejected} of the three statistics"
    return f"By {how_many} the curve as a whole is not what chance makes."


def innovation_evidence(
    estimate: PanelEstimate, model: DriversModel, level: float, p_wild: float, figure: str
) -> dict[str, Any]:
    """Return the main association.

    Parameters
    ----------
    estimate : PanelEstimate
    model : DriversModel
        The one estimated.
    level : float
        Of the interval.
    p_wild : float
        Of the wild cluster bootstrap.
    figure : str
        Figure of the page that shows it.
    """
    return {
        "claim": "innovation-goes-with-reshoring",
        **_estimated(estimate, model.term, level, model.home),
        "unit": f"{OUTCOMES[model.outcome].unit}, towards home, per unit of innovation",
        "text": f"Main model: the association {association(toward_home(estimate.row(model.term, level), model.home))}.",
        "figure": figure,
        "table": "models",
        "p_wild": p_wild,
    }


def _estimated(estimate: PanelEstimate, term: str, level: float, factor: float = 1.0) -> dict[str, Any]:
    row, how = estimate.row(term, level), readable(estimate.inference)
    ends = {**vars(toward_home(row, factor)), "interval": f"{level:.0%}, {how}"}
    return ends | {"n": estimate.n, "p": row["p"], "inference": how}


def gap_evidence(korea: Prediction, model: DriversModel, level: float) -> dict[str, Any]:
    """Return Korea's gap to what the others predict.

    Parameters
    ----------
    korea : Prediction
        Of the change of the outcome.
    model : DriversModel
        Names the outcome.
    level : float
        Of the prediction interval.
    """
    by_t = f"prediction interval, t with {korea.degrees_of_freedom} degrees of freedom"
    return {
        "claim": "korea-returns-fewer-than-innovation",
        **vars(toward_home(vars(korea), model.home, "gap")),
        "interval": f"{level:.0%} {by_t}",
        "unit": f"{OUTCOMES[model.outcome].unit}, towards home, actual less predicted",
        "text": "Korea's change of sourcing against what its innovation, start and income predict.",
        "figure": "korea",
        "n": korea.n,
        "p": korea.p,
    }


def gradient_evidence(gradient: PanelEstimate, level: float) -> dict[str, Any]:
    """Return growth of purchases by income of the source."""
    return {
        "claim": "low-cost-drew-production",
        **_estimated(gradient, "log_income", level),
        "figure": "low-cost-sources",
        "unit": "percentage points of yearly growth per log point of income",
        "text": "Growth of inputs bought from a source against its income at the start.",
    }


def policy_evidence(
    research: Interval, tax: Interval, firms: Interval, row: Mapping[str, Any], chosen: PolicyParameters
) -> Iterator[dict[str, Any]]:
    """Yield what goes with the changes of the what-if, and what the subsidy stands for.

    Parameters
    ----------
    research, tax : Interval
        Difference of sourcing at home, percentage points of inputs.
    firms : Interval
        Firms that the subsidy stands for at recent rates.
    row : mapping
        The estimate used: a row of `drivers_models.policy_estimates`.
    chosen : PolicyParameters
    """
    texts = {
        "more-research-helps": (research, f"Association with {chosen.rd_change:+g} points of R&D to GDP."),
        "tax-relief-helps": (
            tax,
            f"Association with {chosen.tax_change:+g} points of the general corporate tax rate; relief for returning "
            "firms is another thing.",
        ),
    }
    by_t = f"clustered by country, t with {row['degrees_of_freedom']:.0f} degrees of freedom"
    for claim, (found, text) in texts.items():
        yield {
            "claim": claim,
            **vars(found),
            "interval": f"{chosen.level:.0%}, {by_t}",
            "figure": "what-if",
            "n": int(row["n"]),
            "unit": "percentage points of inputs, towards home",
            "text": text,
        }
    yield {
        "claim": "employment-subsidies-help",
        **vars(firms),
        "interval": f"{chosen.level:.0%}, exact Poisson",
        "table": "subsidy",
        "unit": "recognised firms",
        "text": f"What {chosen.subsidy:,.0f} billion won stand for at the subsidies paid 2022-2024: division, not an "
        "effect.",
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
