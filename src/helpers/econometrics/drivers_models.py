"""The models of the drivers: one description, fitted, bootstrapped, compared, and held against a country left out.

Did production go to where labour was cheap? Growth of input purchases by source is set against the source's income.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from scipy import stats

from helpers.econometrics import fixed_effects as fe
from helpers.econometrics.drivers_panel import assemble, change_and_start, crossed, interacted, join_country
from helpers.econometrics.estimates import Covariance, PanelEstimate
from helpers.econometrics.panel import differences, fit_within
from helpers.econometrics.variables import CLUSTERS, CONTROL_SETS, EFFECTS, HIGH_TECH, INNOVATION, OUTCOMES
from helpers.econometrics.wild_bootstrap import BootstrapResult, wild_cluster_bootstrap
from helpers.errors import InputError, require_known

SATURATED = "saturated"
#: Economies below which neither clusters nor the tests of the page mean anything.
FEWEST_ECONOMIES = 10
#: What predicts the change of a country's sourcing when the country itself is left out.
PREDICTORS = ("innovation", "start", "log_gdp_per_capita")
#: China, and the economies that left central planning: their purchases grew for other reasons as well.
CATCHING_UP = ("CHN", "BGR", "CZE", "EST", "HUN", "LTU", "LVA", "POL", "ROU", "RUS", "SVK", "SVN")


@dataclass(frozen=True)
class DriversModel:
    """Outcome on lagged innovation and controls, after fixed effects.

    Attributes
    ----------
    outcome, innovation : str
        Names in `variables.OUTCOMES` and `variables.INNOVATION`.
    controls : tuple of str
    effects : str
        A name in `variables.EFFECTS`. In the saturated model country-year effects absorb every country variable, so
        innovation and controls enter multiplied by the high-tech dummy.
    cluster : str
        A name in `variables.CLUSTERS`.
    """

    outcome: str
    innovation: str
    controls: tuple[str, ...] = ()
    effects: str = "industry-year"
    cluster: str = "country"

    @property
    def country_variables(self) -> list[str]:
        """Innovation and controls."""
        return [self.innovation, *self.controls]

    @property
    def regressors(self) -> list[str]:
        """Columns of the panel, the one of interest first."""
        names = self.country_variables
        return [crossed(name) for name in names] if self.effects == SATURATED else names

    @property
    def term(self) -> str:
        """The regressor of interest."""
        return self.regressors[0]

    @property
    def home(self) -> int:
        """Sign of a change of the outcome that means more sourcing at home."""
        return OUTCOMES[self.outcome].home


def fit(
    panel: pd.DataFrame, model: DriversModel, covariance: Covariance | None = None, also: Sequence[str] = ()
) -> PanelEstimate:
    """Estimate the model.

    Parameters
    ----------
    panel : DataFrame
        From `assemble`.
    model : DriversModel
    covariance : Covariance, optional
        Default: clustered as the model says.
    also : sequence of str
        Further regressors.
    """
    chosen = covariance or Covariance("clustered", CLUSTERS[model.cluster])
    regressors = [*model.regressors, *also]
    return fit_within(panel.set_index(["unit", "year"]), model.outcome, regressors, EFFECTS[model.effects], chosen)


def require_economies(estimate: PanelEstimate, model: DriversModel) -> None:
    """Refuse a sample of too few economies before anything is built on it.

    Raises
    ------
    InputError
        Says how many there are, and what would widen the sample.
    """
    found = estimate.clusters["iso3"]
    if found < FEWEST_ECONOMIES:
        raise InputError(
            f"Only {found} economies have {', '.join(model.country_variables)} and {model.outcome} in this "
            f"sample, too few clusters for this design: at least {FEWEST_ECONOMIES} are needed. Choose another measure "
            "of innovation, fewer controls, more years, or a lower minimum_patents."
        )


def bootstrap(panel: pd.DataFrame, model: DriversModel, draws: int, seed: int) -> BootstrapResult:
    """Wild cluster bootstrap, by country, of the coefficient of interest.

    Parameters
    ----------
    panel : DataFrame
        From `assemble`.
    model : DriversModel
    draws, seed : int
        As `wild_cluster_bootstrap` takes them.
    """
    effects = EFFECTS[model.effects]
    return wild_cluster_bootstrap(panel, model.outcome, model.regressors, effects, "iso3", draws=draws, seed=seed)


def inference_table(
    panel: pd.DataFrame, model: DriversModel, drawn: BootstrapResult, bandwidth: int, level: float
) -> pd.DataFrame:
    """The same coefficient under several assumptions about the errors.

    Parameters
    ----------
    panel : DataFrame
        From `assemble`.
    model : DriversModel
    drawn : BootstrapResult
        Of the same model.
    bandwidth : int
        Lags of the Driscoll-Kraay covariance (years).
    level : float
        Of the intervals.

    Returns
    -------
    DataFrame
        errors, estimate, std_error, degrees_of_freedom, p, low, high. The bootstrap has no standard error of its own.
    """
    ways = {f"clustered by {name.replace('-', ' ')}": Covariance("clustered", CLUSTERS[name]) for name in CLUSTERS}
    ways["Beck-Katz, by year"] = Covariance("beck-katz", ("year",))
    ways[f"Driscoll-Kraay, {bandwidth} lags"] = Covariance("driscoll-kraay", bandwidth=bandwidth)
    fits = {name: fit(panel, model, covariance) for name, covariance in ways.items()}
    rows = [
        {"errors": name, **estimate.row(model.term, level), "degrees_of_freedom": estimate.degrees_of_freedom}
        for name, estimate in fits.items()
    ]
    wild = f"wild cluster bootstrap, {drawn.weights.capitalize()} weights"
    rows.append({"errors": wild, "estimate": drawn.estimate, "p": drawn.p})
    return pd.DataFrame(rows)[["errors", "estimate", "std_error", "degrees_of_freedom", "p", "low", "high"]]


def measures_by_outcomes(
    panel: pd.DataFrame, model: DriversModel, outcomes: Sequence[str], measures: Sequence[str]
) -> pd.DataFrame:
    """Every innovation measure with every outcome, p values adjusted for all of them together (Holm 1979).

    Parameters
    ----------
    panel : DataFrame
        From `assemble`.
    model : DriversModel
        Gives controls, effects and clusters.
    outcomes, measures : sequence of str
        Names in `variables.OUTCOMES` and `variables.INNOVATION`.

    Returns
    -------
    DataFrame
        outcome, innovation, estimate, std_error, p, n, clusters, p_holm. A measure that cannot be estimated in this
        sample keeps its row, without numbers, and does not count as a test.
    """
    from statsmodels.stats.multitest import multipletests

    nothing = dict.fromkeys(("estimate", "std_error", "p"), float("nan")) | {"n": 0, "clusters": 0}
    rows = []
    for outcome in outcomes:
        for measure in measures:
            asked = replace(model, outcome=outcome, innovation=measure)
            try:
                estimate = fit(panel, asked)
                found = estimate.row(asked.term) | {"clusters": estimate.clusters["iso3"]}
            except InputError:
                found = nothing
            rows.append({"outcome": outcome, "innovation": measure} | {name: found[name] for name in nothing})
    table = pd.DataFrame(rows)
    known = table["p"].dropna()
    adjusted = multipletests(known, method="holm")[1] if len(known) else []
    return table.assign(p_holm=pd.Series(adjusted, index=known.index, dtype=float))


def timing(
    panel: pd.DataFrame, country: pd.DataFrame, model: DriversModel, shifts: Sequence[int], level: float
) -> pd.DataFrame:
    """The coefficient with innovation taken from earlier (positive) or later (negative) years; controls stay put.

    Parameters
    ----------
    panel : DataFrame
        From `assemble`.
    country : DataFrame
        From `drivers_panel.country_variables`.
    model : DriversModel
    shifts : sequence of int
        Years.
    level : float
        Of the intervals.

    Returns
    -------
    DataFrame
        years, estimate, std_error, p, low, high, n, one row a shift.
    """
    rows = []
    for years in shifts:
        moved = join_country(panel.drop(columns=model.innovation), country, [model.innovation], years)
        moved = interacted(moved, [model.innovation])
        rows.append({"years": years, **fit(moved, model).row(model.term, level)})
    return pd.DataFrame(rows)


def placebo(
    panel: pd.DataFrame, country: pd.DataFrame, model: DriversModel, leads: Sequence[int]
) -> dict[int, PanelEstimate]:
    """Add innovation of the future to the model: were it to matter, timing would speak against a cause.

    Parameters
    ----------
    panel : DataFrame
        From `assemble`.
    country : DataFrame
        From `drivers_panel.country_variables`.
    model : DriversModel
    leads : sequence of int
        Years ahead of the outcome.

    Returns
    -------
    dict
        Lead -> estimate with a further term `future`.
    """
    later = country[["iso3", "year"]].assign(future=country[model.innovation])
    fits = {}
    for lead in leads:
        wide = join_country(panel, later, ["future"], -lead)
        if model.effects == SATURATED:
            wide = wide.assign(future=wide["future"] * wide[HIGH_TECH])
        fits[lead] = fit(wide, model, also=["future"])
    return fits


def leave_one_out(panel: pd.DataFrame, model: DriversModel, level: float) -> pd.DataFrame:
    """Estimate the model once without each economy.

    Parameters
    ----------
    panel : DataFrame
        From `assemble`.
    model : DriversModel
    level : float
        Of the intervals.

    Returns
    -------
    DataFrame
        left_out, estimate, std_error, p, low, high, n; sorted by estimate.
    """
    known = panel.dropna(subset=[model.outcome, *model.regressors])
    rows = [
        {"left_out": code, **fit(known[known["iso3"] != code], model).row(model.term, level)}
        for code in sorted(known["iso3"].unique())
    ]
    return pd.DataFrame(rows).sort_values("estimate", ignore_index=True)


def fit_differences(panel: pd.DataFrame, model: DriversModel, spans: Sequence[int | None]) -> dict[int, PanelEstimate]:
    """Changes of each country's industry on those of the country's variables, with effects of the industry and year.

    Parameters
    ----------
    panel : DataFrame
        From `assemble`.
    model : DriversModel
        Gives outcome, innovation and controls.
    spans : sequence of int or None
        Years between; None is from the first to the last year of the complete observations, one change an industry.

    Returns
    -------
    dict
        Span in years -> the estimate, clustered by country.
    """
    names = [model.outcome, *model.country_variables]
    levels = panel.dropna(subset=names).set_index(["unit", "year"])
    years = levels.index.get_level_values("year")
    fits = {}
    for span in spans:
        length = span or int(years.max() - years.min())
        changes = differences(levels[names], length).join(levels[["iso3", "sector"]])
        effects, clustered = [("sector", "year")], Covariance("clustered", ("iso3",))
        fits[length] = fit_within(changes, model.outcome, model.country_variables, effects, clustered)
    return fits


def policy_estimates(
    industries: pd.DataFrame, nations: pd.DataFrame, country: pd.DataFrame, horizons: Sequence[int]
) -> pd.DataFrame:
    """Coefficients of R&D spending and of the corporate tax rate, with what arithmetic with both of them needs.

    Controls as in the main model; every country variable is taken from some years before the outcome.

    Parameters
    ----------
    industries, nations : DataFrame
        From `drivers_panel.outcome_columns`, by country and industry, and by country.
    country : DataFrame
        From `drivers_panel.country_variables`.
    horizons : sequence of int
        Years.

    Returns
    -------
    DataFrame
        model, horizon (years), for both terms the estimate and `<term>_std_error`, covariance (of the two estimates),
        degrees_of_freedom, n.
    """
    model = DriversModel("foreign_share", "rd_gdp", CONTROL_SETS["full"], "two-way")
    models = {
        "two-way": (industries, model),
        "industry-year": (industries, replace(model, effects="industry-year")),
        "country": (nations, model),
    }
    first, second = "rd_gdp", "corporate_tax_rate"
    rows = []
    for name, (outcomes, asked) in models.items():
        for horizon in horizons:
            found = fit(assemble(outcomes, country, horizon), asked)
            row: dict[str, object] = {"model": name, "horizon": horizon}
            for term in (first, second):
                row |= {term: found.coefficients[term], f"{term}_std_error": found.std_errors[term]}
            covariance = found.covariance.loc[first, second]
            rows.append(row | {"covariance": covariance, "degrees_of_freedom": found.degrees_of_freedom, "n": found.n})
    return pd.DataFrame(rows)


@dataclass(frozen=True)
class Prediction:
    """Actual and predicted value of a unit that was left out of the regression.

    Attributes
    ----------
    actual, predicted, gap : float
        In the unit of the outcome; gap = actual - predicted.
    std_error : float
        Of the prediction.
    low, high : float
        Prediction interval of the gap (the gap of a unit like the others lies around zero within +/- that reach).
    p : float
        Two-sided, of a gap at least this large were the unit like the others.
    n : int
        Units in the regression.
    degrees_of_freedom : int
    """

    actual: float
    predicted: float
    gap: float
    std_error: float
    low: float
    high: float
    p: float
    n: int
    degrees_of_freedom: int


def predict_left_out(
    frame: pd.DataFrame, outcome: str, regressors: Sequence[str], focus: str, level: float = 0.95
) -> Prediction:
    """Fit a cross-section of countries without `focus` and compare `focus` with its prediction.

    Parameters
    ----------
    frame : DataFrame
        One row a country (`iso3`).
    outcome, regressors : str and sequence of str
    focus : str
        The country left out and predicted.
    level : float
        Of the prediction interval: Student's t, the errors taken to be alike across countries.

    Raises
    ------
    InputError
        The country is not among the complete rows, or a regressor is constant or collinear.
    """
    names = list(regressors)
    data = fe.complete_rows(frame, [outcome, *names, "iso3"]).set_index("iso3")
    require_known(f"iso3 with all of {', '.join([outcome, *names])}", focus, data.index)
    others, own = data.drop(index=focus), data.loc[focus]
    y, given = others[outcome].to_numpy(dtype=float), others[names].to_numpy(dtype=float)
    fe.require_identified(fe.spread(others[names]), given - given.mean(axis=0), [], len(others))
    x, at = np.column_stack([np.ones(len(y)), given]), np.array([1.0, *(float(own[name]) for name in names)])
    coefficients, *_ = np.linalg.lstsq(x, y, rcond=None)
    residuals, freedom = y - x @ coefficients, len(y) - x.shape[1]
    variance = float(residuals @ residuals) / freedom
    error = float(np.sqrt(variance * (1 + at @ np.linalg.solve(x.T @ x, at))))
    predicted = float(at @ coefficients)
    gap = float(own[outcome]) - predicted
    reach = float(stats.t.ppf(0.5 + level / 2, freedom)) * error
    p = float(2 * stats.t.sf(abs(gap) / error, freedom))
    return Prediction(float(own[outcome]), predicted, gap, error, gap - reach, gap + reach, p, len(others), freedom)


def gaps(
    outcomes: Mapping[str, pd.DataFrame], country: pd.DataFrame, outcome: str, focus: str, level: float
) -> pd.DataFrame:
    """How far a country's change of sourcing lies from what the others predict, by inputs and measure of innovation.

    Parameters
    ----------
    outcomes : mapping
        Scope of inputs -> outcomes by country.
    country : DataFrame
        From `drivers_panel.country_variables`.
    outcome : str
        A name in `variables.OUTCOMES`.
    focus : str
        The country left out and predicted.
    level : float
        Of the prediction intervals.

    Returns
    -------
    DataFrame
        scope, innovation, toward_home (actual less predicted, positive = more at home), std_error, low, high, p, n,
        degrees_of_freedom; measures that the country lacks are left out.
    """
    home, rows = OUTCOMES[outcome].home, []
    for scope, frame in outcomes.items():
        for name in INNOVATION:
            section = change_and_start(frame, country, outcome, name)
            if focus not in set(section["iso3"]):
                continue
            found = predict_left_out(section, "change", PREDICTORS, focus, level)
            low, high = sorted((home * found.low, home * found.high))
            gap = {"toward_home": home * found.gap, "std_error": found.std_error, "low": low, "high": high}
            gap |= {"p": found.p, "n": found.n}
            rows.append({"scope": scope, "innovation": name, **gap, "degrees_of_freedom": found.degrees_of_freedom})
    return pd.DataFrame(rows)


def bilateral_growth(by_source: pd.DataFrame, income: pd.DataFrame, first: int, last: int) -> pd.DataFrame:
    """Growth of foreign manufactured inputs of manufacturing between two years, by user and source economy.

    Parameters
    ----------
    by_source : DataFrame
        iso3 (user), source_iso3, year, inputs_manufactured (million US$, current prices).
    income : DataFrame
        iso3, year, value: GDP per capita, a stand-in for the cost of labour.
    first, last : int
        Years compared; income is that of the first.

    Returns
    -------
    DataFrame
        iso3, source_iso3, growth (percent a year, compound, of the US$ value), log_income, inputs_first, inputs_last.
    """
    foreign = by_source[by_source["iso3"] != by_source["source_iso3"]]
    return _growth(foreign, ["iso3", "source_iso3"], income, first, last)


def growth_by_source(by_source: pd.DataFrame, income: pd.DataFrame, first: int, last: int) -> pd.DataFrame:
    """The same growth for each source, purchases of all other economies together: what a figure shows.

    Parameters
    ----------
    by_source, income, first, last
        As `bilateral_growth` takes them.

    Returns
    -------
    DataFrame
        iso3 (source), growth (percent a year), log_income, inputs_first, inputs_last (million US$).
    """
    foreign = by_source[by_source["iso3"] != by_source["source_iso3"]]
    totals = foreign.groupby(["source_iso3", "year"], as_index=False)["inputs_manufactured"].sum()
    return _growth(totals, ["source_iso3"], income, first, last).rename(columns={"source_iso3": "iso3"})


def _growth(table: pd.DataFrame, by: list[str], income: pd.DataFrame, first: int, last: int) -> pd.DataFrame:
    wide = table.pivot(index=by, columns="year", values="inputs_manufactured")
    wide = wide[(wide[first] > 0) & (wide[last] > 0)]
    start = income[income["year"] == first].set_index("iso3")["value"]
    columns = {
        "growth": 100 * ((wide[last] / wide[first]) ** (1 / (last - first)) - 1),
        "log_income": np.log(start.reindex(wide.index.get_level_values("source_iso3")).to_numpy()),
        "inputs_first": wide[first],
        "inputs_last": wide[last],
    }
    return pd.DataFrame(columns).dropna().reset_index()


def income_gradient(pairs: pd.DataFrame) -> PanelEstimate:
    """Growth on the log of the source's income, with effects of the user; errors clustered by source.

    Parameters
    ----------
    pairs : DataFrame
        From `bilateral_growth`.

    Returns
    -------
    PanelEstimate
        `log_income`: percentage points of yearly growth per log point of income. Negative: cheaper sources grew faster.
    """
    panel = pairs.assign(pair=pairs["iso3"] + " " + pairs["source_iso3"], year=0).set_index(["pair", "year"])
    return fit_within(panel, "growth", ["log_income"], ["iso3"], Covariance("clustered", ("source_iso3",)))


def gradient_without(pairs: pd.DataFrame, level: float) -> dict[str, float]:
    """Return the income gradient without China and the transition economies as sources.

    Parameters
    ----------
    pairs : DataFrame
        From `bilateral_growth`.
    level : float
        Of the interval.

    Returns
    -------
    dict
        without, without_low, without_high.
    """
    found = income_gradient(pairs[~pairs["source_iso3"].isin(CATCHING_UP)]).row("log_income", level)
    return {"without": found["estimate"], "without_low": found["low"], "without_high": found["high"]}


def gradients(
    by_source: pd.DataFrame, income: pd.DataFrame, firsts: Sequence[int], lasts: Sequence[int], level: float
) -> pd.DataFrame:
    """The income gradient for several spans of years.

    Parameters
    ----------
    by_source, income
        As `bilateral_growth` takes them.
    firsts, lasts : sequence of int
        Years; each of the first with each of the second.
    level : float
        Of the intervals.

    Returns
    -------
    DataFrame
        first, last, estimate, low, high, p, n (pairs), sources, and without China and the transition economies as
        sources `without`, `without_low`, `without_high`; one row a span.
    """
    rows = []
    for first in firsts:
        for last in lasts:
            pairs = bilateral_growth(by_source, income, first, last)
            fit = income_gradient(pairs)
            found, other = fit.row("log_income", level), gradient_without(pairs, level)
            kept = {name: found[name] for name in ("estimate", "low", "high", "p", "n")}
            rows.append({"first": first, "last": last, **kept, "sources": fit.clusters["source_iso3"], **other})
    return pd.DataFrame(rows)
