"""More designs for the link between innovation and sourcing: to 2022, dynamic, by industry, and Korea's laws.

Dynamic panels have the outcome of the year before among the regressors (Arellano and Bond 1991); a synthetic control
follows one economy, with a placebo for every other one (Abadie, Diamond and Hainmueller 2010).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from scipy import stats
from scipy.optimize import nnls

from helpers.econometrics import fixed_effects as fe
from helpers.econometrics.estimates import Covariance, PanelEstimate
from helpers.econometrics.panel import fit_within
from helpers.econometrics.variables import EFFECTS
from helpers.errors import InputError, require_known

LAGGED = "outcome of the year before"
#: Placebos below which no gap could be called unusual at 5 percent.
FEWEST_DONORS = 19
#: Weight of the condition that weights sum to one, over the scale of the outcome.
SUM_TO_ONE = 1e4
MANUFACTURING = {"Low-technology manufacturing": 0.0, "Medium- to high-technology manufacturing": 1.0}
CONTROLS = ("log_gdp_per_capita", "corporate_tax_rate")
CLUSTERED = Covariance("clustered", ("iso3",))
#: Korea's law on returning firms took effect in December 2013 and was widened in March 2020.
LAWS = {2013: (2013, 2019), 2020: (2019, 2024)}
OUTCOMES = {"fdi": "outward investment, percent of GDP", "foreign": "foreign content of manufactured exports, percent"}


@dataclass(frozen=True)
class DynamicEstimate:
    """One-step difference GMM.

    Attributes
    ----------
    coefficients, std_errors : Series
        By term, the lagged outcome first; standard errors robust to any dependence within an entity.
    n, entities, instruments : int
        Differenced observations, entities, and moment conditions.
    serial : dict
        Order (1, 2) -> (z, p) of the authors' test that differenced errors are not correlated at that order. At order 2
        they must not be.
    hansen_p : float
        Of the overidentifying restrictions, by the two-step weights.
    """

    coefficients: pd.Series
    std_errors: pd.Series
    n: int
    entities: int
    instruments: int
    serial: dict[int, tuple[float, float]]
    hansen_p: float

    @property
    def degrees_of_freedom(self) -> int:
        """Entities less one, of Student's t for tests and intervals."""
        return self.entities - 1


def difference_gmm(
    panel: pd.DataFrame, outcome: str, regressors: Sequence[str], instruments: Mapping[str, tuple[int, int]]
) -> DynamicEstimate:
    """One-step difference GMM with year effects and collapsed instruments (Arellano and Bond 1991; Roodman 2009).

    Parameters
    ----------
    panel : DataFrame
        Indexed by entity and (integer) time, each pair once.
    outcome, regressors : str and sequence of str
    instruments : mapping
        Variable -> first and last lag of its level that instruments the differences: (2, ...) for the outcome and for
        what reacts to shocks of the same year, (1, ...) for what reacts to those of earlier years only.

    Raises
    ------
    InputError
        No complete differenced observation, or fewer instruments than coefficients.
    """
    grid = {name: panel[name].unstack().astype(float) for name in {outcome, *regressors, *instruments}}
    years = range(int(min(grid[outcome].columns)), int(max(grid[outcome].columns)) + 1)
    grid = {name: values.reindex(columns=years) for name, values in grid.items()}
    change = {name: values.diff(axis=1) for name, values in grid.items()}
    columns = {outcome: change[outcome], LAGGED: change[outcome].shift(1, axis=1)}
    columns |= {name: change[name] for name in regressors}
    moments = {
        f"{name} {lag}": grid[name].shift(lag, axis=1).fillna(0.0)
        for name, (first, last) in instruments.items()
        for lag in range(first, last + 1)
    }
    rows = pd.DataFrame({name: values.stack(future_stack=True) for name, values in columns.items()}).dropna()
    if rows.empty:
        raise InputError(f"No entity has {outcome} and {', '.join(regressors)} in three years in a row.")
    dummies = pd.get_dummies(rows.index.get_level_values(1)).to_numpy(dtype=float)
    own = pd.DataFrame({name: values.stack(future_stack=True) for name, values in moments.items()}).reindex(rows.index)
    terms = [LAGGED, *regressors]
    z, x = np.hstack([own.to_numpy(), dummies]), np.hstack([rows[terms].to_numpy(), dummies])
    if own.shape[1] < len(terms):
        raise InputError(f"{own.shape[1]} instruments cannot identify {len(terms)} coefficients. Add lags.")
    fe.require_rank(z, [*own.columns, *(f"year {number}" for number in range(dummies.shape[1]))])
    return _solve(rows, terms, z, x)


def _solve(rows: pd.DataFrame, terms: Sequence[str], z: np.ndarray, x: np.ndarray) -> DynamicEstimate:
    y = rows.iloc[:, 0].to_numpy()
    entity, time = (rows.index.codes[0], rows.index.get_level_values(1).to_numpy())
    places = [np.flatnonzero(entity == code) for code in np.unique(entity)]
    gaps = [np.abs(np.subtract.outer(time[own], time[own])) for own in places]
    # differenced errors that were independent have variance 2 and covariance -1 with their neighbours in time
    first = sum(z[own].T @ (2.0 * (gap == 0) - (gap == 1)) @ z[own] for own, gap in zip(places, gaps, strict=True))
    weights = np.linalg.inv(first)
    slopes, bread = _gmm(x, y, z, weights)
    residual = y - x @ slopes
    scores = np.array([z[own].T @ residual[own] for own in places])
    meat = scores.T @ scores
    half = bread @ x.T @ z @ weights
    covariance = half @ meat @ half.T
    two = np.linalg.pinv(meat)
    moment = z.T @ (y - x @ _gmm(x, y, z, two)[0])
    hansen = stats.chi2.sf(moment @ two @ moment, z.shape[1] - x.shape[1])
    serial = {}
    for order in (1, 2):
        # the residual of `order` years before, zero where there is none
        earlier = np.concatenate(
            [((np.subtract.outer(time[own], time[own]) == order) @ residual[own]) for own in places]
        )
        at = np.concatenate(places)
        products = np.array([earlier[np.isin(at, own)] @ residual[own] for own in places])
        cross = x[at].T @ earlier
        variance = products @ products - 2 * cross @ half @ (scores.T @ products) + cross @ covariance @ cross
        statistic = float(products.sum() / np.sqrt(variance))
        serial[order] = (statistic, float(2 * stats.norm.sf(abs(statistic))))
    errors = np.sqrt(np.diag(covariance))[: len(terms)]
    named = {"index": pd.Index(terms, name="term")}
    return DynamicEstimate(
        pd.Series(slopes[: len(terms)], **named),
        pd.Series(errors, **named),
        len(y),
        len(places),
        z.shape[1],
        serial,
        float(hansen),
    )


def _gmm(x: np.ndarray, y: np.ndarray, z: np.ndarray, weights: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Slopes, and the inverse of X'Z W Z'X."""
    bread = np.linalg.inv(x.T @ z @ weights @ z.T @ x)
    return bread @ x.T @ z @ weights @ z.T @ y, bread


@dataclass(frozen=True)
class SyntheticControl:
    """The treated economy beside its synthetic control, and what placebos say of the gap.

    Attributes
    ----------
    path : DataFrame
        year: treated, synthetic, gap.
    weights : Series
        Of the donors that count, largest first.
    effect : float
        Mean gap after the treatment.
    error_before : float
        Root mean square gap before it.
    placebos : Series
        Mean gap after the treatment over the usual yearly change before it, by economy, the treated one among them.
    p : float
        Share of economies with a standardised gap at least as large as that of the treated one, which counts itself.
    reach : float
        The effects within this of the estimate are those that the placebos do not reject at the level.
    detectable : float
        Smallest effect that the placebo test finds at the level in 80 percent of the placebos.
    """

    path: pd.DataFrame
    weights: pd.Series
    effect: float
    error_before: float
    placebos: pd.Series
    p: float
    reach: float
    detectable: float


def fit_synthetic(
    levels: pd.DataFrame, treated: str, last_before: int, last_after: int, level: float = 0.95
) -> SyntheticControl:
    """Weigh other economies so that they follow the treated one before the treatment, up to a constant.

    Parameters
    ----------
    levels : DataFrame
        Outcome, years by economies; economies with a gap are left out.
    treated : str
    last_before, last_after : int
        Last year before the treatment, and of the comparison after it.
    level : float
        Coverage of the interval; one less this is the level of the placebo test.

    Raises
    ------
    InputError
        The treated economy has no complete series, or there are too few others for a test that could reject.

    Notes
    -----
    Each series is taken from its own mean before the treatment (Ferman and Pinto 2021), so that an economy of an
    extreme level has a control too. Placebos never have the treated economy among their donors. Gaps are compared over
    the standard deviation of each series' own yearly changes before the treatment: with more donors than years many a
    control fits exactly, so that the error of the fit, which is often used, would say nothing.
    """
    span = levels.loc[:last_after].dropna(axis=1)
    require_known("economy with a complete series", treated, span.columns)
    others = [name for name in span if name != treated]
    if len(others) < FEWEST_DONORS:
        raise InputError(
            f"{len(others)} economies have a complete series besides {treated}. Below {FEWEST_DONORS} placebos no gap "
            "could be unusual at 5 percent: widen the sample."
        )
    before = span.index <= last_before
    centred = span - span[before].mean()
    gaps = {name: _gap(centred, name, [other for other in others if other != name], before) for name in span}
    usual = span[before].diff().std()
    ratios = pd.Series({name: gap[~before].mean() for name, (gap, _) in gaps.items()}) / usual
    gap, weights = gaps[treated]
    sizes = ratios.drop(treated).abs()
    path = pd.DataFrame({"treated": span[treated], "synthetic": span[treated] - gap, "gap": gap})
    found = pd.Series(weights, index=[other for other in others if other != treated]).sort_values(ascending=False)
    return SyntheticControl(
        path.rename_axis("year"),
        found[found > 0.001],
        float(gap[~before].mean()),
        float(np.sqrt((gap[before] ** 2).mean())),
        ratios,
        float((ratios.abs() >= abs(ratios[treated])).mean()),
        usual[treated] * float(sizes.quantile(level)),
        usual[treated] * detectable_ratio(ratios.drop(treated).to_numpy(), 1 - level),
    )


def _gap(centred: pd.DataFrame, name: str, donors: Sequence[str], before: np.ndarray) -> tuple[pd.Series, np.ndarray]:
    """Gap of an economy to its synthetic control, and the weights: least squares, none negative, summing to one."""
    own, others = centred.loc[before, name].to_numpy(), centred.loc[before, list(donors)].to_numpy()
    large = SUM_TO_ONE * np.abs(others).max()
    weights, _ = nnls(np.vstack([others, np.full(others.shape[1], large)]), np.append(own, large))
    weights /= weights.sum()
    return centred[name] - centred[list(donors)] @ weights, weights


def detectable_ratio(placebos: np.ndarray, alpha: float, power: float = 0.8) -> float:
    """Smallest effect, in usual yearly changes, that lifts a share of the placebos over the critical value of the test.

    Parameters
    ----------
    placebos : array
        Standardised gaps where there is no effect.
    alpha, power : float
        Level of the two-sided test, and its power.
    """
    critical = np.quantile(np.abs(placebos), 1 - alpha)
    # an effect of d is found where the ratio plus d exceeds the critical value: in `power` of the placebos
    return float(critical - np.quantile(placebos, 1 - power))


def exports_panel(exports: pd.DataFrame, first_year: int) -> pd.DataFrame:
    """Foreign content of exports by economy, class of manufacturing and year.

    Parameters
    ----------
    exports : DataFrame
        The table adb_value_added_exports.
    first_year : int

    Returns
    -------
    DataFrame
        iso3, sector, year, unit, high_tech (medium- to high-technology), foreign_content (percent), gross and value
        added (million US$); the rest of the world is left out.
    """
    rows = exports[exports["sector"].isin(MANUFACTURING) & (exports["iso3"] != "ROW") & (exports["year"] >= first_year)]
    rows = rows[rows["gross_exports"] > 0]
    return rows.assign(
        unit=rows["iso3"] + " " + rows["sector"],
        high_tech=rows["sector"].map(MANUFACTURING),
        foreign_content=100 * (1 - rows["value_added_exports"] / rows["gross_exports"]),
    ).reset_index(drop=True)


def whole_manufacturing(panel: pd.DataFrame) -> pd.DataFrame:
    """One row an economy and year: the foreign content of all manufactured exports."""
    sums = panel.groupby(["iso3", "year"], as_index=False)[["gross_exports", "value_added_exports"]].sum()
    return sums.assign(
        unit=sums["iso3"], foreign_content=100 * (1 - sums["value_added_exports"] / sums["gross_exports"])
    )


def join_lagged(panel: pd.DataFrame, tables: Mapping[str, pd.DataFrame], lag: int) -> pd.DataFrame:
    """Add national series of `lag` years before, and each times the dummy of the higher class.

    Parameters
    ----------
    panel : DataFrame
        From `exports_panel` or `whole_manufacturing`.
    tables : mapping
        Column -> frame of iso3, year and value. GDP per head is added as a log.
    lag : int
    """
    for name, table in tables.items():
        moved = table[["iso3", "year", "value"]].rename(columns={"value": name})
        panel = panel.merge(moved.assign(year=moved["year"] + lag), on=["iso3", "year"], how="left")
        if "high_tech" in panel:
            panel[f"{name} x high_tech"] = panel[name] * panel["high_tech"]
    return panel


def within(panel: pd.DataFrame, terms: Sequence[str], effects: str) -> PanelEstimate:
    """Foreign content on the terms after fixed effects, clustered by economy; `effects` names `variables.EFFECTS`."""
    return fit_within(panel.set_index(["unit", "year"]), "foreign_content", terms, EFFECTS[effects], CLUSTERED)


def dynamic(panel: pd.DataFrame, terms: Sequence[str], lags: int) -> DynamicEstimate:
    """The model with the foreign content of the year before; the first term is taken to react to earlier shocks.

    Parameters
    ----------
    panel : DataFrame
        From `whole_manufacturing`, with the terms.
    terms : sequence of str
    lags : int
        Lags of the levels that serve as instruments.
    """
    complete = panel.dropna(subset=["foreign_content", *terms]).set_index(["iso3", "year"])
    instruments = {"foreign_content": (2, 1 + lags)} | dict.fromkeys(terms, (1, lags))
    return difference_gmm(complete, "foreign_content", terms, instruments)


def design_table(effects: Mapping[str, tuple[dict[str, Any], int]]) -> pd.DataFrame:
    """One row a design: estimate, interval, p and minimum detectable effect.

    Parameters
    ----------
    effects : mapping
        Words -> the metrics of one effect, from `findings.term_metrics`, and its observations.

    Returns
    -------
    DataFrame
        design, estimate, std_error, df, p, low, high, mde, n.
    """
    rows = []
    for words, (found, n) in effects.items():
        (name,) = (key.removesuffix("_mde") for key in found if key.endswith("_mde"))
        ends = {key: found[f"{name}_{key}"] for key in ("std_error", "df", "p", "low", "high", "mde")}
        rows.append({"design": words, "estimate": found[name], **ends, "n": n})
    return pd.DataFrame(rows)


def laws(outcomes: Mapping[str, pd.DataFrame], focus: str, level: float) -> dict[str, SyntheticControl]:
    """Fit a synthetic control for each law and outcome.

    Parameters
    ----------
    outcomes : mapping
        A name in `OUTCOMES` -> levels, years by economies.
    focus : str
    level : float

    Returns
    -------
    dict
        `<outcome>_<year of the law>` -> the synthetic control.
    """
    return {
        f"{name}_{law}": fit_synthetic(levels, focus, before, min(after, int(levels.index.max())), level)
        for name, levels in outcomes.items()
        for law, (before, after) in LAWS.items()
    }


def law_table(found: Mapping[str, SyntheticControl]) -> pd.DataFrame:
    """One row a law and outcome: its effect, what placebos say of it, and whether it could have failed.

    Returns
    -------
    DataFrame
        outcome, law, estimate, low, high, p, mde, range (of the economy's own outcome over the years), error_before,
        donors. Where even an effect as large as that range would have gone unnoticed, estimate, interval and p are
        left out: such a design cannot fail.
    """
    rows = []
    for name, one in found.items():
        outcome, law = name.split("_")
        ends = {"low": one.effect - one.reach, "high": one.effect + one.reach, "p": one.p, "mde": one.detectable}
        swing = float(one.path["treated"].max() - one.path["treated"].min())
        more = {"range": swing, "error_before": one.error_before, "donors": len(one.placebos) - 1}
        rows.append({"outcome": OUTCOMES[outcome], "law": int(law), "estimate": one.effect, **ends, **more})
    table = pd.DataFrame(rows)
    table.loc[table["mde"] >= table["range"], ["estimate", "low", "high", "p"]] = float("nan")
    return table
