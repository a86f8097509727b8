"""The models of the drivers: one description, fitted, bootstrapped, compared."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import pandas as pd

from helpers.econometrics.covariance import Covariance
from helpers.econometrics.drivers_panel import interacted, join_country
from helpers.econometrics.estimates import PanelEstimate
from helpers.econometrics.panel import fit_within
from helpers.econometrics.prediction import predict_left_out
from helpers.econometrics.robustness import holm
from helpers.econometrics.variables import CLUSTERS, CONTROLS, EFFECTS, INNOVATION, variable
from helpers.econometrics.wild_bootstrap import BootstrapResult, wild_cluster_bootstrap
from helpers.errors import InputError

HIGH_TECH = "high_tech"
KEYS = {"entity": "unit", "time": "year"}
SATURATED = "saturated"


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
    def regressors(self) -> list[str]:
        """Columns of the panel, the one of interest first."""
        names = [self.innovation, *self.controls]
        return [f"{name} x {HIGH_TECH}" for name in names] if self.effects == SATURATED else names

    @property
    def term(self) -> str:
        """The regressor of interest."""
        return self.regressors[0]


def assemble(outcomes: pd.DataFrame, country: pd.DataFrame, lag: int, high_tech: Sequence[str]) -> pd.DataFrame:
    """Join outcomes with country variables of `lag` years earlier and add their products with the high-tech dummy.

    Parameters
    ----------
    outcomes : DataFrame
        From `drivers_panel.outcome_columns`, by country and industry, or by country.
    country : DataFrame
        From `drivers_panel.country_variables`.
    lag : int
        Years.
    high_tech : sequence of str
        Industries of the dummy; ignored for a panel of countries.
    """
    names = [*INNOVATION, *CONTROLS]
    panel = join_country(outcomes, country, names, lag)
    if "sector" not in panel:
        return panel
    flagged = panel.assign(**{HIGH_TECH: panel["sector"].isin(list(high_tech)).astype(float)})
    return interacted(flagged, names, HIGH_TECH)


def fit(panel: pd.DataFrame, model: DriversModel, covariance: Covariance | None = None) -> PanelEstimate:
    """Estimate the model; clustered as it says unless another covariance is given."""
    chosen = covariance or Covariance("clustered", CLUSTERS[model.cluster])
    effects = EFFECTS[model.effects]
    return fit_within(panel, model.outcome, model.regressors, **KEYS, effects=effects, covariance=chosen)


#: Economies below which neither clusters nor the tests of the page mean anything.
FEWEST_ECONOMIES = 10


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
            f"Only {found} economies have {', '.join([model.innovation, *model.controls])} and {model.outcome} in this "
            f"sample, too few clusters for this design: at least {FEWEST_ECONOMIES} are needed. Choose another measure "
            "of innovation, fewer controls, more years, or a lower minimum_patents."
        )


def bootstrap(panel: pd.DataFrame, model: DriversModel, draws: int, seed: int) -> BootstrapResult:
    """Wild cluster bootstrap of the coefficient of interest, by country."""
    return wild_cluster_bootstrap(
        panel,
        model.outcome,
        model.term,
        controls=model.regressors[1:],
        effects=EFFECTS[model.effects],
        cluster="iso3",
        draws=draws,
        seed=seed,
    )


def inference_table(
    panel: pd.DataFrame, model: DriversModel, *, bandwidth: int, draws: int, seed: int, level: float
) -> pd.DataFrame:
    """The same coefficient under several assumptions about the errors.

    Returns
    -------
    DataFrame
        errors, estimate, std_error, degrees_of_freedom, p, low, high. The bootstrap has no standard error of its own.
    """
    ways = {f"clustered by {name.replace('-', ' ')}": Covariance("clustered", CLUSTERS[name]) for name in CLUSTERS}
    ways["Beck-Katz, by year"] = Covariance("beck-katz", ("year",))
    ways[f"Driscoll-Kraay, {bandwidth} lags"] = Covariance("driscoll-kraay", bandwidth=bandwidth)
    rows = []
    for name, covariance in ways.items():
        estimate = fit(panel, model, covariance)
        row = estimate.table(level).loc[model.term, ["estimate", "std_error", "p", "low", "high"]]
        rows.append({"errors": name, **row, "degrees_of_freedom": estimate.degrees_of_freedom})
    drawn = bootstrap(panel, model, draws, seed)
    rows.append(
        {
            "errors": f"wild cluster bootstrap, {drawn.weights.capitalize()} weights",
            "estimate": drawn.estimate,
            "p": drawn.p,
        }
    )
    order = ["errors", "estimate", "std_error", "degrees_of_freedom", "p", "low", "high"]
    return pd.DataFrame(rows)[order]


def measures_by_outcomes(
    panel: pd.DataFrame, model: DriversModel, outcomes: Sequence[str], measures: Sequence[str]
) -> pd.DataFrame:
    """Every innovation measure with every outcome, p values adjusted for all of them together (Holm).

    Returns
    -------
    DataFrame
        outcome, innovation, estimate, std_error, p, n, clusters, p_holm. A measure that cannot be estimated in this
        sample keeps its row, without numbers, and does not count as a test.
    """
    rows = [
        {"outcome": outcome, "innovation": measure}
        | _one_measure(panel, replace(model, outcome=outcome, innovation=measure))
        for outcome in outcomes
        for measure in measures
    ]
    table = pd.DataFrame(rows)
    return table.assign(p_holm=holm(table["p"]))


def _one_measure(panel: pd.DataFrame, model: DriversModel) -> dict[str, float]:
    try:
        estimate = fit(panel, model)
    except InputError:
        nan = float("nan")
        return {"estimate": nan, "std_error": nan, "p": nan, "n": 0, "clusters": 0}
    row = estimate.table().loc[model.term, ["estimate", "std_error", "p"]]
    return {**row, "n": estimate.n, "clusters": estimate.clusters["iso3"]}


def placebo(
    panel: pd.DataFrame, country: pd.DataFrame, model: DriversModel, leads: Sequence[int]
) -> dict[int, PanelEstimate]:
    """Add innovation of the future to the model: were it to matter, timing would speak against a cause.

    Parameters
    ----------
    panel : DataFrame
        From `assemble`.
    country : DataFrame
    model : DriversModel
    leads : sequence of int
        Years ahead of the outcome.

    Returns
    -------
    dict
        Lead -> estimate with a further term `future`.
    """
    fits = {}
    for lead in leads:
        later = country[["iso3", "year", model.innovation]].rename(columns={model.innovation: "future"})
        wide = join_country(panel, later, ["future"], -lead)
        if model.effects == SATURATED:
            wide = wide.assign(future=wide["future"] * wide[HIGH_TECH])
        regressors = [*model.regressors, "future"]
        covariance = Covariance("clustered", CLUSTERS[model.cluster])
        effects = EFFECTS[model.effects]
        fits[lead] = fit_within(wide, model.outcome, regressors, **KEYS, effects=effects, covariance=covariance)
    return fits


def joint_estimates(models: Mapping[tuple[str, int], PanelEstimate], first: str, second: str) -> pd.DataFrame:
    """Two coefficients of each model with their covariance, for later arithmetic with both.

    Returns
    -------
    DataFrame
        model, horizon (years), for both terms the estimate and `<term>_std_error`, covariance (of the two estimates),
        degrees_of_freedom, n.
    """
    rows = []
    for (name, horizon), model in models.items():
        row: dict[str, object] = {"model": name, "horizon": horizon}
        for term in (first, second):
            row |= {term: float(model.coefficients[term]), f"{term}_std_error": float(model.std_errors[term])}
        row["covariance"] = float(model.covariance.loc[first, second])
        rows.append(row | {"degrees_of_freedom": model.degrees_of_freedom, "n": model.n})
    return pd.DataFrame(rows)


def timing(
    panel: pd.DataFrame, country: pd.DataFrame, model: DriversModel, shifts: Sequence[int], level: float
) -> pd.DataFrame:
    """The coefficient with innovation taken from earlier (positive) or later (negative) years; controls stay put.

    Returns
    -------
    DataFrame
        years, estimate, std_error, p, low, high, n, one row a shift.
    """
    rows = []
    for years in shifts:
        moved = join_country(panel.drop(columns=model.innovation), country, [model.innovation], years)
        if model.effects == SATURATED:
            moved = interacted(moved, [model.innovation], HIGH_TECH)
        estimate = fit(moved, model)
        row = estimate.table(level).loc[model.term, ["estimate", "std_error", "p", "low", "high"]]
        rows.append({"years": years, **row, "n": estimate.n})
    return pd.DataFrame(rows)


def by_horizon(
    outcomes: Mapping[str, pd.DataFrame],
    country: pd.DataFrame,
    models: Mapping[str, DriversModel],
    horizons: Sequence[int],
) -> dict[tuple[str, int], PanelEstimate]:
    """Each model with all country variables taken from `horizon` years earlier.

    Parameters
    ----------
    outcomes : mapping
        Model name -> outcomes it explains (by industry or by country).
    country : DataFrame
    models : mapping
        Model name -> model.
    horizons : sequence of int
        Years.

    Returns
    -------
    dict
        (model name, horizon) -> estimate.
    """
    return {
        (name, horizon): fit(assemble(outcomes[name], country, horizon, ()), model)
        for name, model in models.items()
        for horizon in horizons
    }


def change_and_start(outcomes: pd.DataFrame, country: pd.DataFrame, model: DriversModel) -> pd.DataFrame:
    """One row a country: how the outcome changed, where it started, how innovative and rich the country was.

    Parameters
    ----------
    outcomes : DataFrame
        By country and year.
    country : DataFrame
        From `drivers_panel.country_variables`.
    model : DriversModel
        Names outcome and innovation.

    Returns
    -------
    DataFrame
        iso3, change (last year with the outcome less the first), start (outcome in the first), innovation (mean over
        the years between), log_gdp_per_capita (first year).
    """
    years = outcomes.loc[outcomes[model.outcome].notna(), "year"]
    first, last = int(years.min()), int(years.max())
    levels = outcomes.pivot(index="iso3", columns="year", values=model.outcome)
    window = country[country["year"].between(first, last)]
    start = country[country["year"] == first].set_index("iso3")["log_gdp_per_capita"]
    frame = {
        "change": levels[last] - levels[first],
        "start": levels[first],
        "innovation": window.groupby("iso3")[model.innovation].mean().reindex(levels.index),
        "log_gdp_per_capita": start.reindex(levels.index),
    }
    return pd.DataFrame(frame).dropna().reset_index()


def fit_differences(changes: pd.DataFrame, outcome: str, names: Sequence[str]) -> PanelEstimate:
    """Changes of the outcome on changes of country variables, one row a country's industry.

    Effects of the industry; errors clustered by country.

    Parameters
    ----------
    changes : DataFrame
        iso3, sector, unit and the changes, from `robustness.long_differences`.
    outcome : str
    names : sequence of str
    """
    covariance = Covariance("clustered", ("iso3",))
    once = changes.assign(year=0)
    return fit_within(once, outcome, names, **KEYS, effects=["sector"], covariance=covariance)


#: What predicts the change of a country's sourcing when the country itself is left out.
PREDICTORS = ("innovation", "start", "log_gdp_per_capita")


def gaps(
    outcomes: Mapping[str, pd.DataFrame], country: pd.DataFrame, model: DriversModel, focus: str, level: float
) -> pd.DataFrame:
    """How far a country's change of sourcing lies from what the others predict, by inputs and measure of innovation.

    Parameters
    ----------
    outcomes : mapping
        Scope of inputs -> outcomes by country and year.
    country : DataFrame
    model : DriversModel
        Names the outcome.
    focus : str
        The country left out and predicted.
    level : float

    Returns
    -------
    DataFrame
        scope, innovation, toward_home (actual less predicted, positive = more at home), low, high, p, n,
        degrees_of_freedom; measures that the country lacks are left out.
    """
    home, rows = variable(model.outcome).home, []
    for scope, frame in outcomes.items():
        for name in INNOVATION:
            section = change_and_start(frame, country, replace(model, innovation=name))
            if focus not in set(section["iso3"]):
                continue
            found = predict_left_out(section, "change", PREDICTORS, unit="iso3", focus=focus, level=level)
            low, high = sorted((home * found.low, home * found.high))
            gap = {"toward_home": home * found.gap, "low": low, "high": high, "p": found.p, "n": found.n}
            rows.append({"scope": scope, "innovation": name, **gap, "degrees_of_freedom": found.degrees_of_freedom})
    return pd.DataFrame(rows)
