"""What an estimate can rule out: equivalence tests, power and minimum detectable effects.

An estimate that does not differ from zero may be precise or useless. The two one-sided tests ask whether an effect as
large as the smallest one of interest is ruled out (Schuirmann 1987; Lakens 2017); the minimum detectable effect says
which effects the design would have found (Bloom 1995).
"""

import numpy as np
from scipy import optimize, stats

from helpers.errors import InputError


def equivalence_p(estimate: float, standard_error: float, smallest: float, df: float) -> float:
    """P value of the two one-sided tests (TOST) that the effect lies inside (-smallest, smallest).

    Parameters
    ----------
    estimate, standard_error : float
    smallest : float
        Smallest effect of interest, in the unit of the estimate.
    df : float
        Degrees of freedom of Student's t; infinity for the normal distribution.

    Returns
    -------
    float
        The larger of the two one-sided p values. It is below 0.05 when the 90 percent interval lies inside the bounds:
        effects of `smallest` or more, either way, are then ruled out at the 5 percent level.

    Raises
    ------
    InputError
        A smallest effect, standard error or df that is not above zero.

    References
    ----------
    Schuirmann, D. J. (1987). Journal of Pharmacokinetics and Biopharmaceutics 15, 657-680.
    Lakens, D. (2017). Social Psychological and Personality Science 8, 355-362.
    """
    _require_positive(smallest=smallest, standard_error=standard_error, df=df)
    return float(stats.t.sf((smallest - abs(estimate)) / standard_error, df))


def power(effect: float, standard_error: float, df: float, level: float = 0.05) -> float:
    """Probability that a two-sided t test finds an effect of this size.

    Parameters
    ----------
    effect : float
        True effect, in the unit of the standard error.
    standard_error : float
    df : float
        Degrees of freedom of Student's t; infinity for the normal distribution.
    level : float
        Two-sided level of the test.
    """
    _require_positive(standard_error=standard_error, df=df, level=level)
    critical, shift = stats.t.isf(level / 2, df), abs(effect) / standard_error
    if not np.isfinite(df):
        return float(stats.norm.sf(critical - shift) + stats.norm.sf(critical + shift))
    # the far tail by reflection: scipy's lower tail of the noncentral t is not a number for some large shifts
    return float(stats.nct.sf(critical, df, shift) + stats.nct.sf(critical, df, -shift))


def minimum_detectable_effect(standard_error: float, df: float, power: float = 0.8, level: float = 0.05) -> float:
    """Smallest true effect that a two-sided t test finds with the given power (Bloom 1995), by the noncentral t.

    Parameters
    ----------
    standard_error : float
    df : float
        Degrees of freedom of Student's t; infinity for the normal distribution.
    power : float
        Above the level and below 1.
    level : float
        Two-sided level of the test.

    References
    ----------
    Bloom, H. S. (1995). Minimum detectable effects. Evaluation Review 19, 547-556.
    """
    _require_positive(standard_error=standard_error, df=df, level=level)
    if not level < power < 1:
        raise InputError(f"The power must lie between the level {level:g} and 1, not {power:g}.")
    reach = 2 * (stats.t.isf(level / 2, df) + abs(stats.t.ppf(power, df)))  # twice Bloom's multiplier: far enough
    return standard_error * float(optimize.brentq(lambda shift: _missing(shift, df, power, level), 0, reach))


def _missing(shift: float, df: float, wanted: float, level: float) -> float:
    return power(shift, 1.0, df, level) - wanted


def _require_positive(**values: float) -> None:
    for name, value in values.items():
        if not value > 0:
            raise InputError(f"The {name.replace('_', ' ')} must be above zero, not {value:g}.")
