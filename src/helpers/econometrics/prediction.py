"""What the other units say one unit should look like: a prediction for a unit left out, with its interval."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import stats

from helpers.econometrics import checks
from helpers.errors import InputError, not_allowed


@dataclass(frozen=True)
class Prediction:
    """Actual and predicted value of a unit that was left out of the regression.

    Attributes
    ----------
    actual, predicted, gap : float
        In the unit of the outcome; gap = actual - predicted.
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
    low: float
    high: float
    p: float
    n: int
    degrees_of_freedom: int


def predict_left_out(
    frame: pd.DataFrame, outcome: str, regressors: Sequence[str], *, unit: str, focus: str, level: float = 0.95
) -> Prediction:
    """Fit a cross-section without `focus` and compare `focus` with its prediction.

    Parameters
    ----------
    frame : DataFrame
        One row a unit.
    outcome : str
    regressors : sequence of str
    unit : str
        Column that names the units.
    focus : str
        The unit left out and predicted.
    level : float
        Of the prediction interval: Student's t, the errors taken to be alike across units.

    Raises
    ------
    InputError
        The unit is not among the complete rows, or a regressor is constant or collinear.
    """
    data = checks.complete_rows(frame, [outcome, *regressors, unit]).set_index(unit)
    if focus not in data.index:
        raise InputError(not_allowed(f"{unit} with all of {', '.join([outcome, *regressors])}", focus, data.index))
    others, own = data.drop(index=focus), data.loc[focus]
    x, y = _design(others, regressors), others[outcome].to_numpy(dtype=float)
    coefficients, variance, freedom = _least_squares(x, y, regressors)
    at = np.array([1.0, *(float(own[name]) for name in regressors)])
    predicted = float(at @ coefficients)
    error = float(np.sqrt(variance * (1 + at @ np.linalg.solve(x.T @ x, at))))
    gap = float(own[outcome]) - predicted
    reach = float(stats.t.ppf(0.5 + level / 2, freedom)) * error
    p = float(2 * stats.t.sf(abs(gap) / error, freedom))
    return Prediction(float(own[outcome]), predicted, gap, gap - reach, gap + reach, p, len(others), freedom)


def _design(frame: pd.DataFrame, regressors: Sequence[str]) -> np.ndarray:
    return np.column_stack([np.ones(len(frame)), frame[list(regressors)].to_numpy(dtype=float)])


def _least_squares(x: np.ndarray, y: np.ndarray, names: Sequence[str]) -> tuple[np.ndarray, float, int]:
    centred = x[:, 1:] - x[:, 1:].mean(axis=0)
    checks.require_variation(checks.spread(pd.DataFrame(x[:, 1:], columns=list(names))), centred, [])
    checks.require_rank(centred, names)
    checks.require_observations(len(y), x.shape[1])
    coefficients, *_ = np.linalg.lstsq(x, y, rcond=None)
    freedom = len(y) - x.shape[1]
    residuals = y - x @ coefficients
    return coefficients, float(residuals @ residuals) / freedom, freedom
